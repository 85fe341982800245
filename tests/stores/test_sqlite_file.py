"""What a file adds to the contract: durability, one owner, upgrades, and failures."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from round_trip import MakeAlert, MakeGroup, references

from alertbridge.core.alert import AlertGroup, SourceName
from alertbridge.core.plan import Known, Plan, keys_of
from alertbridge.core.planning import plan
from alertbridge.core.rules import Rules
from alertbridge.ports import StoreBroken, StoreRefused, StoreUnavailable
from alertbridge.stores import sqlite_schema
from alertbridge.stores.sqlite import SqliteStore, open_file
from alertbridge.stores.sqlite_lane import FileLane
from alertbridge.stores.sqlite_schema import migrations, open_writer
from alertbridge.stores.sqlite_writer import Writer

AM = SourceName("alertmanager")
NOW = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "state" / "alertbridge.db"


@pytest.fixture
async def lane(path: Path) -> AsyncIterator[FileLane]:
    """The threads and the connections of a file."""
    opened = FileLane(path)
    yield opened
    await opened.close()


@pytest.fixture
async def store(lane: FileLane) -> SqliteStore:
    """A store on that file."""
    opened = SqliteStore(lane, references())
    await opened.recover(NOW, timedelta(seconds=15))
    return opened


def reading(pragma: str) -> Callable[[sqlite3.Connection], object]:
    """Work that reads a pragma."""
    return lambda db: db.execute(f"PRAGMA {pragma}").fetchone()[0]


async def test_the_file_is_written_ahead_and_synced(lane: FileLane) -> None:
    """WAL, and a sync at every commit: what a 2xx promises."""
    pragmas = [
        await lane.write(reading(name)) for name in ("journal_mode", "synchronous")
    ]

    assert pragmas == ["wal", 2]


@pytest.mark.parametrize("level", ["OFF", "NORMAL"])
def test_a_file_that_would_not_sync_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    """The check reads back what SQLite does, so that no edit turns it off unseen."""
    monkeypatch.setattr(sqlite_schema, "SYNCHRONOUS", level)

    with pytest.raises(StoreRefused, match="power cut"):
        open_file(path, references())


async def test_only_its_owner_can_read_the_file(lane: FileLane, path: Path) -> None:
    """It holds phone numbers, and what is broken where."""
    for file in (path, path.with_name(path.name + "-wal")):
        assert file.stat().st_mode & 0o077 == 0


async def test_a_second_process_is_refused(lane: FileLane, path: Path) -> None:
    """Two dispatchers on one outbox would page everybody twice."""
    with pytest.raises(StoreRefused, match="in use by another alertbridge"):
        open_file(path, references())


async def test_a_closed_file_can_be_opened_again(path: Path) -> None:
    """Whoever lets go, lets go of the lock."""
    await open_file(path, references()).close()
    await open_file(path, references()).close()


@pytest.mark.parametrize("where", ["a#b", "100% mine?", "å ä"])
async def test_any_path_will_do(tmp_path: Path, where: str) -> None:
    """A path is no URI: its special characters are its own."""
    await open_file(tmp_path / where / "a.db", references()).close()


def test_a_newer_schema_is_refused(path: Path) -> None:
    """A downgrade must not write what it does not understand."""
    path.parent.mkdir()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()

    with pytest.raises(StoreRefused, match="newer"):
        open_file(path, references())


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    """One line for the operator, no traceback."""
    path.parent.mkdir()
    path.write_bytes(b"this is not a database" * 100)

    with pytest.raises(StoreRefused, match="cannot open"):
        open_file(path, references())


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A file where the directory should be."""
    (tmp_path / "file").touch()

    with pytest.raises(StoreRefused, match="cannot make"):
        open_file(tmp_path / "file" / "alertbridge.db", references())


async def test_a_migration_keeps_a_backup_of_what_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each step that finds something, readable by its owner only."""
    await open_file(path, references()).close()
    fresh = sorted(path.parent.glob("*.before-*"))
    steps = (*migrations(), "CREATE TABLE added (id INTEGER) STRICT;")
    monkeypatch.setattr(sqlite_schema, "migrations", lambda: steps)
    await open_file(path, references()).close()
    backup = path.with_name(f"alertbridge.db.before-{len(steps)}")
    db = sqlite3.connect(path)
    (version,) = db.execute("PRAGMA user_version").fetchone()
    db.close()

    assert fresh == []
    assert version == len(steps)
    assert backup.stat().st_mode & 0o077 == 0


async def test_a_migration_that_fails_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a step or nothing; the old version can open it again."""
    await open_file(path, references()).close()
    steps = (*migrations(), "CREATE TABLE added (id INTEGER); SELECT nonsense();")
    with monkeypatch.context() as patch:
        patch.setattr(sqlite_schema, "migrations", lambda: steps)
        with pytest.raises(StoreRefused, match=f"migration {len(steps)} failed"):
            open_file(path, references())

    await open_file(path, references()).close()


