"""Opening the file: durability asserted, schema brought up to date with a backup."""

import errno
import fcntl
import os
import sqlite3
from contextlib import closing
from importlib import resources
from pathlib import Path
from typing import TextIO

from alertbridge.ports import StoreRefused
from alertbridge.stores.sqlite_sum import register

SYNCHRONOUS = "FULL"
"""With NORMAL, a power cut loses commits that were confirmed (37 % of the
images of a simulated one)."""

CHECKPOINT_PAGES = 4000
"""Pages the WAL holds before it is copied into the file: 16 MiB. SQLite's own 1,000
would copy, and wait for the disk twice more, seven times a second in a storm."""

LARGEST_LOG = 32 * 1024 * 1024
"""Bytes the WAL is cut back to once a long read, which made it grow, has ended."""

_FULL = 2
_BUSY_MS = 5000


def migrations() -> tuple[str, ...]:
    """The numbered steps, in order; `user_version` counts the ones applied."""
    folder = resources.files("alertbridge.stores").joinpath("sql")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".sql"))
    return tuple(folder.joinpath(name).read_text("utf-8") for name in names)


def known_version() -> int:
    """The schema that this version writes and reads."""
    return len(migrations())


def lock(path: Path) -> TextIO:
    """Hold the file for this process alone; the handle must be kept.

    Raises:
        StoreRefused: another process has it. Two dispatchers on one outbox would page
            everybody twice.
    """
    try:
        handle = path.with_name(path.name + ".lock").open("a", encoding="utf-8")
    except OSError as exc:
        raise StoreRefused(_refusal(path, exc)) from exc
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        handle.close()
        raise StoreRefused(
            f"{path} is in use by another alertbridge; stop that one first"
        ) from exc
    return handle


def _refusal(path: Path, error: OSError) -> str:
    """Say what is wrong with a place where nothing can be written, and what to do."""
    match error.errno:
        case errno.EROFS:
            fix = (
                "; a kernel turns a file system read-only when its disk fails: look at"
                " `dmesg`, check the disk (fsck), then mount it read-write"
            )
        case errno.EACCES | errno.EPERM:
            fix = f"; let the user that runs alertbridge own {path.parent}"
        case errno.ENOSPC | errno.EDQUOT:
            fix = f"; make room in {path.parent}"
        case _:
            fix = ""
    return f"cannot open {path}: {error.strerror}{fix}"


def open_writer(path: str) -> sqlite3.Connection:
    """Open the one connection that writes.

    Raises:
        StoreRefused: the file cannot promise what a 2xx promises.
    """
    try:
        old_mask = os.umask(0o077)
        try:
            db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        finally:
            os.umask(old_mask)
        db.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        if path != ":memory:":
            _make_durable(db, path)
        db.execute("PRAGMA foreign_keys = ON")
        register(db)
    except sqlite3.Error as exc:
        raise StoreRefused(f"cannot open {path}: {exc}") from exc
    return db


def _make_durable(db: sqlite3.Connection, path: str) -> None:
    (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreRefused(
            f"{path}: journal_mode is {mode!r}, not 'wal'; is it on a network file"
            " system? put it on a local disk"
        )
    db.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
    (synchronous,) = db.execute("PRAGMA synchronous").fetchone()
    if synchronous != _FULL:
        raise StoreRefused(
            f"{path}: PRAGMA synchronous reads {synchronous}, not {_FULL} (FULL):"
            " a power cut would lose confirmed pages"
        )
    db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    db.execute(f"PRAGMA journal_size_limit = {LARGEST_LOG}")


def open_reader(path: str) -> sqlite3.Connection:
    """Open a connection that can only read."""
    uri = f"{Path(path).absolute().as_uri()}?mode=ro"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    db.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    return db


def copy_to(db: sqlite3.Connection, to: Path) -> None:
    """Write a consistent copy, readable by its owner only; *to* must not exist.

    It says of itself that it is a copy: put back, it must not tell all it has again.

    Raises:
        OSError: the file cannot be made.
        sqlite3.Error: it cannot be written.
    """
    os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        db.execute("VACUUM INTO ?", (str(to),))
        with closing(sqlite3.connect(to, isolation_level=None)) as copy:
            copy.execute("INSERT OR REPLACE INTO setting VALUES ('copy', '1')")
    except BaseException:
        to.unlink(missing_ok=True)
        raise


def migrate(db: sqlite3.Connection, path: Path | None) -> None:
    """Apply what is missing, each step in a transaction.

    Before each step a backup of what was there; a new file has nothing to keep.

    Raises:
        StoreRefused: the file is of a newer alertbridge, or a step failed.
    """
    steps = migrations()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise StoreRefused(
            f"{path}: schema {version} is newer than this alertbridge knows"
            f" ({len(steps)}); install the newer one again"
        )
    for number, step in enumerate(steps[version:], start=version + 1):
        if path is not None and version > 0:
            copy = path.with_name(f"{path.name}.before-{number}")
            try:
                copy.unlink(missing_ok=True)
                copy_to(db, copy)
            except (OSError, sqlite3.Error) as exc:
                raise StoreRefused(f"{path}: no backup before {number}: {exc}") from exc
        try:
            db.executescript(
                f"BEGIN IMMEDIATE;\n{step}\nPRAGMA user_version = {number};\nCOMMIT;"
            )
        except sqlite3.Error as exc:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise StoreRefused(f"{path}: migration {number} failed: {exc}") from exc
