"""What follows an outcome: every outcome, and every step it can lead to."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from alertbridge.core.delivery import (
    RETRY,
    Again,
    AnotherWay,
    GiveUp,
    LookLater,
    Step,
    Told,
    next_step,
)
from alertbridge.core.message import (
    Accepted,
    Deferred,
    Message,
    Outcome,
    Rejected,
    Uncertain,
)
from alertbridge.core.notification import (
    Fact,
    MessageId,
    NotificationId,
    ProviderName,
    Way,
)
from alertbridge.core.recipient import Msisdn, RecipientName
from alertbridge.core.severity import Severity
from alertbridge.core.way import choose_way, ways_of

NOW = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
BEGAN = NOW - timedelta(seconds=10)
FIRST, SECOND = Msisdn("+46701740605"), Msisdn("+46701740606")
ONE, TWO = ProviderName("one"), ProviderName("two")
BUSY = Deferred(detail="busy")
LOST = Uncertain(detail="no answer")
NO = Rejected(detail="no")
BAD = Rejected(detail="no such number", number_is_bad=True)
REFUSED = Way(FIRST, ONE)
MakeFact = Callable[..., Fact]


def seconds(value: float) -> timedelta:
    """So many seconds."""
    return timedelta(seconds=value)


def step_after(
    outcome: Outcome,
    *facts: Fact,
    attempt: int = 1,
    deferrals: int = 0,
    shared: bool = False,
    numbers: tuple[Msisdn, ...] = (FIRST, SECOND),
    jitter: float = 1.0,
    began_at: datetime = BEGAN,
    providers: Sequence[str] = ("one",),
) -> Step:
    """Ask about one message to the first number by the first provider."""
    message = Message(
        id=MessageId(1),
        recipient=RecipientName("anna"),
        number=FIRST,
        tells=facts,
        deferrals=deferrals,
    )
    return next_step(
        outcome,
        message,
        attempt=attempt,
        provider=ONE,
        ways=ways_of(numbers, [ProviderName(name) for name in providers]),
        shared=shared,
        began_at=began_at,
        now=NOW,
        jitter=jitter,
    )


def test_accepted_is_told(fact: MakeFact) -> None:
    """And the provider's own id is kept."""
    assert step_after(Accepted(provider_id="x"), fact()) == Told("x")


@pytest.mark.parametrize("severity", Severity)
def test_deferred_waits_longer_each_time_and_never_ends(
    fact: MakeFact, severity: Severity
) -> None:
    """What surely was not sent is tried until its time to live is over."""
    waits = [step_after(BUSY, fact(severity=severity), deferrals=n) for n in range(9)]
    table = RETRY[severity]

    assert waits == [Again(NOW + table[min(n, len(table) - 1)]) for n in range(9)]


def test_a_clock_set_back_makes_no_uncertain_page_wait_longer(fact: MakeFact) -> None:
    """The attempt seems to have begun in an hour; the wait is the wait all the same."""
    step = step_after(LOST, fact(), began_at=NOW + timedelta(hours=1))

    assert step == LookLater(NOW + seconds(15))


def test_jitter_spreads_over_the_upper_half(fact: MakeFact) -> None:
    """A thousand people do not come back in the same second, nor at once."""
    assert step_after(BUSY, fact(), jitter=0.0) == Again(NOW + seconds(0.5))


RETRY_AFTER = {
    "shorter than ours": (0.2, 1.0),
    "longer than ours": (20.0, 20.0),
    "beyond reason": (3600.0, 60.0),
    "negative": (-5.0, 1.0),
}


@pytest.mark.parametrize(("asked", "waits"), RETRY_AFTER.values(), ids=RETRY_AFTER)
def test_a_providers_wish_is_heard_within_a_minute(
    fact: MakeFact, asked: float, waits: float
) -> None:
    """A gateway that says an hour does not silence anybody for an hour."""
    step = step_after(Deferred(detail="slow", retry_after=asked), fact())

    assert step == Again(NOW + seconds(waits))