async def test_what_waits_in_a_file_of_the_first_schema_still_waits(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade loses nobody's page; repeats that were never owed are gone."""
    with monkeypatch.context() as patch:
        patch.setattr(sqlite_schema, "migrations", lambda: migrations()[:1])
        await open_file(path, references()).close()
    db = sqlite3.connect(path)
    db.executescript(
        "INSERT INTO episode (id, source, fingerprint, group_key, labels, annotations,"
        " generator_url, severity, starts_at, opened_seen) VALUES"
        " (1, 'am', 'f', 'g', '{\"alertname\": \"DiskFull\"}', '{}', '', 0, 5, 7);"
        "INSERT INTO notification (id, episode, kind, round, recipient, state, reason,"
        " severity, receiver, place, numbers, mutes, tried, uncertain, post,"
        " created_at) VALUES (1, 1, 'firing', 0, 'anna', 'waiting', 'news', 0, 'sre',"
        " '', '[\"+46701740605\"]', '', '', 0, 0, 7), (2, 1, 'reminder', 1, 'bo',"
        " 'cancelled', 'repeat_recorded', 0, 'sre', '', '[]', '', '', 0, 0, 7);"
    )
    db.close()
    opened = open_file(path, references())
    waiting = await opened.outbox()
    told = await opened.history()
    await opened.close()

    assert [(row.alert, row.recipient) for row in waiting] == [("DiskFull", "anna")]
    assert [row.reason for row in told] == ["news"]


async def test_many_records_share_few_commits(
    store: SqliteStore, lane: FileLane, rules: Rules, alert: MakeAlert, group: MakeGroup
) -> None:
    """Group commit: what gathers while one fsync runs goes with the next."""
    commits: list[str] = []
    lane._writing.set_trace_callback(
        lambda sql: commits.append(sql) if sql == "COMMIT" else None
    )
    posts = [group(alert(f"A{n}"), key=f"{n}") for n in range(200)]

    def decide(post: AlertGroup) -> Callable[[Known], Plan]:
        return lambda known: plan(post, rules, known, NOW)

    await asyncio.gather(
        *(store.record(keys_of(post), decide(post), NOW) for post in posts)
    )

    assert len(await store.outbox()) == 200
    assert len(commits) < 20


async def test_one_failing_decision_does_not_harm_the_others(
    store: SqliteStore, rules: Rules, alert: MakeAlert, group: MakeGroup
) -> None:
    """It shares a commit with them, and only its caller sees its error."""
    posts = [group(alert(f"A{n}"), key=f"{n}") for n in range(20)]

    def decide(post: AlertGroup, n: int) -> Callable[[Known], Plan]:
        def decided(known: Known) -> Plan:
            if n == 7:
                raise KeyError(n)
            return plan(post, rules, known, NOW)

        return decided

    answers = await asyncio.gather(
        *(
            store.record(keys_of(post), decide(post, n), NOW)
            for n, post in enumerate(posts)
        ),
        return_exceptions=True,
    )

    assert [n for n, a in enumerate(answers) if isinstance(a, Exception)] == [7]
    assert len(await store.outbox()) == 19


async def test_a_full_disk_is_said_and_survived(
    store: SqliteStore, lane: FileLane
) -> None:
    """No 2xx while it is full; once there is room, all is well."""
    pages = await lane.write(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await lane.write(lambda db: db.execute(f"PRAGMA max_page_count = {pages}"))
    body = b"x" * 60_000

    async def fill() -> None:
        for _ in range(50):
            await store.quarantine(AM, "big", body, NOW)

    with pytest.raises(StoreUnavailable, match="full"):
        await fill()
    await lane.write(lambda db: db.execute("PRAGMA max_page_count = 1000000"))
    await fill()


async def test_an_io_error_breaks_the_store_for_good(lane: FileLane) -> None:
    """The kernel may have dropped what it failed to write: nothing is believed."""

    def fail(_: sqlite3.Connection) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
        raise error

    watching = asyncio.gather(lane.wait_broken(), return_exceptions=True)
    with pytest.raises(StoreUnavailable):
        await lane.write(fail)
    (broken,) = await watching

    assert isinstance(broken, StoreBroken)
    with pytest.raises(StoreUnavailable):
        await lane.write(lambda db: db.execute("SELECT 1"))


async def test_who_asks_after_it_broke_is_told_at_once(tmp_path: Path) -> None:
    """The alarm is not missed by coming late."""
    db = open_writer(str(tmp_path / "a.db"))
    writer = Writer(db)
    writer._break("gone")

    with pytest.raises(StoreBroken, match="gone"):
        await writer.wait_broken()
    writer.close()
    db.close()


async def test_a_cancelled_callers_write_is_committed(
    store: SqliteStore, lane: FileLane
) -> None:
    """A sender that hangs up does not take its page back."""
    async with asyncio.TaskGroup() as tasks:
        gone = tasks.create_task(store.quarantine(AM, "kept", b"", NOW))
        await asyncio.sleep(0)
        gone.cancel()
    await store.probe(NOW)

    assert [row.reason for row in await store.quarantined()] == ["kept"]


async def test_a_store_that_closes_takes_nothing_more(path: Path) -> None:
    """It says so, rather than wait for ever."""
    opened = open_file(path, references())
    await opened.close()

    with pytest.raises(StoreUnavailable, match="closing"):
        await opened.probe(NOW)


async def test_a_backup_can_be_taken_while_it_is_written(
    store: SqliteStore, tmp_path: Path
) -> None:
    """Writers do not wait for it, and the copy is whole."""
    copy = tmp_path / "copy.db"
    async with asyncio.TaskGroup() as tasks:
        for n in range(50):
            tasks.create_task(store.quarantine(AM, f"{n}", b"", NOW))
        tasks.create_task(store.backup(copy))
    db = sqlite3.connect(copy)
    (verdict,) = db.execute("PRAGMA integrity_check").fetchone()
    db.close()

    assert verdict == "ok"


async def test_a_backup_overwrites_nothing(store: SqliteStore, tmp_path: Path) -> None:
    """Yesterday's copy is worth more than a typo."""
    copy = tmp_path / "copy.db"
    copy.write_text("mine")

    with pytest.raises(StoreUnavailable):
        await store.backup(copy)
    assert copy.read_text() == "mine"
