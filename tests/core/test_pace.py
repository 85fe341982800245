"""How many SMS one person gets in any minute, ten minutes and hour."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.pace import DEFAULT_LIMITS, Go, Limit, Pace, Until, may_send
from alertbridge.core.severity import Severity

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
MINUTE, TEN_MINUTES, HOUR = DEFAULT_LIMITS
SIX = Limit(limit=6, window=timedelta(minutes=10), kept_for_critical=2)


def ago(*minutes: float) -> list[datetime]:
    """SMS so many minutes ago."""
    return [NOW - timedelta(minutes=minute) for minute in minutes]


def after(minutes: float, limit: Limit) -> Until:
    """Not before so many minutes from now, by this limit."""
    return Until(NOW + timedelta(minutes=minutes), limit)


def every(minutes: float, amount: int) -> list[datetime]:
    """So many SMS, the last one a step ago."""
    return ago(*(minutes * step for step in range(1, amount + 1)))


HIGH, LOW, CRITICAL = Severity.HIGH, Severity.LOW, Severity.CRITICAL
ONE: dict[str, tuple[list[datetime], Severity, Go | Until]] = {
    "nothing sent": ([], LOW, Go()),
    "three sent, not critical": (ago(1, 2, 3), HIGH, Go()),
    "four sent, not critical": (ago(1, 2, 3, 4), HIGH, after(6, SIX)),
    "four sent, critical": (ago(1, 2, 3, 4), CRITICAL, Go()),
    "six sent, critical": (ago(1, 2, 3, 4, 5, 6), CRITICAL, after(4, SIX)),
    "six sent, not critical": (ago(1, 2, 3, 4, 5, 6), LOW, after(6, SIX)),
    "a place is free after a whole window": (ago(1, 2, 3, 10), HIGH, Go()),
    "a moment before it is not": (ago(1, 2, 3, 9.99), HIGH, after(0.01, SIX)),
}


@pytest.mark.parametrize(("sent", "severity", "expected"), ONE.values(), ids=ONE)
def test_one_limit(
    sent: list[datetime], severity: Severity, expected: Go | Until
) -> None:
    """Six in ten minutes, two of them for critical."""
    assert may_send(sent, severity, Pace((SIX,)), NOW) == expected


SEVERAL: dict[str, tuple[list[datetime], Severity, Go | Until]] = {
    "the first goes at once": ([], LOW, Go()),
    "a second waits for its minute": (ago(0.25), HIGH, after(0.75, MINUTE)),
    "a second that is critical does not": (ago(0.25), CRITICAL, Go()),
    "a third in a minute does": (ago(0.25, 0.5), CRITICAL, after(0.5, MINUTE)),
    "a whole minute is enough": (ago(1), HIGH, Go()),
    "four in ten minutes": (every(2, 4), HIGH, after(2, TEN_MINUTES)),
    "fourteen in an hour": (every(4, 14), HIGH, after(4, HOUR)),
    "critical has six more": (every(4, 14), CRITICAL, Go()),
    "the limit that holds longest is named": (
        ago(0.5, *range(5, 57, 4)),
        HIGH,
        after(7, HOUR),
    ),
}


@pytest.mark.parametrize(
    ("sent", "severity", "expected"), SEVERAL.values(), ids=SEVERAL
)
def test_all_limits_hold_at_once(
    sent: list[datetime], severity: Severity, expected: Go | Until
) -> None:
    """By default one a minute, six in ten, twenty an hour, some for critical."""
    assert may_send(sent, severity, Pace(), NOW) == expected


@pytest.mark.parametrize("severity", Severity)
def test_nobody_is_silenced_for_ever_by_the_places_kept(severity: Severity) -> None:
    """A cap as small as what it keeps still lets one through."""
    kept = Limit(limit=1, window=timedelta(minutes=10), kept_for_critical=2)

    assert may_send([], severity, Pace((kept,)), NOW) == Go()


def test_without_limits_everything_goes() -> None:
    """The config wants one; a caller need not."""
    assert may_send(ago(0, 0, 0), LOW, Pace(()), NOW) == Go()
    assert Pace(()).looks_back == timedelta(0)


def test_the_longest_window_says_how_far_back_to_look() -> None:
    """What is older bears on nothing."""
    assert Pace().looks_back == timedelta(hours=1)


LIMITS = st.integers(1, 6).flatmap(
    lambda limit: st.builds(
        Limit,
        limit=st.just(limit),
        window=st.sampled_from([60, 90, 120, 300, 600]).map(
            lambda seconds: timedelta(seconds=seconds)
        ),
        kept_for_critical=st.integers(0, limit - 1),
    )
)
ASKED = st.lists(
    st.tuples(st.integers(0, 1800), st.sampled_from(Severity)), max_size=60
).map(sorted)


def let_go(asked: list[tuple[int, Severity]], pace: Pace) -> list[datetime]:
    """Send whenever it is allowed."""
    sent: list[datetime] = []
    for second, severity in asked:
        now = NOW + timedelta(seconds=second)
        if may_send(sent, severity, pace, now) == Go():
            sent.append(now)
    return sent


@given(ASKED, st.lists(LIMITS, max_size=3).map(tuple))
def test_no_window_holds_more_than_any_limit(
    asked: list[tuple[int, Severity]], limits: tuple[Limit, ...]
) -> None:
    """Whenever somebody asks, the SMS that leave stay within every cap."""
    sent = let_go(asked, Pace(limits))

    for limit in limits:
        for at in sent:
            inside = sum(at <= other < at + limit.window for other in sent)
            assert inside <= limit.limit


@given(ASKED, st.lists(LIMITS, min_size=1, max_size=3).map(tuple), st.data())
def test_until_is_exact(
    asked: list[tuple[int, Severity]], limits: tuple[Limit, ...], data: st.DataObject
) -> None:
    """At the time it names the SMS may leave, and a moment before it may not."""
    pace = Pace(limits)
    sent = let_go(asked, pace)
    severity = data.draw(st.sampled_from(Severity))
    now = NOW + timedelta(seconds=data.draw(st.integers(0, 1800)))
    answer = may_send(sent, severity, pace, now)

    if isinstance(answer, Until):
        moment = timedelta(microseconds=1)
        assert answer.at > now
        assert answer.limit in limits
        assert may_send(sent, severity, pace, answer.at) == Go()
        assert may_send(sent, severity, pace, answer.at - moment) != Go()


@given(ASKED, LIMITS, LIMITS, st.sampled_from(Severity), st.integers(0, 1800))
def test_a_pointless_limit_changes_no_answer(
    asked: list[tuple[int, Severity]],
    kept: Limit,
    other: Limit,
    severity: Severity,
    second: int,
) -> None:
    """What the check of the config calls pointless can be left out."""
    alone, both = Pace((kept,)), Pace((kept, other))
    now = NOW + timedelta(seconds=second)
    sent = [at for at in let_go(asked, alone) if at <= now]

    if other.is_pointless_beside(kept):
        assert let_go(asked, alone) == let_go(asked, both)
        said = may_send(sent, severity, both, now)
        assert isinstance(said, Go) == isinstance(
            may_send(sent, severity, alone, now), Go
        )


POINTLESS: dict[str, tuple[Limit, Limit, bool]] = {
    "as many in a longer window": (
        Limit(limit=6, window=timedelta(minutes=1)),
        Limit(limit=6, window=timedelta(minutes=10)),
        True,
    ),
    "as many as the shorter allows anyway": (
        Limit(limit=60, window=timedelta(hours=1)),
        Limit(limit=1, window=timedelta(minutes=1)),
        True,
    ),
    "fewer than the shorter allows": (
        Limit(limit=59, window=timedelta(hours=1)),
        Limit(limit=1, window=timedelta(minutes=1)),
        False,
    ),
    "it keeps more for critical": (
        Limit(limit=6, window=timedelta(minutes=10), kept_for_critical=3),
        Limit(limit=6, window=timedelta(minutes=10), kept_for_critical=2),
        False,
    ),
    "a window and a half count as two": (
        Limit(limit=3, window=timedelta(minutes=15)),
        Limit(limit=2, window=timedelta(minutes=10)),
        False,
    ),
}


@pytest.mark.parametrize(
    ("limit", "other", "pointless"), POINTLESS.values(), ids=POINTLESS
)
def test_pointless(limit: Limit, other: Limit, pointless: bool) -> None:
    """A limit beside one that already keeps it."""
    assert limit.is_pointless_beside(other) is pointless


def test_no_default_limit_is_pointless() -> None:
    """Each of the three holds something that the others let go."""
    pairs = [
        (limit, other)
        for limit in DEFAULT_LIMITS
        for other in DEFAULT_LIMITS
        if limit is not other
    ]

    assert not any(limit.is_pointless_beside(other) for limit, other in pairs)


def ignores_what_is_kept(self: Limit, severity: Severity) -> int:
    """Mutant: a storm of warnings takes the places of the critical page."""
    return self.limit


def holds_for_a_moment_more(
    self: Limit, newest_first: Sequence[datetime], severity: Severity
) -> datetime | None:
    """Mutant: the end of a window is not free yet."""
    allowed = self.for_severity(severity)
    if len(newest_first) < allowed:
        return None
    return newest_first[allowed - 1] + self.window + timedelta(microseconds=1)


def counts_one_less(
    self: Limit, newest_first: Sequence[datetime], severity: Severity
) -> datetime | None:
    """Mutant: one more than the limit fits."""
    allowed = self.for_severity(severity) + 1
    return None if len(newest_first) < allowed else newest_first[-1] + self.window


def looks_at_a_minute(
    self: Limit, newest_first: Sequence[datetime], severity: Severity
) -> datetime | None:
    """Mutant: of the list only the first limit holds."""
    allowed = self.for_severity(severity)
    if self.window > timedelta(minutes=1) or len(newest_first) < allowed:
        return None
    return newest_first[allowed - 1] + self.window


Table = dict[str, tuple[list[datetime], Severity, Go | Until]]
MUTANTS: dict[str, tuple[str, Callable[..., object], Table, Pace]] = {
    "what is kept is ignored": ("for_severity", ignores_what_is_kept, SEVERAL, Pace()),
    "the end is inclusive": ("frees_at", holds_for_a_moment_more, ONE, Pace((SIX,))),
    "one more fits": ("frees_at", counts_one_less, SEVERAL, Pace()),
    "the longer windows are forgotten": (
        "frees_at",
        looks_at_a_minute,
        SEVERAL,
        Pace(),
    ),
}


@pytest.mark.parametrize(
    ("name", "mutant", "table", "pace"), MUTANTS.values(), ids=MUTANTS
)
def test_a_broken_cap_is_seen(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    mutant: Callable[..., object],
    table: Table,
    pace: Pace,
) -> None:
    """Each mutant gets an answer of the tables above wrong."""
    monkeypatch.setattr(Limit, name, mutant)

    wrong = [
        case
        for case, (sent, severity, expected) in table.items()
        if may_send(sent, severity, pace, NOW) != expected
    ]

    assert wrong
