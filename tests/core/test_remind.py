"""Whom a repeat reminds."""

from datetime import UTC, datetime, timedelta

import pytest

from alertbridge.core.episode import KnownFact
from alertbridge.core.notification import Kind, NotificationId, Reason, State
from alertbridge.core.plan import Verdict
from alertbridge.core.recipient import RecipientName
from alertbridge.core.remind import Remind, remind

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)


def fact(
    hours: float | None = 4,
    state: State = State.TOLD,
    kind: Kind = Kind.FIRING,
    number: int = 0,
) -> KnownFact:
    """What anna was told so many hours ago."""
    return KnownFact(
        id=NotificationId(1),
        recipient=RecipientName("anna"),
        kind=kind,
        round=number,
        state=state,
        reason=Reason.NEWS,
        told_at=None if hours is None else NOW - timedelta(hours=hours),
    )


def answer(
    *facts: KnownFact,
    acknowledged: bool = False,
    held: bool = False,
    every: float = 4,
) -> Remind | Verdict:
    """Ask with the default windows."""
    return remind(
        facts,
        acknowledged=acknowledged,
        held=held,
        repeat_interval=timedelta(hours=every),
        repeat_window=timedelta(minutes=20),
        now=NOW,
    )


CASES: dict[str, tuple[Remind | Verdict, Remind | Verdict]] = {
    "told 4 h ago": (answer(fact(4)), Remind(1)),
    "told 3 h 40 min ago": (answer(fact(3.67)), Remind(1)),
    "told 3 h ago": (answer(fact(3)), Verdict.REMINDED_LATELY),
    "reminded an hour ago": (
        answer(fact(5), fact(1, kind=Kind.REMINDER, number=1)),
        Verdict.REMINDED_LATELY,
    ),
    "reminded 4 h ago": (
        answer(fact(8), fact(4, kind=Kind.REMINDER, number=1)),
        Remind(2),
    ),
    "every 4 minutes, told 3 minutes ago": (
        answer(fact(0.05), every=1 / 15),
        Remind(1),
    ),
    "every 4 minutes, told 2 minutes ago": (
        answer(fact(1 / 30), every=1 / 15),
        Verdict.REMINDED_LATELY,
    ),
    "never told": (answer(fact(None, State.DEAD)), Remind(1, Kind.FIRING)),
    "still waits": (answer(fact(None, State.WAITING)), Verdict.ALREADY_WAITING),
    "in flight": (answer(fact(None, State.IN_FLIGHT)), Verdict.ALREADY_WAITING),
    "acknowledged": (answer(fact(4), acknowledged=True), Verdict.ACKNOWLEDGED),
    "muted": (answer(fact(4), held=True), Verdict.MUTED),
}


@pytest.mark.parametrize(("found", "expected"), CASES.values(), ids=CASES)
def test_a_repeat_reminds_who_has_not_been_told_lately(
    found: Remind | Verdict, expected: Remind | Verdict
) -> None:
    """One reason each, and numbers that go up."""
    assert found == expected
