"""Durations as Prometheus writes them: `30s`, `5m`, `1h30m`, `90d`."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from alertbridge.config.section import refusal

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_PATTERN = "^(" + "".join(f"([0-9]{{1,7}}{unit})?" for unit in _UNITS) + ")$"
_WHOLE = re.compile(_PATTERN, re.ASCII)
_PART = re.compile(r"([0-9]+)([a-z]+)", re.ASCII)

LONGEST = timedelta(days=3653)
"""Ten years: beyond it a span is a typing error, and dates would overflow."""


class DurationError(ValueError):
    """Not a duration; `problem` and `fix` are for the operator."""

    def __init__(self, problem: str, fix: str) -> None:
        self.problem = problem
        self.fix = fix
        super().__init__(f"{problem}; {fix}")


def parse_duration(text: str) -> timedelta:
    """Read a duration: whole numbers with w, d, h, m, s or ms, largest first.

    Raises:
        DurationError: anything else, and what is longer than ten years.
    """
    if not text or not _WHOLE.fullmatch(text):
        raise DurationError("not a duration", 'write it as "30s", "5m" or "1h30m"')
    span = sum(
        (int(amount) * _UNITS[unit] for amount, unit in _PART.findall(text)),
        timedelta(0),
    )
    if span > LONGEST:
        raise DurationError("longer than ten years", "write a shorter one")
    return span


def format_duration(span: timedelta) -> str:
    """Write a duration as people do.

    >>> format_duration(timedelta(minutes=90))
    '1h30m'
    """
    if not span:
        return "0s"
    parts = []
    # 90d and not 12w6d: weeks are read, and never written.
    for unit, length in list(_UNITS.items())[1:]:
        amount, span = divmod(span, length)
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts)


def _read(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        if value == 0:
            return timedelta(0)
        raise refusal("a duration without a unit", f'write it as "{value}s"')
    try:
        return parse_duration(value if isinstance(value, str) else "")
    except DurationError as exc:
        raise refusal(exc.problem, exc.fix) from exc


Duration = Annotated[
    timedelta,
    BeforeValidator(_read),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "examples": ["5m"]}),
]
"""A span in a model; the file holds text such as `5m`."""


def _read_or_none(value: object) -> timedelta | None:
    return None if value is None or value == "none" else _read(value)


DurationOrNone = Annotated[
    timedelta | None,
    BeforeValidator(_read_or_none),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": _PATTERN},
                {"enum": ["none", None]},
            ]
        }
    ),
]
"""A span, or the word `none`: no end."""
