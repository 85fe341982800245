"""What of a mailbox is still worth an SMS, and the rule for what is not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from alertbridge.core.mailbox import Letter, Mailbox, SortedOut, sort_out
from alertbridge.core.message import Dropped
from alertbridge.core.notification import Fact, Kind, NotificationId, Reason, State
from alertbridge.core.recipient import RecipientName
from alertbridge.core.severity import Severity

NOW = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
SOON, AGO = NOW + timedelta(minutes=5), NOW - timedelta(minutes=5)
LONG_AGO = NOW - timedelta(hours=1)
MakeFact = Callable[..., Fact]
END = Kind.RESOLVED


def sorted_out(*facts: Fact, more: int = 0) -> SortedOut:
    """Sort out a mailbox with these facts."""
    box = Mailbox(recipient=RecipientName("anna"), facts=facts, more=more)
    return sort_out(box, NOW)


PILES: dict[str, tuple[dict[str, object], str]] = {
    "firing": ({}, "firing"),
    "reminder": ({"kind": Kind.REMINDER}, "reminders"),
    "escalated": ({"kind": Kind.ESCALATED}, "escalated"),
    "resolved, heard": ({"kind": END, "heard": True}, "resolved"),
    "held, the window has opened": ({"held_until": NOW}, "firing"),
    "critical, over before told": ({"ends": AGO}, "over"),
}


@pytest.mark.parametrize(("own", "pile"), PILES.values(), ids=PILES)
def test_what_is_told_is_told_as_what_it_is(
    fact: MakeFact, own: dict[str, object], pile: str
) -> None:
    """Each fact is in exactly one pile."""
    letter = sorted_out(fact(**own)).letter

    assert [len(getattr(letter, name)) for name in (pile,)] == [1]
    assert len(letter.facts) == 1


GONE = Reason.RESOLVED_BEFORE_TOLD
DROPS: dict[str, tuple[dict[str, object], State, Reason]] = {
    "resolved, never heard": ({"kind": END}, State.CANCELLED, Reason.NEVER_HEARD),
    "resolved, too old": (
        {"kind": END, "heard": True, "expires": NOW},
        State.EXPIRED,
        Reason.TIME_TO_LIVE,
    ),
    "firing, too old": ({"expires": NOW}, State.EXPIRED, Reason.TIME_TO_LIVE),
    "over, not critical": (
        {"ends": AGO, "severity": Severity.HIGH},
        State.CANCELLED,
        GONE,
    ),
    "over for an hour": ({"ends": LONG_AGO}, State.CANCELLED, GONE),
    "resolved, but it fires again": (
        {"kind": END, "heard": True, "fires": True},
        State.CANCELLED,
        Reason.FIRED_AGAIN,
    ),
    "over, and heard": ({"ends": AGO, "heard": True}, State.CANCELLED, GONE),
    "reminder of what is over": (
        {"ends": AGO, "kind": Kind.REMINDER},
        State.CANCELLED,
        GONE,
    ),
    "maybe heard, and no end to tell": (
        {"ends": AGO, "uncertain": 1},
        State.CANCELLED,
        GONE,
    ),
}


@pytest.mark.parametrize(("own", "state", "reason"), DROPS.values(), ids=DROPS)
def test_what_is_dropped_is_dropped_by_a_named_rule(
    fact: MakeFact, own: dict[str, object], state: State, reason: Reason
) -> None:
    """Nothing goes without a reason."""
    found = sorted_out(fact(**own))

    assert found.drops == (Dropped(NotificationId(1), state, reason),)
    assert not found.letter.facts


CHANGES: dict[str, tuple[list[dict[str, object]], datetime | None]] = {
    "nothing ahead": ([{}], None),
    "held": ([{"held_until": SOON}], SOON),
    "will be too old": ([{"expires": SOON}], SOON),
    "over rides for an hour": ([{"ends": AGO}], AGO + timedelta(hours=1)),
    "the first of them": ([{"expires": SOON}, {"ends": AGO}], SOON),
    "resolved, held": ([{"kind": END, "heard": True, "held_until": SOON}], SOON),
}


@pytest.mark.parametrize(("owns", "at"), CHANGES.values(), ids=CHANGES)
def test_it_says_when_to_look_again(
    fact: MakeFact, owns: list[dict[str, object]], at: datetime | None
) -> None:
    """The mailbox is not forgotten, and not asked every second."""
    facts = [fact(n, **own) for n, own in enumerate(owns)]

    assert sorted_out(*facts).next_change == at


def test_the_end_speaks_for_a_firing_that_may_have_been_heard(fact: MakeFact) -> None:
    """One text that stands alone; both are told by it."""
    maybe = fact(1, uncertain=1, heard=True, ends=AGO)
    end = fact(2, kind=END, heard=True, ends=AGO)
    letter = sorted_out(maybe, end).letter

    assert (letter.also, letter.leads) == ((maybe,), (end,))


def test_it_waits_with_an_end_that_is_held(fact: MakeFact) -> None:
    """Told by a text that does not say it, it would be lost."""
    maybe = fact(1, uncertain=1, heard=True, ends=AGO)
    end = fact(2, kind=END, heard=True, ends=AGO, held_until=SOON)
    other = fact(3, episode=2)

    assert sorted_out(maybe, end, other).letter.facts == (other,)


def test_it_goes_with_an_end_that_is_too_old(fact: MakeFact) -> None:
    """Nothing is left that could speak for it."""
    maybe = fact(1, uncertain=1, heard=True, ends=LONG_AGO)
    end = fact(2, kind=END, heard=True, ends=LONG_AGO, expires=AGO)

    assert [drop.reason for drop in sorted_out(maybe, end).drops] == [
        Reason.RESOLVED_BEFORE_TOLD,
        Reason.TIME_TO_LIVE,
    ]


def test_what_rides_along_does_not_make_a_letter_leave(fact: MakeFact) -> None:
    """`over` is no reason to wake anybody."""
    assert sorted_out(fact(ends=AGO)).letter.leads == ()


def test_a_letter_is_as_bad_as_the_worst_that_makes_it_leave(fact: MakeFact) -> None:
    """What rides along does not take a place kept for critical."""
    letter = sorted_out(fact(1, ends=AGO), fact(2, severity=Severity.HIGH)).letter

    assert letter.severity is Severity.HIGH
    assert Letter().severity is Severity.LOW


def test_the_rest_of_an_overflow_is_counted(fact: MakeFact) -> None:
    """What one message has no room for is said to be more."""
    assert sorted_out(fact(), more=7).letter.more == 7
