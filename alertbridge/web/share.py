"""A source's share of intake: what of it may be under way, and what may wait.

Each source has its own. One that floods fills its share, and what comes on top is
turned away at once with 503, before its body is read: memory stays flat, and the
others find their own share empty. A post that waits a moment is better than one turned
away, since Grafana does not come again; so a share holds some seconds of work.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

AT_ONCE = 64
"""Posts of one source between parse and commit: what shares an fsync."""

AT_ONCE_BYTES = 1024 * 1024
"""Bytes of them. Reading 1 MiB (a thousand alerts) keeps the loop for some 30 ms; a
larger body is read alone."""

MOST_POSTS = 1024
"""Posts of one source in hand, waiting ones too: a quarter of a second's work."""

MOST_BODIES = 2
"""Bytes of one source in hand, as a multiple of the largest body that is read whole."""


class Share:
    """One source's share: what is in hand, and of that what is under way."""

    def __init__(self) -> None:
        self._posts = 0
        self._bytes = 0
        self._at_once = 0
        self._bytes_at_once = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def is_empty(self) -> bool:
        """Whether no post is in hand."""
        return not self._posts

    def has_room(self, size: int, max_body: int) -> bool:
        """Whether a post of *size* bytes may come in; one always may."""
        if self.is_empty:
            return True
        most = MOST_BODIES * max_body
        return self._posts < MOST_POSTS and self._bytes + size <= most

    @contextmanager
    def hold(self, size: int) -> Iterator[None]:
        """Have a post in hand, from before its body is read until it is answered."""
        self._posts += 1
        self._bytes += size
        try:
            yield
        finally:
            self._posts -= 1
            self._bytes -= size

    async def begin(self, size: int) -> None:
        """Wait for a turn, first come first served; `end` must follow."""
        if not self._waiting and self._fits(size):
            self._take(size)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._waiting.remove((size, turn))
            else:
                self.end(size)
            raise

    def end(self, size: int) -> None:
        """Give the turn to whoever waits."""
        self._at_once -= 1
        self._bytes_at_once -= size
        while self._waiting and self._fits(self._waiting[0][0]):
            waited, turn = self._waiting.popleft()
            self._take(waited)
            turn.set_result(None)

    def _fits(self, size: int) -> bool:
        if not self._at_once:
            return True
        return self._at_once < AT_ONCE and self._bytes_at_once + size <= AT_ONCE_BYTES

    def _take(self, size: int) -> None:
        self._at_once += 1
        self._bytes_at_once += size


class Shares:
    """The share of every source; a reload does not empty them."""

    def __init__(self) -> None:
        self._shares: dict[str, Share] = {}

    def of(self, source: str) -> Share:
        """The share of a configured source."""
        share = self._shares.get(source)
        if share is None:
            share = self._shares[source] = Share()
        return share


def size_of(request: web.Request, most: int) -> int:
    """How many bytes of the body may be held; *most* if it does not say."""
    length = request.content_length
    if length is None or "Content-Encoding" in request.headers:
        return most
    return min(length, most)
