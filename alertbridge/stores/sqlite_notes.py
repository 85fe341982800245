"""Notes in SQL: lines and moments that a part of the daemon keeps beyond its life."""

from collections.abc import Callable, Mapping
from datetime import datetime
from sqlite3 import Connection
from typing import Protocol, TypeVar

from alertbridge.stores.columns import moment, stamp

T = TypeVar("T")

_LINE = "note "
_TIME = "time "
"""How the setting's key begins; `shift` moves every time along with the clock."""

_ALIVE = "alive"
"""The moment of the last probe; no other name has this beginning."""


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
        await self._lane.write(lambda db: _write(db, _LINE + name, line))

    async def read(self, prefix: str) -> Mapping[str, str]:
        """Every line whose name begins so, by the rest of its name."""
        return await self._lane.read(lambda db: dict(_read(db, _LINE + prefix)))

    async def write_time(self, name: str, at: datetime | None) -> None:
        """Keep a moment under *name*; None forgets it."""
        text = None if at is None else str(stamp(at))
        await self._lane.write(lambda db: _write(db, _TIME + name, text))

    async def read_times(self, prefix: str) -> Mapping[str, datetime]:
        """Every moment whose name begins so, by the rest of its name."""
        rows = await self._lane.read(lambda db: _read(db, _TIME + prefix))
        return {name: moment(int(text)) for name, text in rows}

    async def alive(self) -> datetime | None:
        """When a process last probed the store."""
        return (await self.read_times(_ALIVE)).get("")


def note_alive(db: Connection, now: datetime) -> None:
    """Note that a process lives."""
    _write(db, _TIME + _ALIVE, str(stamp(now)))


def shift_notes(db: Connection, micros: int) -> None:
    """Move every moment along with a stepped wall clock."""
    db.execute(
        "UPDATE setting SET value = CAST(value AS INTEGER) + ?"
        " WHERE substr(key, 1, ?) = ?",
        (micros, len(_TIME), _TIME),
    )


def _write(db: Connection, key: str, text: str | None) -> None:
    if text is None:
        db.execute("DELETE FROM setting WHERE key = ?", (key,))
        return
    db.execute(
        "INSERT INTO setting (key, value) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, text),
    )


def _read(db: Connection, prefix: str) -> list[tuple[str, str]]:
    # No LIKE: `_` in a name is a letter like any other.
    return db.execute(
        "SELECT substr(key, ?), value FROM setting WHERE substr(key, 1, ?) = ?",
        (len(prefix) + 1, len(prefix), prefix),
    ).fetchall()
