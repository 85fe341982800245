"""When a test page leaves, and what counts as its arrival."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.drill import (
    LATEST,
    Drill,
    Heard,
    Turn,
    is_due,
    last_turn,
    missed,
    next_turn,
)
from alertbridge.core.recipient import ReceiverName, RecipientName

STOCKHOLM = ZoneInfo("Europe/Stockholm")
ANNA = RecipientName("anna")


def drill(*turns: Turn, zone: ZoneInfo = STOCKHOLM) -> Drill:
    """A schedule by Stockholm's clock; Monday at ten unless told otherwise."""
    return Drill(
        receiver=ReceiverName("sre"),
        turns=turns or (Turn(0, 600),),
        timezone=zone,
    )


def at(text: str) -> datetime:
    """A time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_clock_on_the_wall_counts() -> None:
    """Ten in Stockholm is nine in winter and eight in summer."""
    assert last_turn(drill(), at("2026-03-25 12:00")) == at("2026-03-23 09:00")
    assert next_turn(drill(), at("2026-03-25 12:00")) == at("2026-03-30 08:00")


def test_a_time_that_is_left_out_is_an_hour_later() -> None:
    """On 29 March 2026 no clock in Stockholm shows half past two."""
    sunday = drill(Turn(6, 150))

    assert next_turn(sunday, at("2026-03-28 12:00")) == at("2026-03-29 01:30")


def test_it_leaves_once_for_each_time() -> None:
    """Not before it, and not again after it."""
    turn = at("2026-03-23 09:00")
    before = turn - timedelta(days=7)

    assert not is_due(drill(), before, turn - timedelta(seconds=1))
    assert is_due(drill(), before, turn)
    assert not is_due(drill(), turn, turn + timedelta(hours=1))


def test_what_was_missed_for_long_is_not_made_up_for() -> None:
    """Who was down at ten on Monday is not woken on Tuesday night."""
    turn = at("2026-03-23 09:00")
    before = turn - timedelta(days=7)

    assert is_due(drill(), before, turn + LATEST)
    assert not is_due(drill(), before, turn + LATEST + timedelta(seconds=1))


@given(
    now=st.datetimes(
        min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - Hypothesis wants it so
        max_value=datetime(2030, 12, 31),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    turns=st.lists(
        st.builds(Turn, st.integers(0, 6), st.integers(0, 1439)),
        min_size=1,
        max_size=4,
    ),
)
def test_now_is_always_between_two_times(now: datetime, turns: list[Turn]) -> None:
    """At most a week apart, and an hour more where clocks change."""
    made = drill(*turns)
    last, following = last_turn(made, now), next_turn(made, now)

    assert last <= now < following
    assert following - last <= timedelta(days=7, hours=1)


@pytest.mark.parametrize(
    ("state", "reason", "arrived"),
    [
        ("told", "delivered", True),
        ("told", "accepted", False),
        ("told", "unconfirmed", False),
        ("told", "undelivered", False),
        ("dead", "undelivered", False),
        ("waiting", "deferred", False),
    ],
)
def test_only_delivered_counts(state: str, reason: str, *, arrived: bool) -> None:
    """Accepted is the provider's word, and proves half the way."""
    heard = Heard(ANNA, state, reason)

    assert missed([heard]) == (() if arrived else (heard,))
