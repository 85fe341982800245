"""What is seen of a request, and what that says: the table that decides duplicates.

*Deferred* is "surely not sent" and sends again; *uncertain* asks the gateway first. The
table is written here a second time, from what HTTP and TCP allow to know.
"""

import asyncio
import os
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientTimeout

from alertbridge.core.message import (
    Accepted,
    Deferred,
    Outcome,
    Rejected,
    Submission,
    Uncertain,
)
from alertbridge.providers.ip1 import Ip1

MakeSubmission = Callable[..., Submission]
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Place = Callable[[AsyncExitStack], Awaitable[str]]

SHORT = ClientTimeout(total=0.6, connect=0.3, sock_connect=0.3, ceil_threshold=10)

OWN_WORD = b'{"title": "Bad Request", "detail": "not like this"}'
BATCH = b'{"id": "5bc8"}'


def http(status: int, body: bytes = b"", *headers: bytes) -> bytes:
    """Write an answer."""
    head = b"HTTP/1.1 %d -\r\nContent-Length: %d\r\n" % (status, len(body))
    return head + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body


async def read_request(reader: asyncio.StreamReader) -> None:
    """Read a request to its last byte."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))


def says(answer: bytes) -> Place:
    """A gateway that reads the whole request, says this, and hangs up."""

    async def respond(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await read_request(reader)
        writer.write(answer)
        await writer.drain()

    return serves(respond)


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the whole request, and break the connection."""
    await read_request(reader)
    writer.transport.abort()


async def is_silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Read the whole request, and never answer."""
    await read_request(reader)
    await reader.read()


def serves(answer: Answer, scheme: str = "http") -> Place:
    """A gateway that does so with each connection."""

    async def start(stack: AsyncExitStack) -> str:
        async def handle(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            try:
                await answer(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        await stack.enter_async_context(server)
        return f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    return start


async def nobody(stack: AsyncExitStack) -> str:
    """A port on which nobody listens."""
    bound = stack.enter_context(socket.socket())
    bound.bind(("127.0.0.1", 0))
    return f"http://127.0.0.1:{bound.getsockname()[1]}"


async def vanishes(stack: AsyncExitStack) -> str:
    """A port whose queue of connections is full: the kernel drops what comes."""
    full = stack.enter_context(socket.socket())
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    port = full.getsockname()[1]
    for _ in range(4):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(("127.0.0.1", port))
    return f"http://127.0.0.1:{port}"


def last_descriptor() -> int:
    """The highest of the descriptors that are open."""
    return max(int(one.name) for one in Path("/proc/self/fd").iterdir())


async def no_descriptor(stack: AsyncExitStack) -> str:
    """A machine on which no socket can be opened."""
    url = await serves(is_silent)(stack)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_now = last_descriptor()
    taken = [os.dup(0) for _ in range(open_now)]
    for descriptor in taken:
        stack.callback(os.close, descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(taken) + 1, before[1]))
    stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, before)
    return url


SEEN: tuple[tuple[str, Place, type[Outcome]], ...] = (
    # No connection stood: not a byte of it has left.
    ("refused", nobody, Deferred),
    ("no-answer-to-the-first-packet", vanishes, Deferred),
    ("no-tls-there", serves(is_silent, "https"), Deferred),
    ("no-socket-to-be-had", no_descriptor, Deferred),
    # The gateway says that it took nothing.
    ("429", says(http(429)), Deferred),
    ("503", says(http(503)), Deferred),
    ("400-in-its-own-words", says(http(400, OWN_WORD)), Rejected),
    ("401", says(http(401, OWN_WORD)), Deferred),
    ("402", says(http(402, OWN_WORD)), Deferred),
    ("403", says(http(403, OWN_WORD)), Deferred),
    ("404-in-its-own-words", says(http(404, OWN_WORD)), Rejected),
    ("405-in-its-own-words", says(http(405, OWN_WORD)), Rejected),
    ("413", says(http(413)), Rejected),
    ("415-in-its-own-words", says(http(415, OWN_WORD)), Rejected),
    ("422-in-its-own-words", says(http(422, OWN_WORD)), Rejected),
    # Somebody in between says so: it may be there again in a minute.
    ("400-of-a-proxy", says(http(400, b"<html>Bad Request</html>")), Deferred),
    ("404-of-a-load-balancer", says(http(404, b"default backend - 404")), Deferred),
    ("redirect", says(http(307, b"", b"Location: http://127.0.0.1:9/")), Deferred),
    # It took it.
    ("201-with-an-id", says(http(201, BATCH)), Accepted),
    ("200-with-an-id", says(http(200, BATCH)), Accepted),
    # It may have taken it: all that is left once the request has gone out.
    ("200-without-an-id", says(http(200, b"{}")), Uncertain),
    ("200-of-a-captive-portal", says(http(200, b"<html>Log in</html>")), Uncertain),
    ("500", says(http(500)), Uncertain),
    ("502", says(http(502)), Uncertain),
    ("504", says(http(504)), Uncertain),
    ("409", says(http(409, OWN_WORD)), Uncertain),
    ("end-of-file", says(b""), Uncertain),
    ("no-status-line", says(b"\x00\xff garbage\r\n\r\n"), Uncertain),
    ("half-a-status-line", says(b"HTTP/1.1 2"), Uncertain),
    ("reset", serves(resets), Uncertain),
    ("silence", serves(is_silent), Uncertain),
)


@asynccontextmanager
async def at(place: Place) -> AsyncIterator[str]:
    """Be at a place; its URL."""
    async with AsyncExitStack() as stack:
        yield await place(stack)


@pytest.mark.parametrize(
    ("place", "kind"),
    [pytest.param(place, kind, id=name) for name, place, kind in SEEN],
)
async def test_what_is_seen_says_no_more_than_it_does(
    make_ip1: Callable[..., Ip1],
    make_submission: MakeSubmission,
    place: Place,
    kind: type[Outcome],
) -> None:
    """Each observation has its class, whatever brought it about."""
    async with at(place) as url:
        outcomes = await make_ip1(url, timeout=SHORT).submit(make_submission())

    assert type(outcomes.all) is kind, outcomes.all


@pytest.mark.parametrize(
    ("status", "shut"), [(401, True), (402, True), (403, True), (429, False)]
)
async def test_an_account_that_is_shut_is_told_from_a_busy_one(
    make_ip1: Callable[..., Ip1],
    make_submission: MakeSubmission,
    status: int,
    shut: bool,
) -> None:
    """Nobody's message is taken until somebody sees to it (C8)."""
    async with at(says(http(status, OWN_WORD))) as url:
        outcomes = await make_ip1(url, timeout=SHORT).submit(make_submission())

    assert isinstance(outcomes.all, Deferred)
    assert outcomes.all.account_is_shut is shut
