"""Quiet hours through every change of clocks of 2026 to 2030, in every zone.

The oracle walks minute by minute, and knows nothing but what a clock on the wall shows.
A share runs with the other tests; all of it (a minute or two) by

    ALERTBRIDGE_ALL_ZONES=1 pytest tests/core/test_quiet_clock_changes.py
"""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest

from alertbridge.core.interval import TimeInterval
from alertbridge.core.quiet import QuietHours

ALL = os.environ.get("ALERTBRIDGE_ALL_ZONES") == "1"
SHARE = 12
"""Of so many (zone, change), one is looked at without being asked for all."""

FIRST, LAST = date(2026, 1, 1), date(2031, 1, 1)
MINUTE = timedelta(minutes=1)
BEFORE, AFTER = timedelta(hours=30), timedelta(hours=30)


def offset(zone: ZoneInfo, at: datetime) -> timedelta:
    """How far a zone's clocks are ahead of UTC."""
    found = at.astimezone(zone).utcoffset()
    assert found is not None
    return found


def changes(zone: ZoneInfo) -> Iterator[datetime]:
    """Every minute (UTC) from which on a zone's clocks differ from the one before."""
    day = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
    while day.date() < LAST:
        following = day + timedelta(days=1)
        if offset(zone, day) != offset(zone, following):
            low, high = day, following
            while high - low > MINUTE:
                middle = low + (high - low) // (2 * MINUTE) * MINUTE
                if offset(zone, middle) == offset(zone, day):
                    low = middle
                else:
                    high = middle
            yield high
        day = following


@cache
def every_change() -> tuple[tuple[ZoneInfo, datetime], ...]:
    """Each change of clocks of each zone; zones with the same clocks count once."""
    found: dict[tuple[object, ...], tuple[ZoneInfo, datetime]] = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        for at in changes(zone):
            key = (at, offset(zone, at - MINUTE), offset(zone, at))
            found.setdefault(key, (zone, at))
    return tuple(found.values())


def minutes_of(zone: ZoneInfo, at: datetime) -> int:
    """What a clock shows, in minutes from midnight."""
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute


def windows(zone: ZoneInfo, at: datetime) -> dict[str, tuple[int, int]]:
    """A night, and windows that begin or end within the hour that a change touches.

    The hour is the one that is skipped or comes twice; of both, what its middle shows.
    """
    shown = minutes_of(zone, at - MINUTE) + 1
    jump = int((offset(zone, at) - offset(zone, at - MINUTE)) / MINUTE)
    middle = (shown + jump // 2) % 1440
    first, last = min(shown, shown + jump), max(shown, shown + jump)
    hour = 60
    return {
        "night": (22 * hour, 7 * hour),
        "begins within": (middle, (middle + 3 * hour) % 1440),
        "ends within": ((middle - 3 * hour) % 1440, middle),
        "is within": ((first + 5) % 1440, (last - 5) % 1440),
        "begins at the change": (shown % 1440, (shown + 2 * hour) % 1440),
        "ends at the change": ((shown - 2 * hour) % 1440, shown % 1440),
        "around it": ((first - 20) % 1440, (last + 20) % 1440),
        "all but the hour": (last % 1440, first % 1440),
    }


def is_quiet(span: tuple[int, int], minute: int) -> bool:
    """Say it naively: between the two, or not between the other way round."""
    start, end = span
    if start < end:
        return start <= minute < end
    return minute >= start or minute < end


def walked(zone: ZoneInfo, span: tuple[int, int], at: datetime) -> list[bool]:
    """Whether it is quiet, for each minute around *at*."""
    start = at - BEFORE
    amount = int((BEFORE + AFTER) / MINUTE)
    return [is_quiet(span, minutes_of(zone, start + n * MINUTE)) for n in range(amount)]


def wrong(zone: ZoneInfo, at: datetime, name: str, span: tuple[int, int]) -> str:
    """Compare rule and walk around one change; empty if they agree throughout."""
    interval = TimeInterval(times=(span,), location=zone)
    hours, works = QuietHours(quiet=(interval,)), QuietHours(working=(interval,))
    quiet = walked(zone, span, at)
    start = at - BEFORE
    opens: list[int | None] = [None] * len(quiet)
    shuts: list[int | None] = [None] * len(quiet)
    for n in range(len(quiet) - 2, -1, -1):
        opens[n] = n + 1 if not quiet[n + 1] else opens[n + 1]
        shuts[n] = n + 1 if quiet[n + 1] else shuts[n + 1]
    for n, silent in enumerate(quiet):
        if interval.contains(start + n * MINUTE) != silent:
            return f"{zone} {name} {span}: {start + n * MINUTE} quiet: {silent}"
        near = quiet[max(0, n - 1) : n + 2]
        if len(set(near)) == 1 and n % (17 if ALL else 97):
            continue
        for odd in (timedelta(0), timedelta(seconds=59, microseconds=999_999)):
            now = start + n * MINUTE + odd
            for rule, held, ends in (
                (hours, silent, opens[n]),
                (works, not silent, shuts[n]),
            ):
                spared = rule.spare(now)
                until = None if spared is None else spared.until
                if held != (until is not None):
                    return f"{zone} {name} {span}: {now} held: {held}, not {until}"
                if held and ends is not None and until != start + ends * MINUTE:
                    there = start + ends * MINUTE
                    return f"{zone} {name} {span}: {now} until {there}, not {until}"
    return ""


def chosen() -> list[tuple[ZoneInfo, datetime]]:
    """All changes, or a share in which every kind of zone has its turn."""
    found = every_change()
    return list(found) if ALL else list(found[::SHARE])


@pytest.mark.timeout(1800)
def test_the_rule_is_the_walk_around_every_change() -> None:
    """Never skipped, never a minute longer than the clock on the wall says."""
    found = [
        said
        for zone, at in chosen()
        for name, span in windows(zone, at).items()
        if span[0] != span[1] and (said := wrong(zone, at, name, span))
    ]

    assert found == []


def test_there_is_something_to_look_at() -> None:
    """Hundreds of changes, skips and repeats, of whole and half hours and more."""
    jumps = {
        offset(zone, at) - offset(zone, at - MINUTE) for zone, at in every_change()
    }

    assert len(every_change()) > 200
    assert {jump / MINUTE for jump in jumps} >= {-120, -60, -30, 30, 60, 120}


def test_the_walk_sees_a_rule_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that takes every night for nine hours is found out twice a year."""

    def nine_hours(self: TimeInterval, at: datetime, until: datetime) -> datetime:
        local = at.astimezone(self.location)
        start, end = self.times[0]
        length = timedelta(minutes=(end - start) % 1440)
        began = local.replace(hour=start // 60, minute=start % 60, second=0)
        began = began.replace(microsecond=0)
        if began > local:
            began -= timedelta(days=1)
        return began.astimezone(UTC) + length

    zone = ZoneInfo("Europe/Stockholm")
    at = next(changes(zone))
    night = (22 * 60, 7 * 60)
    right = wrong(zone, at, "night", night)
    monkeypatch.setattr(TimeInterval, "next_outside", nine_hours)

    assert not right
    assert wrong(zone, at, "night", night)
