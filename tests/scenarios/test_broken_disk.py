"""A disk that turns read-only, a log that is gone, a file that is damaged."""

import os
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group
from processes import until
from small_disk import FailingDisk, may_loop

pytestmark = pytest.mark.scenario


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[FailingDisk]:
    """An ext4 disk."""
    made = FailingDisk(tmp_path / "disk")
    yield made
    made.take_away()


async def hold(daemon: Daemon, http: ClientSession, seconds: float) -> None:
    """Let nothing leave for so long."""
    url = f"{daemon.url}/api/v1/outbox/hold"
    async with http.post(url, json={"seconds": seconds}) as answer:
        assert answer.status == 200


async def tried(daemon: Daemon, http: ClientSession, name: str) -> int:
    """Post, and say the status; 0 if there was no answer."""
    try:
        return await daemon.post(http, group(alert(name), key=name))
    except (ClientError, OSError):
        return 0


def has(gateway: Gateway, words: str) -> Callable[[], bool]:
    """Whether a text with these words was sent."""
    return lambda: any(words in text for _, text in gateway.texts())


@pytest.mark.skipif(not may_loop(), reason="no ext4 disk can be made here")
async def test_a_disk_that_turns_read_only_ends_the_process_and_says_what_to_do(
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    disk: FailingDisk,
    http: ClientSession,
) -> None:
    """B5: 503, exit 1, a refusal that helps, and nothing is lost once it is mended."""
    storage = {
        "url": f"sqlite://{disk.folder}/alertbridge.db",
        "ballast": 0,
        # The disk is small; that it is low is another test's.
        "warn_free": "1MiB",
    }
    daemon = make_daemon({**config(gateway.url), "storage": storage})
    await daemon.start()
    await hold(daemon, http, 1)
    assert await tried(daemon, http, "Kept") == 200
    disk.fail()

    assert await tried(daemon, http, "Refused") in (0, 503)
    assert await daemon.ended() == 1
    daemon.spawn()
    assert await daemon.ended() == 1
    assert "Read-only file system" in daemon.said()
    assert "mount it read-write" in daemon.said()
    assert gateway.sms() == []
    disk.mend()

    await daemon.start()

    assert await tried(daemon, http, "Refused") == 200
    await until(has(gateway, "Kept"), what="the page from before")
    await until(has(gateway, "Refused"), what="the page that was posted again")


async def test_a_log_that_was_deleted_is_told_to_the_admins(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """B8: a page in it is lost until its source posts again, and nobody is lulled."""
    daemon = make_daemon(config(gateway.url))
    await daemon.start()
    await hold(daemon, http, 60)
    assert await tried(daemon, http, "InTheLog") == 200
    daemon.kill()
    daemon.store.with_name("alertbridge.db-wal").unlink()

    await daemon.start()

    await until(has(gateway, "Store went back"), what="the admins' page")
    assert not has(gateway, "In the log")()
    assert await tried(daemon, http, "InTheLog") == 200
    await until(has(gateway, "In the log"), what="the page, posted again")


@pytest.mark.parametrize("what", ["header", "half", "noise"])
async def test_a_damaged_file_is_put_aside_and_paging_goes_on(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession, what: str
) -> None:
    """B6: degraded and not silent, with one start, and what could be read leaves."""
    daemon = make_daemon(
        {
            **config(gateway.url, "anna", "ops"),
            "receivers": [
                {"name": "everybody", "recipients": ["anna"]},
                {"name": "admins", "recipients": ["ops"]},
            ],
            "meta": {"receiver": "admins"},
        }
    )
    await daemon.start()
    await hold(daemon, http, 60)
    for n in range(30):
        assert await tried(daemon, http, f"Kept{n}") == 200
    daemon.signal(signal.SIGTERM)
    await daemon.ended()
    size = daemon.store.stat().st_size
    with daemon.store.open("r+b") as file:
        match what:
            case "header":
                file.write(bytes(100))
            case "half":
                os.truncate(file.fileno(), size // 2)
            case _:
                file.seek(size // 2 // 4096 * 4096)
                file.write(random.Random(7).randbytes(8192))

    await daemon.start()

    aside = [*daemon.folder.glob("alertbridge.db.corrupt-*Z")]
    assert len(aside) == 1
    assert await tried(daemon, http, "After") == 200
    release = f"{daemon.url}/api/v1/outbox/release"
    async with http.post(release) as answer:
        assert answer.status == 200
    await until(has(gateway, "Store damaged"), what="the admins' page")
    await until(has(gateway, "After"), what="what came in afterwards")
    if what == "header":
        await until(has(gateway, "Kept"), what="what waited")
    assert daemon.alive


async def test_a_second_daemon_on_one_store_ends_at_once(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """B9, E8: it sends nothing, and the first goes on."""
    first = make_daemon(config(gateway.url))
    await first.start()
    second = make_daemon(
        {
            **config(gateway.url),
            "storage": {"url": f"sqlite://{first.store}", "ballast": 0},
        }
    )
    second.spawn()

    assert await second.ended() == 1
    assert "in use by another alertbridge" in second.said()
    assert await tried(first, http, "DiskFull") == 200
    await gateway.expect_exactly(1)
