"""A disk that fails to sync: nothing more can be promised, so the process ends."""

from collections.abc import Callable

import pytest
from aiohttp import ClientError, ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group
from processes import Child, until
from tracer import may_attach

pytestmark = [
    pytest.mark.scenario,
    pytest.mark.skipif(not may_attach(), reason="no strace, or it may not attach"),
]


async def fail_every_sync(daemon: Daemon, make_child: Callable[..., Child]) -> None:
    """Let every sync of a running daemon fail as on a disk that is going."""
    calls = "fdatasync,fsync"
    tracer = make_child(
        "tracer",
        [
            *("strace", "-f", "-p", str(daemon.pid)),
            *("-e", f"trace={calls}", "-e", f"inject={calls}:error=EIO"),
        ],
    )
    tracer.spawn()
    await tracer.until_said("attached")


async def test_a_failed_fsync_is_no_2xx_and_ends_the_process(
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    make_child: Callable[..., Child],
    http: ClientSession,
) -> None:
    """The kernel may have dropped what it failed to write: only a new start knows."""
    daemon = make_daemon(config(gateway.url))
    await daemon.start()
    await fail_every_sync(daemon, make_child)

    try:
        status = await daemon.post(http, group(alert("DiskFull")))
    except ClientError:
        # It ended before it could answer: Alertmanager comes again all the same.
        status = 0

    assert status in (0, 503)
    assert await daemon.ended() == 1
    assert gateway.sms() == []


async def test_the_next_start_takes_the_page(
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    make_child: Callable[..., Child],
    http: ClientSession,
) -> None:
    """After the failure the same file is opened again, and the retried post rings.

    Anna is the admins, too: she hears of the disk in a text of its own or in the same.
    """
    daemon = make_daemon(config(gateway.url))
    await daemon.start()
    await fail_every_sync(daemon, make_child)
    await daemon.ended()

    await daemon.start()

    assert await daemon.post(http, group(alert("DiskFull"))) == 200
    await until(lambda: "Disk full" in str(gateway.texts()))
    await until(lambda: "Store failed" in str(gateway.texts()))
    told = [text for _, text in gateway.texts() if "Disk full" in text]
    assert len(told) == 1
