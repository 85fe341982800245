"""How answers look: aligned columns for people, JSON for programs.

What strangers wrote (labels, texts) is shown so that it cannot move the cursor of who
reads it; JSON escapes by itself what could.
"""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

import click

from alertbridge.core.recipient import mask

WIDEST = 48
"""Characters of one cell; a label may hold thousands."""

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories that a terminal obeys, or that make a line read as what it is not."""


def print_json(value: object) -> None:
    """Print data; letters stay letters, what a terminal obeys is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    click.echo("\n".join(_json_safe(line) for line in text.split("\n")))


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print aligned columns."""
    for line in table_lines(head, rows):
        click.echo(line)


def table_lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Align columns: the head's line, then one line a row."""
    lines = [list(head), *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]


def visible(text: str) -> str:
    r"""Escape what a terminal would obey or hide.

    >>> visible("a\x1b[2J")
    'a\\x1b[2J'
    """
    return "".join(_shown(char) for char in text)


def shown_name(recipient: str) -> str:
    """A recipient's name; one that is a bare number is masked, as everywhere."""
    return mask(recipient) if recipient.startswith("+") else visible(recipient)


def _shown(char: str) -> str:
    if unicodedata.category(char) in _INVISIBLE:
        return char.encode("unicode_escape").decode("ascii")
    return char


def _json_safe(text: str) -> str:
    # C0 controls are escaped already; JSON has one escape for all the others.
    return "".join(
        json.dumps(char)[1:-1] if unicodedata.category(char) in _INVISIBLE else char
        for char in text
    )


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    text = visible(str(value))
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 3]}..."


def clock_time(text: str | None) -> str:
    """An RFC 3339 time as people read it, in this machine's zone."""
    if text is None:
        return "-"
    at = datetime.fromisoformat(text).astimezone()
    return at.strftime("%Y-%m-%d %H:%M:%S")
