"""A damaged file: what can be read of it goes into a new one, and it is put aside.

Every page that still waits is worth more than the order of the file: rows are read
around what cannot be read, and a page whose alert is lost leaves with a plain text.
"""

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alertbridge.ports import Incident, StoreRefused
from alertbridge.stores.sqlite_check import what_is_wrong
from alertbridge.stores.sqlite_mend import SIDES, readable, remove
from alertbridge.stores.sqlite_readable import Cells, read_rows, tables_of
from alertbridge.stores.sqlite_repair import fitting, repair
from alertbridge.stores.sqlite_schema import migrate, open_writer
from alertbridge.stores.sqlite_sidecars import (
    beside,
    clear_suspicion,
    is_suspect,
    note_incident,
    read_mark,
)

_OURS = "salvaged"
"""The key of the setting that says that a new file is whole."""

_MADE_ANEW = frozenset({"mailbox", "source_open"})
"""Tables that follow from the others."""


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What came out: pages that still wait, pages that may not be sent, pages gone."""

    recovered: int
    damaged: int
    lost: int


def salvage(path: Path, why: str) -> None:
    """Put a file aside that is damaged, and what can be read of it in its place.

    Raises:
        StoreRefused: there is no room for the new file, or it cannot be written.
    """
    fresh = beside(path, "salvaging")
    try:
        remove(fresh)
        found = _copy(path, fresh)
        aside = _swap(path, fresh)
    except (OSError, sqlite3.Error) as exc:
        raise StoreRefused(
            f"{path} is damaged ({why}), and what can be read of it could not be"
            f" written to {fresh}: {exc}; make room there, and start again"
        ) from exc
    clear_suspicion(path)
    note_incident(
        path, Incident("StoreDamaged", aside.name, _summary(found, why, aside))
    )


def make_sound(path: Path) -> None:
    """Before a file is opened: end a salvage that was cut short, and begin one at need.

    Raises:
        StoreRefused: it is damaged, and there is no room for a sound one.
    """
    _finish(path)
    if not _is_ours(path):
        # Whatever it is: it stays where it is, and opening it says what is wrong.
        return
    if is_suspect(path):
        salvage(path, "a read found it so")
        return
    wrong = what_is_wrong(path)
    if wrong:
        salvage(path, wrong)


def _is_ours(path: Path) -> bool:
    """Whether there is a file, and it is a database, or was when we wrote to it."""
    if not path.exists():
        return False
    if beside(path, "mark").exists():
        return True
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"


def _finish(path: Path) -> None:
    """Go on where a salvage was killed: a new file that is whole takes its place."""
    fresh = beside(path, "salvaging")
    if not fresh.exists():
        return
    if _is_whole(fresh):
        aside = _swap(path, fresh)
        why = f"the store was damaged and salvaged; the old file is {aside.name}"
        note_incident(path, Incident("StoreDamaged", aside.name, why))
        clear_suspicion(path)
    else:
        remove(fresh)


def _summary(found: Salvaged, why: str, aside: Path) -> str:
    lost = f"up to {found.lost} may be lost" if found.lost else "none seems lost"
    damaged = ""
    if found.damaged:
        damaged = (
            f", {found.damaged} were damaged and are not sent (outbox list --dead)"
        )
    return (
        f"the store was damaged ({why[:80]}): {found.recovered} waiting pages were"
        f" recovered, {lost}{damaged}; the old file is {aside.name}"
    )


def _copy(path: Path, fresh: Path) -> Salvaged:
    new = open_writer(str(fresh))
    with closing(new):
        migrate(new, None)
        new.execute("PRAGMA foreign_keys = OFF")
        new.execute("BEGIN IMMEDIATE")
        ids: set[int] = set()
        with readable(path) as old:
            for table, columns in tables_of(new).items():
                if table in _MADE_ANEW or old is None:
                    continue
                for row in read_rows(old, table, columns):
                    if table == "notification" and isinstance(row["id"], int):
                        ids.add(row["id"])
                    _keep(new, table, row)
        mark = read_mark(path)
        recovered, damaged = repair(new, mark.sequence)
        new.execute("INSERT OR REPLACE INTO setting VALUES (?, '1')", (_OURS,))
        new.execute("COMMIT")
        new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if mark.sequence:
        return Salvaged(recovered, damaged, max(mark.live - recovered - damaged, 0))
    # No count is known: rows are numbered in order, and each number missing may be one.
    gaps = max(ids) - min(ids) + 1 - len(ids) if ids else 0
    return Salvaged(recovered, damaged, gaps)


def _keep(new: sqlite3.Connection, table: str, read: Cells) -> None:
    row = fitting(table, read)
    if not row:
        return
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    # Of a row that is there twice, or is not of its table's kind, nothing is kept.
    with suppress(sqlite3.IntegrityError, sqlite3.DataError, OverflowError):
        new.execute(
            f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})",
            tuple(row.values()),
        )


def _swap(path: Path, fresh: Path) -> Path:
    """Let the new file take the old one's name; killed anywhere, `finish` goes on."""
    written = datetime.fromtimestamp(fresh.stat().st_mtime, UTC)
    aside = path.with_name(f"{path.name}.corrupt-{written:%Y%m%dT%H%M%SZ}")
    if path.exists() and not aside.exists():
        os.link(path, aside)
    for side in SIDES[1:]:
        # Before the new file has the name: a log of the old one must not be replayed.
        with suppress(FileNotFoundError):
            path.with_name(path.name + side).rename(aside.with_name(aside.name + side))
    for side in SIDES[1:]:
        fresh.with_name(fresh.name + side).unlink(missing_ok=True)
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return aside


def _is_whole(fresh: Path) -> bool:
    try:
        with closing(
            sqlite3.connect(f"{fresh.absolute().as_uri()}?mode=ro", uri=True)
        ) as db:
            row = db.execute("SELECT 1 FROM setting WHERE key = ?", (_OURS,)).fetchone()
            (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
            return row is not None and verdict == "ok"
    except sqlite3.Error:
        return False
