"""Quiet hours: a person sleeps, what must ring rings, and the morning tells the rest.

Each test runs a store on a file from one wall time to another, as the dispatcher does:
it claims, and sleeps until what the claim said is due.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest
from round_trip import MakeRules, references

from alertbridge.core import meta, quiet_mailbox
from alertbridge.core.alert import (
    Alert,
    AlertGroup,
    GroupKey,
    SourceName,
    Status,
    fingerprint_of,
)
from alertbridge.core.delivery import UNCERTAIN_WAIT, next_step
from alertbridge.core.dispatch import numbers_of
from alertbridge.core.interval import TimeInterval
from alertbridge.core.mailbox import Mailbox
from alertbridge.core.message import (
    Accepted,
    Draft,
    Idle,
    Outcome,
    Outcomes,
    Submission,
    Uncertain,
)
from alertbridge.core.notification import Kind, ProviderName
from alertbridge.core.pace import Limit, Pace
from alertbridge.core.plan import Plan
from alertbridge.core.quiet import QuietHours
from alertbridge.core.recipient import ReceiverName, RecipientName
from alertbridge.core.route import Route
from alertbridge.core.rules import Rules
from alertbridge.core.settlement import Settlement
from alertbridge.core.severity import Severity
from alertbridge.core.stand_in import keys_of_post, plan_post
from alertbridge.engine.current import Current
from alertbridge.ports import Store
from alertbridge.stores.memory import open_memory
from alertbridge.stores.sqlite import open_file
from alertbridge.wiring.holds import hold_of

STOCKHOLM = ZoneInfo("Europe/Stockholm")
ANNA, BO = RecipientName("anna"), RecipientName("bo")
PEOPLE = {"anna": ["+46701740605"], "bo": ["+46701740606"]}
NIGHT = TimeInterval(times=((22 * 60, 7 * 60),), location=STOCKHOLM)
OFFICE = TimeInterval(
    times=((8 * 60, 17 * 60),), weekdays=((1, 5),), location=STOCKHOLM
)
ALWAYS = TimeInterval()
QUIET = QuietHours(quiet=(NIGHT,))
MINUTE = timedelta(minutes=1)


def wall(text: str) -> datetime:
    """Read a wall time in Stockholm, in March 2026: "13 21:59" is a Friday evening."""
    day, clock = text.split()
    return datetime.fromisoformat(f"2026-03-{day} {clock}").replace(tzinfo=STOCKHOLM)


@dataclass(frozen=True)
class Told:
    """An SMS that left."""

    at: str
    who: tuple[str, ...]
    text: str


class World:
    """A store, its rules, and a clock that only this test turns."""

    def __init__(self, rules: Rules, path: Path | None = None) -> None:
        self.path = path
        self.rules = rules
        self.now = wall("13 21:00")
        self.told: list[Told] = []
        self.last: list[Submission] = []
        self.looks = 0
        self.composed = 0
        self.outcome: Outcome = Accepted()
        self.since: dict[str, datetime] = {}
        self.references = references()
        self.store: Store = (
            open_memory(self.references)
            if path is None
            else open_file(path, self.references)
        )

    async def restart(self) -> None:
        """Let another process take the file over."""
        assert self.path is not None
        await self.store.close()
        self.store = open_file(self.path, self.references)
        await self.store.recover(self.now, UNCERTAIN_WAIT)

    async def reload(self, rules: Rules) -> None:
        """Put other rules in force."""
        self.rules = rules
        await self.store.rehold(
            lambda held: hold_of(held, self.rules, self.now), self.now
        )

    def alert(self, name: str, severity: str, *, over: bool, **more: str) -> Alert:
        """One alert that begins or ends now."""
        labels = {"alertname": name, "severity": severity, **more}
        return Alert(
            status=Status.RESOLVED if over else Status.FIRING,
            fingerprint=fingerprint_of(labels),
            labels=labels,
            starts_at=self.since.setdefault(name, self.now),
            ends_at=self.now if over else None,
        )

    async def fire(self, *names: str, severity: str = "warning", **more: str) -> None:
        """These alerts begin."""
        for name in names:
            await self.post(self.alert(name, severity, over=False, **more))

    async def end(self, *names: str, severity: str = "warning") -> None:
        """These alerts end."""
        for name in names:
            await self.post(self.alert(name, severity, over=True))

    async def post(self, alert: Alert) -> None:
        """A webhook comes in."""
        key = GroupKey(f"{{}}:{alert.labels['alertname']}")
        made = AlertGroup(
            source=SourceName("am"), receiver="hook", group_key=key, alerts=(alert,)
        )
        rules, now = self.rules, self.now
        await self.store.record(
            keys_of_post(made), lambda known: plan_post(made, rules, known, now), now
        )

    async def record(self, made: Plan) -> None:
        """A page of alertbridge's own."""
        await self.store.record(made.keys, lambda _: made, self.now)

    async def until(self, text: str) -> None:
        """Work as the dispatcher does, until a wall time."""
        await self.until_instant(wall(text))

    async def until_instant(self, end: datetime) -> None:
        """The same, until an instant."""
        while True:
            claimed = await self.store.claim(
                {ProviderName("one"): 100}, _Counting(self), self.now
            )
            self.looks += 1
            for submission in claimed.submissions:
                await self.answer(submission)
            if claimed.submissions:
                continue
            due = claimed.next_due
            if due is None or due > end:
                break
            assert due > self.now, "it polls"
            self.now = due.astimezone(STOCKHOLM)
        self.now = end

    async def answer(self, submission: Submission) -> None:
        """The gateway answers."""
        people = tuple(message.recipient for message in submission.messages)
        self.last.append(submission)
        self.told.append(Told(f"{self.now:%d %H:%M:%S}", people, submission.text.body))
        steps = {
            message.id: next_step(
                self.outcome,
                message,
                attempt=submission.attempt,
                provider=submission.provider,
                ways=self.rules.ways_to(
                    numbers_of(message.recipient, message.tells, self.rules)
                ),
                shared=len(people) > 1,
                began_at=submission.began_at,
                now=self.now,
                jitter=0.5,
            )
            for message in submission.messages
        }
        settlement = Settlement(Outcomes(self.outcome), steps)
        assert await self.store.settle(submission, settlement, self.now)

    def heard(self, who: str = "anna") -> list[tuple[str, str]]:
        """When somebody's phone rang, and the text."""
        return [(told.at, told.text) for told in self.told if who in told.who]

    def rang(self, who: str = "anna") -> list[str]:
        """When somebody's phone rang."""
        return [at for at, _ in self.heard(who)]


