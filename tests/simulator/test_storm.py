"""The worst nights, against what is promised: nobody flooded, nothing forgotten.

What is checked holds for any rules: the pace is read from those in force.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import pytest
import structlog
from round_trip import MakeAlert, MakeGroup, MakeRules

from alertbridge.core.alert import AlertGroup
from alertbridge.core.message import Uncertain
from alertbridge.core.notification import Kind, ProviderName
from alertbridge.core.pace import Limit, Pace
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity
from alertbridge.simulator.scripted import Sms, accepts, is_down, uncertain
from alertbridge.simulator.virtual_time import run_virtual
from alertbridge.simulator.world import World

Floods = Callable[[Sequence[Sms], Rules], list[str]]
ONE = ProviderName("one")
SECOND, MINUTE, HOUR = (timedelta(seconds=n) for n in (1, 60, 3600))


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    """A storm logs a line for each post; nobody reads them here."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    yield
    structlog.configure(**before)


def firing_told(phones: Sequence[Sms]) -> Counter[str]:
    """How often each alert was told to fire, by name."""
    return Counter(
        fact.episode.labels["alertname"]
        for sms in phones
        for fact in sms.message.tells
        if fact.kind is Kind.FIRING
    )


def counted(sms: Sms) -> int:
    """How many alerts a text says that it is about: the first number of a digest."""
    facts = len(sms.message.tells)
    if facts == 1:
        return 1
    head = sms.text.body.split("\n")[0]
    return sum(int(n) for n in re.findall(r"(\d+) (?:firing|over|resolved)", head))


@pytest.mark.parametrize(
    "pace",
    [
        pytest.param(Pace(), id="default"),
        pytest.param(
            Pace((Limit(limit=3, window=10 * MINUTE, kept_for_critical=1),)),
            id="3-in-10-minutes",
        ),
        pytest.param(
            Pace((Limit(limit=10, window=HOUR, kept_for_critical=5),)),
            id="10-in-an-hour",
        ),
    ],
)
def test_a_thousand_alerts_in_ten_seconds(
    make_rules: MakeRules,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
    floods: Floods,
    pace: Pace,
) -> None:
    """From two Alertmanagers at once to one person: a few SMS, and all in them."""
    rules = make_rules(pace=pace)

    async def storm() -> World:
        async with World(rules, start) as world:
            for number in range(1000):
                severity = "critical" if number % 10 == 3 else "warning"
                post = group(
                    alert(f"A{number}", severity=severity, starts=number / 100),
                    key=f"{number}",
                )
                await world.post(post)
                await world.post(post)
                await world.advance(SECOND / 100)
            await world.advance(4 * HOUR)
            rows = await world.history()
            assert {row.state for row in rows} <= {"told", "not_told"}
        return world

    phones = run_virtual(storm()).phones

    assert floods(phones, rules) == []
    told = firing_told(phones)
    assert len(told) == 1000, "an alert is missing"
    assert set(told.values()) == {1}, "an alert was told twice"
    assert [counted(sms) for sms in phones] == [
        len(sms.message.tells) for sms in phones
    ]
    first = next(sms for sms in phones if sms.severity is Severity.CRITICAL)
    assert first.at < start + SECOND, "the first critical waited"
    assert len(phones) <= 20, "the rest was not a digest"


def test_what_is_critical_goes_first(
    make_rules: MakeRules, alert: MakeAlert, group: MakeGroup, start: datetime
) -> None:
    """No SMS tells of lesser things while a critical of before waits."""
    came: dict[str, datetime] = {}

    async def storm() -> World:
        async with World(make_rules(), start) as world:
            for number in range(300):
                severity = "critical" if number % 5 == 0 else "warning"
                name = f"A{number}"
                if severity == "critical":
                    came[name] = world.now
                await world.post(group(alert(name, severity=severity), key=f"{number}"))
                await world.advance(SECOND / 2)
            await world.advance(HOUR)
        return world

    phones = run_virtual(storm()).phones

    told: set[str] = set()
    for sms in phones:
        told |= {fact.episode.labels["alertname"] for fact in sms.message.tells}
        # What came within the moment of composing cannot be in it.
        waits = {name for name, at in came.items() if at < sms.at - SECOND / 10} - told
        lesser = any(f.severity is not Severity.CRITICAL for f in sms.message.tells)
        assert not (lesser and waits), f"{sorted(waits)[:3]} waited at {sms.at}"


