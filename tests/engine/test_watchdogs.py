"""Counting silences: what does not count, and what an earlier process has counted."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from round_trip import MakeAlert, MakeGroup

from alertbridge.core.alert import SourceName
from alertbridge.core.matcher import parse_matcher
from alertbridge.core.rules import Rules
from alertbridge.core.watchdog import Watchdog
from alertbridge.engine.current import Current
from alertbridge.engine.troubles import Teller, Troubles
from alertbridge.engine.watchdogs import NOTE, Watchdogs
from alertbridge.ports import Store, StoreUnavailable

AM = SourceName("alertmanager")
MINUTE = timedelta(minutes=1)
EXPECTED = Watchdog((parse_matcher('alertname="Watchdog"'),), 15 * MINUTE)


class FullDisk:
    """Notes that can be read, and not written while it is full."""

    full = False

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def write(self, name: str, line: str | None) -> None:
        """Keep it, if there is room."""
        if self.full:
            raise StoreUnavailable("database or disk is full")
        self.kept[name] = line or ""

    async def read(self, prefix: str) -> Mapping[str, str]:
        """What was kept."""
        return {k.removeprefix(prefix): v for k, v in self.kept.items()}


@pytest.fixture
def current(rules: Rules) -> Current:
    """Alertmanager is expected to bark."""
    return Current(replace(rules, watchdogs={AM: EXPECTED}))


@pytest.fixture
def teller(store: Store, current: Current, start: datetime) -> Teller:
    """Who tells the admins."""

    class Clock:
        def now(self) -> datetime:
            return start

    return Teller(Troubles(store, current, Clock(), lambda: None))


def make(notes: FullDisk, current: Current, teller: Teller) -> Watchdogs:
    """On a clock that stands."""
    return Watchdogs(notes, current, teller, monotonic=lambda: 0.0)


async def test_what_could_not_be_kept_does_not_count(
    current: Current, teller: Teller
) -> None:
    """On a full disk a source is answered 503: it barks, and we do not note it."""
    notes = FullDisk()
    watchdogs = make(notes, current, teller)
    for _ in range(3):
        await watchdogs.count(MINUTE)
    notes.full = True
    for _ in range(60):
        await watchdogs.count(MINUTE)

    assert watchdogs.silences == {AM: 2 * MINUTE}


async def test_a_bark_is_heard_whatever_the_disk_does(
    current: Current, teller: Teller, alert: MakeAlert, group: MakeGroup
) -> None:
    """Silent no more, at once."""
    notes = FullDisk()
    watchdogs = make(notes, current, teller)
    for _ in range(10):
        await watchdogs.count(MINUTE)
    notes.full = True

    watchdogs.listen(group(alert("Watchdog")))
    await watchdogs.count(MINUTE)

    assert watchdogs.silences == {AM: timedelta(0)}


async def test_who_is_no_longer_expected_is_told_as_over(
    current: Current,
    teller: Teller,
    store: Store,
    rules: Rules,
) -> None:
    """The config says that its silence is none of our business."""
    watchdogs = make(FullDisk(), current, teller)
    for _ in range(20):
        await watchdogs.count(MINUTE)
    assert await teller.say()
    current.rules = rules
    await watchdogs.count(MINUTE)
    assert await teller.say()

    (row,) = await store.history()
    episode = await store.show(row.episode)
    assert episode is not None
    assert (row.alert, episode.ends_at is not None) == ("SourceSilent", True)
    assert watchdogs.silences == {}


@pytest.mark.parametrize("line", ["", "no JSON", "[1]", '{"alertmanager": "long"}'])
async def test_a_note_that_is_not_ours_is_no_silence(
    current: Current, teller: Teller, line: str
) -> None:
    """Of a damaged one nothing is believed; counting begins anew."""
    notes = FullDisk()
    notes.kept[NOTE] = line
    watchdogs = make(notes, current, teller)

    await watchdogs._remember()

    assert watchdogs.silences == {}
