"""How many SMS one person gets in any ten minutes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.pace import Go, Pace, Until, may_send
from alertbridge.core.severity import Severity

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
PACE = Pace()


def ago(*minutes: float) -> list[datetime]:
    """SMS so many minutes ago."""
    return [NOW - timedelta(minutes=minute) for minute in minutes]


def after(minutes: float) -> Until:
    """Not before so many minutes from now."""
    return Until(NOW + timedelta(minutes=minutes))


CASES: dict[str, tuple[list[datetime], Severity, Go | Until]] = {
    "nothing sent": ([], Severity.LOW, Go()),
    "three sent, not critical": (ago(1, 2, 3), Severity.HIGH, Go()),
    "four sent, not critical": (ago(1, 2, 3, 4), Severity.HIGH, after(6)),
    "four sent, critical": (ago(1, 2, 3, 4), Severity.CRITICAL, Go()),
    "six sent, critical": (ago(1, 2, 3, 4, 5, 6), Severity.CRITICAL, after(4)),
    "six sent, not critical": (ago(1, 2, 3, 4, 5, 6), Severity.LOW, after(6)),
    "a place is free after a whole window": (ago(1, 2, 3, 10), Severity.HIGH, Go()),
    "a moment before it is not": (ago(1, 2, 3, 9.99), Severity.HIGH, after(0.01)),
}


@pytest.mark.parametrize(("sent", "severity", "expected"), CASES.values(), ids=CASES)
def test_the_cap(
    sent: list[datetime], severity: Severity, expected: Go | Until
) -> None:
    """Six in ten minutes, two of them for critical."""
    assert may_send(sent, severity, PACE, NOW) == expected


@pytest.mark.parametrize("severity", Severity)
def test_nobody_is_silenced_for_ever_by_the_places_kept(severity: Severity) -> None:
    """A cap as small as what it keeps still lets one through."""
    assert may_send([], severity, Pace(limit=1, kept_for_critical=2), NOW) == Go()


@given(st.lists(st.integers(0, 3600), max_size=60).map(sorted), st.data())
def test_no_window_holds_more_than_the_cap(
    asked: list[int], data: st.DataObject
) -> None:
    """Whenever somebody asks, the SMS that leave stay within any window's cap."""
    sent: list[datetime] = []
    for second in asked:
        now = NOW + timedelta(seconds=second)
        severity = data.draw(st.sampled_from(Severity))
        if isinstance(may_send(sent, severity, PACE, now), Go):
            sent.append(now)

    for at in sent:
        assert sum(at <= other < at + PACE.window for other in sent) <= PACE.limit
