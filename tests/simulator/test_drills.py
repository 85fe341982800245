"""Test pages of the schedule, lived through: weeks in moments."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from round_trip import MakeRules

from alertbridge.core.drill import Drill, Turn
from alertbridge.core.recipient import ReceiverName
from alertbridge.core.rules import Rules
from alertbridge.simulator.scripted import Fate, arrives, fails, nobody_says
from alertbridge.simulator.virtual_time import run_virtual
from alertbridge.simulator.world import World

ANNA, BO, ADMIN = "+46701740605", "+46701740606", "+46701740607"
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


@pytest.fixture
def drilled(make_rules: MakeRules) -> Rules:
    """Anna and Bo are tested on Mondays at ten; the admin hears whom it missed."""
    made = make_rules(
        {"anna": [ANNA], "bo": [BO], "admin": [ADMIN]},
        receivers={"sre": ["anna", "bo"], "admins": ["admin"]},
    )
    drill = Drill(receiver=ReceiverName("sre"), turns=(Turn(0, 600),))
    return replace(made, drill=drill, meta_receiver=ReceiverName("admins"))


@pytest.fixture
def live(drilled: Rules, start: datetime) -> Callable[..., World]:
    """Live three weeks, from a Saturday, with phones as they are."""

    def run(fate: Callable[[World, str], Fate], *, restarts: bool = False) -> World:
        async def weeks() -> World:
            async with World(drilled, start) as world:
                provider = world.providers[drilled.providers[0]]
                provider.fate = lambda sms: fate(world, sms.number)
                for _ in range(21):
                    await world.advance(DAY)
                    if restarts:
                        await world.restart(timedelta(minutes=5))
            return world

        return run_virtual(weeks())

    return run


def texts_to(world: World, number: str) -> list[str]:
    """What one phone was sent."""
    return [sms.text.body for sms in world.sms_to(number)]


@pytest.mark.parametrize("restarts", [False, True], ids=["", "restarts"])
def test_everybody_is_tested_once_a_week(
    live: Callable[..., World],
    restarts: bool,
) -> None:
    """At ten; a process that begins anew neither forgets nor repeats one."""
    world = live(lambda *_: arrives(), restarts=restarts)

    for number in (ANNA, BO):
        texts = texts_to(world, number)
        assert len(texts) == 3
        assert all("this is a test" in text for text in texts)
    times = {(sms.at.weekday(), sms.at.hour) for sms in world.phones}
    assert times == {(0, 10)}
    assert texts_to(world, ADMIN) == []


@pytest.mark.parametrize(
    ("fate", "why"),
    [
        pytest.param(fails(), "reports that it did not arrive", id="fails"),
        pytest.param(nobody_says(), "no report came", id="silence"),
    ],
)
def test_whom_it_does_not_reach_the_admins_hear(
    live: Callable[..., World], fate: Fate, why: str
) -> None:
    """Once as long as it lasts, by name; who got it is not named."""
    world = live(lambda _, number: fate if number == ANNA else arrives())

    about = [text for text in texts_to(world, ADMIN) if "Test page missed" in text]
    assert len(about) == 1
    assert "anna" in about[0]
    assert why in about[0].replace("\n", " ") or "dead" in about[0]


def test_the_next_one_that_arrives_ends_it(
    live: Callable[..., World], start: datetime
) -> None:
    """The admins hear that, too."""

    def mended(world: World, number: str) -> Fate:
        broken = number == ANNA and world.now < start + WEEK
        return nobody_says() if broken else arrives()

    world = live(mended)

    first, second = texts_to(world, ADMIN)
    assert "Test page missed" in first
    assert second.startswith("RESOLVED")