class _Counting(Current):
    """The rules in force; counts how often a mailbox is read."""

    def __init__(self, world: World) -> None:
        super().__init__(world.rules)
        self._world = world

    def draft(self, mailbox: Mailbox, now: datetime) -> Draft | Idle:
        self._world.composed += 1
        return super().draft(mailbox, now)


def with_hours(
    rules: Rules, hours: QuietHours = QUIET, who: RecipientName = ANNA
) -> Rules:
    """The same rules, and one person's hours."""
    person = replace(rules.recipients[who], hours=hours)
    return replace(rules, recipients={**rules.recipients, who: person})


@pytest.fixture
def rules(make_rules: MakeRules) -> Rules:
    """Anna alone, who sleeps from ten to seven; only critical pages wake her."""
    return with_hours(make_rules())


@pytest.fixture
async def world(tmp_path: Path, rules: Rules) -> AsyncIterator[World]:
    """Friday, nine in the evening."""
    made = World(rules, tmp_path / "alertbridge.db")
    await made.store.recover(made.now, UNCERTAIN_WAIT)
    yield made
    await made.store.close()


async def test_a_page_of_the_night_is_told_in_the_morning(world: World) -> None:
    """At seven sharp, though it is older than a page may be; and nothing polls."""
    await world.until("13 23:00")
    await world.fire("DiskFull")
    looks = world.looks
    await world.until("14 12:00")

    ((at, text),) = world.heard()
    assert at == "14 07:00:00"
    assert "Disk full" in text
    assert world.last[0].closes_at >= wall("14 08:00")
    assert world.looks - looks <= 4


