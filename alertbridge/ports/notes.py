"""The port of what a part of the daemon keeps beyond its own life."""

from collections.abc import Mapping
from typing import Protocol


class Notes(Protocol):
    """Lines by name; nobody but who wrote one knows what it means.

    Raises:
        StoreUnavailable: nothing can be promised about the write.
    """

    async def write(self, name: str, line: str | None) -> None:
        """Keep a line under *name*, fsynced on return; None forgets it."""
        ...

    async def read(self, prefix: str) -> Mapping[str, str]:
        """Every line whose name begins with *prefix*, by the rest of its name."""
        ...
