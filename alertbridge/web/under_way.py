"""Counts the requests being served, so that a stop can let them finish.

aiohttp's own shutdown waits for handlers but reads nothing more from their
connections: a webhook whose body is half here would be cut off without an answer, and
Grafana does not post it again.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta


class UnderWay:
    """Knows whether any request is being served, reading its body included."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    def begin(self) -> None:
        """A request has come; `end` must follow, whatever becomes of it."""
        if not self._count:
            self._none.clear()
        self._count += 1

    def end(self) -> None:
        """A request has been served."""
        self._count -= 1
        if not self._count:
            self._none.set()

    async def wait_none(self, within: timedelta) -> None:
        """Wait until no request is under way, but no longer than *within*."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within.total_seconds()):
                await self._none.wait()
