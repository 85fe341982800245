"""Notes in SQL: lines that a part of the daemon keeps beyond its life."""

from collections.abc import Callable, Mapping
from sqlite3 import Connection
from typing import Protocol, TypeVar

T = TypeVar("T")

_NOTE = "note "
"""How the setting's key begins."""


class _Lane(Protocol):
    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run in a transaction."""
        ...

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run on what has been committed."""
        ...


class SqliteNotes:
    """The notes of one store."""

    def __init__(self, lane: _Lane) -> None:
        self._lane = lane

    async def write(self, name: str, line: str | None) -> None:
        """Keep a line under *name*; None forgets it."""
        await self._lane.write(lambda db: _write(db, _NOTE + name, line))

    async def read(self, prefix: str) -> Mapping[str, str]:
        """Every line whose name begins so, by the rest of its name."""
        return await self._lane.read(lambda db: _read(db, _NOTE + prefix))


def _write(db: Connection, key: str, text: str | None) -> None:
    if text is None:
        db.execute("DELETE FROM setting WHERE key = ?", (key,))
        return
    db.execute(
        "INSERT INTO setting (key, value) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, text),
    )


def _read(db: Connection, prefix: str) -> dict[str, str]:
    # No LIKE: `_` in a name is a letter like any other.
    rows = db.execute(
        "SELECT substr(key, ?), value FROM setting WHERE substr(key, 1, ?) = ?",
        (len(prefix) + 1, len(prefix), prefix),
    )
    return dict(rows.fetchall())
