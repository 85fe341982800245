"""How answers look: aligned columns for people, JSON for programs."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

import click


def print_json(value: object) -> None:
    """Print data; people's words stay readable, not escaped."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print aligned columns; the last one may be as long as it likes."""
    lines = [list(head), *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head) - 1)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        click.echo("  ".join([*cells, line[-1]]).rstrip())


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return str(value).replace("\n", " / ")


def clock_time(text: str | None) -> str:
    """An RFC 3339 time as people read it, in this machine's zone."""
    if text is None:
        return "-"
    at = datetime.fromisoformat(text).astimezone()
    return at.strftime("%Y-%m-%d %H:%M:%S")
