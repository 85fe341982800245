"""What must never be in a log line: full phone numbers, control characters, megabytes.

Data of strangers (labels, a gateway's answer) reaches the log; a terminal or a log
viewer that reads it must not be moved by it, and staff numbers must not leak there.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import isfinite

from structlog.typing import EventDict, WrappedLogger

from alertbridge.core.recipient import mask

MAX_TEXT = 2000
"""Characters of one value that are kept: a label can be a megabyte."""

MAX_ITEMS = 50
"""Items of one list or mapping that are kept, and lines of one traceback."""

MAX_DEPTH = 3
"""Levels of nesting that are kept; what is deeper is printed as text."""

# A number as people and gateways write it: after a plus (or its URL form, or 00),
# digits that single blanks or dashes may part; or 10 to 15 bare digits (iP.1 wants no
# plus; a national number begins with 0). A hex digit beside bare digits means an
# identifier, such as a fingerprint. Epoch times in texts are masked too: cheap.
_NUMBER = re.compile(
    r"(?:\+|%2[Bb])[1-9](?:[ -]?[0-9]){7,14}(?![0-9])"
    r"|(?<![0-9A-Fa-f])00[1-9](?:[ -]?[0-9]){7,14}(?![0-9])"
    r"|(?<![0-9A-Fa-f])[0-9]{10,15}(?![0-9A-Fa-f])"
)

# C0, DEL and C1 move a terminal's cursor or forge a line; the line separators and
# bidi controls make a line read as what it is not; a lone surrogate has no encoding.
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9_.]")


def clean(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
    """Make an event safe to print, as a structlog processor.

    Keys, values and values of values; a traceback keeps its line breaks.
    """
    return {
        _NOT_IN_KEYS.sub("_", key): clean_traceback(str(value))
        if key == "exception"
        else _clean_value(value, MAX_DEPTH)
        for key, value in event_dict.items()
    }


def clean_text(text: str) -> str:
    """Mask phone numbers in *text*, cut it, and escape what could fool a terminal."""
    over = len(text) - MAX_TEXT
    # Masking keeps lengths, and looks past the cut: half a number is not a number.
    text = mask_numbers(text[: MAX_TEXT + 32])[:MAX_TEXT]
    text = _CONTROL.sub(_escape, text)
    return text if over <= 0 else f"{text}... ({over} more)"


def clean_traceback(text: str) -> str:
    """Clean line by line, keeping the last: they say what happened."""
    return "\n".join(clean_text(line) for line in text.split("\n")[-MAX_ITEMS:])


def mask_numbers(text: str) -> str:
    """Mask whatever in *text* may be a phone number; the length stays.

    >>> mask_numbers("no route to +46701740605")
    'no route to +467*****605'
    """
    return _NUMBER.sub(lambda match: mask(match.group()), text)


def _clean_value(value: object, depth: int) -> object:
    match value:
        case None | bool() | int():
            return value
        case float():
            # JSON has no word for infinity.
            return value if isfinite(value) else str(value)
        case str():
            return clean_text(value)
        case datetime():
            return value.isoformat()
        case Mapping() if depth:
            return {
                clean_text(str(key)): _clean_value(item, depth - 1)
                for key, item in list(value.items())[:MAX_ITEMS]
            }
        case bytes():
            return f"<{len(value)} bytes>"
        case Sequence() | set() | frozenset() if depth:
            return [_clean_value(item, depth - 1) for item in list(value)[:MAX_ITEMS]]
        case _:
            return clean_text(str(value))


def _escape(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")
