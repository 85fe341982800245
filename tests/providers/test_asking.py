"""Requests that only ask count against the account as well (C22)."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from alertbridge.core.inquiry import Listed
from alertbridge.core.message import Accepted, Reference, Submission
from alertbridge.engine.rate import Rate
from alertbridge.providers.asking import Asking
from alertbridge.providers.ip1 import Ip1
from alertbridge.simulator.gateway import Gateway

TOKEN = "canary-token-5d20"
LIMIT = 30


def wall_clock() -> datetime:
    """The gateway counts real seconds here."""
    return datetime.now(UTC)  # noqa: TID251 - the test's own clock


async def send_at_full_speed(
    provider: Ip1, make_submission: Callable[..., Submission], seconds: float
) -> set[type]:
    """Send as the engine does: whenever the account has a place."""
    loop = asyncio.get_running_loop()
    rate, end, sent = Rate(LIMIT), loop.time() + seconds, 0
    async with asyncio.TaskGroup() as group:
        tasks = []
        while loop.time() < end:
            while rate.places(loop.time()) > 0:
                rate.take(loop.time())
                page = make_submission(reference=f"ref-{sent}")
                tasks.append(group.create_task(provider.submit(page)))
                sent += 1
            await asyncio.sleep(max(0.005, rate.wait(loop.time())))
    assert sent > LIMIT
    return {type(task.result().all) for task in tasks}


async def ask_all_at_once(provider: Ip1) -> None:
    """Six lists, as a bad night asks for them."""
    async with asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(ask_once(provider))


async def ask_once(provider: Ip1) -> None:
    """One page of the list."""
    found = await provider.list_sent([Reference("ab-none")], wall_clock())
    assert isinstance(found, Listed)


async def test_questions_and_pages_together_stay_within_the_account(
    make_ip1: Callable[..., Ip1], make_submission: Callable[..., Submission]
) -> None:
    """Never a thirty-first request in any second, and so no page is turned away."""
    gateway = Gateway(token=TOKEN, now=wall_clock)
    async with gateway.serving() as url:
        provider = make_ip1(url)
        asking = asyncio.gather(ask_all_at_once(provider))
        kinds = await send_at_full_speed(provider, make_submission, seconds=1.5)
        await asking

    assert kinds == {Accepted}
    assert int(str(gateway.stats()["max_per_second"])) <= LIMIT


@pytest.mark.parametrize("per_second", [1, 2, 9, 10, 11, 30, 1000])
async def test_sending_and_asking_share_the_limit(per_second: int) -> None:
    """Whatever an account allows; only one of 1 a second is asked at a price."""
    waited = [0.0]

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    asking, rate = Asking(per_second, sleep), Rate(per_second)
    for _ in range(100):
        await asking.turn()
    begun = [round(at, 6) for at in waited]

    in_a_second = sum(1 for at in begun if at < 1.0)
    assert in_a_second + rate.places(0.0) <= max(2, per_second)
