"""When a route may speak: Alertmanager's time intervals, and windows over midnight.

Everything is decided on the wall clock of the interval's own zone. The caller reads
the time and finds the zone (`location` is a tzinfo); nothing here looks at either.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from alertbridge.core.interval_syntax import (
    IntervalError,
    Span,
    parse_days_of_month,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
)
from alertbridge.core.wall_clock import Window, windows

__all__ = [
    "HORIZON",
    "IntervalError",
    "TimeInterval",
    "is_open",
    "next_open",
    "parse_days_of_month",
    "parse_months",
    "parse_times",
    "parse_weekdays",
    "parse_years",
]

HORIZON = timedelta(days=400)
"""How far ahead an opening is looked for: a year, and a little."""

_DAY = timedelta(days=1)
_WHOLE_DAY: Span = (0, 24 * 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeInterval:
    """A recurring stretch of time: every field that is given must agree.

    Each field holds inclusive (first, last) spans, of which one must fit; an empty
    field fits always. `times` are minutes of the day, the end excluded; start > end
    runs over midnight, and then the other fields are asked of the day it started.
    Weekdays count from Sunday = 0; negative days of the month from the end, the last
    is -1. Shorter months clamp, as Alertmanager does.
    """

    times: tuple[Span, ...] = ()
    weekdays: tuple[Span, ...] = ()
    days_of_month: tuple[Span, ...] = ()
    months: tuple[Span, ...] = ()
    years: tuple[Span, ...] = ()
    location: tzinfo = UTC

    def contains(self, at: datetime) -> bool:
        """Say whether the instant *at* (aware) is inside."""
        local = at.astimezone(self.location)
        minute, today = local.hour * 60 + local.minute, local.date()
        for start, end in self.times or (_WHOLE_DAY,):
            if start < end:
                if start <= minute < end and self._fits(today):
                    return True
            elif (minute >= start and self._fits(today)) or (
                minute < end and self._fits(today - _DAY)
            ):
                return True
        return False

    def _fits(self, day: date) -> bool:
        return (
            _within(day.year, self.years)
            and _within(day.month, self.months)
            and _within(day.isoweekday() % 7, self.weekdays)
            and self._fits_day_of_month(day)
        )

    def _fits_day_of_month(self, day: date) -> bool:
        if not self.days_of_month:
            return True
        length = monthrange(day.year, day.month)[1]
        return any(
            _from_start(first, length) <= day.day <= _from_start(last, length)
            for first, last in self.days_of_month
        )

    def next_inside(self, at: datetime, until: datetime) -> datetime | None:
        """Find the first instant from *at* that is inside; None: none by *until*."""
        window = self._next_window(at, until)
        return None if window is None else max(at, window.start)

    def next_outside(self, at: datetime, until: datetime) -> datetime | None:
        """Find the first instant from *at* that is outside; None: none by *until*."""
        while at <= until:
            window = self._next_window(at, at)
            if window is None:
                return at
            at = window.end
        return None

    def _next_window(self, at: datetime, until: datetime) -> Window | None:
        """Find the first window that begins by *until* and ends after *at*.

        It looks a day back, for what runs over midnight, and a day past the first
        find: where clocks go back over midnight, a later day can begin earlier.
        """
        day = at.astimezone(self.location).date() - _DAY
        last = until.astimezone(self.location).date() + _DAY
        found: list[Window] = []
        while day <= last:
            if self._fits(day):
                for minutes in self.times or (_WHOLE_DAY,):
                    shown = windows(day, minutes, self.location)
                    found += [window for window in shown if window.end > at]
            day += _DAY
            if found:
                last = min(last, day)
        first = min(found, default=None)
        return first if first is None or first.start <= until else None


def is_open(
    mute: Sequence[TimeInterval], active: Sequence[TimeInterval], at: datetime
) -> bool:
    """Say whether a route may speak: not muted, and active if it says when it is."""
    if any(interval.contains(at) for interval in mute):
        return False
    return not active or any(interval.contains(at) for interval in active)


def next_open(
    mute: Sequence[TimeInterval], active: Sequence[TimeInterval], at: datetime
) -> datetime | None:
    """Find the first instant from *at* at which a route may speak.

    *at* itself if it may now; None if it may not within `HORIZON`. Exact also where
    clocks change: a window whose wall time is skipped opens when the clocks have
    jumped, one whose wall time comes twice opens twice.
    """
    until = at + HORIZON
    opens: datetime | None = at
    while opens is not None and not is_open(mute, active, opens):
        opens = _step(mute, active, opens, until)
    return opens


def _step(
    mute: Sequence[TimeInterval],
    active: Sequence[TimeInterval],
    at: datetime,
    until: datetime,
) -> datetime | None:
    """Leap over what surely keeps the route shut from *at* on."""
    for interval in mute:
        if interval.contains(at):
            return interval.next_outside(at, until)
    return min(
        (
            inside
            for interval in active
            if (inside := interval.next_inside(at, until)) is not None
        ),
        default=None,
    )


def _within(value: int, spans: Sequence[Span]) -> bool:
    return not spans or any(first <= value <= last for first, last in spans)


def _from_start(day: int, length: int) -> int:
    return day if day > 0 else length + 1 + day
