"""Time intervals: Alertmanager's, and windows over midnight, through clock changes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertbridge.core.interval import (
    HORIZON,
    TimeInterval,
    is_open,
    next_open,
    parse_times,
    parse_weekdays,
)

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
MINUTE = timedelta(minutes=1)
ALWAYS = TimeInterval()
NEVER = TimeInterval(years=((1970, 1970),))

MONDAY = datetime(2026, 1, 12, tzinfo=UTC)


def times(*ranges: str) -> tuple[tuple[int, int], ...]:
    """Write `22:00-06:00` the way YAML has it, and read it."""
    pairs = (text.split("-") for text in ranges)
    return parse_times([{"start_time": a, "end_time": b} for a, b in pairs])


def utc(text: str) -> datetime:
    """Read an instant, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def stockholm(text: str, fold: int = 0) -> datetime:
    """Read a wall time in Stockholm as an instant, UTC."""
    wall = datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM, fold=fold)
    return wall.astimezone(UTC)


OFFICE = TimeInterval(
    times=times("09:00-17:00"), weekdays=parse_weekdays(["monday:friday"])
)
FRIDAY_NIGHT = TimeInterval(
    times=times("22:00-06:00"), weekdays=parse_weekdays(["friday"])
)
NIGHT = TimeInterval(times=times("22:00-06:00"), location=STOCKHOLM)


@pytest.mark.parametrize(
    ("interval", "at", "expected"),
    [
        pytest.param(ALWAYS, "2026-01-12 00:00", True, id="no-fields-fit-always"),
        pytest.param(OFFICE, "2026-01-12 09:00", True, id="start-is-included"),
        pytest.param(OFFICE, "2026-01-12 08:59:59", False, id="before-the-start"),
        pytest.param(OFFICE, "2026-01-12 16:59:59", True, id="last-second"),
        pytest.param(OFFICE, "2026-01-12 17:00", False, id="end-is-excluded"),
        pytest.param(OFFICE, "2026-01-17 12:00", False, id="saturday"),
        pytest.param(
            TimeInterval(times=times("18:00-24:00")),
            "2026-01-12 23:59:59",
            True,
            id="until-midnight",
        ),
        pytest.param(
            TimeInterval(times=times("18:00-24:00")),
            "2026-01-13 00:00",
            False,
            id="midnight-is-tomorrow",
        ),
        pytest.param(
            TimeInterval(times=times("18:00-00:00")),
            "2026-01-12 23:59:59",
            True,
            id="until-midnight-written-as-zero",
        ),
        pytest.param(
            TimeInterval(times=times("18:00-00:00")),
            "2026-01-13 00:00",
            False,
            id="zero-is-excluded-too",
        ),
        pytest.param(FRIDAY_NIGHT, "2026-01-16 22:00", True, id="friday-evening"),
        pytest.param(FRIDAY_NIGHT, "2026-01-17 05:59", True, id="saturday-morning"),
        pytest.param(FRIDAY_NIGHT, "2026-01-17 06:00", False, id="saturday-at-six"),
        pytest.param(FRIDAY_NIGHT, "2026-01-16 05:59", False, id="friday-morning"),
        pytest.param(FRIDAY_NIGHT, "2026-01-17 22:00", False, id="saturday-evening"),
        pytest.param(
            TimeInterval(times=times("22:00-06:00"), days_of_month=((-1, -1),)),
            "2026-02-01 03:00",
            True,
            id="night-of-the-last-day-runs-into-the-next-month",
        ),
        pytest.param(
            TimeInterval(times=times("22:00-06:00"), years=((2025, 2025),)),
            "2026-01-01 03:00",
            True,
            id="new-years-night-belongs-to-the-old-year",
        ),
        pytest.param(
            TimeInterval(days_of_month=((-3, -1),)), "2026-02-26", True, id="from-end"
        ),
        pytest.param(
            TimeInterval(days_of_month=((-3, -1),)), "2026-02-25", False, id="too-far"
        ),
        pytest.param(
            TimeInterval(days_of_month=((-31, -1),)), "2026-02-01", True, id="clamped"
        ),
        pytest.param(
            TimeInterval(days_of_month=((29, 31),)),
            "2026-02-28",
            False,
            id="a-day-this-month-has-not",
        ),
        pytest.param(
            TimeInterval(days_of_month=((25, -1),)), "2026-02-28", True, id="to-end"
        ),
        pytest.param(TimeInterval(months=((11, 12),)), "2026-12-31", True, id="month"),
        pytest.param(
            TimeInterval(months=((11, 12),)), "2026-10-31", False, id="other-month"
        ),
        pytest.param(
            TimeInterval(months=((1, 1), (12, 12))),
            "2026-12-01",
            True,
            id="second-span",
        ),
        pytest.param(
            TimeInterval(weekdays=((0, 0),)), "2026-01-11", True, id="sunday-is-zero"
        ),
        pytest.param(
            TimeInterval(weekdays=((0, 0),), months=((2, 2),)),
            "2026-01-11",
            False,
            id="fields-must-agree",
        ),
        pytest.param(NIGHT, "2026-01-12 21:00", True, id="on-the-zones-own-clock"),
        pytest.param(NIGHT, "2026-07-12 20:00", True, id="in-summer-time-too"),
    ],
)
def test_contains(interval: TimeInterval, at: str, expected: bool) -> None:
    """Fields are ANDed, spans ORed, and a night belongs to the day it began."""
    assert interval.contains(utc(at)) is expected


