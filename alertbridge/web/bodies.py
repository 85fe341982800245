"""Reading a request's body, whole or as much of it as may be kept."""

import asyncio
import zlib
from dataclasses import dataclass

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

DRAINED = 8
"""A body over the limit is read to its end, up to this many times the limit, so that
the sender gets to read our answer; a sender cut off while it writes posts again."""

DEADLINE = 60.0
"""Seconds a body may take. 32 MiB in it is 5 Mbit/s; a sender that trickles holds a
connection and memory of ours, and an Alertmanager would have given up long ago."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body; `oversized` if `content` is only its beginning. `size` counts it all."""

    content: bytes
    size: int
    oversized: bool = False


class BodyUnreadable(Exception):
    """The bytes on the wire are not what their headers say; one line."""


class BodyMissing(Exception):
    """The body did not come to its end; sent again it may. One line."""


async def read_body(
    request: web.Request,
    limit: int,
    keep: int | None = None,
    *,
    deadline: float = DEADLINE,
) -> Body:
    """Read up to *limit* bytes, or *keep* if a signature over more must be checked.

    *deadline* is in seconds, for all of it.

    Raises:
        BodyUnreadable: broken framing or compression.
        BodyMissing: the sender went away, or took too long.
    """
    content = request.content
    if content.is_eof() and "Content-Encoding" not in request.headers:
        length = request.content_length
        if length is not None and length <= limit:
            # All of it came with the headers, as a small post does: no need to wait.
            whole = content.read_nowait()
            return Body(whole, len(whole))
    reading = _Reading(limit, limit if keep is None else keep)
    try:
        async with asyncio.timeout(deadline):
            await reading.read(request)
    except (HttpProcessingError, zlib.error, web.RequestPayloadError) as exc:
        raise BodyUnreadable(f"the body cannot be read: {type(exc).__name__}") from exc
    except ConnectionError as exc:
        raise BodyMissing("the connection closed before the body's end") from exc
    except TimeoutError as exc:
        # What can be told of a larger one is here already.
        if reading.size <= limit:
            raise BodyMissing(f"the body took over {deadline:.0f} s") from exc
    return Body(bytes(reading.kept), reading.size, oversized=reading.size > limit)


@dataclass(slots=True)
class _Reading:
    """What has been read so far: at most `keep` bytes are held, `size` counts all."""

    limit: int
    keep: int
    kept: bytes | bytearray = b""
    size: int = 0

    async def read(self, request: web.Request) -> None:
        content = request.content
        packed = "Content-Encoding" in request.headers
        length = request.content_length
        if length is not None and length <= self.limit and not packed:
            self.kept = await content.read()
            self.size = len(self.kept)
            return
        kept = self.kept = bytearray()
        # A packed body may unpack to anything: no sender of ours packs, and a bomb is
        # not read to its end.
        most = self.limit if packed else self.limit * DRAINED
        while self.size <= most:
            chunk = await content.readany()
            if not chunk:
                return
            self.size += len(chunk)
            if len(kept) < self.keep:
                kept += chunk[: self.keep - len(kept)]
