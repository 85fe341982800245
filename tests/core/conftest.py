"""What core's tests share: one waiting fact, as composition and delivery see it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from alertbridge.core.alert import SourceName
from alertbridge.core.notification import (
    EpisodeId,
    EpisodeView,
    Fact,
    Kind,
    MessageId,
    NotificationId,
    PostNote,
    ProviderName,
    Way,
)
from alertbridge.core.recipient import Msisdn
from alertbridge.core.severity import Severity

NOW = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)


@pytest.fixture
def fact() -> Callable[..., Fact]:
    """Build a fact; by default a critical one that fires, just heard of."""

    def build(
        id: int = 1,  # noqa: A002
        *,
        kind: Kind = Kind.FIRING,
        severity: Severity = Severity.CRITICAL,
        episode: int = 1,
        ends: datetime | None = None,
        expires: datetime | None = None,
        held_until: datetime | None = None,
        heard: bool = False,
        uncertain: int = 0,
        tried: tuple[Way, ...] = (),
        name: str = "DiskFull",
        fires: bool = False,
        receiver: str = "sre",
        note: PostNote | None = None,
        replaces: int | None = None,
        fail_overs: int = 0,
        doubted: str | None = None,
        acknowledged: bool = False,
        numbers: tuple[str, ...] = ("+46701740605",),
    ) -> Fact:
        over = NOW if kind is Kind.RESOLVED and not fires and ends is None else ends
        return Fact(
            id=NotificationId(id),
            kind=kind,
            round=0,
            severity=severity,
            episode=EpisodeView(
                id=EpisodeId(episode),
                source=SourceName("alertmanager"),
                labels={"alertname": name},
                starts_at=NOW,
                ends_at=over,
            ),
            receiver=receiver,
            numbers=tuple(Msisdn(number) for number in numbers),
            created_at=NOW,
            expires_at=expires,
            held_until=held_until,
            heard=heard,
            uncertain=uncertain,
            tried=tried,
            note=note,
            replaces=None if replaces is None else MessageId(replaces),
            fail_overs=fail_overs,
            doubted=None if doubted is None else ProviderName(doubted),
            acknowledged=acknowledged,
        )

    return build
