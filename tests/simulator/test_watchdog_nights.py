"""Nights in which a source falls silent, and nights in which it only seems so."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from round_trip import MakeAlert, MakeGroup

from alertbridge.core.alert import AlertGroup, SourceName
from alertbridge.core.matcher import parse_matcher
from alertbridge.core.rules import Rules
from alertbridge.core.watchdog import Watchdog
from alertbridge.engine import watchdogs as engine
from alertbridge.simulator.virtual_time import run_virtual
from alertbridge.simulator.world import World

AM = SourceName("alertmanager")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WITHIN = 15 * MINUTE
SOON = MINUTE
"""How long after the limit a silence may still be untold."""

Night = Callable[[World], Awaitable[None]]


@pytest.fixture
def live(rules: Rules, start: datetime) -> Callable[[Night], World]:
    """Live through a night in which Alertmanager is expected to bark."""
    expected = Watchdog((parse_matcher('alertname="Watchdog"'),), WITHIN)
    watched = replace(rules, watchdogs={AM: expected})

    def run(what: Night) -> World:
        async def whole() -> World:
            async with World(watched, start) as world:
                await what(world)
            return world

        return run_virtual(whole())

    return run


@pytest.fixture
def bark(alert: MakeAlert, group: MakeGroup) -> AlertGroup:
    """What Alertmanager posts every five minutes while all is well."""
    return group(alert("Watchdog", severity="none"), key="watchdog")


def told(world: World, start: datetime) -> list[tuple[float, str]]:
    """The texts about it: minutes from the start, and FIRING or RESOLVED."""
    return [
        (
            (sms.at - start) / MINUTE,
            "RESOLVED" if "RESOLVED" in sms.text.body else "FIRING",
        )
        for sms in world.phones
        if "Source silent" in sms.text.body
    ]


async def barks(world: World, bark: AlertGroup, minutes: int) -> None:
    """All is well for so long."""
    for _ in range(minutes // 5):
        await world.post(bark)
        await world.advance(5 * MINUTE)


def test_a_quiet_night_is_quiet(
    live: Callable[[Night], World], bark: AlertGroup
) -> None:
    """A post every five minutes, for two days, rings nowhere."""
    world = live(lambda world: barks(world, bark, 48 * 60))

    assert world.phones == []


def test_silence_is_told_once_and_that_it_is_over(
    live: Callable[[Night], World], bark: AlertGroup, start: datetime
) -> None:
    """A quarter of an hour after it was heard last; and when it is heard again."""

    async def night(world: World) -> None:
        await barks(world, bark, 60)
        await world.advance(6 * HOUR)
        await barks(world, bark, 60)

    first, second = told(live(night), start)

    assert first[1] == "FIRING"
    assert 55 + 15 <= first[0] <= 55 + 15 + SOON / MINUTE
    assert second[1] == "RESOLVED"
    assert 60 + 360 <= second[0] <= 60 + 360 + SOON / MINUTE


def test_a_source_that_never_was_heard_is_missed_too(
    live: Callable[[Night], World], start: datetime
) -> None:
    """The very first thing to go wrong is a wrong URL."""
    world = live(lambda world: world.advance(HOUR))

    ((minute, said),) = told(world, start)
    assert said == "FIRING"
    assert 15 <= minute <= 15 + 2 * SOON / MINUTE


def test_an_outage_of_ours_is_no_silence_of_theirs(
    live: Callable[[Night], World], bark: AlertGroup, start: datetime
) -> None:
    """We were away for three hours; the source posts within minutes of our return."""

    async def night(world: World) -> None:
        await barks(world, bark, 30)
        await world.restart(away=3 * HOUR)
        await world.advance(4 * MINUTE)
        await barks(world, bark, 30)

    assert told(live(night), start) == []


def test_restarts_do_not_make_it_forget(
    live: Callable[[Night], World], bark: AlertGroup, start: datetime
) -> None:
    """A daemon that is killed every four minutes still finds out."""

    async def night(world: World) -> None:
        await barks(world, bark, 30)
        for _ in range(10):
            await world.advance(4 * MINUTE)
            await world.restart()

    ((minute, said),) = told(live(night), start)

    assert said == "FIRING"
    # What was not written down yet at each kill is listened to again.
    assert 25 + 15 <= minute <= 25 + 15 + 4


def test_a_restart_tells_nobody_again(
    live: Callable[[Night], World], bark: AlertGroup, start: datetime
) -> None:
    """It lasts; the admins have heard."""

    async def night(world: World) -> None:
        await barks(world, bark, 30)
        await world.advance(HOUR)
        await world.restart()
        await world.advance(HOUR)
        await barks(world, bark, 10)

    assert [said for _, said in told(live(night), start)] == ["FIRING", "RESOLVED"]


@pytest.mark.parametrize("hours", [-26, -1, 1, 26])
def test_a_clock_that_is_set_is_no_silence(
    live: Callable[[Night], World], bark: AlertGroup, start: datetime, hours: int
) -> None:
    """Neither at once, nor after the next start."""

    async def night(world: World) -> None:
        await barks(world, bark, 30)
        await world.shift_wall_clock(hours * HOUR)
        await barks(world, bark, 30)
        await world.restart()
        await barks(world, bark, 30)

    assert told(live(night), start) == []


def test_an_alert_of_the_source_is_not_its_watchdog(
    live: Callable[[Night], World],
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
) -> None:
    """Alertmanager works, and has not heard of Prometheus for long."""

    async def night(world: World) -> None:
        for _ in range(12):
            await world.post(group(alert()))
            await world.advance(5 * MINUTE)

    assert [said for _, said in told(live(night), start)] == ["FIRING"]


def forgets(_: str | None) -> dict[SourceName, timedelta]:
    """Mutant: every start begins anew."""
    return {}


def counts_the_time_away(_: str | None) -> dict[SourceName, timedelta]:
    """Mutant: the source could not be heard, and is silent all the same."""
    return {AM: WITHIN}


def is_deaf(_: Watchdog, __: AlertGroup) -> bool:
    """Mutant: it barks, and nobody hears."""
    return False


def test_a_daemon_that_forgets_is_seen(
    live: Callable[[Night], World],
    bark: AlertGroup,
    start: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its silence is never long enough to be told."""
    monkeypatch.setattr(engine, "_counted", forgets)

    with pytest.raises(ValueError, match="not enough values"):
        test_restarts_do_not_make_it_forget(live, bark, start)


def test_a_daemon_that_counts_its_own_outage_is_seen(
    live: Callable[[Night], World],
    bark: AlertGroup,
    start: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would page falsely after each."""
    monkeypatch.setattr(engine, "_counted", counts_the_time_away)

    with pytest.raises(AssertionError):
        test_an_outage_of_ours_is_no_silence_of_theirs(live, bark, start)


def test_a_deaf_daemon_is_seen(
    live: Callable[[Night], World],
    bark: AlertGroup,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It pages though all is well."""
    monkeypatch.setattr(Watchdog, "barks_in", is_deaf)

    with pytest.raises(AssertionError):
        test_a_quiet_night_is_quiet(live, bark)