def test_any_aware_time_will_do() -> None:
    """The instant counts, not the zone it is written in."""
    at = datetime(2026, 1, 12, 23, 30, tzinfo=timezone(timedelta(hours=14)))

    assert OFFICE.contains(at)


@pytest.mark.parametrize(
    ("mute", "active", "expected"),
    [
        pytest.param([], [], True, id="no-intervals"),
        pytest.param([NEVER], [], True, id="not-muted"),
        pytest.param([NEVER, ALWAYS], [], False, id="one-mutes"),
        pytest.param([], [NEVER], False, id="not-active"),
        pytest.param([], [NEVER, ALWAYS], True, id="one-is-active"),
        pytest.param([ALWAYS], [ALWAYS], False, id="mute-wins"),
    ],
)
def test_is_open(
    mute: list[TimeInterval], active: list[TimeInterval], expected: bool
) -> None:
    """Open is not muted, and active where anything says when to be."""
    assert is_open(mute, active, MONDAY) is expected


@pytest.mark.parametrize(
    ("mute", "active", "at", "expected"),
    [
        pytest.param(
            [], [], utc("2026-01-12 03:00:07"), utc("2026-01-12 03:00:07"), id="now"
        ),
        pytest.param(
            [NIGHT],
            [],
            stockholm("2026-01-12 23:15:42"),
            stockholm("2026-01-13 06:00"),
            id="when-the-night-ends",
        ),
        pytest.param(
            [],
            [OFFICE],
            utc("2026-01-16 17:00"),
            utc("2026-01-19 09:00"),
            id="after-the-weekend",
        ),
        pytest.param(
            [TimeInterval(times=times("09:00-12:00"))],
            [OFFICE],
            utc("2026-01-16 18:00"),
            utc("2026-01-19 12:00"),
            id="active-but-muted-until-noon",
        ),
        pytest.param(
            [
                TimeInterval(times=times("00:00-08:00")),
                TimeInterval(times=times("07:00-10:00")),
                TimeInterval(times=times("10:00-10:30")),
            ],
            [],
            utc("2026-01-12 01:00"),
            utc("2026-01-12 10:30"),
            id="mutes-that-overlap",
        ),
        pytest.param(
            [TimeInterval(weekdays=((1, 5),))],
            [],
            utc("2026-01-12 12:00"),
            utc("2026-01-17 00:00"),
            id="whole-days",
        ),
        pytest.param(
            [],
            [TimeInterval(months=((1, 1),), days_of_month=((1, 1),))],
            utc("2026-01-02 00:00"),
            utc("2027-01-01 00:00"),
            id="once-a-year",
        ),
        pytest.param(
            [],
            [TimeInterval(times=times("02:15-02:45"), location=STOCKHOLM)],
            stockholm("2026-03-28 12:00"),
            stockholm("2026-03-30 02:15"),
            id="a-window-the-clocks-jump-over",
        ),
        pytest.param(
            [],
            [TimeInterval(times=times("02:30-04:00"), location=STOCKHOLM)],
            stockholm("2026-03-28 12:00"),
            stockholm("2026-03-29 03:00"),
            id="a-window-whose-start-is-jumped-over",
        ),
        pytest.param(
            [TimeInterval(times=times("01:00-02:30"), location=STOCKHOLM)],
            [],
            stockholm("2026-03-29 01:30"),
            stockholm("2026-03-29 03:00"),
            id="a-mute-whose-end-is-jumped-over",
        ),
        pytest.param(
            [],
            [TimeInterval(times=times("02:00-02:30"), location=STOCKHOLM)],
            stockholm("2026-10-25 02:30"),
            stockholm("2026-10-25 02:00", fold=1),
            id="a-window-that-comes-twice",
        ),
        pytest.param(
            [TimeInterval(times=times("01:00-04:00"), location=STOCKHOLM)],
            [],
            stockholm("2026-10-25 01:30"),
            stockholm("2026-10-25 04:00"),
            id="a-night-of-25-hours",
        ),
    ],
)
def test_next_open(
    mute: list[TimeInterval],
    active: list[TimeInterval],
    at: datetime,
    expected: datetime,
) -> None:
    """The first instant at which a route may speak."""
    assert next_open(mute, active, at) == expected


