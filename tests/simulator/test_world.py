"""The world without waiting: the daemon's own parts, and gateways that obey."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from round_trip import MakeAlert, MakeGroup, MakeRules

from alertbridge.core.interval import TimeInterval
from alertbridge.core.message import Submission
from alertbridge.core.notification import ProviderName
from alertbridge.core.quiet import QuietHours
from alertbridge.core.recipient import RecipientName
from alertbridge.core.rules import Rules
from alertbridge.simulator.scripted import (
    Answer,
    accepts,
    defers,
    is_down,
    rejects,
    uncertain,
)
from alertbridge.simulator.virtual_time import run_virtual
from alertbridge.simulator.world import World

ANNA, BO = "+46701740605", "+46701740606"
ONE, TWO = ProviderName("one"), ProviderName("two")
SECOND, MINUTE, HOUR = (timedelta(seconds=n) for n in (1, 60, 3600))


@pytest.fixture
def live(rules: Rules, start: datetime) -> Callable[..., World]:
    """Live through something, and hand the world back as it is at the end."""

    def run(
        what: Callable[[World], Awaitable[None]], by: Rules | None = None, **more: float
    ) -> World:
        async def whole() -> World:
            async with World(by or rules, start, **more) as world:  # type: ignore[arg-type]
                await what(world)
            return world

        return run_virtual(whole())

    return run


def texts(world: World) -> list[tuple[float, str, str]]:
    """What rang: seconds from the start, number, text."""
    start = world.now - (world.now - world.phones[0].at) if world.phones else world.now
    return [
        ((sms.at - start).total_seconds(), sms.number, sms.text.body)
        for sms in world.phones
    ]


def test_a_page_leaves_at_once(
    live: Callable[..., World], alert: MakeAlert, group: MakeGroup, start: datetime
) -> None:
    """One alert, one SMS, within the dispatcher's own breath."""

    async def one(world: World) -> None:
        await world.advance(MINUTE)
        await world.post(group(alert(starts=60)))
        await world.advance(MINUTE)

    (sms,) = live(one).phones

    assert (sms.number, sms.recipient) == (ANNA, "anna")
    assert start + MINUTE <= sms.at < start + MINUTE + SECOND
    assert "Disk full" in sms.text.body


def test_the_pace_is_the_daemons(
    live: Callable[..., World], alert: MakeAlert, group: MakeGroup
) -> None:
    """A storm of sixty in ten minutes: six SMS in any ten minutes, and no more."""

    async def storm(world: World) -> None:
        for number in range(60):
            await world.post(
                group(alert(f"A{number}", severity="warning"), key=f"{number}")
            )
            await world.advance(10 * SECOND)
        await world.advance(HOUR)

    world = live(storm)
    told = {fact.episode.id for sms in world.phones for fact in sms.message.tells}

    assert len(told) == 60, "somebody was forgotten"
    times = [sms.at for sms in world.phones]
    for begin in times:
        assert sum(begin <= at < begin + 10 * MINUTE for at in times) <= 6


def test_the_night_is_the_daemons(
    live: Callable[..., World],
    alert: MakeAlert,
    group: MakeGroup,
    rules: Rules,
    start: datetime,
) -> None:
    """The dispatcher sleeps until seven, and is awake in that second."""
    night = TimeInterval(times=((22 * 60, 7 * 60),))
    anna = replace(
        rules.recipients[RecipientName("anna")], hours=QuietHours(quiet=(night,))
    )
    asleep = replace(rules, recipients={anna.name: anna})
    seven = start.replace(hour=7, minute=0)

    async def sleep(world: World) -> None:
        await world.post(group(alert("Slow", severity="warning"), key="slow"))
        await world.advance(HOUR)
        await world.post(group(alert("DiskFull", starts=3600), key="full"))
        await world.advance(12 * HOUR)

    woken, morning = live(sleep, asleep).phones

    assert start + HOUR <= woken.at < start + HOUR + SECOND
    assert "Slow" not in woken.text.body
    assert seven <= morning.at < seven + SECOND
    assert "Slow" in morning.text.body


