"""Where a store's work runs: in threads on a file, with what lies beside it."""

import asyncio
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, TypeVar

from alertbridge.ports import Incident, Room, StoreRefused, StoreUnavailable
from alertbridge.stores.sqlite_check import is_damage
from alertbridge.stores.sqlite_poison import Trying
from alertbridge.stores.sqlite_room import DiskRoom
from alertbridge.stores.sqlite_salvage import make_sound
from alertbridge.stores.sqlite_schema import lock, migrate, open_reader, open_writer
from alertbridge.stores.sqlite_sidecars import (
    Mark,
    beside,
    forget_incidents,
    incidents,
    note_incident,
    read_mark,
    suspect,
    write_mark,
)
from alertbridge.stores.sqlite_writer import Writer

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class Lane(Protocol):
    """Where a store's work runs: in threads on a file, or at once in memory.

    `trying` notes what is being composed, for when that ends the process.
    """

    trying: Trying

    async def write(self, work: Work[T], line: str = "", size: int = 1) -> T:
        """Run in a transaction; return after its commit.

        Lines take turns; '' is our own work. *size* is how many alerts are written.
        """
        ...

    async def read(self, work: Work[T]) -> T:
        """Run on what has been committed."""
        ...

    def room(self) -> Room:
        """How much room there is."""
        ...

    def mark(self) -> Mark:
        """How far the file had come, by what lies beside it."""
        ...

    async def move_mark(self, mark: Mark) -> None:
        """The file has come so far."""
        ...

    def note(self, incident: Incident) -> None:
        """Remember what the admins must hear."""
        ...

    def incidents(self) -> Sequence[Incident]:
        """What they must hear."""
        ...

    def forget_incidents(self) -> None:
        """They have heard it."""
        ...

    async def wait_broken(self) -> None:
        """Wait for the file to fail."""
        ...

    async def close(self) -> None:
        """Stop."""
        ...


def read_from(db: sqlite3.Connection, work: Work[T]) -> T:
    """Run *work* on what has been committed.

    Raises:
        StoreUnavailable: it could not be read, or a backup's file not be written.
    """
    try:
        return work(db)
    except (OSError, sqlite3.Error) as exc:
        raise StoreUnavailable(str(exc)) from exc


class FileLane:
    """A file: every write goes through one thread, reads have their own connection."""

    def __init__(self, path: Path, ballast: int = 0, min_free: int = 0) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise StoreRefused(f"cannot make {path.parent}: {exc.strerror}") from exc
        self._path = path
        with ExitStack() as opened:
            self._lock = opened.enter_context(lock(path))
            self._room = DiskRoom(path, ballast, min_free)
            self._room.prepare()
            self._make_sound()
            self._writing = db = open_writer(str(path))
            opened.callback(db.close)
            migrate(db, path)
            self._reading = open_reader(str(path))
            opened.pop_all()
        self._incidents = list(incidents(path))
        self.trying = Trying(beside(path, "trying"))
        self._writer = Writer(db, self._room, self._note_failure)
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="alertbridge-reader")

    def _make_sound(self) -> None:
        """Salvage the file if it is damaged, at need in the room of the ballast."""
        try:
            make_sound(self._path)
        except StoreRefused:
            if not self._room.throw_off():
                raise
            make_sound(self._path)

    async def write(self, work: Work[T], line: str = "", size: int = 1) -> T:
        """Run in a transaction; return after its commit."""
        return await self._writer.run(work, line, size)

    async def read(self, work: Work[T]) -> T:
        """Run on what has been committed."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(
                self._readers, read_from, self._reading, work
            )
        except StoreUnavailable as exc:
            if isinstance(exc.__cause__, sqlite3.Error) and is_damage(exc.__cause__):
                self._writer.give_up(exc.__cause__)
            raise

    def room(self) -> Room:
        """How much room the disk had a moment ago."""
        return self._room.state

    def mark(self) -> Mark:
        """How far the file had come, by what lies beside it."""
        return read_mark(self._path)

    async def move_mark(self, mark: Mark) -> None:
        """The file has come so far: it is on disk."""
        # Not on the loop's thread: a disk that hangs takes even this to it.
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, write_mark, self._path, mark)

    def note(self, incident: Incident) -> None:
        """Remember what the admins must hear."""
        self._incidents.append(incident)
        note_incident(self._path, incident)

    def incidents(self) -> Sequence[Incident]:
        """What they must hear."""
        return tuple(self._incidents)

    def forget_incidents(self) -> None:
        """They have heard it."""
        self._incidents.clear()
        forget_incidents(self._path)

    def _note_failure(self, error: sqlite3.Error) -> None:
        """The process is about to end: say why to the next, and to the admins."""
        if is_damage(error):
            # What it finds is told then.
            suspect(self._path)
            return
        name = getattr(error, "sqlite_errorname", "error")
        said = (
            f"the store's disk failed ({name}) and alertbridge started again; look at"
            " the disk: what was answered 2xx is kept"
        )
        self.note(Incident("StoreFailed", secrets.token_hex(4), said))

    async def wait_broken(self) -> None:
        """Wait for the file to fail."""
        await self._writer.wait_broken()

    async def close(self) -> None:
        """Finish what is queued, checkpoint, let go of the file."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._writer.close)
        self._readers.shutdown()
        self._reading.close()
        self._writing.close()
        self.trying.close()
        self._lock.close()