@pytest.mark.parametrize(
    ("mute", "active"),
    [
        pytest.param([ALWAYS], [], id="always-muted"),
        pytest.param([], [NEVER], id="never-active"),
        pytest.param([OFFICE], [OFFICE], id="active-only-when-muted"),
        pytest.param(
            [], [TimeInterval(years=((2028, 2028),))], id="active-in-two-years"
        ),
        pytest.param(
            [], [TimeInterval(months=((2, 2),), days_of_month=((30, 31),))], id="30-feb"
        ),
    ],
)
def test_what_opens_too_late_does_not_open(
    mute: list[TimeInterval], active: list[TimeInterval]
) -> None:
    """None: not within 400 days."""
    assert next_open(mute, active, MONDAY) is None


def spans(low: int, high: int) -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
    """Draw up to two inclusive spans, or none."""
    span = st.tuples(st.integers(low, high), st.integers(low, high))
    return st.lists(span.map(lambda pair: (min(pair), max(pair))), max_size=2).map(
        tuple
    )


MINUTES = st.integers(0, 47).map(lambda half_hours: half_hours * 30)
INTERVALS = st.builds(
    TimeInterval,
    times=st.lists(
        st.tuples(MINUTES, MINUTES).filter(lambda pair: pair[0] != pair[1]), max_size=2
    ).map(tuple),
    weekdays=spans(0, 6),
    days_of_month=spans(25, 31) | st.just(()),
    location=st.sampled_from([UTC, STOCKHOLM, NEW_YORK, LORD_HOWE]),
)
CLOCK_CHANGES = [
    utc("2026-03-29 01:00"),
    utc("2026-10-25 01:00"),
    utc("2026-03-08 07:00"),
    utc("2026-11-01 06:00"),
    utc("2026-04-04 15:00"),
    utc("2026-10-03 15:30"),
]


def walked(
    mute: Sequence[TimeInterval], active: Sequence[TimeInterval], at: datetime
) -> datetime | None:
    """Find the next opening minute by minute, over two days."""
    if is_open(mute, active, at):
        return at
    start = at.replace(second=0)
    for minutes in range(1, 2 * 24 * 60):
        if is_open(mute, active, start + minutes * MINUTE):
            return start + minutes * MINUTE
    return None


@settings(max_examples=150, deadline=None)
@given(
    mute=st.lists(INTERVALS, max_size=2),
    active=st.lists(INTERVALS, max_size=2),
    change=st.sampled_from(CLOCK_CHANGES),
    seconds=st.integers(-36 * 3600, 12 * 3600),
)
def test_leaps_and_steps_come_to_the_same_minute(
    mute: list[TimeInterval],
    active: list[TimeInterval],
    change: datetime,
    seconds: int,
) -> None:
    """Around every change of clocks, the answer is that of asking each minute."""
    at = change + timedelta(seconds=seconds)
    expected = walked(mute, active, at)

    found = next_open(mute, active, at)

    if expected is None:
        assert found is None or found >= at + timedelta(days=2) - MINUTE
    else:
        assert found == expected


@settings(max_examples=200, deadline=None)
@given(
    mute=st.lists(INTERVALS, max_size=2),
    active=st.lists(INTERVALS, max_size=2),
    days=st.integers(0, 400),
)
def test_an_opening_is_open_and_the_minute_before_is_not(
    mute: list[TimeInterval], active: list[TimeInterval], days: int
) -> None:
    """Whatever is found is the edge of an opening, within the horizon."""
    at = MONDAY + timedelta(days=days)

    found = next_open(mute, active, at)

    if found is not None and found != at:
        assert at < found <= at + HORIZON
        assert is_open(mute, active, found)
        assert not is_open(mute, active, found - timedelta(seconds=1))
