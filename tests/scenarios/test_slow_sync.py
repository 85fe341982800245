"""An fsync that takes a second and more: the loop goes on, and answers are in time."""

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import monotonic

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group
from processes import Child

_SCOPE = Path("/proc/sys/kernel/yama/ptrace_scope")


def _may_attach() -> bool:
    free = not _SCOPE.exists() or _SCOPE.read_text("ascii").strip() == "0"
    return shutil.which("strace") is not None and (free or os.geteuid() == 0)


pytestmark = [
    pytest.mark.scenario,
    pytest.mark.skipif(not _may_attach(), reason="no strace, or it may not attach"),
]

CALLS = "fdatasync,fsync"
DELAY = 1.2


async def slow_every_sync(daemon: Daemon, make_child: Callable[..., Child]) -> Child:
    """Let every sync of a running daemon take long, as on a disk that is failing."""
    slowness = f"inject={CALLS}:delay_enter={int(DELAY * 1e6)}"
    tracer = make_child(
        "tracer",
        [
            *("strace", "-f", "-p", str(daemon.pid)),
            *("-e", f"trace={CALLS}", "-e", slowness),
        ],
    )
    tracer.spawn()
    await tracer.until_said("attached")
    return tracer


async def test_a_slow_sync_delays_answers_and_nothing_else(
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    make_child: Callable[..., Child],
    http: ClientSession,
) -> None:
    """Twenty posts of one page, answered within 5 s; one SMS in the end (A3, B11)."""
    daemon = make_daemon(config(gateway.url))
    await daemon.start()
    tracer = await slow_every_sync(daemon, make_child)
    body = group(alert("DiskFull"))
    lags: list[float] = []

    async def post() -> tuple[int, float]:
        began = monotonic()
        return await daemon.post(http, body), monotonic() - began

    async def watch() -> None:
        while True:
            began = monotonic()
            assert (await daemon.get(http, "/-/healthy"))[0] == 200
            lags.append(monotonic() - began)
            await asyncio.sleep(0.02)

    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(watch())
        answers = await asyncio.gather(*(post() for _ in range(20)))
        watching.cancel()
    tracer.kill()

    assert {status for status, _ in answers} <= {200, 503}
    assert DELAY * 0.5 < max(took for _, took in answers) < 5
    assert len(lags) > 20
    assert median(lags) < 0.1, "the loop waits for the disk"
    assert await daemon.post(http, body) == 200
    await gateway.expect_exactly(1, within=20, quiet=1)
