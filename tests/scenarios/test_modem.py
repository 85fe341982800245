"""A modem behind a spool, with the real daemon: no page is lost or doubled."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic
from typing import cast

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group
from processes import until

pytestmark = pytest.mark.scenario

FOLDERS = ("outgoing", "checked", "sent", "failed", "incoming")


class SpoolFolder:
    """Folders as smsd has them; nobody takes anything."""

    def __init__(self, root: Path) -> None:
        self._root = root
        for name in FOLDERS:
            (root / name).mkdir(parents=True)

    def provider(self) -> dict[str, object]:
        """Its entry in a config."""
        there = {name: str(self._root / name) for name in FOLDERS}
        return {
            "name": "modem",
            "type": "smstools3",
            "outgoing": there["outgoing"],
            "checked": [there["checked"]],
            "sent": there["sent"],
            "failed": there["failed"],
            "reports": there["incoming"],
        }

    def texts(self) -> list[str]:
        """What smsd would send, in the order of our references."""
        files = sorted(self._root.glob("outgoing/[!.]*"))
        return [file.read_text("utf-8").partition("\n\n")[2] for file in files]

    def close(self) -> None:
        """The disk is gone."""
        (self._root / "outgoing").rename(self._root / "away")

    def open(self) -> None:
        """It is back."""
        (self._root / "away").rename(self._root / "outgoing")


@pytest.fixture
def spool(tmp_path: Path) -> SpoolFolder:
    """Empty folders."""
    return SpoolFolder(tmp_path / "spool")


async def test_a_critical_leaves_by_the_modem_while_there_is_no_internet(
    gateway: Gateway,
    spool: SpoolFolder,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
) -> None:
    """The gateway does not answer: the file is there within 15 seconds."""
    both = config(gateway.url)
    (first,) = cast("list[dict[str, object]]", both["providers"])
    both["providers"] = [first, spool.provider()]
    gateway.kill()
    daemon = make_daemon(both)
    await daemon.start()

    began = monotonic()
    await daemon.post(http, group(alert("DiskFull")))
    await until(lambda: bool(spool.texts()), within=15)
    took = monotonic() - began

    assert took < 15
    (text,) = spool.texts()
    assert "Disk full" in text
    await until(
        lambda: any(
            event["provider"] == "modem" and event["outcome"] == "accepted"
            for event in daemon.events("submission.settled")
        )
    )


async def test_a_daemon_that_is_killed_writes_no_page_twice(
    spool: SpoolFolder, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """Killed as soon as the file is there; the next one finds it."""
    daemon = make_daemon(config("http://127.0.0.1:9", providers=[spool.provider()]))
    await daemon.start()

    for count in range(1, 4):
        await daemon.post(http, group(alert(f"Disk{count}"), key=f"{{}}:{count}"))
        await until(partial(_has, spool, count), within=15)
        daemon.kill()
        await daemon.start()
    # What was in flight is looked up in the folders, from 15 seconds after its start.
    await until(lambda: nothing_waits(daemon, http), within=60)

    assert len(spool.texts()) == 3


def _has(spool: SpoolFolder, count: int) -> bool:
    return len(spool.texts()) == count


async def nothing_waits(daemon: Daemon, http: ClientSession) -> bool:
    """Whether everything is told."""
    status, body = await daemon.get(http, "/api/v1/outbox")
    assert status == 200, body
    return bool(json.loads(body) == [])


async def test_a_spool_that_comes_back_gets_the_page_once(
    spool: SpoolFolder, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """Nothing is lost while the folder is away, and the log says what to do."""
    daemon = make_daemon(config("http://127.0.0.1:9", providers=[spool.provider()]))
    spool.close()
    await daemon.start()

    await daemon.post(http, group(alert("DiskFull")))
    await until(lambda: len(daemon.events("submission.settled")) >= 2, within=15)
    spool.open()
    await until(lambda: bool(spool.texts()), within=40)

    first = daemon.events("submission.settled")[0]
    assert first["outcome"] == "deferred"
    assert "is not there" in str(first["reason"])
    assert len(spool.texts()) == 1


async def test_what_a_dead_modem_took_goes_by_the_gateway(
    gateway: Gateway,
    spool: SpoolFolder,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
) -> None:
    """Accepted, and never sent: taken back, told by the next provider, once."""
    both = config(gateway.url)
    (last,) = cast("list[dict[str, object]]", both["providers"])
    both["providers"] = [{**spool.provider(), "stuck_after_seconds": 30}, last]
    daemon = make_daemon(both)
    await daemon.start()

    await daemon.post(http, group(alert("DiskFull")))
    await until(lambda: bool(spool.texts()), within=15)
    ((_, text),) = await gateway.expect_exactly(1, within=60, quiet=1)
    await daemon.post(http, group(alert("HostDown"), key="{}:2"))
    await gateway.expect_exactly(2, within=15, quiet=1)

    assert "Disk full" in text
    assert spool.texts() == []
    assert [event["provider"] for event in daemon.events("message.missed")] == ["modem"]
    assert [event["provider"] for event in daemon.events("circuit.opened")] == ["modem"]
