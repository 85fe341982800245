"""Less room than is wanted is told, and is over only when there is clearly enough."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import pytest
import structlog
from round_trip import States

from alertbridge.core.rules import Rules
from alertbridge.engine.current import Current
from alertbridge.engine.disk_room import keep_measuring, measure
from alertbridge.engine.troubles import Troubles
from alertbridge.ports import Store

WANTED = 100


@pytest.fixture
def troubles(store: Store, rules: Rules, start: datetime) -> Troubles:
    """On an empty store, at a time that stands."""

    class Clock:
        def now(self) -> datetime:
            return start

    return Troubles(store, Current(rules), Clock(), lambda: None)


@pytest.mark.parametrize(
    ("free", "events"),
    [
        pytest.param([100, 120], [], id="enough"),
        pytest.param([99], ["meta.raised"], id="too-little"),
        pytest.param([99, 50, 3], ["meta.raised"], id="less-and-less"),
        pytest.param([99, 101, 99, 109, 99], ["meta.raised"], id="about-the-limit"),
        pytest.param([99, 111], ["meta.raised", "meta.ended"], id="room-was-made"),
    ],
)
async def test_what_is_said_of_a_disk(
    troubles: Troubles, free: Sequence[int], events: list[str]
) -> None:
    """About the limit nothing begins or ends each minute."""
    with structlog.testing.capture_logs() as logs:
        for amount in free:
            await measure(amount, WANTED, troubles)

    assert [entry["event"] for entry in logs] == events


async def test_a_disk_that_cannot_be_asked_is_asked_again(
    troubles: Troubles, states: States
) -> None:
    """The watch goes on; what it finds then is told."""
    answers: list[Callable[[], int]] = [_fails, lambda: 7]

    async def free() -> int:
        return answers.pop(0)() if answers else 7

    watching = asyncio.create_task(  # noqa: TID251 - cancelled below
        keep_measuring(free, lambda: WANTED, troubles, every=0.001)
    )
    async with asyncio.timeout(10):
        while not await states():  # noqa: ASYNC110 - the store sets no event
            await asyncio.sleep(0.005)
    watching.cancel()

    assert [row[0] for row in await states()] == ["DiskLow"]


def _fails() -> int:
    raise OSError(5, "Input/output error")