def test_a_gateway_that_is_down_is_waited_out(
    live: Callable[..., World], alert: MakeAlert, group: MakeGroup, start: datetime
) -> None:
    """What fires for two hours of silence is told when the gateway is back, once."""

    async def outage(world: World) -> None:
        world.providers[ONE].answer = is_down()
        await world.post(group(alert()))
        await world.advance(2 * HOUR)
        assert not world.phones
        world.providers[ONE].answer = accepts()
        await world.advance(2 * MINUTE)

    (sms,) = live(outage).phones

    assert start + 2 * HOUR <= sms.at <= start + 2 * HOUR + MINUTE


def test_a_provider_that_fails_is_told_by_the_other_once_in_a_quarter_of_an_hour(
    live: Callable[..., World],
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """It comes and goes all the time: the admins hear of it, and are not flooded."""

    async def flaps(world: World) -> None:
        for minute in range(30):
            world.providers[ONE].answer = is_down() if minute % 2 else accepts()
            await world.post(group(alert(f"A{minute}"), key=f"{minute}"))
            await world.advance(MINUTE)

    world = live(flaps, make_rules(providers=("one", "two")))
    told = [sms for sms in world.phones if "one takes no SMS" in sms.text.body]

    first, second = told
    assert first.provider == second.provider == TWO
    assert second.at - first.at >= 15 * MINUTE


def test_a_critical_does_not_wait_while_a_provider_wants_silence(
    live: Callable[..., World],
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
    start: datetime,
) -> None:
    """A minute, by its own word: the other one takes it within seconds (C7)."""

    async def busy(world: World) -> None:
        world.providers[ONE].answer = defers(retry_after=60)
        await world.post(group(alert()))
        await world.advance(MINUTE)

    world = live(busy, make_rules(providers=("one", "two")))

    first = world.phones[0]
    assert first.provider == TWO
    assert first.at - start < timedelta(seconds=5)


def test_that_the_only_provider_fails_is_told_to_nobody(
    live: Callable[..., World], alert: MakeAlert, group: MakeGroup
) -> None:
    """By whom? It would arrive when it is no longer true."""

    async def outage(world: World) -> None:
        world.providers[ONE].answer = is_down()
        await world.post(group(alert()))
        await world.advance(HOUR)
        world.providers[ONE].answer = accepts()
        await world.advance(2 * MINUTE)

    texts = [sms.text.body for sms in live(outage).phones]

    assert not any("takes no SMS" in text for text in texts)


def test_answers_come_in_turn(
    live: Callable[..., World],
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """Deferred waits as long as asked, rejected takes the next provider."""

    async def turns(world: World) -> None:
        world.providers[ONE].turns.extend([defers(retry_after=9), rejects()])
        await world.post(group(alert()))
        await world.advance(5 * MINUTE)

    (sms,) = live(turns, make_rules(providers=("one", "two"))).phones

    assert sms.provider == TWO
    assert (sms.at.minute, sms.at.second) == (12, 9)


@pytest.mark.parametrize(("sent", "attempts"), [(True, [1]), (False, [1, 2])])
def test_a_lost_answer_is_looked_up(
    live: Callable[..., World],
    alert: MakeAlert,
    group: MakeGroup,
    sent: bool,
    attempts: list[int],
) -> None:
    """The gateway's list says whether it was sent: it rings once, either way."""

    async def lost(world: World) -> None:
        world.providers[ONE].turns.append(uncertain(sent=sent))
        await world.post(group(alert()))
        await world.advance(5 * MINUTE)

    world = live(lost)

    assert len(world.phones) == 1
    assert [s.attempt for s in world.providers[ONE].submissions] == attempts


def test_a_script_may_look_at_what_it_is_asked(
    live: Callable[..., World],
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """A gateway that takes nothing for one number."""

    def not_bo(submission: Submission) -> Answer:
        return rejects() if BO in submission.numbers else accepts()

    async def page(world: World) -> None:
        world.providers[ONE].answer = not_bo
        await world.post(group(alert()))
        await world.advance(MINUTE)

    world = live(page, make_rules({"anna": (ANNA,), "bo": (BO,)}))

    assert {sms.number for sms in world.phones} == {ANNA}


def test_a_killed_process_leaves_uncertainty(
    live: Callable[..., World], alert: MakeAlert, group: MakeGroup
) -> None:
    """What was under way rang, is uncertain to the next process, and is looked up."""

    async def killed(world: World) -> None:
        world.providers[ONE].turns.append(accepts(after=5))
        await world.post(group(alert()))
        await world.advance(2 * SECOND)
        assert len(world.phones) == 1
        await world.restart()
        await world.advance(MINUTE)

    world = live(killed)

    assert [sms.attempt for sms in world.phones] == [1]


@pytest.mark.parametrize("hours", [1, -1])
def test_a_stepped_clock_changes_nobodys_pages(
    live: Callable[..., World], alert: MakeAlert, group: MakeGroup, hours: int
) -> None:
    """The set of texts is the same; waits end when they would have."""

    async def night(world: World, by: timedelta) -> None:
        for number in range(8):
            await world.post(group(alert(f"A{number}"), key=f"{number}"))
            await world.advance(SECOND)
        await world.shift_wall_clock(by)
        await world.advance(HOUR)

    steady = live(lambda world: night(world, timedelta(0)))
    stepped = live(lambda world: night(world, timedelta(hours=hours)))

    def told(world: World) -> list[tuple[datetime, int]]:
        return [(sms.at, len(sms.message.tells)) for sms in world.phones]

    assert told(stepped) == told(steady)


def test_an_acknowledgement_is_recorded(
    live: Callable[..., World], alert: MakeAlert, group: MakeGroup
) -> None:
    """It names the latest episode of an alert; of an unknown one there is none."""
    disk = alert()

    async def take(world: World) -> None:
        posted = group(disk)
        await world.post(posted)
        assert await world.acknowledge(posted.source, disk.fingerprint, "anna")
        assert not await world.acknowledge(posted.source, alert("B").fingerprint, "bo")

    live(take)


def test_the_same_night_is_the_same_to_the_byte(
    live: Callable[..., World], alert: MakeAlert, group: MakeGroup
) -> None:
    """Retries with jitter, losses and restarts: twice run, twice the same."""

    async def night(world: World) -> None:
        world.providers[ONE].turns.extend(
            [defers(), uncertain(sent=True), defers(), accepts(after=3)] * 4
        )
        for number in range(30):
            await world.post(
                group(
                    alert(f"A{number}", severity=("critical", "info")[number % 2]),
                    key=f"{number}",
                )
            )
            await world.advance(17 * SECOND)
            if number % 10 == 9:
                await world.restart()
        await world.advance(4 * HOUR)

    first, second = live(night), live(night)

    assert first.phones
    assert first.phones == second.phones


@pytest.mark.parametrize("idle", [5.0, 3600.0])
def test_nothing_depends_on_looking_for_no_reason(
    live: Callable[..., World], alert: MakeAlert, group: MakeGroup, idle: float
) -> None:
    """The 5 s look of `serve` finds nothing that was not announced."""

    async def night(world: World) -> None:
        for number in range(12):
            await world.post(
                group(alert(f"A{number}", severity="warning"), key=f"{number}")
            )
            await world.advance(23 * SECOND)
        await world.advance(2 * HOUR)

    assert live(night, idle=idle).phones == live(night).phones


def test_a_dispatcher_that_dies_is_no_quiet_night(
    live: Callable[..., World], alert: MakeAlert, group: MakeGroup
) -> None:
    """What would have ended `serve` comes out of the world."""

    async def broken(world: World) -> None:
        await world.store.close()
        world.dispatcher.wake()
        await world.advance(MINUTE)

    with pytest.raises(ExceptionGroup):
        live(broken)