async def test_the_evening_is_not_the_night(world: World) -> None:
    """Before ten, and from seven on, nothing is held."""
    await world.until("13 21:59")
    await world.fire("A")
    await world.until("14 07:00")
    await world.fire("B")
    await world.until("14 07:01")

    assert world.rang() == ["13 21:59:00", "14 07:00:00"]


async def check_critical_rings_alone(world: World) -> None:
    """A critical page rings at once, and takes nothing along that must not ring."""
    await world.until("13 23:00")
    await world.fire("Warned")
    await world.until("13 23:30")
    await world.fire("DiskFull", severity="critical")
    await world.until("14 12:00")

    (night, woken), (morning, rest) = world.heard()
    assert (night, morning) == ("13 23:30:00", "14 07:00:00")
    assert "Disk full" in woken
    assert "Warned" not in woken
    assert "Warned" in rest


async def test_a_critical_page_breaks_through(world: World) -> None:
    """And only that: the rest of the mailbox sleeps on."""
    await check_critical_rings_alone(world)


THROUGH: Mapping[Severity | None, list[str]] = {
    None: ["14 07:00:00"],
    Severity.CRITICAL: ["13 23:00:00", "14 07:00:00"],
    Severity.HIGH: ["13 23:00:00", "13 23:01:00", "14 07:00:00"],
    Severity.LOW: ["13 23:00:00", "13 23:01:00", "13 23:02:00"],
}


@pytest.mark.parametrize(("least", "rang"), THROUGH.items(), ids=str)
async def test_what_breaks_through_is_a_setting(
    world: World, make_rules: MakeRules, least: Severity | None, rang: list[str]
) -> None:
    """From nothing at all to everything."""
    world.rules = with_hours(make_rules(), replace(QUIET, breaks_through=least))
    for minute, severity in enumerate(("critical", "warning", "info")):
        await world.until(f"13 23:0{minute}")
        await world.fire(f"A{minute}", severity=severity)
    await world.until("14 12:00")

    assert world.rang() == rang


async def check_the_pace_does_not_ring_later(world: World) -> None:
    """What a cap kept past ten o'clock waits for the morning like anything else."""
    cap = Limit(limit=1, window=MINUTE)
    world.rules = replace(world.rules, pace=Pace((cap,)))
    await world.until("13 21:59")
    await world.fire("A")
    await world.until("13 21:59:30")
    await world.fire("B")
    await world.until("14 12:00")

    assert world.rang() == ["13 21:59:00", "14 07:00:00"]


async def test_quiet_hours_are_asked_when_the_text_is_composed(world: World) -> None:
    """Not when the alert came in."""
    await check_the_pace_does_not_ring_later(world)


@pytest.mark.parametrize("least", [Severity.CRITICAL, Severity.LOW])
async def test_good_news_waits_for_the_morning(
    world: World, make_rules: MakeRules, least: Severity
) -> None:
    """Whatever breaks through."""
    world.rules = with_hours(make_rules(), replace(QUIET, breaks_through=least))
    await world.until("13 23:00")
    await world.fire("DiskFull", severity="critical")
    await world.until("13 23:30")
    await world.end("DiskFull", severity="critical")
    await world.until("14 12:00")

    _, (at, text) = world.heard()
    assert at == "14 07:00:00"
    assert text.startswith("RESOLVED")


async def test_good_news_rides_along_with_what_rings_anyway(world: World) -> None:
    """It costs no ring, and the morning has nothing left to say."""
    await world.until("13 23:00")
    await world.fire("DiskFull", severity="critical")
    await world.until("13 23:30")
    await world.end("DiskFull", severity="critical")
    await world.until("14 01:00")
    await world.fire("Power", severity="critical")
    await world.until("14 12:00")

    _, (at, text) = world.heard()
    assert at == "14 01:00:00"
    assert "Power" in text
    assert "Disk full" in text


