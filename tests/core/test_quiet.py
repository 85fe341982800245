"""Quiet hours of one person: until when, by which line, and what does not grow old."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.dispatch import draft
from alertbridge.core.interval import HORIZON, TimeInterval
from alertbridge.core.mailbox import Mailbox
from alertbridge.core.message import Draft, Idle
from alertbridge.core.notification import Fact, Kind
from alertbridge.core.quiet import QuietHours, Spared, ages_at, ends_of
from alertbridge.core.quiet_mailbox import rings, sort_out_in_hours
from alertbridge.core.recipient import RecipientName
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity

NOW = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
SEVEN = NOW.replace(hour=7, minute=0)
EIGHT = NOW.replace(hour=8, minute=0)
HOUR = timedelta(hours=1)
NIGHT = TimeInterval(times=((22 * 60, 7 * 60),))
OFFICE = TimeInterval(times=((8 * 60, 17 * 60),))
HOURS = QuietHours(
    quiet=(NIGHT,),
    working=(OFFICE,),
    quiet_where="alertbridge.yaml:12",
    working_where="alertbridge.yaml:13",
)
ANNA = RecipientName("anna")
MakeFact = Callable[..., Fact]


def at(clock: str) -> datetime:
    """A time of the day of the test."""
    hour, minute = clock.split(":")
    return NOW.replace(hour=int(hour), minute=int(minute))


SPARES = {
    "at night": ("03:12", "alertbridge.yaml:12"),
    "before work": ("07:30", "alertbridge.yaml:13"),
}


@pytest.mark.parametrize(("clock", "where"), SPARES.values(), ids=SPARES)
def test_both_kinds_of_hours_hold_and_the_line_says_which(
    clock: str, where: str
) -> None:
    """Until both let go."""
    assert HOURS.spare(at(clock)) == Spared(EIGHT, where)


def test_at_work_she_hears() -> None:
    """And so does whoever has no hours at all."""
    assert HOURS.spare(at("12:00")) is None
    assert QuietHours().spare(NOW) is None


def test_a_night_without_a_morning_lasts_for_a_year() -> None:
    """The mailbox is looked at again, though nothing opens."""
    assert QuietHours(quiet=(TimeInterval(),)).spare(NOW) == Spared(NOW + HORIZON)


ONLY_NIGHT = QuietHours(quiet=(NIGHT,))
AGES = {
    "by day": ("12:00", "13:00", "12:30", "13:00"),
    "ends at night": ("21:59", "22:59", "23:30", "08:00+1"),
    "begins at night": ("23:30", "00:30+1", "02:00+1", "08:00+1"),
    "ends as the night does": ("06:00", "07:00", "06:30", "08:00"),
    "ends as the night begins": ("21:00", "22:00", "22:00", "08:00+1"),
    "was over before it": ("20:30", "21:30", "23:30", "21:30"),
    "begins at the end of it": ("07:00", "08:00", "08:30", "08:00"),
    "begins a minute before its end": ("06:59", "07:59", "07:30", "08:00"),
}


def day(text: str) -> datetime:
    """A time of the day of the test, or of the next."""
    clock, _, days = text.partition("+")
    return at(clock) + timedelta(days=int(days or 0))


@pytest.mark.parametrize(
    ("born", "expires", "now", "expected"), AGES.values(), ids=AGES
)
def test_time_within_the_hours_makes_nothing_older(
    born: str, expires: str, now: str, expected: str
) -> None:
    """A time to live counts from the end of the night it would have run in."""
    found = ages_at(ends_of(ONLY_NIGHT), day(born), day(expires), HOUR, day(now))

    assert found == day(expected)


@given(
    born=st.integers(0, 4 * 24 * 60),
    lasts=st.integers(1, 3 * 24 * 60),
    waited=st.integers(0, 4 * 24 * 60),
)
def test_nothing_is_too_old_while_she_sleeps_nor_before_it_was_so_awake(
    born: int, lasts: int, waited: int
) -> None:
    """The end is never sooner than without the hours, and never within them."""
    start, life = NOW + timedelta(minutes=born), timedelta(minutes=lasts)
    now = start + timedelta(minutes=waited)
    found = ages_at(ends_of(ONLY_NIGHT), start, start + life, life, now)

    assert found >= start + life
    if found <= now:
        assert ONLY_NIGHT.spare(found) is None


@given(st.lists(st.integers(0, 4 * 24 * 60), max_size=20))
def test_what_is_remembered_is_what_would_be_said_again(minutes: list[int]) -> None:
    """In whatever order the instants are asked about."""
    ends = ends_of(HOURS)

    for minute in minutes:
        spared = HOURS.spare(NOW + timedelta(minutes=minute))
        until = None if spared is None else spared.until
        assert ends(NOW + timedelta(minutes=minute)) == until


RINGS: dict[str, tuple[dict[str, object], Severity | None, bool]] = {
    "critical": ({}, Severity.CRITICAL, True),
    "critical, and nothing may": ({}, None, False),
    "high": ({"severity": Severity.HIGH}, Severity.CRITICAL, False),
    "high may": ({"severity": Severity.HIGH}, Severity.HIGH, True),
    "low, and high may": ({"severity": Severity.LOW}, Severity.HIGH, False),
    "low may": ({"severity": Severity.LOW}, Severity.LOW, True),
    "reminder": ({"kind": Kind.REMINDER}, Severity.CRITICAL, True),
    "escalated": ({"kind": Kind.ESCALATED}, Severity.CRITICAL, True),
    "resolved": ({"kind": Kind.RESOLVED}, Severity.LOW, False),
    "asked for": ({"receiver": "", "severity": Severity.LOW}, None, True),
}


@pytest.mark.parametrize(("own", "least", "expected"), RINGS.values(), ids=RINGS)
def test_what_rings_at_night(
    fact: MakeFact, own: dict[str, object], least: Severity | None, expected: bool
) -> None:
    """By severity, never good news, and always what she asked for."""
    hours = replace(ONLY_NIGHT, breaks_through=least)

    assert rings(fact(**own), hours) is expected


@pytest.fixture
def asleep(rules: Rules) -> Rules:
    """Anna sleeps."""
    anna = replace(rules.recipients[ANNA], hours=ONLY_NIGHT)
    return replace(rules, recipients={ANNA: anna})


def box(*facts: Fact) -> Mailbox:
    """Anna's mailbox."""
    return Mailbox(recipient=ANNA, facts=facts)


