"""What the readings of an account say of it, and what they do not."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis.strategies import floats, integers, lists, tuples

from alertbridge.core.balance import (
    WINDOW,
    Balance,
    Reading,
    Standing,
    days_left,
    keep_reading,
    standing,
)

T0 = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def read(*amounts: float, every: timedelta = DAY) -> tuple[Reading, ...]:
    """Readings, one a day."""
    return tuple(Reading(T0 + n * every, amount) for n, amount in enumerate(amounts))


@pytest.mark.parametrize(
    ("amounts", "days"),
    [
        pytest.param([100, 90], 9, id="ten-a-day"),
        pytest.param([100, 90, 90, 90], 27, id="ten-in-three-days"),
        pytest.param([100, 90, 590, 580], 87, id="a-top-up-is-no-burn"),
        pytest.param([10, 0], 0, id="empty"),
        pytest.param([10, -2], 0, id="below-nothing"),
        pytest.param([100, 100], None, id="nothing-was-spent"),
        pytest.param([100], None, id="one-reading"),
        pytest.param([], None, id="none"),
    ],
)
def test_how_long_it_lasts(amounts: Sequence[float], days: float | None) -> None:
    """As it burned, over what was seen of the last seven days."""
    assert days_left(read(*amounts)) == (None if days is None else pytest.approx(days))


def test_one_night_is_not_a_week() -> None:
    """A storm in the first hours would say that it lasts till noon."""
    storm = read(100, 80, 60, every=timedelta(hours=1))

    assert days_left(storm) is None


@pytest.mark.parametrize(
    ("amounts", "warning", "said"),
    [
        pytest.param([100, 90], None, Standing.ENOUGH, id="nine-days"),
        pytest.param([70, 60], None, Standing.LOW, id="six-days"),
        pytest.param([85, 75], None, Standing.UNSURE, id="seven-and-a-half"),
        pytest.param([70, 60, 1000], None, Standing.ENOUGH, id="topped-up"),
        pytest.param([100, 100], None, Standing.ENOUGH, id="nothing-spent"),
        pytest.param([100], None, Standing.ENOUGH, id="burn-not-known-yet"),
        pytest.param([100], 200, Standing.LOW, id="below-the-amount"),
        pytest.param([200], 200, Standing.ENOUGH, id="at-the-amount"),
        pytest.param([1], 0, Standing.ENOUGH, id="an-amount-of-zero"),
        pytest.param([5, 0], None, Standing.LOW, id="empty"),
        pytest.param([0, 0], None, Standing.UNSURE, id="never-held-anything"),
        pytest.param([-3, -9], None, Standing.UNSURE, id="paid-by-invoice"),
        pytest.param([-3, -9], -5, Standing.LOW, id="invoice-with-an-amount"),
        pytest.param([-3, -4], -5, Standing.ENOUGH, id="invoice-above-it"),
        pytest.param([], None, Standing.UNSURE, id="nothing-known"),
    ],
)
def test_what_is_said(
    amounts: Sequence[float], warning: float | None, said: Standing
) -> None:
    """Low below seven days or the config's amount; over from eight days on."""
    assert standing(read(*amounts), warning) is said


def test_a_week_is_kept_and_no_more() -> None:
    """Hourly readings: what is older counts no more."""
    readings: tuple[Reading, ...] = ()
    for hour in range(24 * 30):
        new = Reading(T0 + timedelta(hours=hour), 100)
        readings = keep_reading(readings, new)

    assert len(readings) == 24 * 7 + 1
    assert readings[-1].at - readings[0].at == WINDOW


def test_a_clock_that_was_set_back_forgets_the_future() -> None:
    """A reading from tomorrow would say that something burned in no time."""
    tomorrow = Reading(T0 + DAY, 100)
    now = Reading(T0, 90)

    assert keep_reading([tomorrow], now) == (now,)


@given(
    lists(
        tuples(integers(1, 48), floats(-1000, 1000, allow_nan=False)),
        min_size=1,
        max_size=60,
    )
)
def test_the_readings_stay_in_order_and_the_days_are_never_negative(
    steps: list[tuple[int, float]],
) -> None:
    """Whatever an account does."""
    at, readings = T0, tuple[Reading, ...]()
    for hours, amount in steps:
        at += timedelta(hours=hours)
        readings = keep_reading(readings, Reading(at, amount))
        lasts = days_left(readings)

        assert [one.at for one in readings] == sorted(one.at for one in readings)
        assert lasts is None or lasts >= 0


def test_a_balance_is_shown_with_its_currency() -> None:
    """As people write it."""
    assert str(Balance(41.2, "SEK")) == "41.20 SEK"
    assert str(Balance(3)) == "3.00 units"
