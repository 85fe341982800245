"""What a provider can tell of a message later, by what it has."""

import pytest

from alertbridge.core.following import Abilities
from alertbridge.core.message import Outcomes, Rejected, Submission
from alertbridge.core.notification import ProviderName
from alertbridge.engine.reporter import abilities_of
from alertbridge.ports import Heard, Provider


class Plain:
    """A provider that tells of nothing."""

    name = ProviderName("one")
    requests_per_second = 1
    most_numbers = 1

    async def submit(self, submission: Submission) -> Outcomes:
        """Take nothing."""
        return Outcomes(Rejected(detail=f"not {submission.reference}"))

    async def check(self) -> list[str]:
        """Nothing to say."""
        return []


class Feeding(Plain):
    """One that tells what becomes of a message, by a way of its own."""

    async def feed(self, heard: Heard) -> None:
        """Nothing yet."""


class FailuresOnly(Feeding):
    """One whose feed never tells of a delivery."""

    tells_deliveries = False


class Both(Feeding):
    """One whose feed says that it does."""

    tells_deliveries = True


@pytest.mark.parametrize(
    ("provider", "reports"),
    [(Plain(), False), (Feeding(), True), (FailuresOnly(), False), (Both(), True)],
    ids=["plain", "feed", "failures-only", "both"],
)
def test_silence_counts_only_where_deliveries_are_told(
    provider: Provider, *, reports: bool
) -> None:
    """Else every critical page by a modem would ring a second time."""
    assert abilities_of(provider) == Abilities(reports=reports, answers=False)
