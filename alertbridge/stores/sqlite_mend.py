"""Opening a damaged file for reading: as it is, or a copy with a schema of ours.

The header and the list of tables are the same in every file of one version: where they
are damaged, ours are put in their place, and only there.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from alertbridge.stores.sqlite_schema import (
    known_version,
    migrate,
    open_reader,
    open_writer,
)
from alertbridge.stores.sqlite_sidecars import beside

SIDES = ("", "-wal", "-shm")
"""What a database consists of: the file, its log, the index of that."""

_PAGE = 4096
_HEADER = 100

Entry = tuple[str, str]


def schema_of(db: sqlite3.Connection) -> set[Entry]:
    """Every table, index and trigger, with how it was made."""
    rows = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {(row[0], " ".join(row[1].split())) for row in rows}


def schema_of_ours() -> set[Entry]:
    """The same of a file that this version makes."""
    with closing(open_writer(":memory:")) as db:
        migrate(db, None)
        return schema_of(db)


@contextmanager
def readable(path: Path) -> Iterator[sqlite3.Connection | None]:
    """Open a damaged file in the best way there is; None if there is none."""
    mended = beside(path, "mended")
    db = _open(path, as_ours=True)
    if db is None:
        with suppress(OSError, sqlite3.Error):
            _mend(path, mended)
            db = _open(mended)
    if db is None:
        db = _open(path)
    try:
        yield db
    finally:
        if db is not None:
            db.close()
        remove(mended)


def _open(path: Path, *, as_ours: bool = False) -> sqlite3.Connection | None:
    """Open it if its tables can be listed, and are those of its version."""
    db = open_reader(str(path))
    db.text_factory = _text
    try:
        db.execute("SELECT count(*) FROM notification WHERE rowid = 1").fetchone()
        (version,) = db.execute("PRAGMA user_version").fetchone()
        ours = version != known_version() or schema_of(db) == schema_of_ours()
    except sqlite3.Error:
        ours = False
        if not as_ours:
            with suppress(sqlite3.Error):
                db.execute("SELECT count(*) FROM sqlite_master").fetchone()
                return db
    if ours or not as_ours:
        return db
    db.close()
    return None


def _mend(path: Path, mended: Path) -> None:
    remove(mended)
    log = path.with_name(path.name + "-wal")
    content = bytearray(path.read_bytes())
    with closing(sqlite3.connect(":memory:")) as sound:
        sound.execute(f"PRAGMA page_size = {_PAGE}")
        sound.execute("CREATE TABLE one (one)")
        header = bytearray(sound.serialize()[:_HEADER])
    # With a log beside it, it must be read as a file that has one.
    header[18:20] = b"\x02\x02" if log.exists() else b"\x01\x01"
    header[24:28] = header[92:96] = b"\x00\x00\x00\x01"
    header[28:32] = (len(content) // _PAGE).to_bytes(4, "big")
    content[:_HEADER] = header
    _write(mended, content)
    if log.exists():
        _write(mended.with_name(mended.name + "-wal"), log.read_bytes())
    with closing(open_writer(":memory:")) as ours:
        migrate(ours, None)
        entries = ours.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master"
        ).fetchall()
    with closing(sqlite3.connect(mended, isolation_level=None)) as db:
        # Else a list of tables that cannot be read keeps us from mending it.
        db.execute("PRAGMA writable_schema = ON")
        db.text_factory = _text
        there = dict(db.execute("SELECT name, rowid FROM sqlite_master").fetchall())
        unknown = [there[name] for name in there.keys() - {one[1] for one in entries}]
        nameless = [one for one in entries if one[1] not in there]
        if len(unknown) == 1 == len(nameless):
            there[nameless[0][1]] = unknown[0]
        db.executemany(
            "UPDATE sqlite_master SET type = ?, name = ?, tbl_name = ?, sql = ?"
            " WHERE rowid = ?",
            [(*one, there.get(one[1])) for one in entries],
        )


def _write(file: Path, content: bytes | bytearray) -> None:
    handle = os.open(file, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(content)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def remove(file: Path) -> None:
    """Delete a database with all that belongs to it."""
    for side in SIDES:
        file.with_name(file.name + side).unlink(missing_ok=True)
