"""Criticals without end: what is low is told with them, or expires and says so."""

from datetime import datetime, timedelta

from round_trip import MakeAlert, MakeGroup

from alertbridge.core.rules import Rules
from alertbridge.ports import HistoryRow
from alertbridge.simulator.virtual_time import run_virtual
from alertbridge.simulator.world import World

LOWS = 20


def test_low_rides_with_the_criticals_that_go_before_it(
    alert: MakeAlert, group: MakeGroup, rules: Rules, start: datetime
) -> None:
    """A critical every half minute takes every place; no low waits longer than one."""

    async def night() -> tuple[World, list[HistoryRow]]:
        async with World(rules, start) as world:
            for n in range(4 * 60):
                if n % 12 == 0:
                    low = alert(f"Low{n}", severity="info")
                    await world.post(group(low, key=f"low {n}"))
                await world.post(group(alert(f"Worse{n}"), key=f"worse {n}"))
                await world.advance(timedelta(seconds=30))
            await world.advance(timedelta(hours=1))
            return world, list(await world.history())

    world, rows = run_virtual(night())

    lows = [row for row in rows if row.alert.startswith("Low")]
    assert len(lows) == LOWS
    for row in lows:
        assert row.state == "told"
        assert row.settled_at is not None
        # Six leave at once, and then one window is waited for.
        assert row.settled_at - row.at <= rules.pace.looks_back
    assert {row.state for row in rows} == {"told"}
    assert all(sms.urgent for sms in world.phones)


def test_what_finds_no_place_in_time_expires_and_is_in_history(
    alert: MakeAlert, group: MakeGroup, rules: Rules, start: datetime
) -> None:
    """Nothing is dropped silently: the rule that ended it stands beside it."""

    async def night() -> list[HistoryRow]:
        async with World(rules, start) as world:
            await world.store.hold(start + timedelta(hours=2))
            await world.post(group(alert("Low", severity="info"), key="low"))
            await world.advance(timedelta(hours=3))
            return list(await world.history())

    (row,) = run_virtual(night())

    assert (row.alert, row.state, row.reason) == ("Low", "expired", "time_to_live")
