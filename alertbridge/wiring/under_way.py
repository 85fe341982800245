"""Counts the requests being served, so that a stop can let them finish.

aiohttp's own shutdown waits for handlers but reads nothing more from their
connections: a webhook whose body is half here would be cut off without an answer, and
Grafana does not post it again.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta

from aiohttp import web
from aiohttp.typedefs import Handler


class UnderWay:
    """A middleware that knows whether any request is being served."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    @web.middleware
    async def count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count one request for as long as its handler runs, reading included."""
        self._count += 1
        self._none.clear()
        try:
            return await handler(request)
        finally:
            self._count -= 1
            if not self._count:
                self._none.set()

    async def end(self, within: timedelta) -> None:
        """Wait until no request is under way, but no longer than *within*."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within.total_seconds()):
                await self._none.wait()