@pytest.mark.parametrize(
    ("severity", "reminded"),
    [("warning", "14 07:00:00"), ("critical", "14 01:30:00")],
)
async def test_a_reminder_rings_as_its_page_would(
    world: World, severity: str, reminded: str
) -> None:
    """Told in the evening, repeated at half past one."""
    await world.until("13 21:15")
    await world.fire("DiskFull", severity=severity)
    await world.until("14 01:30")
    await world.fire("DiskFull", severity=severity)
    await world.until("14 12:00")

    assert world.rang() == ["13 21:15:00", reminded]


async def test_what_came_and_went_overnight_is_not_told(world: World) -> None:
    """Fired and resolved before she was told: cancelled."""
    await world.until("13 23:00")
    await world.fire("DiskFull")
    await world.until("14 01:00")
    await world.end("DiskFull")
    await world.until("14 12:00")
    (row,) = await world.store.history()

    assert not world.told
    assert (row.state, row.reason) == ("cancelled", "resolved_before_told")


async def test_the_morning_digest_counts_what_is_still_true(world: World) -> None:
    """Five fired, two are over: one text, of three."""
    await world.until("13 23:00")
    await world.fire("A", "B", "C", "D", "E")
    await world.until("14 03:00")
    await world.end("B", "D")
    await world.until("14 12:00")

    ((at, text),) = world.heard()
    assert at == "14 07:00:00"
    assert text.startswith("3 ")
    assert all(name in text for name in "ACE")


async def test_a_morning_names_a_critical_that_was_held_and_just_ended(
    world: World, make_rules: MakeRules
) -> None:
    """Where not even that may ring; what ended longer ago is not worth a line."""
    world.rules = with_hours(make_rules(), replace(QUIET, breaks_through=None))
    await world.until("14 02:00")
    await world.fire("Slow")
    await world.fire("Early", "Late", severity="critical")
    await world.until("14 05:30")
    await world.end("Early", severity="critical")
    await world.until("14 06:30")
    await world.end("Late", severity="critical")
    await world.until("14 12:00")

    ((at, text),) = world.heard()
    assert at == "14 07:00:00"
    assert ("Slow" in text, "Late" in text, "Early" in text) == (True, True, False)


async def test_a_restart_in_the_night_wakes_nobody(world: World) -> None:
    """What waits is on disk, and so is nothing else: the hours are in the config."""
    await world.until("13 23:00")
    await world.fire("DiskFull")
    await world.until("14 03:00")
    await world.restart()
    await world.until("14 12:00")

    assert world.rang() == ["14 07:00:00"]


async def test_a_reload_that_ends_the_night_is_obeyed_at_once(
    world: World, make_rules: MakeRules
) -> None:
    """She swaps shifts at two, and hears at two."""
    await world.until("13 23:00")
    await world.fire("DiskFull")
    await world.until("14 02:00")
    await world.reload(make_rules())
    await world.until("14 12:00")

    assert world.rang() == ["14 02:00:00"]


async def test_a_reload_that_begins_the_night_holds_what_waits(
    world: World, make_rules: MakeRules
) -> None:
    """Though it was to leave a second later."""
    cap = Pace((Limit(limit=1, window=MINUTE),))
    world.rules = make_rules(pace=cap)
    await world.until("13 23:00")
    await world.fire("A")
    await world.until("13 23:00:59")
    await world.fire("B")
    await world.reload(with_hours(make_rules(pace=cap)))
    await world.until("14 12:00")

    assert world.rang() == ["13 23:00:00", "14 07:00:00"]


async def test_working_hours_hold_over_the_weekend(
    world: World, make_rules: MakeRules
) -> None:
    """From Friday evening to Monday at eight."""
    world.rules = with_hours(make_rules(), QuietHours(working=(OFFICE,)))
    await world.until("13 21:30")
    await world.fire("DiskFull")
    await world.until("17 12:00")

    assert world.rang() == ["16 08:00:00"]


