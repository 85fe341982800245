"""Knows the requests being served, so that a stop can let them finish.

aiohttp's own shutdown waits for handlers but reads nothing more from their
connections: a webhook whose body is half here would be cut off without an answer, and
Grafana does not post it again.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta


class UnderWay:
    """Knows on which connections a request is served, reading its body included."""

    def __init__(self) -> None:
        self._on: set[object] = set()
        self._none = asyncio.Event()
        self._none.set()

    def begin(self, connection: object) -> None:
        """A request has come; `end` must follow, whatever becomes of it."""
        self._none.clear()
        self._on.add(connection)

    def end(self, connection: object) -> None:
        """A request has been served."""
        self._on.discard(connection)
        if not self._on:
            self._none.set()

    def serves(self, connection: object) -> bool:
        """Whether a request is being served on a connection."""
        return connection in self._on

    async def wait_none(self, within: timedelta) -> None:
        """Wait until no request is under way, but no longer than *within*."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within.total_seconds()):
                await self._none.wait()
