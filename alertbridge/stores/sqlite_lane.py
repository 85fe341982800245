"""Where a store's work runs: in threads on a file, or at once in memory."""

import sqlite3
from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class Lane(Protocol):
    """Where a store's work runs: in threads on a file, or at once in memory."""

    async def write(self, work: Work[T], line: str = "", size: int = 1) -> T:
        """Run in a transaction; return after its commit.

        Lines take turns; '' is our own work. *size* is how many alerts are written.
        """
        ...

    async def read(self, work: Work[T]) -> T:
        """Run on what has been committed."""
        ...

    async def wait_broken(self) -> None:
        """Wait for the file to fail."""
        ...

    async def close(self) -> None:
        """Stop."""
        ...
