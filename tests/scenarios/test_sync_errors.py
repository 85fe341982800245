"""One sync that fails, each in its turn: no false 2xx, and the next start mends it."""

import os
from collections.abc import Callable

import pytest
from aiohttp import ClientError, ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group
from processes import Late, none_of, until
from tracer import failing, may_attach

pytestmark = [
    pytest.mark.scenario,
    pytest.mark.skipif(not may_attach(), reason="no strace, or it may not attach"),
]

TURNS = [int(n) for n in os.environ.get("ALERTBRIDGE_SYNC_TURNS", "2 3 4").split()]
"""Which sync of a thread fails; the long run takes 1 to 12."""


async def tried(daemon: Daemon, http: ClientSession, name: str) -> int:
    """Post, and say the status; 0 if there was no answer."""
    try:
        return await daemon.post(http, group(alert(name), key=name))
    except (ClientError, OSError):
        return 0


@pytest.mark.parametrize("turn", TURNS)
async def test_a_sync_that_fails_once_promises_nothing_and_loses_nothing(
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
    turn: int,
) -> None:
    """B3: 503 or no answer, exit 1, and after the restart one SMS for each page."""
    daemon = make_daemon(config(gateway.url, pace=[{"limit": 50, "window": "10m"}]))
    await daemon.start()
    assert await tried(daemon, http, "Before") == 200
    await gateway.expect_exactly(1, quiet=0.5)
    daemon.kill()
    sound = daemon.argv
    daemon.argv = [*failing(str(turn), "fdatasync,fsync", "EIO"), *sound]
    daemon.spawn()

    def runs_or_ended() -> bool:
        return not daemon.alive or '"daemon.started"' in daemon.said()

    await until(runs_or_ended, within=40, what="a start under the tracer")
    answers = {
        name: await tried(daemon, http, name) for name in ("One", "Two", "Three")
    }
    assert set(answers.values()) <= {0, 200, 503}
    # It may have been one that SQLite does not depend on: that of the folder.
    await none_of(lambda: not daemon.alive, during=3)
    if not daemon.alive:
        assert await daemon.ended(within=40) == 1
        daemon.argv = sound
        await daemon.start()

    for name, status in answers.items():
        if status != 200:
            assert await tried(daemon, http, name) == 200

    def told(what: str) -> int:
        return sum(text.count(what) for _, text in gateway.texts())

    await until(
        lambda: all(told(name) >= 1 for name in answers), within=40, what="every page"
    )
    assert [told(name) for name in ("Before", *answers)] == [1, 1, 1, 1]
    if "SQLITE_IOERR_FSYNC" in daemon.log.read_text("utf-8"):
        await until(
            lambda: told("disk failed") + told("Store failed") >= 1,
            within=20,
            what="the admins hear why it started again",
        )


@pytest.mark.parametrize("error", ["EROFS", "EDQUOT"])
async def test_a_file_system_that_takes_nothing_more_is_as_a_failing_disk(
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
    error: str,
) -> None:
    """B5: remounted read-only, or a quota that is used up: every write from now on."""
    daemon = make_daemon(config(gateway.url))
    await daemon.start()
    daemon.kill()
    sound = daemon.argv
    daemon.argv = [*failing("12+", "pwrite64", error), *sound]
    daemon.spawn()
    status = 0
    try:
        await daemon.until_said('"daemon.started"', within=40)
        status = await tried(daemon, http, "DiskFull")
    except Late:
        assert not daemon.alive
    assert status in (0, 503)
    assert await daemon.ended(within=40) == 1
    daemon.argv = sound

    await daemon.start()

    assert await tried(daemon, http, "DiskFull") == 200
    await until(
        lambda: any("Disk full" in text for _, text in gateway.texts()),
        what="the page that was posted again",
    )