HIGH = Severity.HIGH


def test_idle_says_when_the_night_ends(fact: MakeFact, asleep: Rules) -> None:
    """Exactly: not when the page would be too old, nor every minute."""
    soon = NOW + timedelta(minutes=10)
    found = draft(box(fact(severity=HIGH, expires=soon)), asleep, NOW)

    assert found == Idle(until=SEVEN)


def test_a_route_may_hold_for_longer_than_the_night(
    fact: MakeFact, asleep: Rules
) -> None:
    """The later of the two counts."""
    held = [fact(1, severity=HIGH, held_until=hour) for hour in (EIGHT, at("05:00"))]

    assert draft(box(held[0]), asleep, NOW) == Idle(until=EIGHT)
    assert draft(box(held[1]), asleep, NOW) == Idle(until=SEVEN)


def test_in_the_morning_the_provider_has_the_morning_to_try(
    fact: MakeFact, asleep: Rules
) -> None:
    """A window that closed at half past four would deliver nothing."""
    page = fact(severity=HIGH, expires=NOW + HOUR)
    found = draft(box(page), asleep, SEVEN)

    assert isinstance(found, Draft)
    assert found.closes_at == EIGHT + timedelta(minutes=1)


def test_without_a_time_to_live_of_the_rules_it_keeps_its_own(
    fact: MakeFact, asleep: Rules
) -> None:
    """A reload took it away; what was written down had two hours."""
    none = replace(asleep.time_to_live, high=None)
    page = fact(severity=HIGH, expires=NOW + 2 * HOUR)
    found = draft(box(page), replace(asleep, time_to_live=none), SEVEN)

    assert isinstance(found, Draft)
    assert found.tells[0].expires_at == SEVEN + 2 * HOUR


def test_good_news_goes_along_and_other_news_does_not(
    fact: MakeFact, asleep: Rules
) -> None:
    """What leaves at night is what rings, and what is over of what she knows."""
    rung = fact(1, episode=1)
    over = fact(2, episode=2, kind=Kind.RESOLVED, heard=True, ends=NOW)
    calm = fact(3, episode=3, severity=HIGH)
    found = sort_out_in_hours(box(rung, over, calm), asleep, NOW)

    assert found.letter.facts == (rung, over)
    assert found.next_change == SEVEN


def test_good_news_alone_stays(fact: MakeFact, asleep: Rules) -> None:
    """Whatever may break through."""
    over = fact(2, kind=Kind.RESOLVED, heard=True, ends=NOW)

    assert draft(box(over), asleep, NOW) == Idle(until=SEVEN)


def test_what_may_have_been_heard_goes_with_its_end(
    fact: MakeFact, asleep: Rules
) -> None:
    """The end that rides along speaks for the firing whose answer was not seen."""
    rung = fact(1, episode=1)
    maybe = fact(2, episode=2, uncertain=1, heard=True, ends=NOW)
    over = fact(3, episode=2, kind=Kind.RESOLVED, heard=True, ends=NOW)
    together = sort_out_in_hours(box(rung, maybe, over), asleep, NOW)
    alone = sort_out_in_hours(box(maybe, over), asleep, NOW)

    assert (together.letter.resolved, together.letter.also) == ((over,), (maybe,))
    assert not alone.letter.facts


def test_whom_the_config_lost_has_no_hours(fact: MakeFact, asleep: Rules) -> None:
    """Rule 9: told on the numbers that were stored."""
    gone = replace(asleep, recipients={})
    found = sort_out_in_hours(box(fact(severity=HIGH)), gone, NOW)

    assert found.letter.leads


def test_somebody_awake_is_told_as_ever(fact: MakeFact, asleep: Rules) -> None:
    """By day the hours change nothing."""
    noon = at("12:00")
    page = fact(severity=HIGH, expires=noon + HOUR)

    assert sort_out_in_hours(box(page), asleep, noon).letter.firing == (page,)
