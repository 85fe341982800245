"""Who holds connections in silence makes room; who is being served stays (E11)."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from aiohttp import ClientSession, web

from alertbridge.web.app import build_app
from alertbridge.web.connections import make_room
from alertbridge.wiring import Daemon
from alertbridge.wiring.descriptors import most_connections

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
Group = Callable[..., dict[str, object]]
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def test_the_oldest_idle_connections_end_and_no_other(
    serve: Serve, group: Group
) -> None:
    """Of four, two too many: the post that is half here is the oldest, and stays."""
    daemon, _ = await serve()
    runner = web.AppRunner(build_app(daemon.doors), handler_cancellation=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    body = json.dumps(group("DiskFull")).encode()
    head = "POST /v1/webhooks/am HTTP/1.1\r\nHost: localhost\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"

    posting = await asyncio.open_connection("127.0.0.1", port)
    posting[1].write(head.encode() + body[:10])
    idle: list[Connection] = [
        await asyncio.open_connection("127.0.0.1", port) for _ in range(3)
    ]
    idle[0][1].write(b"POST /v1/web")
    server = runner.server
    assert server is not None
    async with asyncio.timeout(5):
        while len(server.connections) < 4:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        while not daemon.doors.under_way.serves(  # noqa: ASYNC110
            server.connections[0]
        ):
            await asyncio.sleep(0.01)

    make_room(server, daemon.doors.under_way, 2)
    async with asyncio.timeout(5):
        ended = [await _end_of(idle[0]), await _end_of(idle[1])]
    posting[1].write(body[10:])
    answer = await posting[0].readline()
    left = not idle[2][0].at_eof()
    for _, writer in (posting, *idle):
        writer.close()
    await runner.cleanup()

    assert ended == [b"", b""]
    assert answer == b"HTTP/1.1 200 OK\r\n"
    assert left


async def _end_of(connection: Connection) -> bytes:
    """What comes until it ends, in whatever manner."""
    try:
        return await connection[0].read()
    except ConnectionError:
        return b""


def test_a_part_of_the_descriptors_is_never_for_clients() -> None:
    """However few there are."""
    for descriptors in (64, 128, 256, 1024, 65536):
        kept = descriptors - most_connections(descriptors)
        assert kept >= min(200, descriptors * 3 // 4)
