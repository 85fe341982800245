"""Reading the rows of a damaged table: from both ends, and around what is broken."""

import sqlite3
from collections.abc import Iterator, Mapping

PROBES = 4000
"""Questions about one table: each narrows down where it is broken."""

REACH = 1_000_000
"""Row ids looked for beyond the last that could be read from this side."""

Cells = dict[str, "int | str | bytes | None"]


def tables_of(db: sqlite3.Connection) -> Mapping[str, tuple[str, ...]]:
    """The tables of a sound file, each with its columns."""
    names = db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        " AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
    ).fetchall()
    return {
        name: tuple(row[1] for row in db.execute(f"PRAGMA table_info({name})"))
        for (name,) in names
    }


def read_rows(
    old: sqlite3.Connection, table: str, columns: tuple[str, ...]
) -> Iterator[Cells]:
    """Every row that can be read, of the columns that both files have; some twice."""
    try:
        there = {row[1] for row in old.execute(f"PRAGMA table_info({table})")}
        (made,) = old.execute(
            "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
        ).fetchone() or ("",)
    except sqlite3.Error:
        return
    names = [name for name in columns if name in there]
    if not names:
        return
    for row in _walk(old, table, names, numbered="WITHOUT ROWID" not in str(made)):
        yield dict(zip(names, row, strict=True))


def _walk(
    old: sqlite3.Connection, table: str, names: list[str], *, numbered: bool
) -> Iterator[tuple[int | str | None, ...]]:
    wanted = f"SELECT {', '.join(names)} FROM {table}"
    low = 0
    whole = True
    for row in _until_broken(old, f"{wanted}{' ORDER BY rowid' if numbered else ''}"):
        if row is None:
            whole = False
            break
        low = row[0] if numbered and isinstance(row[0], int) else low
        yield row
    if whole:
        return
    order = "rowid" if numbered else names[0]
    high = low + REACH
    for row in _until_broken(old, f"{wanted} ORDER BY {order} DESC"):
        if row is None:
            break
        high = row[0] if numbered and isinstance(row[0], int) else high
        if numbered and high <= low:
            return
        yield row
    if numbered:
        yield from _around(old, wanted, low + 1, high)


def _until_broken(
    old: sqlite3.Connection, query: str
) -> Iterator[tuple[int | str | None, ...] | None]:
    """Rows, and None in the place of what cannot be read."""
    try:
        yield from old.execute(query)
    except (sqlite3.Error, OverflowError):
        yield None


def _around(
    old: sqlite3.Connection, wanted: str, low: int, high: int
) -> Iterator[tuple[int | str | None, ...]]:
    """Halve a range of row ids until what is broken is alone."""
    left = PROBES
    ranges = [(low, high)]
    while ranges and left > 0:
        left -= 1
        first, last = ranges.pop()
        try:
            yield from old.execute(
                f"{wanted} WHERE rowid BETWEEN ? AND ? ORDER BY rowid", (first, last)
            ).fetchall()
        except (sqlite3.Error, OverflowError):
            if first < last:
                middle = (first + last) // 2
                ranges += [(middle + 1, last), (first, middle)]
