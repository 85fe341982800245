"""Requests begun in any window stay below what the account allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.engine.rate import WINDOW, Rate


@given(
    st.integers(1, 40),
    st.lists(st.floats(0, 5), max_size=300).map(sorted),
    st.lists(st.floats(-2, 0), max_size=30),
)
def test_no_window_holds_more_than_the_limit(
    per_second: int, asked: list[float], before: list[float]
) -> None:
    """Whenever somebody asks, and whatever had begun before a restart."""
    rate = Rate(per_second, before)
    begun: list[float] = []
    for now in asked:
        if rate.places(now) > 0:
            rate.take(now)
            begun.append(now)

    for end in begun:
        window = [at for at in begun if end - 1.0 <= at <= end]
        assert len(window) <= max(1, per_second)


@given(st.integers(1, 40), st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_after_the_wait_there_is_a_place(per_second: int, begun: list[float]) -> None:
    """Who waits as long as he is told does not ask in vain."""
    rate = Rate(per_second, begun)
    wait = rate.wait(1.0)

    assert rate.places(1.0 + wait + 1e-9) > 0


def test_a_free_account_needs_no_wait() -> None:
    """Nothing has begun: now."""
    assert Rate(30).wait(0.0) == 0.0


def test_what_began_before_a_restart_counts() -> None:
    """A crash loop is no way around the limit."""
    rate = Rate(10, [0.0] * 9)

    assert rate.places(0.5) == 0
    assert rate.wait(0.5) == pytest.approx(WINDOW - 0.5)


def test_a_changed_limit_keeps_the_count() -> None:
    """A reload does not open a second window."""
    rate = Rate(10, [0.0] * 5)
    rate.allow(20)

    assert rate.places(0.5) == 18 - 5
