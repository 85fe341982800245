"""How the process ends: finished when asked to, at once when a part of it died."""

import asyncio
import json
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group
from processes import until

pytestmark = pytest.mark.scenario

PROGRAMS = Path(__file__).parent / "programs"


def outcomes(daemon: Daemon) -> list[str | None]:
    """What became of every attempt, by the store."""
    with closing(sqlite3.connect(f"file:{daemon.store}?mode=ro", uri=True)) as db:
        return [row[0] for row in db.execute("SELECT outcome FROM attempt")]


async def test_sigterm_finishes_what_is_under_way_at_the_provider(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """A slow answer is waited for: the SMS is known as accepted, never uncertain."""
    slow = {"kind": "accept_slowly", "seconds": 3}
    await gateway.set_faults(http, {"script": [slow]})
    daemon = make_daemon(config(gateway.url))
    await daemon.start()
    await daemon.post(http, group(alert("DiskFull")))
    await gateway.expect_exactly(1, quiet=0)

    daemon.signal(signal.SIGTERM)

    assert await daemon.ended(within=20) == 0
    assert outcomes(daemon) == ["accepted"]


async def test_sigterm_answers_the_webhook_under_way(
    gateway: Gateway, make_daemon: Callable[..., Daemon]
) -> None:
    """A post half read at SIGTERM gets a whole answer: 200, or 503 to come again."""
    daemon = make_daemon(config(gateway.url))
    await daemon.start()
    body = json.dumps(group(alert("DiskFull"))).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", daemon.port)
    head = (
        "POST /v1/webhooks/alertmanager HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body[:40])
    await writer.drain()
    # The server has our head: it serves us before another connection's request.
    async with ClientSession() as other:
        await daemon.get(other, "/-/healthy")

    daemon.signal(signal.SIGTERM)
    await daemon.until_said('"daemon.stopping"')
    writer.write(body[40:])
    answer = await reader.read()
    writer.close()

    assert answer.split(b" ")[1] in (b"200", b"503"), answer
    assert b"\r\n\r\n" in answer
    assert await daemon.ended(within=20) == 0


async def test_a_task_that_dies_ends_the_process(
    gateway: Gateway, make_daemon: Callable[..., Daemon]
) -> None:
    """A worker lost to a bug must not leave a daemon that answers 2xx for ever."""
    mutant = (str(PROGRAMS / "mutant_serve.py"), "task-dies")
    daemon = make_daemon(config(gateway.url), program=mutant)
    daemon.spawn()

    status = await daemon.ended(within=30)

    assert status == 1
    assert "RuntimeError: a worker died of a bug" in daemon.said()


async def test_a_second_daemon_on_the_same_store_is_refused(
    gateway: Gateway, make_daemon: Callable[..., Daemon]
) -> None:
    """Two dispatchers on one outbox would page everybody twice: one line, status 1."""
    first = make_daemon(config(gateway.url))
    await first.start()
    storage = {"url": f"sqlite://{first.store}"}
    second = make_daemon(config(gateway.url, storage=storage))
    second.spawn()

    status = await second.ended(within=30)

    (line,) = [row for row in second.said().splitlines() if not row.startswith("{")]
    assert status == 1
    assert line.endswith("is in use by another alertbridge; stop that one first")
    assert first.alive


async def test_a_port_that_is_taken_is_one_line(
    gateway: Gateway, make_daemon: Callable[..., Daemon]
) -> None:
    """The operator reads which address is in use, and no traceback."""
    taken = {"listen": f"127.0.0.1:{gateway.port}"}
    daemon = make_daemon(config(gateway.url, server=taken))
    daemon.spawn()

    status = await daemon.ended(within=30)

    (line,) = [row for row in daemon.said().splitlines() if not row.startswith("{")]
    assert status == 1
    assert str(gateway.port) in line


async def test_a_page_waits_for_the_next_start(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """Confirmed while the gateway was away, killed, started again: it rings."""
    gateway.kill()
    daemon = make_daemon(config(gateway.url))
    await daemon.start()
    assert await daemon.post(http, group(alert("DiskFull"))) == 200
    await until(lambda: bool(daemon.events("submission.settled")))
    daemon.kill()
    await gateway.start()

    await daemon.start()

    ((_, text),) = await gateway.expect_exactly(1, quiet=1)
    assert text.startswith("CRITICAL Disk full")
