"""The store without a disk: the simulator's, and every test's that needs no file.

The same SQL on a database in memory, run at once on the caller's thread: one
semantics for both, so that what `simulate` shows is what `serve` does.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator

from alertbridge.core.message import Reference
from alertbridge.stores.sqlite import SqliteStore, read_from
from alertbridge.stores.sqlite_lane import T, Work
from alertbridge.stores.sqlite_schema import migrate, open_writer


class MemoryLane:
    """Runs everything at once, in order, on one connection."""

    def __init__(self) -> None:
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
