"""From minutes on a wall clock to instants, also where clocks are changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A stretch of time between two instants (UTC), the end excluded."""

    start: datetime
    end: datetime


def windows(day: date, minutes: tuple[int, int], zone: tzinfo) -> tuple[Window, ...]:
    """Find every instant of *day* at which a clock in *zone* shows these *minutes*.

    *minutes* are (start, end) from 00:00, end excluded; start > end runs into the next
    day. Usually that is one window; none if the clocks jump over it, and two if they
    are set back out of it and come to it again.
    """
    start, end = minutes
    midnight = datetime.combine(day, time())
    opens = midnight + timedelta(minutes=start)
    closes = midnight + timedelta(days=int(start > end), minutes=end)
    first, last = min(_instants(opens, zone)), max(_instants(closes, zone))
    found: list[Window] = []
    for part in _steady(first, last, zone):
        offset = _offset(part.start, zone)
        shown = Window(
            max(part.start, _instant(opens, offset)),
            min(part.end, _instant(closes, offset)),
        )
        if shown.start >= shown.end:
            continue
        if found and found[-1].end == shown.start:
            shown = Window(found.pop().start, shown.end)
        found.append(shown)
    return tuple(found)


def _instants(wall: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The two readings of a wall time: equal but where clocks change."""
    earlier, later = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return earlier.astimezone(UTC), later.astimezone(UTC)


def _instant(wall: datetime, offset: timedelta) -> datetime:
    return wall.replace(tzinfo=UTC) - offset


def _offset(at: datetime, zone: tzinfo) -> timedelta:
    return at.astimezone(zone).replace(tzinfo=UTC) - at


def _steady(first: datetime, last: datetime, zone: tzinfo) -> Iterator[Window]:
    """Cut a stretch of a few days where the offset to UTC changes."""
    while (offset := _offset(first, zone)) != _offset(last, zone):
        same, other = first, last
        while other - same > _SECOND:
            middle = same + (other - same) // (2 * _SECOND) * _SECOND
            if _offset(middle, zone) == offset:
                same = middle
            else:
                other = middle
        yield Window(first, other)
        first = other
    yield Window(first, last)