@pytest.mark.parametrize(
    ("providers", "severity", "attempt", "waits"),
    [
        pytest.param(("one", "two"), Severity.CRITICAL, 1, 1.0, id="another-provider"),
        pytest.param(("one",), Severity.CRITICAL, 1, 60.0, id="no-other"),
        pytest.param(("one", "two"), Severity.HIGH, 1, 60.0, id="not-critical"),
        pytest.param(("one", "two"), Severity.CRITICAL, 2, 60.0, id="one-reference"),
    ],
)
def test_a_critical_does_not_wait_out_a_wish_for_silence(
    fact: MakeFact,
    providers: Sequence[str],
    severity: Severity,
    attempt: int,
    waits: float,
) -> None:
    """If another provider can take it; only the first knows a reference of its own."""
    silence = Deferred(detail="slow", retry_after=60.0)

    step = step_after(
        silence, fact(severity=severity), providers=providers, attempt=attempt
    )

    assert isinstance(step, Again | LookLater)
    assert step.at == NOW + seconds(waits)


def test_a_message_that_tells_nothing_any_more_waits_like_a_low_one() -> None:
    """All its facts were settled late; the row still needs an end."""
    assert step_after(BUSY) == Again(NOW + RETRY[Severity.LOW][0])


def test_deferred_after_an_uncertain_try_keeps_the_message(fact: MakeFact) -> None:
    """Not by this attempt, but maybe by the first: only its reference can tell."""
    step = step_after(BUSY, fact(uncertain=1), attempt=2)

    assert step == LookLater(NOW + seconds(1), by_this=False)


def test_uncertain_looks_again_when_the_request_must_be_dead(fact: MakeFact) -> None:
    """Fifteen seconds from when it began."""
    assert step_after(LOST, fact()) == LookLater(BEGAN + seconds(15))


def test_uncertain_twice_is_the_end_of_those_facts_only(fact: MakeFact) -> None:
    """What was told with them for the first time may be tried again."""
    old, new = fact(1, uncertain=1), fact(2)

    assert step_after(LOST, old, new) == GiveUp((NotificationId(1),))


def test_a_shared_refusal_is_asked_again_alone(fact: MakeFact) -> None:
    """It may be somebody else's number that is bad."""
    assert step_after(NO, fact(), shared=True) == Again(NOW, alone=True)


def test_a_bad_number_is_skipped_also_when_shared(fact: MakeFact) -> None:
    """The provider named it: the next number is tried at once."""
    step = step_after(BAD, fact(), shared=True)

    assert step == AnotherWay(REFUSED, (), NOW + timedelta(minutes=15))


def test_a_refusal_alone_tries_another_way(fact: MakeFact) -> None:
    """The way is noted, the number is not blamed."""
    assert step_after(NO, fact()) == AnotherWay(REFUSED)


def test_no_way_left_is_dead(fact: MakeFact) -> None:
    """Each fact by the ways that it has tried itself."""
    old = fact(1, tried=(Way(SECOND, ONE),))

    assert step_after(NO, old, fact(2)) == AnotherWay(REFUSED, (NotificationId(1),))


def test_the_numbers_of_now_decide_what_is_left(fact: MakeFact) -> None:
    """A number that has left the config is no way any more."""
    step = step_after(NO, fact(), numbers=(FIRST,))

    assert step == AnotherWay(REFUSED, (NotificationId(1),))


def test_ways_go_through_the_numbers_before_the_next_provider() -> None:
    """The same gateway reaches the second phone as fast."""
    assert ways_of([FIRST, SECOND], [ONE, TWO]) == (
        Way(FIRST, ONE),
        Way(SECOND, ONE),
        Way(FIRST, TWO),
        Way(SECOND, TWO),
    )


CHOICES: dict[str, tuple[tuple[Way, ...], frozenset[Msisdn], Way]] = {
    "fresh": ((), frozenset(), Way(FIRST, ONE)),
    "first refused": ((REFUSED,), frozenset(), Way(SECOND, ONE)),
    "first number skipped": ((), frozenset({FIRST}), Way(SECOND, ONE)),
    "both skipped": ((), frozenset({FIRST, SECOND}), Way(FIRST, ONE)),
    "refused and skipped": (
        (Way(SECOND, ONE), Way(SECOND, TWO)),
        frozenset({FIRST}),
        Way(FIRST, ONE),
    ),
    "all refused": (ways_of([FIRST, SECOND], [ONE, TWO]), frozenset(), REFUSED),
}


@pytest.mark.parametrize(("tried", "skipped", "way"), CHOICES.values(), ids=CHOICES)
def test_the_way_that_is_chosen(
    fact: MakeFact, tried: tuple[Way, ...], skipped: frozenset[Msisdn], way: Way
) -> None:
    """A doubtful way beats silence, and comes last."""
    facts = [fact(tried=tried)]

    ways = ways_of([FIRST, SECOND], [ONE, TWO])

    assert choose_way(facts, ways, skipped) == way
