"""Bodies of every size and packing: the biggest incident is the biggest body."""

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Protocol

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from alertbridge.web.bodies import BodyMissing, read_body
from alertbridge.wiring import Daemon

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
ToldBy = Callable[[Daemon], Awaitable[dict[str, list[str]]]]
Group = Callable[..., dict[str, object]]
Raw = Callable[..., Awaitable[bytes]]

MIB = 1024 * 1024
HOOK = "/v1/webhooks/am"
HEAD = b'{"version":"4","receiver":"sms","alerts":['
TAIL = b'],"groupKey":"{}:{}"}'


class Clock(Protocol):
    """What these tests use of the clock in the conftest."""

    def forward(self, by: timedelta) -> None:
        """Move on."""
        ...


def alert(number: int, padding: int = 3000) -> bytes:
    """One alert of about three kilobytes."""
    return json.dumps(
        {
            "status": "firing",
            "labels": {"alertname": "MassOutage", "instance": f"host{number}"},
            "annotations": {"description": "x" * padding},
            "startsAt": "2026-11-22T08:59:00Z",
            "fingerprint": f"{number:016x}",
        }
    ).encode()


def alerts_of(size: int) -> bytes:
    """Make a webhook of *size* bytes or a little over."""
    body = bytearray(HEAD)
    number = 0
    while len(body) < size:
        body += (b"," if number else b"") + alert(number)
        number += 1
    return bytes(body) + TAIL


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    """Send a body in chunks, with no length announced."""
    for at in range(0, len(body), 65536):
        yield body[at : at + 65536]


def resident() -> int:
    """Bytes of memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@asynccontextmanager
async def watching_memory(peak: list[int]) -> AsyncIterator[None]:
    """Sample this process's memory, client and server in one; the most it grew."""
    start = resident()
    peak.append(0)
    stop = asyncio.Event()

    async def sample() -> None:
        while not stop.is_set():
            peak[0] = max(peak[0], resident() - start)
            await asyncio.sleep(0.002)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sample())
        yield
        peak[0] = max(peak[0], resident() - start)
        stop.set()


async def post(
    client: ClientSession,
    body: bytes | AsyncIterator[bytes],
    source: str = "am",
    **headers: str,
) -> tuple[int, str]:
    """Post a body; the answer and its text."""
    path = f"/v1/webhooks/{source}"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.post(path, data=body, headers=named) as response:
        return response.status, await response.text()


async def test_a_chunked_body_is_read_as_one_with_a_length(
    serve: Serve, group: Group, told: ToldBy
) -> None:
    """A proxy may have taken the length away."""
    daemon, client = await serve()
    body = json.dumps(group("DiskFull")).encode()

    status, _ = await post(client, pieces(body))

    assert (status, set(await told(daemon))) == (200, {"anna", "bo"})


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize(
    ("beyond", "text"),
    [
        pytest.param(-1, "stored", id="a-byte-under"),
        pytest.param(0, "stored", id="at-the-limit"),
        pytest.param(1, "oversized", id="a-byte-over"),
    ],
)
async def test_the_limit_is_the_largest_body_that_is_read_whole(
    serve: Serve, beyond: int, text: str, chunked: bool
) -> None:
    """Over it the answer is 200 all the same."""
    _, client = await serve(max_body="64KiB")
    body = HEAD + alert(1) + TAIL
    body += b" " * (65536 + beyond - len(body))

    answer = await post(client, pieces(body) if chunked else body)

    assert answer[0] == 200
    assert answer[1].startswith(text)


async def test_alerts_before_the_limit_are_told_with_oversized_group(
    serve: Serve, told: ToldBy
) -> None:
    """What is complete is routed as usual; the text says that it is not all."""
    daemon, client = await serve(max_body="64KiB")

    status, _ = await post(client, alerts_of(200_000))

    (text,) = (await told(daemon))["anna"]
    assert status == 200
    assert "Mass outage x" in text
    assert text.endswith("oversized group")


async def test_a_large_body_without_a_readable_alert_pages_the_root_receiver(
    serve: Serve, told: ToldBy
) -> None:
    """Something is so wrong that nobody can say what: people must look."""
    daemon, client = await serve(max_body="64KiB")

    status, _ = await post(client, b"x" * 200_000)

    texts = await told(daemon)
    assert (status, set(texts)) == (200, {"anna", "bo"})
    assert "Oversized group" in texts["anna"][0]


@pytest.mark.parametrize(
    ("minutes", "people"),
    [pytest.param(59, 0, id="within"), pytest.param(61, 2, id="after")],
)
async def test_a_source_pages_for_it_once_an_hour(
    serve: Serve, told: ToldBy, clock: Clock, minutes: int, people: int
) -> None:
    """An hour from page to page, wherever in the hour by the clock it began."""
    daemon, client = await serve(max_body="64KiB")
    clock.forward(timedelta(minutes=30))
    await post(client, b"x" * 200_000)
    await told(daemon)
    clock.forward(timedelta(minutes=minutes))

    status, _ = await post(client, b"x" * 200_000)

    assert (status, len(await told(daemon))) == (200, people)


