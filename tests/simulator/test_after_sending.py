"""What follows once SMS have left: gateways that lie, go away, or are away for long."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from round_trip import MakeAlert, MakeGroup, MakeRules

from alertbridge.core.notification import ProviderName
from alertbridge.core.rules import Rules
from alertbridge.simulator.scripted import arrives, fails, nobody_says, uncertain
from alertbridge.simulator.virtual_time import run_virtual
from alertbridge.simulator.world import World

ONE, TWO = ProviderName("one"), ProviderName("two")
SECOND, MINUTE, HOUR = (timedelta(seconds=n) for n in (1, 60, 3600))


@pytest.fixture
def two(make_rules: MakeRules) -> Rules:
    """Anna with one phone, by two gateways."""
    return make_rules(providers=("one", "two"))


@pytest.fixture
def live(two: Rules, start: datetime) -> Callable[..., World]:
    """Live through something, and hand the world back as it is at the end."""

    def run(what: Callable[[World], Awaitable[None]], by: Rules | None = None) -> World:
        async def whole() -> World:
            async with World(by or two, start, idle=5) as world:
                await what(world)
            return world

        return run_virtual(whole())

    return run


def most_in_ten_minutes(world: World) -> int:
    """How often the phone rang in the worst ten minutes."""
    times = [sms.at for sms in world.phones]
    return max(sum(at <= b < at + 10 * MINUTE for b in times) for at in times)


def test_a_gateway_that_calls_every_sms_failed_is_believed_six_times_an_hour(
    live: Callable[..., World],
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """G3: each of them rings. Places given back add six to what the pace allows."""
    rules = make_rules(
        {"anna": ("+46701740605", "+46701740606")}, providers=("one", "two")
    )

    async def storm(world: World) -> None:
        for provider in world.providers.values():
            provider.fate = fails(after=1)
        for number in range(60):
            await world.post(group(alert(f"A{number}"), key=f"{number}"))
            await world.advance(10 * SECOND)
        await world.advance(2 * HOUR)

    world = live(storm, rules)

    assert most_in_ten_minutes(world) <= 12


def test_a_list_that_never_shows_what_was_sent_keeps_the_pace(
    live: Callable[..., World],
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """It rings each time, and the list says that it was never sent: G3 holds."""

    async def lost(world: World) -> None:
        one = world.providers[ONE]
        one.answer, one.fate = uncertain(sent=True), nobody_says()
        one.taken = Nothing()
        await world.post(group(alert()))
        await world.advance(2 * HOUR)

    world = live(lost, make_rules())

    assert most_in_ten_minutes(world) <= 12


class Nothing(set):  # type: ignore[type-arg]
    """A gateway's list that stays empty."""

    def add(self, item: object) -> None:
        """Forget it."""


def test_what_a_removed_gateway_took_is_not_waited_for_for_ever(
    live: Callable[..., World], two: Rules, alert: MakeAlert, group: MakeGroup
) -> None:
    """It was taken out because it delivers nothing: its last page goes another way."""

    async def swap(world: World) -> None:
        world.providers[ONE].fate = nobody_says()
        await world.post(group(alert()))
        await world.advance(MINUTE)
        del world.providers[ONE]
        world.current.rules = replace(two, providers=(TWO,))
        world.dispatcher.replace_providers(world.providers)
        await world.advance(10 * MINUTE)

    world = live(swap)

    assert [sms.provider for sms in world.phones] == [ONE, TWO]


def test_after_a_long_absence_the_gateway_is_asked_before_it_is_doubted(
    live: Callable[..., World], alert: MakeAlert, group: MakeGroup
) -> None:
    """It arrived while nobody could be told: no second SMS."""

    async def upgrade(world: World) -> None:
        world.providers[ONE].fate = arrives(after=20, told=False)
        await world.post(group(alert()))
        await world.advance(10 * SECOND)
        await world.restart(away=10 * MINUTE)
        await world.advance(10 * MINUTE)

    assert len(live(upgrade).phones) == 1


def test_after_a_long_absence_a_silent_gateway_costs_ten_seconds_more(
    live: Callable[..., World], alert: MakeAlert, group: MakeGroup
) -> None:
    """It is asked once, says nothing, and the page goes another way."""

    async def upgrade(world: World) -> None:
        world.providers[ONE].fate = nobody_says()
        await world.post(group(alert()))
        await world.advance(10 * SECOND)
        await world.restart(away=10 * MINUTE)
        await world.advance(20 * SECOND)

    assert [sms.provider for sms in live(upgrade).phones] == [ONE, TWO]
