"""What networks do between us and a gateway: cut, freeze, stand in between.

A proxy of our own breaks the connection where it is told to; the simulated gateway
behind it says what it took.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest
from aiohttp import ClientTimeout

from alertbridge.core.message import Accepted, Deferred, Submission, Uncertain
from alertbridge.providers.ip1 import Ip1
from alertbridge.simulator.gateway import Gateway

MakeSubmission = Callable[..., Submission]
MakeIp1 = Callable[..., Ip1]
Account = tuple[Gateway, str]

SHORT = ClientTimeout(total=0.6, connect=0.3, sock_connect=0.3, ceil_threshold=10)
STRIDE = 37
"""Bytes between two places where the connection is cut."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a connection ends: after so many bytes to the gateway, or back from it."""

    request: int | None = None
    response: int | None = None
    reset: bool = True


def break_off(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    """End a connection, with a reset or in good manners."""
    if reset:
        linger = struct.pack("ii", 1, 0)
        opened = writer.get_extra_info("socket")
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
    else:
        writer.close()


async def pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None
) -> None:
    """Hand bytes on, up to *most* of them; a side that ends, ends it."""
    left = most
    with suppress(ConnectionError):
        while left is None or left > 0:
            some = await reader.read(4096 if left is None else left)
            if not some:
                return
            writer.write(some)
            await writer.drain()
            left = None if left is None else left - len(some)


@asynccontextmanager
async def proxy(url: str, cut: Cut) -> AsyncIterator[str]:
    """A way to the gateway at *url* that breaks off where it is told to."""
    there = int(url.rpartition(":")[2])

    async def handle(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        back, out = await asyncio.open_connection("127.0.0.1", there)
        ways = [
            asyncio.create_task(pass_on(reader, out, cut.request)),  # noqa: TID251
            asyncio.create_task(pass_on(back, writer, cut.response)),  # noqa: TID251
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        break_off(writer, reset=cut.reset)
        break_off(out, reset=cut.reset)
        await asyncio.wait(ways)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def conversation(
    account: Account, make_ip1: MakeIp1, submission: Submission
) -> tuple[int, int]:
    """How many bytes an undisturbed request has, and its answer."""
    counted = [0, 0]
    there = int(account[1].rpartition(":")[2])

    async def handle(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        back, out = await asyncio.open_connection("127.0.0.1", there)
        request = await reader.read(1 << 16)
        out.write(request)
        answer = await back.read(1 << 16)
        writer.write(answer)
        counted[:] = [len(request), len(answer)]
        writer.close()
        out.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        outcomes = await make_ip1(url).submit(submission)
    assert isinstance(outcomes.all, Accepted)
    return counted[0], counted[1]


@pytest.mark.parametrize(
    "reset", [pytest.param(True, id="reset"), pytest.param(False, id="closed")]
)
async def test_a_cut_at_any_byte_never_says_more_than_is_known(
    gateway: Account, make_ip1: MakeIp1, make_submission: MakeSubmission, reset: bool
) -> None:
    """Accepted was taken; surely not sent was not; all between is uncertain (F3n)."""
    world, url = gateway
    request, answer = await conversation(gateway, make_ip1, make_submission())
    cuts = [Cut(request=k, reset=reset) for k in range(1, request, STRIDE)]
    cuts += [Cut(response=k, reset=reset) for k in range(1, answer, STRIDE)]
    cuts += [Cut(request=request - 1, reset=reset), Cut(response=answer, reset=reset)]
    kinds: dict[Cut, type] = {}

    for number, cut in enumerate(cuts):
        reference = f"cut-{number}"
        async with proxy(url, cut) as broken:
            page = make_submission(reference=reference)
            outcomes = await make_ip1(broken).submit(page)
        taken = [sms for sms in world.messages if sms.reference == reference]
        kinds[cut] = type(outcomes.all)

        assert len(taken) <= 1, cut
        assert not (isinstance(outcomes.all, Deferred) and taken), cut
        assert not (isinstance(outcomes.all, Accepted) and not taken), cut

    assert kinds[Cut(response=answer, reset=reset)] in (Accepted, Uncertain)
    assert {kinds[cut] for cut in cuts if cut.request is not None} == {Uncertain}
    assert Uncertain in {kinds[cut] for cut in cuts if cut.response is not None}


@pytest.mark.parametrize("sent", [0, 200])
async def test_a_connection_that_freezes_is_uncertain(
    make_ip1: MakeIp1, make_submission: MakeSubmission, sent: int
) -> None:
    """It stood, and then nothing moves, in either direction (F2n)."""
    frozen = asyncio.Event()

    async def handle(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if sent:
            await reader.readexactly(sent)
        await frozen.wait()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        outcomes = await make_ip1(url, timeout=SHORT).submit(make_submission())
        frozen.set()

    assert isinstance(outcomes.all, Uncertain)


async def test_a_gateway_that_stops_reading_is_given_up(
    make_ip1: MakeIp1, make_submission: MakeSubmission
) -> None:
    """Its buffers are full with half of our request: uncertain, and in time (F5n)."""
    listening = socket.create_server(("127.0.0.1", 0))
    # Before the connection: what it may hold is agreed on with the first packet.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stop = asyncio.Event()
    paused: list[asyncio.StreamWriter] = []

    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        transport = writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        paused.append(writer)
        await stop.wait()
        writer.transport.abort()

    server = await asyncio.start_server(handle, sock=listening, limit=1024)
    numbers = [f"+467017406{number:02}" for number in range(5, 100)]
    async with server:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        began = asyncio.get_running_loop().time()
        outcomes = await make_ip1(url, timeout=SHORT).submit(make_submission(*numbers))
        took = asyncio.get_running_loop().time() - began
        stop.set()

    assert paused, "it never came to a connection"
    assert isinstance(outcomes.all, Uncertain)
    assert took < 2


@pytest.mark.parametrize(
    "name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"]
)
async def test_a_proxy_in_the_environment_is_ignored(
    gateway: Account,
    make_ip1: MakeIp1,
    make_submission: MakeSubmission,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """A token must not travel through what a shell happened to export (F6n)."""
    asked: list[bytes] = []

    async def handle(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        asked.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "")
        outcomes = await make_ip1(gateway[1]).submit(make_submission())

    assert isinstance(outcomes.all, Accepted)
    assert asked == []