async def test_of_two_receivers_the_one_that_may_speak_tells(
    world: World, make_rules: MakeRules
) -> None:
    """A muted route does not silence her other one; her own night silences both."""
    routes = [
        Route(id="0", receiver=ReceiverName("sre"), continues=True, mute=("always",)),
        Route(id="1", receiver=ReceiverName("sre")),
    ]
    two = make_rules(routes=routes, intervals={"always": ALWAYS})
    world.rules = with_hours(two)
    await world.until("13 21:30")
    await world.fire("Evening")
    await world.until("13 23:30")
    await world.fire("Night")
    await world.until("14 12:00")

    assert world.rang() == ["13 21:30:00", "14 07:00:00"]


async def check_the_night_does_not_age(world: World) -> None:
    """A page whose hour ends at night has its hour in the morning, and no more."""
    await world.store.hold(wall("14 07:59"))
    await world.until("13 21:30")
    await world.fire("Evening")
    await world.until("13 22:05")
    await world.fire("Night")
    await world.until("14 07:58")
    waiting = await world.store.outbox()
    await world.until("14 12:00")

    assert len(waiting) == 2
    ((at, text),) = world.heard()
    assert at == "14 07:59:00"
    assert "Evening" in text
    assert "Night" in text


async def test_time_to_live_counts_from_the_end_of_the_night(world: World) -> None:
    """Nothing left before 07:59, and still both are worth telling then."""
    await check_the_night_does_not_age(world)


async def test_and_an_hour_after_the_night_it_is_too_old(world: World) -> None:
    """At eight the hour of both is over."""
    await world.store.hold(wall("14 08:00"))
    await world.until("13 21:30")
    await world.fire("Evening")
    await world.until("13 22:05")
    await world.fire("Night")
    await world.until("14 12:00")
    rows = await world.store.history()

    assert not world.told
    assert {(row.state, row.reason) for row in rows} == {("expired", "time_to_live")}


async def test_what_is_too_old_before_the_night_does_not_live_through_it(
    world: World,
) -> None:
    """Its hour was over at half past nine."""
    await world.store.hold(wall("13 22:30"))
    await world.until("13 20:30")
    await world.fire("DiskFull")
    await world.until("14 12:00")
    (row,) = await world.store.history()

    assert not world.told
    assert (row.state, row.settled_at) == ("expired", wall("13 22:30"))


async def test_a_test_page_rings_at_night(world: World) -> None:
    """Somebody asked for it, and waits for it; also behind others that sleep."""
    await world.until("13 23:00")
    await world.fire("DiskFull")
    await world.until("13 23:10")
    person = world.rules.recipients[ANNA]
    await world.record(meta.test_page(person, world.rules, world.now, followed=False))
    await world.until("14 12:00")

    (night, test), (morning, rest) = world.heard()
    assert (night, morning) == ("13 23:10:00", "14 07:00:00")
    assert "Test page" in test
    assert "DiskFull" not in test
    assert "Disk full" in rest


@pytest.mark.parametrize("least", [Severity.CRITICAL, None])
async def test_a_page_about_ourselves_is_critical(
    world: World, make_rules: MakeRules, least: Severity | None
) -> None:
    """It breaks through, unless nothing does."""
    world.rules = with_hours(make_rules(), replace(QUIET, breaks_through=least))
    await world.until("13 23:00")
    page = meta.meta_plan("ConfigBroken", "x", "look", world.rules, world.now)
    await world.record(page)
    await world.until("14 12:00")

    assert world.rang() == ["14 07:00:00" if least is None else "13 23:00:00"]


