"""The times of a timeline, and its shorthand for many alerts."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from itertools import product

from alertbridge.config.duration import DurationError, parse_duration

MOST_ALERTS = 20_000
"""Alerts that one event may stand for."""

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_RANGE = re.compile(r"\{(\d{1,6})\.\.(\d{1,6})\}|\{([^{}]*,[^{}]*)\}", re.ASCII)

AT_FIX = 'write "5m" after the start, "02:10", or "2026-11-26T02:10:00"'


class NotWritten(ValueError):
    """A value that cannot be read; `problem` and `fix` are for its author."""

    def __init__(self, problem: str, fix: str) -> None:
        self.problem = problem
        self.fix = fix
        super().__init__(f"{problem}; {fix}")


def read_start(text: str) -> datetime:
    """Read the start: a date and time with its zone.

    Raises:
        NotWritten: anything else.
    """
    fix = 'write it as "2026-11-25T22:00:00+01:00", or with Z for UTC'
    try:
        start = datetime.fromisoformat(text)
    except ValueError as exc:
        raise NotWritten("not a date and time", fix) from exc
    if start.tzinfo is None:
        raise NotWritten("a time without its zone", fix)
    return start


def read_at(text: str | int, start: datetime) -> datetime:
    """Read when something happens.

    A time of day is the first one at or after *start*, in the start's zone.

    Raises:
        NotWritten: not a time, or before *start*.
    """
    if text == 0:
        return start
    at = _moment(str(text), start)
    if at < start:
        fix = "move the start, or write the day too"
        raise NotWritten("it is before the start", fix)
    return at


def _moment(text: str, start: datetime) -> datetime:
    clock = _TIME.fullmatch(text)
    if clock is not None:
        hour, minute, second = (int(part or 0) for part in clock.groups())
        at = datetime.combine(start.date(), time(hour, minute, second), start.tzinfo)
        return at if at >= start else at + timedelta(days=1)
    try:
        return start + parse_duration(text)
    except DurationError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError as exc:
        raise NotWritten("not a time", AT_FIX) from exc
    return at if at.tzinfo is not None else at.replace(tzinfo=start.tzinfo)


def read_step(text: str) -> timedelta:
    """Read how far a clock is set: `+1h`, `-5m`.

    Raises:
        NotWritten: no sign, or no duration after it.
    """
    sign, span = text[:1], text[1:]
    try:
        by = parse_duration(span)
    except DurationError:
        by = timedelta(0)
    if sign not in {"+", "-"} or not by:
        raise NotWritten("not a step of a clock", 'write it as "+1h" or "-5m"')
    return by if sign == "+" else -by


def expand(labels: Mapping[str, str]) -> tuple[dict[str, str], ...]:
    """Every label set that *labels* stands for: `{1..20}` counts, `{a,b}` chooses.

    `{01..20}` keeps its zeros.

    Raises:
        NotWritten: they are too many.
    """
    choices = {name: list(_spellings(value)) for name, value in labels.items()}
    amount = 1
    for values in choices.values():
        amount *= len(values)
    if amount > MOST_ALERTS:
        problem = f"it stands for more than {MOST_ALERTS} alerts"
        raise NotWritten(problem, f"write at most {MOST_ALERTS} in one event")
    names = list(choices)
    return tuple(
        dict(zip(names, values, strict=True)) for values in product(*choices.values())
    )


def _spellings(text: str) -> Iterator[str]:
    found = _RANGE.search(text)
    if found is None:
        yield text
        return
    head, tail = text[: found.start()], text[found.end() :]
    first, last, listed = found.groups()
    if listed is not None:
        parts = [part.strip() for part in listed.split(",")]
    else:
        width = len(first) if first.startswith("0") else 0
        step = 1 if int(first) <= int(last) else -1
        numbers = range(int(first), int(last) + step, step)
        parts = [f"{number:0{width}}" for number in numbers[: MOST_ALERTS + 1]]
    for part in parts:
        for rest in _spellings(tail):
            yield head + part + rest