def test_six_hours_without_a_gateway(
    make_rules: MakeRules,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
    floods: Floods,
) -> None:
    """3,000 alerts, nearly all over by then: one digest of what is still true."""
    rules = make_rules()
    open_still = {f"A{number}" for number in range(0, 3000, 60)}
    criticals = {f"A{number}" for number in range(0, 3000, 50)}

    def of(numbers: range, at: float, *, over: bool = False) -> AlertGroup:
        return group(
            *(
                alert(
                    f"A{number}",
                    severity="critical" if number % 50 == 0 else "warning",
                    starts=number // 30 * 216,
                    ends=at if over else None,
                )
                for number in numbers
                if not (over and f"A{number}" in open_still)
            ),
            key=f"{numbers.start}",
        )

    async def outage() -> World:
        async with World(rules, start) as world:
            world.providers[ONE].answer = is_down()
            for batch in range(100):
                at = batch * 216
                await world.post(of(range(batch * 30, batch * 30 + 30), at))
                if batch >= 2:
                    before = range((batch - 2) * 30, (batch - 1) * 30)
                    await world.post(of(before, at, over=True))
                await world.advance(216 * SECOND)
            for batch in range(98, 100):
                over = range(batch * 30, batch * 30 + 30)
                await world.post(of(over, 21600, over=True))
            assert not world.phones
            world.providers[ONE].answer = accepts()
            await world.advance(2 * HOUR)
        return world

    world = run_virtual(outage())

    back = start + 6 * HOUR
    first, *_ = world.phones
    assert back <= first.at <= back + MINUTE, "the first SMS waited"
    assert floods(world.phones, rules) == []
    assert len(world.phones) <= 1 + len(open_still & criticals)
    lives = rules.time_to_live.high
    worth = {
        f"A{number}"
        for number in range(0, 3000, 60)
        if number % 50 == 0
        or lives is None
        or start + SECOND * (number // 30 * 216) + lives > first.at
    }
    still = {
        fact.episode.labels["alertname"]
        for sms in world.phones
        for fact in sms.message.tells
        if not fact.episode.ended
    }
    assert still == worth, "what still fires was not told, or not all of it"
    assert set(firing_told(world.phones).values()) == {1}
    stale = {
        fact.episode.labels["alertname"]
        for sms in world.phones
        for fact in sms.message.tells
        if fact.episode.ended
    }
    assert stale <= criticals, "something lesser that is over was told"


def test_a_storm_through_a_daemon_that_dies_every_minute(
    make_rules: MakeRules,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
    floods: Floods,
) -> None:
    """With a gateway that loses every third answer: each alert is told, or dead aloud.

    Nothing rings twice: what the gateway took is in its list.
    """
    rules = make_rules(providers=("one", "two"))
    kills: list[datetime] = []
    dead: set[str] = set()

    async def storm() -> World:
        async with World(rules, start) as world:
            for provider in world.providers.values():
                provider.turns.extend(
                    [
                        accepts(after=2),
                        uncertain(sent=True),
                        uncertain(sent=False, after=3),
                    ]
                    * 40
                )
            for number in range(200):
                severity = ("critical", "warning", "info")[number % 3]
                await world.post(
                    group(alert(f"A{number}", severity=severity), key=f"{number}")
                )
                await world.advance(3 * SECOND)
                if number % 20 == 10:
                    kills.append(world.now)
                    await world.restart()
            await world.advance(6 * HOUR)
            rows = await world.history()
            ends = {row.state for row in rows if row.notification is not None}
            assert ends <= {"told", "dead"}
            dead.update(row.alert for row in rows if row.state == "dead")
            metas = [row for row in rows if row.alert == "PageNotSent"]
            assert bool(metas) == bool(dead)
        return world

    world = run_virtual(storm())

    assert floods(world.phones, rules) == []
    rang = firing_told(world.phones)
    assert {f"A{number}" for number in range(200)} <= rang.keys() | dead
    again = Counter(fact.id for sms in world.phones for fact in sms.message.tells)
    assert max(again.values()) == 1
    asked = [
        answer for provider in world.providers.values() for answer in provider.answers
    ]
    assert sum(isinstance(answer.outcome, Uncertain) for answer in asked) > 2


@pytest.mark.parametrize("hour", range(0, 24, 6))
def test_an_hour_of_flapping_stays_in_the_pace(
    make_rules: MakeRules,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
    floods: Floods,
    hour: int,
) -> None:
    """Up and down every 30 s, at any time of day; in the end everybody knows."""
    rules = make_rules()
    begin = start + hour * HOUR
    offset = hour * 3600

    async def flap() -> World:
        async with World(rules, begin) as world:
            for turn in range(120):
                at = offset + turn * 30
                if turn % 2 == 0:
                    await world.post(group(alert("Link", starts=at)))
                else:
                    await world.post(group(alert("Link", starts=at - 30, ends=at)))
                await world.advance(30 * SECOND)
            await world.advance(HOUR)
            rows = await world.history()
            assert not [row for row in rows if row.state in {"waiting", "in_flight"}]
        return world

    world = run_virtual(flap())

    assert floods(world.phones, rules) == []
    last = world.phones[-1].message.tells
    assert all(fact.episode.ended for fact in last), "the last word is not the truth"


def test_these_checks_see_a_storm(
    make_rules: MakeRules,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
    floods: Floods,
) -> None:
    """Without a pace, the same alerts are one SMS each, and the checks say so."""
    unlimited = make_rules(pace=Pace(()))

    async def storm() -> World:
        async with World(unlimited, start) as world:
            for number in range(40):
                await world.post(group(alert(f"A{number}"), key=f"{number}"))
                await world.advance(SECOND)
            await world.advance(HOUR)
        return world

    phones = run_virtual(storm()).phones

    assert floods(phones, make_rules()) == ["anna: 40 SMS in 0:10:00"]
    assert len(firing_told(phones[1:])) < 40
    assert firing_told([*phones, phones[0]])["A0"] == 2