async def test_a_doubtful_send_is_not_repeated_into_the_night(
    world: World, make_rules: MakeRules
) -> None:
    """The other one, who shared it, does not wait for her morning."""
    world.rules = with_hours(make_rules(PEOPLE))
    await world.until("13 21:59:55")
    world.outcome = Uncertain(detail="no answer")
    await world.fire("DiskFull")
    await world.until("13 21:59:58")
    world.outcome = Accepted()
    await world.until("14 12:00")

    assert world.rang("bo") == ["13 21:59:55", "13 22:00:10"]
    assert world.rang("anna") == ["13 21:59:55", "14 07:00:00"]


async def test_a_route_may_let_critical_through_its_mute(
    world: World, make_rules: MakeRules
) -> None:
    """The warning waits for the morning, and so does the good news."""
    routes = [
        Route(
            id="0",
            receiver=ReceiverName("sre"),
            mute=("night",),
            breaks_through=Severity.CRITICAL,
        )
    ]
    world.rules = make_rules(routes=routes, intervals={"night": NIGHT})
    await world.until("13 23:00")
    await world.fire("Warned")
    await world.fire("DiskFull", severity="critical")
    await world.until("14 01:00")
    await world.end("DiskFull", severity="critical")
    await world.reload(world.rules)
    await world.until("14 12:00")

    (night, woken), (morning, rest) = world.heard()
    assert (night, morning) == ("13 23:00:00", "14 07:00:00")
    assert "Warned" not in woken
    assert "Warned" in rest
    assert "Disk full" in rest


@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        pytest.param("28 23:00", "29 07:00:00", id="a-night-of-eight-hours"),
        pytest.param("14 23:00", "15 07:00:00", id="a-night-of-nine-hours"),
    ],
)
async def test_the_morning_is_seven_on_her_clock(
    world: World, evening: str, morning: str
) -> None:
    """Also when clocks go forward that night."""
    await world.until(evening)
    await world.fire("DiskFull")
    await world.until(f"{morning[:2]} 12:00")

    assert world.rang() == [morning]


async def test_a_storm_at_night_does_not_read_the_mailbox_for_each_alert(
    world: World,
) -> None:
    """Two hundred held alerts cost two hundred glances, and one composition."""
    await world.until("13 23:00")
    for n in range(200):
        await world.fire(f"A{n}")
        await world.until(f"13 23:{n // 60:02}:{n % 60:02}")
    at_night = world.composed
    await world.until("14 12:00")

    assert at_night == 0
    assert len(world.told) == 1


SEVERITIES = {
    "critical": Severity.CRITICAL,
    "warning": Severity.HIGH,
    "info": Severity.LOW,
}
START, END = (wall(text).astimezone(UTC) for text in ("27 12:00", "31 12:00"))
"""Four days; clocks go forward in the second night."""


def some_hours(dice: Random) -> QuietHours:
    """Draw the hours of a person nobody foresaw."""

    def interval() -> TimeInterval:
        start, end = dice.sample(range(0, 24 * 60, 30), 2)
        days = (dice.randrange(0, 3), dice.randrange(3, 7))
        return TimeInterval(
            times=((start, end),),
            weekdays=(days,) if dice.random() < 0.4 else (),
            location=STOCKHOLM,
        )

    return QuietHours(
        quiet=tuple(interval() for _ in range(dice.randrange(0, 3))),
        working=tuple(interval() for _ in range(dice.randrange(0, 2))),
        breaks_through=dice.choice([None, *Severity]),
    )


@dataclass(frozen=True)
class Happening:
    """An alert, from when to when."""

    name: str
    severity: str
    begins: datetime
    ends: datetime


def some_happenings(dice: Random) -> list[Happening]:
    """Draw what goes wrong; a third of it stays so."""
    found = []
    for n in range(dice.randrange(1, 9)):
        begins = START + timedelta(minutes=dice.randrange(0, 60 * 60))
        lasts = timedelta(minutes=dice.randrange(1, 40 * 60))
        ends = begins + lasts if dice.random() < 0.7 else END + lasts
        severity = dice.choice([*SEVERITIES])
        found.append(Happening(f"Alert{n}x", severity, begins, ends))
    return found


