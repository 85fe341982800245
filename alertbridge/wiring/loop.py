"""Run the daemon's loop, with a collector that fits what it allocates."""

import asyncio
import gc
import sys
from collections.abc import Coroutine

GENERATION = 50_000
"""Allocations between two looks for garbage. A webhook makes some hundred objects
and no cycles; the default of 700 would look after every few of them."""

SWITCH = 0.001
"""Seconds after which a thread that computes lets another in. At the default of 5 ms
the loop waits that long for the writer at each of its system calls: a critical that
comes while a large post is written pays it some fifty times."""


def run_until_done(main: Coroutine[object, object, None]) -> None:
    """Run *main*; what was made at start is taken out of the collector's sight."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GENERATION, 20, 50)
    sys.setswitchinterval(SWITCH)
    asyncio.run(main)
