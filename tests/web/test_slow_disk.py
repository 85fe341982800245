"""A slow disk, or somebody else's lock: a whole answer in time, and one page."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic
from typing import Protocol

from aiohttp import ClientSession
from structlog.testing import capture_logs

from alertbridge.web.doors import ANSWER_WITHIN
from alertbridge.wiring import Daemon

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
ToldBy = Callable[[Daemon], Awaitable[dict[str, list[str]]]]
Group = Callable[..., dict[str, object]]

HOOK = "/v1/webhooks/am"


class Disk(Protocol):
    """What the tests use of the app's disk."""

    stalled: asyncio.Event | None


async def post(client: ClientSession, body: object) -> tuple[int, str | None, float]:
    """Post to the hook; status, Retry-After, and how long it took."""
    began = monotonic()
    async with client.post(HOOK, json=body) as response:
        await response.read()
        retry_after = response.headers.get("Retry-After")
        return response.status, retry_after, monotonic() - began


def test_an_answer_comes_within_five_seconds() -> None:
    """A sender gives up after some ten; the next replica posts after fifteen (A16)."""
    assert ANSWER_WITHIN < 5


async def test_a_commit_that_stalls_is_503_in_time_and_one_page(
    serve: Serve, group: Group, disk: Disk, told: ToldBy
) -> None:
    """Twenty posts of it while the disk hangs: no 2xx, and then one page each (A3)."""
    daemon, client = await serve()
    daemon.doors.answer_within = 0.2
    disk.stalled = asyncio.Event()

    answers = await asyncio.gather(
        *(post(client, group("DiskFull")) for _ in range(20))
    )
    disk.stalled.set()
    async with asyncio.timeout(5):
        while daemon.doors.late:
            await asyncio.wait(tuple(daemon.doors.late))
    again = await post(client, group("DiskFull"))

    assert {answer[:2] for answer in answers} == {(503, "5")}
    assert max(took for _, _, took in answers) < 2
    assert again[0] == 200
    texts = await told(daemon)
    assert {who: len(sms) for who, sms in texts.items()} == {"anna": 1, "bo": 1}


async def test_a_bug_in_a_late_post_is_said(
    serve: Serve, group: Group, disk: Disk
) -> None:
    """Its sender has gone with a 503: the log is the only one left to hear of it."""
    daemon, client = await serve()
    daemon.doors.answer_within = 0.1
    disk.stalled = asyncio.Event()
    status, _, _ = await post(client, group("DiskFull"))
    (late,) = daemon.doors.late
    # Nothing can be reported of a plan that is none.
    daemon.intake._report = None  # type: ignore[assignment, method-assign]
    with capture_logs() as logs:
        disk.stalled.set()
        await asyncio.wait([late], timeout=5)
        await asyncio.sleep(0)

    assert status == 503
    assert [line["event"] for line in logs] == ["request.failed"]
    assert not daemon.doors.late


async def test_posts_that_wait_on_keep_their_share(
    serve: Serve, group: Group, disk: Disk
) -> None:
    """Answered is not done: a disk that hangs must not gather bodies without end."""
    daemon, client = await serve(max_body="64KiB")
    daemon.doors.answer_within = 0.2
    disk.stalled = asyncio.Event()
    wide = group("Wide", text="x" * 60_000)

    first = [await post(client, wide) for _ in range(2)]
    began = monotonic()
    third = await post(client, wide)
    took = monotonic() - began
    disk.stalled.set()

    assert {answer[0] for answer in first} == {503}
    assert third[0] == 503
    assert took < 0.15, "it was let in, and waited like the others"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Somebody else's tool has the file for itself."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield
        db.execute("ROLLBACK")


async def test_a_locked_file_is_503_and_nothing_is_taken_in_memory(
    serve: Serve, group: Group, tmp_path: Path, told: ToldBy
) -> None:
    """A backup tool holds the lock; when it lets go, the page is taken (A16, B9)."""
    file = tmp_path / "store.db"
    daemon, client = await serve(file=file)
    daemon.doors.answer_within = 0.3
    with locked(file):
        status, retry_after, took = await post(client, group("DiskFull"))
        async with client.get("/-/healthy") as response:
            alive = response.status

    daemon.doors.answer_within = ANSWER_WITHIN
    again = await post(client, group("DiskFull"))

    assert (status, retry_after) == (503, "5")
    assert took < 2
    assert alive == 200
    assert again[0] == 200
    assert set(await told(daemon)) == {"anna", "bo"}