async def live_through(world: World, happenings: list[Happening]) -> None:
    """Let everything happen in its order."""
    world.now = START
    steps = sorted(
        (at, is_end, what.name, what.severity)
        for what in happenings
        for is_end, at in enumerate((what.begins, what.ends))
        if at < END
    )
    for at, is_end, name, severity in steps:
        await world.until_instant(at)
        await (world.end if is_end else world.fire)(name, severity=severity)
        await world.until_instant(at)
    await world.until_instant(END)


def told_at(world: World, name: str, kind: Kind) -> list[datetime]:
    """When a fact was told."""
    return [
        submission.began_at
        for submission in world.last
        for message in submission.messages
        for fact in message.tells
        if fact.episode.labels["alertname"] == name
        if fact.kind is kind
        # One line for what is over is no page any more.
        if kind is Kind.RESOLVED or not fact.episode.ended
    ]


def check_happening(world: World, hours: QuietHours, what: Happening) -> None:
    """Compare what was told with what the hours, and they alone, make of it."""
    firing = told_at(world, what.name, Kind.FIRING)
    resolved = told_at(world, what.name, Kind.RESOLVED)
    spared = hours.spare(what.begins)
    rings = hours.let_through(SEVERITIES[what.severity])
    due = what.begins if rings or spared is None else spared.until
    if due > END or what.begins < due >= what.ends:
        assert (firing, resolved) == ([], [])
        return
    assert firing == [due]
    spared = hours.spare(what.ends)
    until = what.ends if spared is None else spared.until
    anyway = [at for at in (s.began_at for s in world.last) if what.ends <= at < until]
    good = min(anyway, default=until)
    assert resolved == ([good] if good <= END else [])


async def test_any_hours_tell_everything_at_the_first_moment_they_may(
    make_rules: MakeRules,
) -> None:
    """Random hours, random days: told once, on time, or over before it could be."""
    free = Pace((Limit(limit=1000, window=MINUTE),))
    for seed in range(25):
        dice = Random(seed)
        hours, happenings = some_hours(dice), some_happenings(dice)
        world = World(with_hours(make_rules(pace=free), hours))
        await world.store.recover(START, UNCERTAIN_WAIT)
        await live_through(world, happenings)
        for what in happenings:
            check_happening(world, hours, what)
        await world.store.close()


def without_quiet(*_: object) -> None:
    """Mutant: nobody ever sleeps."""


def too_much_through(self: QuietHours, severity: Severity) -> bool:
    """Mutant: a critical page is held like any other."""
    return self.breaks_through is not None and severity < self.breaks_through


def ages_at_night(
    ends: object,
    born: datetime,
    expires_at: datetime,
    lasts: timedelta,
    now: datetime,
) -> datetime:
    """Mutant: the time to live runs while she sleeps."""
    return expires_at


def always_free(*_: object) -> None:
    """Mutant: no limit keeps anything past ten o'clock."""


Check = Callable[[World], Awaitable[None]]
MUTANTS: Mapping[str, tuple[type | ModuleType, str, Callable[..., object], Check]] = {
    "nobody sleeps": (QuietHours, "spare", without_quiet, check_critical_rings_alone),
    "critical is held too": (
        QuietHours,
        "let_through",
        too_much_through,
        check_critical_rings_alone,
    ),
    "pages grow old at night": (
        quiet_mailbox,
        "ages_at",
        ages_at_night,
        check_the_night_does_not_age,
    ),
    "no pace": (Limit, "frees_at", always_free, check_the_pace_does_not_ring_later),
}


@pytest.mark.parametrize(
    ("owner", "name", "mutant", "check"), MUTANTS.values(), ids=MUTANTS
)
async def test_a_broken_rule_is_seen(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    owner: type | ModuleType,
    name: str,
    mutant: Callable[..., object],
    check: Check,
) -> None:
    """Each mutant breaks the claim that stands beside it."""
    monkeypatch.setattr(owner, name, mutant)

    with pytest.raises((AssertionError, ValueError)):
        await check(world)
