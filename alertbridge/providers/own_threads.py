"""Work on disks, and in libraries that block, in threads of its own.

A disk that does not answer holds a thread for as long as it likes; nobody here waits
for it longer than was said, and no other part of the daemon shares its threads.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

THREADS = 4


@dataclass(frozen=True, slots=True)
class Late:
    """It did not end in time; unless it was `begun`, it never will begin."""

    begun: bool


class Threads:
    """A few threads, and the patience to wait for them."""

    def __init__(self, name: str, count: int = THREADS) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)

    async def do(self, work: Callable[[], T], *, within: float) -> T | Late:
        """Do *work*, and wait for it at most *within* seconds.

        What *work* raises is raised. What has begun goes on after we have left.
        """
        begun = self._pool.submit(work)
        waited = asyncio.wrap_future(begun)
        waited.add_done_callback(_heed)
        try:
            done, _ = await asyncio.wait([waited], timeout=within)
        except asyncio.CancelledError:
            begun.cancel()
            raise
        if done:
            return waited.result()
        return Late(begun=not begun.cancel())


def _heed(ended: "asyncio.Future[T]") -> None:
    """Look at what nobody waits for any more, so that asyncio does not complain."""
    if not ended.cancelled():
        ended.exception()
