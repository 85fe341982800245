"""Accepted, and then silence, or bad news that nobody tells: what rings, and when."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from round_trip import MakeAlert, MakeGroup, MakeRules

from alertbridge.core.notification import ProviderName
from alertbridge.simulator.scripted import Fate, Sms, fails, nobody_says
from alertbridge.simulator.virtual_time import run_virtual
from alertbridge.simulator.world import World

ONE, TWO = ProviderName("one"), ProviderName("two")
HOUR = timedelta(hours=1)

Then = Callable[[World], Awaitable[None]]
Live = Callable[..., list[tuple[str, float]]]


async def nothing_else(world: World) -> None:
    """Nobody does anything about it."""


@pytest.fixture
def live(
    make_rules: MakeRules, alert: MakeAlert, group: MakeGroup, start: datetime
) -> Live:
    """Page; the first provider's SMS meets *fate*. Says which rang after how long.

    Pages about ourselves are left out.
    """

    def run(
        fate: Fate, severity: str = "critical", then: Then = nothing_else
    ) -> list[tuple[str, float]]:
        async def night() -> list[Sms]:
            async with World(make_rules(providers=("one", "two")), start) as world:
                world.providers[ONE].fate = fate
                await world.post(group(alert(severity=severity)))
                await then(world)
                await world.advance(HOUR)
                return list(world.phones)

        return [
            (sms.provider, (sms.at - start).total_seconds())
            for sms in run_virtual(night())
            if "Disk full" in sms.text.body
        ]

    return run


@pytest.mark.parametrize(
    ("severity", "after"), [("critical", 180), ("warning", 15 * 60)]
)
def test_silence_goes_by_the_other_provider_once(
    live: Live, severity: str, after: float
) -> None:
    """It took the page and never says how it ended: no report, and no answer (C12)."""
    (first, _), (second, late) = live(nobody_says(), severity)

    assert (first, second) == (ONE, TWO)
    assert after <= late < after + 5


def test_silence_about_what_is_low_wakes_nobody(live: Live) -> None:
    """A second SMS about it would cost more than it is worth."""
    assert [provider for provider, _ in live(nobody_says(), "info")] == [ONE]


@pytest.mark.parametrize(("severity", "within"), [("critical", 35), ("warning", 65)])
def test_a_gateway_that_cannot_reach_us_is_asked(
    live: Live, severity: str, within: float
) -> None:
    """It knows that the phone was off, and its post comes to nothing (F7n)."""
    (first, _), (second, late) = live(fails(told=False), severity)

    assert (first, second) == (ONE, TWO)
    assert late < within


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("moment", [0, 1, 19, 21, 3000])
def test_after_an_acknowledgement_nothing_follows_from_a_report(
    live: Live, alert: MakeAlert, group: MakeGroup, moment: float, *, told: bool
) -> None:
    """The phone is off after 20 s; somebody has it in hand before it is known (D9)."""

    async def take(world: World) -> None:
        await world.advance(timedelta(seconds=moment))
        (one,) = group(alert()).alerts
        assert await world.acknowledge(group(alert()).source, one.fingerprint, "anna")

    fate = fails(after=20, told=told)
    known = 20 if told else 30

    followed = [provider for provider, _ in live(fate, then=take)]

    assert followed == ([ONE] if moment < known else [ONE, TWO])
    assert [provider for provider, _ in live(fate)] == [ONE, TWO]
