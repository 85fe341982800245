"""The store without a disk: the simulator's, and every test's that needs no file.

The same SQL on a database in memory, run at once on the caller's thread: one
semantics for both, so that what `simulate` shows is what `serve` does.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator

from alertbridge.core.message import Reference
from alertbridge.ports import Incident, Room
from alertbridge.stores.sqlite import SqliteStore
from alertbridge.stores.sqlite_lane import T, Work, read_from
from alertbridge.stores.sqlite_poison import Trying
from alertbridge.stores.sqlite_schema import migrate, open_writer
from alertbridge.stores.sqlite_sidecars import Mark


class MemoryLane:
    """Runs everything at once, in order, on one connection."""

    def __init__(self) -> None:
        self.trying = Trying()
        self._db = open_writer(":memory:")
        migrate(self._db, None)

    async def write(self, work: Work[T], line: str = "", size: int = 1) -> T:  # noqa: ARG002
        """Run in a transaction; nobody waits, so there are no lines."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            result = work(self._db)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        return result

    async def read(self, work: Work[T]) -> T:
        """Run on what has been committed.

        Raises:
            StoreUnavailable: the file of a backup cannot be made.
        """
        return read_from(self._db, work)

    def room(self) -> Room:
        """Memory has what there is."""
        return Room()

    def mark(self) -> Mark:
        """Memory has no past."""
        return Mark()

    async def move_mark(self, mark: Mark) -> None:
        """Memory has no past."""

    def note(self, incident: Incident) -> None:
        """Nothing befalls memory."""

    def incidents(self) -> tuple[Incident, ...]:
        """Nothing befalls memory."""
        return ()

    def forget_incidents(self) -> None:
        """There are none."""

    async def wait_broken(self) -> None:
        """Memory does not fail: wait for ever."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Let go of it all."""
        self._db.close()


def open_memory(
    references: Iterator[Reference],
    randbits: Callable[[int], int] = secrets.randbits,
) -> SqliteStore:
    """Open an empty store that lives as long as the object."""
    return SqliteStore(MemoryLane(), references, randbits)
