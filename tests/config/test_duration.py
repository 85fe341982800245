"""Durations are read as Prometheus writes them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.config.duration import (
    LONGEST,
    DurationError,
    format_duration,
    parse_duration,
)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        pytest.param("30s", timedelta(seconds=30), id="seconds"),
        pytest.param("5m", timedelta(minutes=5), id="minutes"),
        pytest.param("1h30m", timedelta(minutes=90), id="two-units"),
        pytest.param("90d", timedelta(days=90), id="days"),
        pytest.param("2w", timedelta(weeks=2), id="weeks"),
        pytest.param("500ms", timedelta(milliseconds=500), id="milliseconds"),
        pytest.param("1m30s", timedelta(seconds=90), id="m-is-not-ms"),
        pytest.param("0s", timedelta(0), id="zero"),
    ],
)
def test_a_duration_is_read(text: str, span: timedelta) -> None:
    """Whole numbers with units, largest first."""
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text",
    ["", "5", "m", "5 m", "-5m", "1.5h", "30m1h", "5M", "٥m", "5m\n", "9999999w"],
    ids=repr,
)
def test_anything_else_is_refused(text: str) -> None:
    """No guess is made at what was meant."""
    with pytest.raises(DurationError):
        parse_duration(text)


@given(st.timedeltas(timedelta(0), LONGEST))
def test_what_is_written_can_be_read(span: timedelta) -> None:
    """Writing and reading are each other's reverse, to the millisecond."""
    span -= timedelta(microseconds=span.microseconds % 1000)

    assert parse_duration(format_duration(span)) == span
