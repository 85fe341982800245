"""Time interval fields are read as Alertmanager's documentation writes them."""

from collections.abc import Callable

import pytest

from alertbridge.core.interval_syntax import (
    IntervalError,
    Span,
    parse_days_of_month,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
)

Parser = Callable[[object], tuple[Span, ...]]


def window(start: object, end: object) -> list[dict[str, object]]:
    """Write a `times` list with one entry."""
    return [{"start_time": start, "end_time": end}]


@pytest.mark.parametrize(
    ("parse", "value", "expected"),
    [
        pytest.param(parse_times, window("09:00", "17:30"), [(540, 1050)], id="times"),
        pytest.param(parse_times, window("00:00", "24:00"), [(0, 1440)], id="all-day"),
        pytest.param(parse_times, window("22:00", "06:00"), [(1320, 360)], id="night"),
        pytest.param(parse_times, window("22:00", "00:00"), [(1320, 0)], id="to-zero"),
        pytest.param(parse_weekdays, ["monday:friday"], [(1, 5)], id="weekdays"),
        pytest.param(parse_weekdays, ["Sunday"], [(0, 0)], id="capital-letter"),
        pytest.param(
            parse_weekdays, ["sunday:monday", "saturday"], [(0, 1), (6, 6)], id="two"
        ),
        pytest.param(parse_months, ["january:march"], [(1, 3)], id="months"),
        pytest.param(parse_months, ["4:june", 12], [(4, 6), (12, 12)], id="numbers"),
        pytest.param(parse_years, ["2026:2028", 2030], [(2026, 2028), (2030, 2030)]),
        pytest.param(
            parse_days_of_month, ["1:5", "-3:-1", 17], [(1, 5), (-3, -1), (17, 17)]
        ),
        pytest.param(parse_days_of_month, ["28:-1"], [(28, -1)], id="day-28-to-end"),
        pytest.param(parse_days_of_month, ["1 : 5"], [(1, 5)], id="spaces"),
    ],
)
def test_fields_are_read(parse: Parser, value: object, expected: list[Span]) -> None:
    """Ranges are inclusive, single values are ranges of one."""
    assert parse(value) == tuple(expected)


@pytest.mark.parametrize(
    ("parse", "value", "problem"),
    [
        pytest.param(parse_times, window("9:00", "17:00"), "time of day", id="9:00"),
        pytest.param(parse_times, window("09:60", "17:00"), "time of day", id="09:60"),
        pytest.param(parse_times, window("09:00", "24:01"), "time of day", id="24:01"),
        pytest.param(parse_times, window("٠٩:٠٠", "17:00"), "time of day", id="arabic"),
        pytest.param(parse_times, window(1020, "18:00"), "time of day", id="not-text"),
        pytest.param(parse_times, window("09:00", "09:00"), "no time", id="no-length"),
        pytest.param(parse_times, window("24:00", "06:00"), "no time", id="from-24:00"),
        pytest.param(parse_times, [{"start_time": "09:00"}], "end_time", id="no-end"),
        pytest.param(parse_times, ["09:00-17:00"], "start_time", id="text-for-a-map"),
        pytest.param(parse_weekdays, ["mon"], "day of the week", id="short-day"),
        pytest.param(parse_weekdays, [1], "day of the week", id="number-of-a-day"),
        pytest.param(parse_weekdays, ["friday:sunday"], "backwards", id="over-sunday"),
        pytest.param(parse_weekdays, ["a:b:c"], "day of the week", id="two-colons"),
        pytest.param(parse_weekdays, "monday", "expected a list", id="not-a-list"),
        pytest.param(parse_weekdays, [], "empty", id="empty-list"),
        pytest.param(parse_weekdays, None, "expected a list", id="nothing"),
        pytest.param(parse_months, ["13"], "month", id="month-13"),
        pytest.param(parse_months, ["0:3"], "month", id="month-0"),
        pytest.param(parse_months, ["november:january"], "backwards", id="new-year"),
        pytest.param(parse_years, ["2028:2026"], "backwards", id="years-backwards"),
        pytest.param(parse_years, [True], "year", id="a-truth-is-no-year"),
        pytest.param(parse_years, ["20_26"], "year", id="underscore"),
        pytest.param(parse_days_of_month, ["0"], "day of the month", id="day-0"),
        pytest.param(parse_days_of_month, ["1:32"], "day of the month", id="day-32"),
        pytest.param(parse_days_of_month, ["-1:3"], "backwards", id="end-to-start"),
        pytest.param(parse_days_of_month, ["5:1"], "backwards", id="days-backwards"),
        pytest.param(
            parse_days_of_month, ["30:-1"], "backwards", id="none-in-february"
        ),
        pytest.param(parse_days_of_month, [""], "day of the month", id="blank"),
    ],
)
def test_what_cannot_be_read_is_refused(
    parse: Parser, value: object, problem: str
) -> None:
    """The error says what is wrong."""
    with pytest.raises(IntervalError, match=problem):
        parse(value)


def test_an_error_says_which_entry_and_how_to_mend_it() -> None:
    """A loader can point at the entry, and show the fix."""
    with pytest.raises(IntervalError) as caught:
        parse_weekdays(["monday", "friday:sunday"])

    assert caught.value.index == 1
    assert caught.value.fix == (
        "a week runs from sunday to saturday; split it in two ranges"
    )
