"""Looks at how much room the store's file system has left."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from alertbridge.core.trouble_kinds import DISK_LOW, disk_low
from alertbridge.engine.troubles import Troubles

log = structlog.get_logger()

LOOK_EVERY = 60.0
"""Seconds; a disk that fills faster is for the store to refuse."""

ENOUGH = 1.1
"""How much more than the limit must be free before it is over: what is written and
deleted about the limit would begin and end it each minute."""


async def keep_measuring(
    free: Callable[[], Awaitable[int]],
    wanted: Callable[[], int],
    troubles: Troubles,
    *,
    every: float = LOOK_EVERY,
) -> None:
    """Tell the admins when less than *wanted* bytes are free, until cancelled."""
    while True:
        try:
            await measure(await free(), wanted(), troubles)
        except OSError as exc:
            log.error("store.failed", reason=f"room: {exc.strerror}")
        await asyncio.sleep(every)


async def measure(free: int, wanted: int, troubles: Troubles) -> None:
    """Say whether so many bytes are enough; between the two limits nothing changes."""
    if free < wanted:
        await troubles.tell(disk_low(free, wanted))
    elif free >= wanted * ENOUGH:
        await troubles.is_over(DISK_LOW)
