"""A text message as a phone would show it, drawn for a terminal."""

import textwrap
import unicodedata
from datetime import datetime

from alertbridge.core.message import Text

WIDTH = 44
"""Columns for the text: a phone shows some 40 characters a line."""

# Beside the C0 and C1 controls: they reorder what stands next to them, frame included.
_BIDI = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def render_bubble(
    text: Text, *, to: str, at: datetime, sender: str = "", width: int = WIDTH
) -> str:
    """Draw *text* with a caption above and its cost below; ends with a line break.

    *to* is shown as given: mask it where the output is kept. Control characters are
    spelt out, so a label value cannot move the reader's cursor.
    """
    caption = f"{at:%H:%M} {sender + ' ' if sender else ''}to {to}"
    parts = "segment" if text.segments == 1 else "segments"
    lines = [
        line
        for paragraph in text.body.split("\n")
        for line in _wrap(_spell_out(paragraph), width)
    ]
    return "\n".join(
        [
            f"  {_spell_out(caption)}",
            f" ╭{'─' * (width + 2)}╮",
            *(f" │ {line}{' ' * (width - columns(line))} │" for line in lines),
            f" ╰{'─' * (width + 2)}╯",
            f"  {text.segments} {parts}, {text.coding}",
            "",
        ]
    )


def columns(text: str) -> int:
    """How many terminal columns *text* takes; CJK and emoji take two."""
    return sum(_columns_of(char) for char in text)


def _columns_of(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _wrap(paragraph: str, width: int) -> list[str]:
    """Break at spaces, and inside a word where there is no other way."""
    lines: list[str] = []
    for line in textwrap.wrap(paragraph, width, drop_whitespace=True) or [""]:
        # textwrap counts characters; wide ones need a second, narrower cut.
        lines.extend(_cut(line, width))
    return lines


def _cut(line: str, width: int) -> list[str]:
    pieces, room = [""], width
    for char in line:
        if _columns_of(char) > room:
            pieces.append("")
            room = width
        pieces[-1] += char
        room -= _columns_of(char)
    return pieces


def _spell_out(text: str) -> str:
    return "".join(
        f"\\u{ord(char):04x}"
        if unicodedata.category(char) in {"Cc", "Cs"} or char in _BIDI
        else char
        for char in text
    )
