"""A start on the file of an older version, with pages in every state."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from sqlite3 import Connection, connect

from small_world import (
    PEOPLE,
    RULES,
    SINK,
    START,
    Sink,
    StandingClock,
    post,
    references,
    until_sent,
)
from survivor import FileLane, in_file, look_at

from alertbridge.engine.current import Current
from alertbridge.engine.dispatcher import Dispatcher
from alertbridge.engine.intake import Intake
from alertbridge.ports import StoreRefused
from alertbridge.stores import sqlite_lane, sqlite_schema, sqlite_sum
from alertbridge.stores.sqlite import SqliteStore, open_file

PAGES, TOLD = 6, 3
"""Pages 0 to 2 are told, 3 is in flight (and was taken), 4 and 5 wait."""


def prepare_migrate(folder: Path, detail: str) -> None:
    """Make a file of version *detail* with live rows, and what it must become.

    The rows are those of today's code, cut down to the columns that the version had.
    """
    today, old = folder / "today.db", folder / "store.db"
    asyncio.run(_live(today, folder / "ledger"))
    version = int(detail)
    db = connect(old, isolation_level=None)
    sqlite_sum.register(db)
    for number, step in enumerate(sqlite_schema.migrations()[:version], start=1):
        db.executescript(f"BEGIN; {step}; PRAGMA user_version = {number}; COMMIT;")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("ATTACH ? AS today", (str(today),))
    for table in _tables(db):
        columns = ", ".join(_columns(db, "main", table))
        db.execute(
            f"INSERT OR REPLACE INTO main.{table} ({columns})"
            f" SELECT {columns} FROM today.{table}"
        )
    db.close()
    today.unlink()
    shutil.copy(old, folder / "wanted.db")
    in_file(folder / "wanted.db", lambda _: None)
    for backup in folder.glob("wanted.db.before-*"):
        backup.unlink()


async def _live(path: Path, ledger: Path) -> None:
    lane = FileLane(path)
    store = SqliteStore(lane, references(seed=1))
    current, clock = Current(RULES), StandingClock()
    dispatcher = Dispatcher(store, current, {SINK: Sink(ledger)}, clock, lambda: 0.5)
    intake = Intake(store, current, clock, dispatcher.wake)
    for page in range(TOLD):
        await intake.accept(post(page))
    sending = asyncio.get_running_loop().create_task(dispatcher.run())
    await until_sent(store)
    dispatcher.stop()
    await sending
    await intake.accept(post(TOLD))
    claimed = await store.claim({SINK: 100}, current, START)
    for submission in claimed.submissions:
        await Sink(ledger).submit(submission)
    for page in range(TOLD + 1, PAGES):
        await intake.accept(post(page))
    lane.db.close()


def act_migrate(
    folder: Path, say: Callable[[str], None], gate: Callable[[str], None], mutant: str
) -> None:
    """Start on it, and stop."""
    if mutant == "no-transaction":
        sqlite_schema.migrate = _migrate_bit_by_bit
        vars(sqlite_lane)["migrate"] = _migrate_bit_by_bit
    gate("main")
    store = open_file(folder / "store.db", references(seed=1))
    say("MIGRATED")
    asyncio.run(store.close())


def _migrate_bit_by_bit(db: Connection, path: Path | None) -> None:
    """The mistake: each statement by itself, and the version in the end."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    for number, step in enumerate(sqlite_schema.migrations()[version:], version + 1):
        db.executescript(step)
        db.execute(f"PRAGMA user_version = {number}")


def judge_migrate(folder: Path, said: list[str]) -> Iterator[str]:
    """Whatever happened, the next start ends with the same rows, and nobody is lost."""
    path = folder / "store.db"
    try:
        rows, version = in_file(path, lambda db: (_dump(db), _version(db)))
    except StoreRefused as exc:
        yield f"cannot be migrated again: {exc}"
        return
    if version != len(sqlite_schema.migrations()):
        yield f"it is of version {version}"
    wanted = in_file(folder / "wanted.db", _dump)
    for table in wanted.keys() | rows.keys():
        if wanted.get(table) != rows.get(table):
            yield f"{table}: {rows.get(table)} is not {wanted.get(table)}"
    yield from _bad_backups(folder)
    yield from look_at(folder, confirmed=range(PAGES), pages=PAGES)


def _bad_backups(folder: Path) -> Iterator[str]:
    """Before each step that was taken, a copy of what there was."""
    for copy in folder.glob("store.db.before-*"):
        number = int(copy.name.rpartition("-")[2])
        db = connect(copy)
        (word,) = db.execute("PRAGMA integrity_check").fetchone()
        (count,) = db.execute("SELECT count(*) FROM notification").fetchone()
        if (word, _version(db), count) != ("ok", number - 1, PAGES * len(PEOPLE)):
            yield f"{copy.name}: {word}, version {_version(db)}, {count} notifications"
        db.close()


def _dump(db: Connection) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
        for table in _tables(db)
    }


def _version(db: Connection) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)


def _tables(db: Connection) -> list[str]:
    # In the order they were made: what is referred to comes first.
    rows = db.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table'"
        " AND name NOT LIKE 'sqlite%' ORDER BY rowid"
    )
    return [name for (name,) in rows]


def _columns(db: Connection, schema: str, table: str) -> list[str]:
    rows = db.execute(f"PRAGMA {schema}.table_info({table})").fetchall()
    return [row[1] for row in rows]
