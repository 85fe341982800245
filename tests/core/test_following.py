"""When a gateway is asked about a message, and when nobody waits any longer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.following import (
    ANSWERED_WITHIN,
    ASK,
    GONE,
    OVERDUE,
    Abilities,
    ActOn,
    AskNow,
    Due,
    Followed,
    LetGo,
    TooLate,
    Wait,
    due,
    next_look,
)
from alertbridge.core.message import Reference
from alertbridge.core.notification import MessageId, ProviderName
from alertbridge.core.report import Delivery, DeliveryReport
from alertbridge.core.severity import Severity

T0 = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
BOTH, POSTS, ANSWERS = (
    Abilities(reports=True, answers=True),
    Abilities(reports=True),
    Abilities(answers=True),
)

CRITICAL = Followed(
    message=MessageId(1),
    reference=Reference("ref-1"),
    provider=ProviderName("one"),
    provider_id="batch",
    accepted_at=T0,
    severity=Severity.CRITICAL,
)


def after(seconds: float) -> datetime:
    """So long after acceptance."""
    return T0 + timedelta(seconds=seconds)


def report(delivery: Delivery, *, final: bool = True) -> DeliveryReport:
    """A word of the gateway."""
    return DeliveryReport(
        provider_id="batch",
        reference="ref-1",
        number=None,
        delivery=delivery,
        final=final,
        code="",
        at=None,
    )


def walk(followed: Followed, abilities: Abilities) -> list[tuple[float, Due]]:
    """Look exactly when it says, and ask when it says, until it waits for nothing."""
    now, seen = T0, list[tuple[float, Due]]()
    for _ in range(50):
        what = due(followed, abilities, now)
        seen.append(((now - T0).total_seconds(), what))
        match what:
            case Wait(until):
                assert until > now, "it polls"
                now = until
            case AskNow():
                followed = replace(followed, asked_at=now)
            case _:
                return seen
    raise AssertionError("it never ends")


@pytest.mark.parametrize("severity", [Severity.CRITICAL, Severity.HIGH])
def test_who_can_be_asked_is_asked_at_each_time_and_then_no_more(
    severity: Severity,
) -> None:
    """At the times of the table, once each, and given up on at the deadline."""
    seen = walk(replace(CRITICAL, severity=severity), BOTH)

    asked = [timedelta(seconds=at) for at, what in seen if isinstance(what, AskNow)]
    assert tuple(asked) == ASK[severity]
    assert seen[-1] == (OVERDUE[severity].total_seconds(), TooLate())


def test_who_only_posts_is_waited_for() -> None:
    """Nobody asks; the deadline is the same."""
    assert walk(CRITICAL, POSTS) == [(0, Wait(after(180))), (180, TooLate())]


@pytest.mark.parametrize(
    ("followed", "abilities"),
    [
        pytest.param(CRITICAL, Abilities(), id="a gateway that never says"),
        pytest.param(replace(CRITICAL, severity=Severity.LOW), BOTH, id="low"),
        pytest.param(replace(CRITICAL, severity=None), BOTH, id="over, or taken"),
    ],
)
def test_what_nobody_waits_for(followed: Followed, abilities: Abilities) -> None:
    """No SMS is doubted that no report could vouch for, or that wakes nobody."""
    assert due(followed, abilities, T0) == LetGo()


ENDS = [
    report(Delivery.DELIVERED),
    report(Delivery.FAILED),
    report(Delivery.EXPIRED),
]


@pytest.mark.parametrize("known", ENDS, ids=lambda known: known.delivery.value)
@pytest.mark.parametrize("abilities", [Abilities(), BOTH])
def test_an_end_is_acted_on_whatever_it_is_about(
    known: DeliveryReport, abilities: Abilities
) -> None:
    """Also long after the deadline, and of what is low."""
    followed = replace(CRITICAL, known=known, severity=Severity.LOW)

    assert due(followed, abilities, after(100_000)) == ActOn()


@pytest.mark.parametrize(
    "known",
    [
        report(Delivery.PENDING, final=False),
        report(Delivery.FAILED, final=False),
    ],
    ids=["pending", "a failure that may pass"],
)
def test_what_is_no_end_is_waited_for(known: DeliveryReport) -> None:
    """A phone that is off counts as silence, not as a failure."""
    followed = replace(CRITICAL, known=known)

    assert due(followed, POSTS, after(179)) == Wait(after(180))
    assert due(followed, POSTS, after(180)) == TooLate()


def test_a_claim_is_looked_into_at_once_and_only_once() -> None:
    """Somebody posts that it is delivered: the gateway says whether it is so."""
    claimed = replace(CRITICAL, claimed_at=after(4))

    assert due(claimed, BOTH, after(4)) == AskNow()
    asked = replace(claimed, asked_at=after(4.1))
    assert due(asked, BOTH, after(5)) == Wait(after(30))


def test_the_first_that_is_due_says_when_to_look() -> None:
    """What is done needs no look."""
    assert next_look([Wait(after(9)), ActOn(), Wait(after(3))]) == after(3)
    assert next_look([LetGo()]) is None


@given(
    asked=st.none() | st.floats(0, 400),
    claimed=st.none() | st.floats(0, 400),
    at=st.floats(0, 400),
    severity=st.sampled_from([*Severity, None]),
    abilities=st.sampled_from([Abilities(), BOTH, POSTS, ANSWERS]),
)
def test_a_wait_is_never_for_the_past(
    asked: float | None,
    claimed: float | None,
    at: float,
    severity: Severity | None,
    abilities: Abilities,
) -> None:
    """Whatever happened when: the loop neither spins nor sleeps past the deadline."""
    followed = replace(
        CRITICAL,
        severity=severity,
        asked_at=None if asked is None else after(asked),
        claimed_at=None if claimed is None else after(claimed),
    )

    what = due(followed, abilities, after(at))

    if isinstance(what, Wait):
        assert severity is not None
        latest = T0 + OVERDUE[severity]
        if asked is not None:
            latest = max(latest, after(asked) + ANSWERED_WITHIN)
        assert after(at) < what.until <= latest


# Late


def test_a_claim_of_what_was_given_up_on_is_asked_about() -> None:
    """It failed, and that was acted on; what still has to be acted on comes first."""
    failed = replace(CRITICAL, known=report(Delivery.FAILED), claimed_at=after(700))
    given_up = replace(failed, severity=None)

    assert due(failed, BOTH, after(700)) == ActOn()
    assert due(given_up, BOTH, after(700)) == AskNow()
    assert due(given_up, POSTS, after(700)) == ActOn(), "nobody can be asked"
    assert due(replace(given_up, asked_at=after(701)), BOTH, after(702)) == ActOn()


def test_what_was_never_asked_about_is_asked_before_it_is_too_late() -> None:
    """We were away; the answer is waited for as long as at the last question."""
    assert due(CRITICAL, BOTH, after(900)) == AskNow(late=True)
    asked = replace(CRITICAL, asked_at=after(900))
    assert due(asked, BOTH, after(901)) == Wait(after(910))
    assert due(asked, BOTH, after(910)) == TooLate()
    assert due(CRITICAL, POSTS, after(900)) == TooLate()


def test_a_provider_that_is_gone_is_waited_for_like_one_that_is_not() -> None:
    """What it took may never have arrived."""
    assert walk(CRITICAL, GONE)[-1] == (180, TooLate())
