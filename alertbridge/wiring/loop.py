"""Run the daemon's loop, with a collector that fits what it allocates."""

import asyncio
import gc
from collections.abc import Coroutine

GENERATION = 50_000
"""Allocations between two looks for garbage. A webhook makes some hundred objects
and no cycles; the default of 700 would look after every few of them."""


def run_until_done(main: Coroutine[object, object, None]) -> None:
    """Run *main*; what was made at start is taken out of the collector's sight."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GENERATION, 20, 50)
    asyncio.run(main)
