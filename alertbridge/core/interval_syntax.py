"""Read the fields of a time interval as Alertmanager's configuration writes them.

Takes what a YAML loader made of them, text or whole numbers, and gives spans. An empty
list is an error: Alertmanager reads `weekdays: []` as never, people mean always.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Span = tuple[int, int]
"""First and last, both included; of minutes of a day, the last excluded."""

_WEEKDAYS = (
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
)
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_SHORTEST_MONTH = 28
_LONGEST_MONTH = 31
_LAST_YEAR = 9999


class IntervalError(ValueError):
    """A field of a time interval that cannot be read, and what to write.

    `index` is the position in the list that was read; None if it is no list at all.
    """

    def __init__(self, problem: str, fix: str, index: int | None = None) -> None:
        super().__init__(f"{problem}; {fix}")
        self.problem = problem
        self.fix = fix
        self.index = index


def parse_times(value: object) -> tuple[Span, ...]:
    """Read a list of `{start_time: "HH:MM", end_time: "HH:MM"}` as minutes of a day.

    A start after the end is a window over midnight.

    Raises:
        IntervalError: not of that shape, or a window without length.
    """
    return tuple(_time_span(entry, index) for index, entry in _entries(value))


def parse_weekdays(value: object) -> tuple[Span, ...]:
    """Read a list like `["monday:friday"]`; Sunday is 0.

    Raises:
        IntervalError: no day of the week, or a range that runs backwards.
    """
    return tuple(_span(entry, _WEEKDAY, index) for index, entry in _entries(value))


def parse_months(value: object) -> tuple[Span, ...]:
    """Read a list like `["january:march", 12]`.

    Raises:
        IntervalError: no month, or a range that runs backwards.
    """
    return tuple(_span(entry, _MONTH, index) for index, entry in _entries(value))


def parse_years(value: object) -> tuple[Span, ...]:
    """Read a list like `["2026:2028", 2030]`.

    Raises:
        IntervalError: no year, or a range that runs backwards.
    """
    return tuple(_span(entry, _YEAR, index) for index, entry in _entries(value))


def parse_days_of_month(value: object) -> tuple[Span, ...]:
    """Read a list like `["1:5", "-3:-1"]`; negative days count from the end.

    Raises:
        IntervalError: no day of a month, or a range that is empty in every month.
    """
    return tuple(_span(entry, _DAY, index) for index, entry in _entries(value))


def _entries(value: object) -> Sequence[tuple[int, object]]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise IntervalError(
            f"expected a list, found {_shown(value)}", "write [ ] around it"
        )
    if not value:
        raise IntervalError("an empty list", "remove the key: without it, all fit")
    return tuple(enumerate(value))


def _time_span(entry: object, index: int) -> Span:
    keys = {"start_time", "end_time"}
    if not isinstance(entry, Mapping) or set(entry) != keys:
        raise IntervalError(
            f"expected start_time and end_time, found {_shown(entry)}",
            'write {start_time: "09:00", end_time: "17:00"}',
            index,
        )
    start, end = _minute(entry["start_time"], index), _minute(entry["end_time"], index)
    if start == end or start == _minutes(24, 0):
        raise IntervalError(
            f"no time between {entry['start_time']} and {entry['end_time']}",
            'for the whole day write start_time: "00:00", end_time: "24:00"',
            index,
        )
    return start, end


def _minute(value: object, index: int) -> int:
    text = value if isinstance(value, str) else ""
    hours, minutes = text[:2], text[3:]
    plain = len(text) == len("HH:MM") and text[2] == ":" and text.isascii()
    if plain and hours.isdigit() and minutes.isdigit():
        minute = _minutes(int(hours), int(minutes))
        if int(minutes) < 60 and minute <= _minutes(24, 0):
            return minute
    raise IntervalError(
        f"{_shown(value)} is no time of day",
        'write "HH:MM" from "00:00" to "24:00", in quotes',
        index,
    )


def _minutes(hours: int, minutes: int) -> int:
    return hours * 60 + minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """What one kind of range is made of; `forward` says if a range has a length."""

    what: str
    example: str
    read: Callable[[str], int | None]
    forward: Callable[[int, int], bool]
    order: str


def _span(entry: object, field: _Field, index: int) -> Span:
    if isinstance(entry, bool) or not isinstance(entry, str | int):
        raise _no(entry, field, index)
    parts = [part.strip() for part in str(entry).lower().split(":")]
    numbers = [field.read(part) for part in parts]
    match numbers:
        case [int(only)]:
            return only, only
        case [int(first), int(last)]:
            if field.forward(first, last):
                return first, last
            raise IntervalError(
                f"{_shown(entry)} runs backwards",
                f"{field.order}; split it in two ranges",
                index,
            )
        case _:
            raise _no(entry, field, index)


def _no(entry: object, field: _Field, index: int) -> IntervalError:
    return IntervalError(
        f"{_shown(entry)} is no {field.what} and no range of them",
        f"write for example {field.example}",
        index,
    )


def _whole(text: str, lowest: int, highest: int) -> int | None:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len("9999")):
        return None
    number = int(text)
    return number if lowest <= number <= highest else None


def _weekday(text: str) -> int | None:
    return _WEEKDAYS.index(text) if text in _WEEKDAYS else None


def _month(text: str) -> int | None:
    return _MONTHS.index(text) + 1 if text in _MONTHS else _whole(text, 1, 12)


def _year(text: str) -> int | None:
    return _whole(text, 1, _LAST_YEAR)


def _day_of_month(text: str) -> int | None:
    return _whole(text, -_LONGEST_MONTH, _LONGEST_MONTH) or None


def _ascending(first: int, last: int) -> bool:
    return first <= last


def _ascending_days(first: int, last: int) -> bool:
    """Refuse what runs backwards in the shortest month."""
    if first < 0 < last:
        return False
    from_start = [
        day if day > 0 else _SHORTEST_MONTH + 1 + day for day in (first, last)
    ]
    return from_start[0] <= from_start[1]


def _shown(value: object) -> str:
    return repr(value)[:60]


_WEEKDAY = _Field(
    what="day of the week",
    example='"monday:friday"',
    read=_weekday,
    forward=_ascending,
    order="a week runs from sunday to saturday",
)
_MONTH = _Field(
    what="month",
    example='"november:december" or 12',
    read=_month,
    forward=_ascending,
    order="a year runs from january to december",
)
_YEAR = _Field(
    what="year",
    example='"2026:2028" or 2030',
    read=_year,
    forward=_ascending,
    order="write the earlier year first",
)
_DAY = _Field(
    what="day of the month",
    example='"1:5" or "-3:-1"',
    read=_day_of_month,
    forward=_ascending_days,
    order="days count from 1 up, or from -31 up to -1",
)
