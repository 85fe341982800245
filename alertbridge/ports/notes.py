"""The port of what a part of the daemon keeps beyond its own life."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol


class Notes(Protocol):
    """Lines and moments by name; those that write return after the fsync.

    A moment moves along when the clock is stepped; a line is never looked into.

    Raises:
        StoreUnavailable: nothing can be promised about the write.
    """

    async def write(self, name: str, line: str | None) -> None:
        """Keep a line under *name*; None forgets it."""
        ...

    async def read(self, prefix: str) -> Mapping[str, str]:
        """Every line whose name begins with *prefix*, by the rest of its name."""
        ...

    async def write_time(self, name: str, at: datetime | None) -> None:
        """Keep a moment under *name*; None forgets it."""
        ...

    async def read_times(self, prefix: str) -> Mapping[str, datetime]:
        """Every moment whose name begins with *prefix*, by the rest of its name."""
        ...

    async def alive(self) -> datetime | None:
        """When a process last probed the store, as `Store.probe` notes it."""
        ...
