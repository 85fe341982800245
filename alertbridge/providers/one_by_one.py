"""Several numbers at a gateway that takes one a request: who got it, and who waits.

The store asks for no more numbers than a request can carry. This is for the submission
that was made for another gateway, or before a reload: it is still one promise, twelve
seconds long, with an outcome for each number.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

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
from alertbridge.providers.blame import blame_number, is_number, refuse_message

BEGIN_WITHIN = 0.4
"""Seconds in which requests of one submission begin: one that uses up its two tries
takes 11.5, and the caller waits for 12."""


class OneByOne:
    """Sends one request per number, no faster than the account allows."""

    def __init__(
        self,
        per_second: int,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._spacing = 1 / per_second
        self._sleep = sleep
        self._free_at = 0.0

    async def submit(
        self,
        submission: Submission,
        *,
        longest: int,
        send: Callable[[Msisdn], Awaitable[Outcome]],
    ) -> Outcomes:
        """Call *send* for each number that can be begun in time; the rest is Deferred.

        A number that is none is refused alone. Once a request is Deferred no more are
        begun: an account that is out of money, or a gateway that is away, says so for
        all, and asking again for each number would only be turned away longer.
        *longest* is the gateway's limit, in characters of a text.
        """
        refusal = refuse_message(submission, longest=longest)
        if refusal is not None:
            return Outcomes(refusal)
        good = [number for number in submission.numbers if is_number(number)]
        known: dict[Msisdn, Outcome] = {
            number: blame_number("not a phone number")
            for number in submission.numbers
            if number not in good
        }
        if len(good) == 1:
            # Paced by the caller, as all requests are.
            self._take(asyncio.get_running_loop().time())
            known[good[0]] = await send(good[0])
        else:
            await self._several(good, known, send)
        return _together(submission.numbers, known)

    async def _several(
        self,
        numbers: list[Msisdn],
        known: dict[Msisdn, Outcome],
        send: Callable[[Msisdn], Awaitable[Outcome]],
    ) -> None:
        async def one(number: Msisdn) -> None:
            known[number] = await send(number)

        loop = asyncio.get_running_loop()
        end = loop.time() + BEGIN_WITHIN
        async with asyncio.TaskGroup() as requests:
            for number in numbers:
                begin = self._take(loop.time(), before=end)
                if begin is None:
                    return
                if begin > loop.time():
                    await self._sleep(begin - loop.time())
                if loop.time() >= end:
                    # A busy machine overslept: what begins now would end too late.
                    return
                if any(isinstance(outcome, Deferred) for outcome in known.values()):
                    return
                requests.create_task(one(number), name="one number")

    def _take(self, now: float, before: float = float("inf")) -> float | None:
        """When the next request may begin; None if not *before* a time."""
        begin = max(now, self._free_at)
        if begin >= before:
            return None
        self._free_at = begin + self._spacing
        return begin


_WORST_FIRST = (Uncertain, Deferred, Rejected, Accepted)


def _together(numbers: Sequence[Msisdn], known: dict[Msisdn, Outcome]) -> Outcomes:
    """Say it for each; the worst of them stands for the request, in logs."""
    if len(numbers) == 1:
        return Outcomes(known[numbers[0]])
    if len(known) == len(set(numbers)):
        return Outcomes(
            min(known.values(), key=lambda one: _WORST_FIRST.index(type(one))), known
        )
    waits = [
        one.retry_after or 0.0 for one in known.values() if isinstance(one, Deferred)
    ]
    left = "not begun in time; it comes with the next request"
    asked = max(waits, default=0.0) or None
    return Outcomes(Deferred(detail=left, retry_after=asked), known)
