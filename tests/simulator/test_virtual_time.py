"""A loop that jumps: no waiting, and the same order as with waiting."""

import asyncio
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest

from alertbridge.simulator.virtual_time import NothingLeft, VirtualClock, run_virtual

START = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)


def test_a_day_costs_no_time() -> None:
    """A sleep of a day moves the loop's time by a day, and the real one by nothing."""

    async def day() -> float:
        await asyncio.sleep(86_400)
        return asyncio.get_running_loop().time()

    began = monotonic()

    assert run_virtual(day()) == 86_400
    assert monotonic() - began < 5


def test_things_happen_in_the_order_of_their_times() -> None:
    """Whoever waits less goes first, however the waits were begun."""

    async def race() -> list[int]:
        order: list[int] = []

        async def after(seconds: int) -> None:
            await asyncio.sleep(seconds)
            order.append(seconds)

        await asyncio.gather(*(after(seconds) for seconds in (300, 2, 7000, 40)))
        return order

    assert run_virtual(race()) == [2, 40, 300, 7000]


def test_a_timeout_is_virtual_too() -> None:
    """What hangs is given up after its timeout, at once."""

    async def hang() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(600):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert run_virtual(hang()) == 600


def test_waiting_for_ever_is_an_error_and_no_hang() -> None:
    """With nobody left to wake anybody, it says so."""

    async def forget() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NothingLeft):
        run_virtual(forget())


def test_the_clock_shows_a_step_only_when_it_is_followed() -> None:
    """As the daemon's own: the wall clock jumps, its time does not."""

    async def step() -> None:
        clock = VirtualClock(START, asyncio.get_running_loop())
        await asyncio.sleep(90)
        clock.set_wall(timedelta(hours=1))

        assert clock.now() == START + timedelta(seconds=90)
        assert clock.step() == timedelta(hours=1)

        clock.follow(clock.step())

        assert clock.now() == START + timedelta(hours=1, seconds=90)
        assert clock.true == START + timedelta(seconds=90)
        assert not clock.step()

    run_virtual(step())
