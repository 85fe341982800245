"""Rule 8: what a digest counts is what it tells, and truncation is no alert."""

from collections.abc import Callable
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alertbridge.core.dispatch import draft
from alertbridge.core.mailbox import Mailbox, sort_out
from alertbridge.core.message import Draft
from alertbridge.core.notification import Fact, Kind, PostNote
from alertbridge.core.recipient import RecipientName
from alertbridge.core.rules import Rules

NOW = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
MakeFact = Callable[..., Fact]
COUNT = st.integers(0, 12)
FIXTURES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def mailbox(*facts: Fact) -> Mailbox:
    """Anna's mailbox."""
    return Mailbox(recipient=RecipientName("anna"), facts=facts)


@FIXTURES
@given(COUNT, COUNT, COUNT, COUNT)
def test_rows_told_are_still_firing_and_already_over(
    fact: MakeFact, firing: int, resolved: int, over: int, gone: int
) -> None:
    """Every fact is told once or dropped once; nothing is counted twice."""
    ended: dict[str, object] = {"kind": Kind.RESOLVED, "heard": True, "ends": NOW}
    over_now: dict[str, object] = {"ends": NOW}
    expired: dict[str, object] = {"expires": NOW}
    owns: list[dict[str, object]] = [
        *[{}] * firing,
        *[ended] * resolved,
        *[over_now] * over,
        *[expired] * gone,
    ]
    facts = [fact(n, episode=n, **own) for n, own in enumerate(owns)]
    found = sort_out(mailbox(*facts), NOW)
    letter = found.letter

    assert (len(letter.firing), len(letter.resolved), len(letter.over)) == (
        firing,
        resolved,
        over,
    )
    assert len(letter.facts) + len(found.drops) == len(facts)


def test_the_digest_says_its_sums(fact: MakeFact, rules: Rules) -> None:
    """Firing, resolved and over, each with its number."""
    facts = [fact(n, episode=n, name=f"A{n}") for n in range(3)]
    facts.append(fact(8, episode=8, kind=Kind.RESOLVED, heard=True, ends=NOW))
    facts.append(fact(9, episode=9, ends=NOW))
    found = draft(mailbox(*facts), rules, NOW)

    assert isinstance(found, Draft)
    assert found.text.body.startswith("3 firing since 03:12, 1 resolved, 1 over")


def test_truncated_alerts_are_told_once_per_group(fact: MakeFact, rules: Rules) -> None:
    """Five of one group and two of another are seven, however many facts say so."""
    one, two = PostNote("one", truncated=5), PostNote("two", truncated=2)
    facts = [fact(n, episode=n, note=note) for n, note in enumerate((one, one, two))]
    found = draft(mailbox(*facts), rules, NOW)

    assert isinstance(found, Draft)
    assert found.text.body == (
        "CRITICAL Disk full x3 since 03:12\n+7 not shown by the source"
    )