async def test_another_source_pages_for_itself(serve: Serve, told: ToldBy) -> None:
    """The hour is each source's own."""
    daemon, client = await serve(max_body="64KiB")
    await post(client, b"x" * 200_000)
    await told(daemon)

    await post(client, b"x" * 200_000, "grafana")

    assert len(await told(daemon)) == 2


@pytest.mark.parametrize("size", [33, 64])
async def test_memory_is_bounded_however_large_the_body(
    serve: Serve, told: ToldBy, size: int
) -> None:
    """A body of any size costs what one at the limit costs: some four times 32 MiB.

    The bytes kept, their copy, their text, and the alerts read from it.
    """
    daemon, client = await serve()
    body = alerts_of(size * MIB)
    peak: list[int] = []

    async with watching_memory(peak):
        status, _ = await post(client, pieces(body))

    assert status == 200
    assert peak[0] < 4 * 32 * MIB
    assert "Mass outage" in (await told(daemon))["anna"][0]


BOMB = 256 * MIB


def bomb(wbits: int) -> bytes:
    """Pack a lot of nothing into very little."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    zeros = bytes(MIB)
    packed = b"".join(packer.compress(zeros) for _ in range(BOMB // MIB))
    return packed + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "wbits"),
    [pytest.param("gzip", 31, id="gzip"), pytest.param("deflate", 15, id="deflate")],
)
async def test_a_bomb_costs_neither_time_nor_memory(
    serve: Serve, encoding: str, wbits: int
) -> None:
    """It is unpacked as far as the limit, and no further."""
    _, client = await serve()
    packed = bomb(wbits)
    peak: list[int] = []
    began = monotonic()

    async with watching_memory(peak):
        status, text = await post(client, packed, Content_Encoding=encoding)

    assert (status, text.partition(";")[0]) == (200, "oversized")
    assert peak[0] < 4 * 32 * MIB
    assert monotonic() - began < 5


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        pytest.param("gzip, gzip", gzip.compress(gzip.compress(b"{}")), id="twice"),
        pytest.param("gzip", gzip.compress(gzip.compress(b"{}")), id="packed-inside"),
        pytest.param("gzip", b"not packed at all", id="not-gzip"),
        pytest.param("gzip", gzip.compress(b"{}" * 99)[:-12], id="cut-short"),
        pytest.param("deflate", b"\xff\xff\xff", id="not-deflate"),
        pytest.param("br", b"\x00\x01\x02", id="not-brotli"),
        pytest.param("compress", b"\x1f\x9d", id="unknown"),
    ],
)
async def test_a_body_that_cannot_be_unpacked_is_400(
    serve: Serve, encoding: str, body: bytes
) -> None:
    """No repetition mends it, and no sender of ours packs."""
    _, client = await serve()

    assert (await post(client, body, Content_Encoding=encoding))[0] == 400


async def test_a_gzipped_webhook_is_read(
    serve: Serve, group: Group, told: ToldBy
) -> None:
    """Nobody sends one, but it is a webhook."""
    daemon, client = await serve()
    body = gzip.compress(json.dumps(group("DiskFull")).encode())

    status, _ = await post(client, body, Content_Encoding="gzip")

    assert (status, len(await told(daemon))) == (200, 2)


async def test_a_sender_that_goes_away_leaves_nothing(serve: Serve, raw: Raw) -> None:
    """Half a body is no webhook, and no bug of ours."""
    daemon, client = await serve()
    head = b"POST /v1/webhooks/am HTTP/1.1\r\nHost: localhost\r\n"

    with capture_logs() as logs:
        await raw(client, head + b"Content-Length: 99\r\n\r\n{", wait=0.2)
        await asyncio.sleep(0.05)

    kept = (await daemon.store.history(), await daemon.store.quarantined())
    assert kept == ((), ())
    assert [line["code"] for line in logs] == [503]


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        pytest.param(
            b"Content-Length: 99\r\n\r\n{", "the body took over 0 s", id="length"
        ),
        pytest.param(
            b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
            "the body took over 0 s",
            id="chunked",
        ),
        pytest.param(
            b"Content-Length: 999\r\n\r\n" + b"x" * 500, "oversized", id="oversized"
        ),
    ],
)
async def test_a_sender_that_trickles_is_answered_in_time(
    trickle: Callable[[bytes], Awaitable[str]], sent: bytes, answer: str
) -> None:
    """Its connection is not held for ever; what is over the limit can be told of."""
    assert await trickle(sent) == answer


@pytest.fixture
async def trickle() -> AsyncIterator[Callable[[bytes], Awaitable[str]]]:
    """Read what comes of a body that never ends, with hardly any patience."""

    async def handler(request: web.Request) -> web.Response:
        try:
            body = await read_body(request, 100, deadline=0.05)
        except BodyMissing as exc:
            return web.Response(text=f"{exc} END")
        return web.Response(text="oversized END" if body.oversized else "whole END")

    app = web.Application()
    app.router.add_post("/", handler)
    async with TestServer(app) as server:

        async def send(sent: bytes) -> str:
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\n" + sent)
            answer = await reader.readuntil(b" END")
            writer.close()
            return answer.rpartition(b"\r\n")[2].decode().removesuffix(" END")

        yield send
