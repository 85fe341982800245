"""Several numbers, one request each: an outcome for each, within one promise."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from alertbridge.core.message import (
    Accepted,
    Deferred,
    Outcome,
    Outcomes,
    Rejected,
    Submission,
    Uncertain,
)
from alertbridge.core.recipient import Msisdn
from alertbridge.providers.http_request import TIMEOUT
from alertbridge.providers.one_by_one import BEGIN_WITHIN, OneByOne

MakeSubmission = Callable[..., Submission]
Send = Callable[[Msisdn], Awaitable[Outcome]]

TEN = tuple(Msisdn(f"+467017406{n:02}") for n in range(10, 20))


async def no_wait(_: float) -> None:
    """Times are computed, not waited for; others get their turn."""
    for _ in range(5):
        await asyncio.sleep(0)


class Phones:
    """A gateway that says to each number what it is told to."""

    def __init__(self, **outcomes: Outcome) -> None:
        self._outcomes = {f"+{digits[1:]}": said for digits, said in outcomes.items()}
        self.asked: list[Msisdn] = []

    async def __call__(self, number: Msisdn) -> Outcome:
        """Take a request."""
        self.asked.append(number)
        await asyncio.sleep(0)
        return self._outcomes.get(number, Accepted(provider_id=f"id-{number[-2:]}"))


async def submit(
    submission: Submission, send: Send, per_second: int = 1000
) -> Outcomes:
    """Submit to a gateway that allows *per_second*."""
    one_by_one = OneByOne(per_second, sleep=no_wait)
    return await one_by_one.submit(submission, longest=1000, send=send)


async def test_each_number_has_its_own_outcome(make_submission: MakeSubmission) -> None:
    """One bad number, one lost answer: the others have their ids."""
    phones = Phones(
        n46701740611=Rejected(detail="no", number_is_bad=True),
        n46701740612=Uncertain(detail="lost"),
    )

    outcomes = await submit(make_submission(*TEN[:4]), phones)

    assert [outcomes.of(number) for number in TEN[:4]] == [
        Accepted(provider_id="id-10"),
        Rejected(detail="no", number_is_bad=True),
        Uncertain(detail="lost"),
        Accepted(provider_id="id-13"),
    ]


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        pytest.param(Accepted(provider_id="x"), Accepted, id="all-accepted"),
        pytest.param(Rejected(detail="no"), Rejected, id="one-refused"),
        pytest.param(Uncertain(detail="lost"), Uncertain, id="one-lost"),
    ],
)
async def test_the_worst_stands_for_the_request(
    make_submission: MakeSubmission, said: Outcome, whole: type[Outcome]
) -> None:
    """What a log line says of ten is what somebody must look at."""
    outcomes = await submit(make_submission(*TEN), Phones(n46701740613=said))

    assert type(outcomes.all) is whole


async def test_who_overslept_begins_nothing_more(
    make_submission: MakeSubmission,
) -> None:
    """A machine that is busy for a second must not break the promise by one."""
    phones = Phones()
    late = asyncio.Event()

    async def oversleep(_: float) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(BEGIN_WITHIN, late.set)
        await late.wait()

    one_by_one = OneByOne(5, sleep=oversleep)
    outcomes = await one_by_one.submit(make_submission(*TEN), longest=1000, send=phones)

    assert phones.asked == [TEN[0]]
    assert isinstance(outcomes.of(TEN[1]), Deferred)


async def test_what_was_not_begun_in_time_is_deferred(
    make_submission: MakeSubmission,
) -> None:
    """At five a second two begin; nobody waits for the others with an open promise."""
    phones = Phones()

    outcomes = await submit(make_submission(*TEN), phones, per_second=5)

    kinds = [type(outcomes.of(number)) for number in TEN]
    assert kinds == [Accepted] * 2 + [Deferred] * 8
    assert phones.asked == list(TEN[:2])


async def test_two_submissions_share_the_pace(make_submission: MakeSubmission) -> None:
    """The account allows so many in a second, however many submissions there are."""
    phones = Phones()
    one_by_one = OneByOne(5, sleep=no_wait)

    async with asyncio.TaskGroup() as group:
        for numbers in (TEN[:5], TEN[5:]):
            submission = make_submission(*numbers)
            group.create_task(one_by_one.submit(submission, longest=1000, send=phones))

    # The second begins a moment later, so its time may end a moment later, too.
    assert len(phones.asked) in {2, 3}


async def test_a_single_number_is_not_held_back(
    make_submission: MakeSubmission,
) -> None:
    """The caller paces requests; being sent twice through two gates would cost time."""
    phones = Phones()
    one_by_one = OneByOne(1, sleep=no_wait)

    for number in TEN:
        await one_by_one.submit(make_submission(number), longest=1000, send=phones)

    assert phones.asked == list(TEN)


async def test_a_deferred_one_spares_the_rest_the_question(
    make_submission: MakeSubmission,
) -> None:
    """A throttled account is not asked ten times, and its wish holds for all."""
    slow = Deferred(detail="HTTP 429", retry_after=7)
    phones = Phones(n46701740610=slow)

    outcomes = await submit(make_submission(*TEN), phones, per_second=100)

    assert len(phones.asked) < len(TEN)
    assert outcomes.of(TEN[0]) == slow
    assert isinstance(outcomes.all, Deferred)
    assert outcomes.all.retry_after == 7
    assert outcomes.of(TEN[-1]) == outcomes.all


async def test_a_number_that_is_none_is_refused_alone(
    make_submission: MakeSubmission,
) -> None:
    """And not sent to anybody."""
    phones = Phones()
    bad = Msisdn("+4670174060x")

    outcomes = await submit(make_submission(TEN[0], bad, TEN[1]), phones)

    refused = outcomes.of(bad)
    assert isinstance(refused, Rejected)
    assert refused.number_is_bad
    assert phones.asked == list(TEN[:2])


async def test_a_single_bad_number_is_blamed(make_submission: MakeSubmission) -> None:
    """For all, which is one."""
    outcomes = await submit(make_submission("x"), Phones())

    assert isinstance(outcomes.all, Rejected)


@pytest.mark.parametrize(
    "body", [pytest.param(" ", id="blank"), pytest.param("x" * 1001, id="long")]
)
async def test_what_nobody_can_get_is_sent_to_nobody(
    make_submission: MakeSubmission, body: str
) -> None:
    """The limits hold before the first request."""
    phones = Phones()

    outcomes = await submit(make_submission(*TEN, body=body), phones)

    assert isinstance(outcomes.all, Rejected)
    assert phones.asked == []


class Hasty(OneByOne):
    """One that begins everything at once, whatever the account allows."""

    def _take(self, now: float, before: float = float("inf")) -> float | None:
        del before
        return now


@pytest.mark.parametrize("one_by_one", [Hasty(5, sleep=no_wait)])
async def test_the_pace_is_looked_at(
    make_submission: MakeSubmission, one_by_one: OneByOne
) -> None:
    """Without it, ten begin where two may: the claims above can fail."""
    phones = Phones()

    await one_by_one.submit(make_submission(*TEN), longest=1000, send=phones)

    assert len(phones.asked) == len(TEN)


def test_the_last_request_ends_within_the_promise() -> None:
    """Begin, a first try that fails late, the second one: under 12 s."""
    assert TIMEOUT.total is not None

    assert BEGIN_WITHIN + 1.5 + TIMEOUT.total < 12
