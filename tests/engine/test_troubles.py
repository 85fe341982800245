"""How often the admins hear of a trouble: checked over random days, and by mutants."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import structlog
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import integers, sampled_from
from round_trip import Answer, Claim, MakeRules, States, references

from alertbridge.core import trouble_plan
from alertbridge.core.episode import KnownEpisode
from alertbridge.core.plan import Keys, Known, Plan
from alertbridge.core.recipient import ReceiverName
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity
from alertbridge.core.trouble import Cause, Trouble
from alertbridge.core.trouble_plan import SAID_AGAIN
from alertbridge.engine.current import Current
from alertbridge.engine.troubles import Teller, Troubles
from alertbridge.ports import Recorded, Store, StoreUnavailable
from alertbridge.stores.memory import open_memory
from alertbridge.stores.sqlite import SqliteStore

DISK, OTHER = Cause("DiskLow"), Cause("SourceSilent", "grafana")


class Clock:
    """Moves when it is told to."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The time."""
        return self.at


def lasting(cause: Cause = DISK, summary: str = "no room") -> Trouble:
    """Something that somebody will say is over."""
    return Trouble(cause=cause, summary=summary)


@pytest.fixture
def clock(start: datetime) -> Clock:
    """A clock at the start of the test."""
    return Clock(start)


@pytest.fixture
def troubles(store: Store, rules: Rules, clock: Clock) -> Troubles:
    """The part that is tested, on an empty store."""
    return Troubles(store, Current(rules), clock, lambda: None)


async def test_the_admins_hear_and_nobody_else(
    store: Store, make_rules: MakeRules, clock: Clock, states: States
) -> None:
    """At `meta.receiver`, whatever the routes say."""
    people = {"anna": ("+46701740605",), "bo": ("+46701740607",)}
    made = make_rules(people, receivers={"sre": ["anna"], "admins": ["bo"]})
    rules = replace(made, meta_receiver=ReceiverName("admins"))

    await Troubles(store, Current(rules), clock, lambda: None).tell(lasting())

    assert await states("anna") == []
    assert await states("bo") == [("DiskLow", "firing", "waiting", "news")]


async def test_what_lasts_is_told_once_however_long(
    troubles: Troubles, clock: Clock, states: States
) -> None:
    """Three days of looking every minute are one page."""
    for _ in range(3 * 24 * 60):
        await troubles.tell(lasting())
        clock.at += timedelta(minutes=1)

    assert len(await states()) == 1


async def test_that_it_is_over_is_told_to_who_heard(
    troubles: Troubles,
    states: States,
    claim: Claim,
    answer: Answer,
) -> None:
    """As of any other alert."""
    await troubles.tell(lasting())
    (submission,) = await claim()
    await answer(submission)

    await troubles.is_over(DISK)

    assert [row[1:3] for row in await states()] == [
        ("firing", "told"),
        ("resolved", "waiting"),
    ]


async def test_nobody_hears_the_end_of_what_nobody_heard_of(
    troubles: Troubles, states: States
) -> None:
    """There is nothing to take back."""
    await troubles.is_over(DISK)

    assert await states() == []


async def test_what_comes_back_at_once_is_told_after_its_quarter_of_an_hour(
    troubles: Troubles, clock: Clock, states: States, start: datetime
) -> None:
    """Kept back, and not forgotten: it still lasts by then."""
    await troubles.tell(lasting())
    await troubles.is_over(DISK)
    told: list[datetime] = []
    for _ in range(30):
        clock.at += timedelta(minutes=1)
        before = len(await states())
        await troubles.tell(lasting())
        if len(await states()) > before:
            told.append(clock.at)

    assert told == [start + SAID_AGAIN]


async def test_what_happens_again_and_again_is_told_every_quarter_of_an_hour(
    troubles: Troubles, clock: Clock, states: States
) -> None:
    """Each is news; an hour of them is four pages."""
    happens = replace(lasting(), lasts=False)
    for _ in range(60):
        await troubles.tell(happens)
        clock.at += timedelta(minutes=1)

    assert len(await states()) == 4


async def test_a_page_that_waits_says_the_newest_figures(
    troubles: Troubles, store: Store, claim: Claim
) -> None:
    """What was written down an hour ago is not what is wrong now."""
    await troubles.tell(lasting(summary="9 MiB are free"))
    await troubles.tell(lasting(summary="3 MiB are free"))

    (submission,) = await claim()

    assert "3 MiB are free" in submission.text.body


async def test_two_causes_do_not_keep_each_other_back(
    troubles: Troubles, states: States
) -> None:
    """Nor do two sources with the same trouble."""
    for about in ("grafana", "alertmanager"):
        await troubles.tell(lasting(Cause("SourceSilent", about)))
    await troubles.tell(lasting())

    assert len(await states()) == 3


async def test_what_is_said_once_is_told_when_its_quarter_of_an_hour_is_over(
    troubles: Troubles, clock: Clock, states: States
) -> None:
    """A second reload that fails soon after the first: nobody says so again."""
    teller = Teller(troubles)
    teller.tell(lasting())
    assert await teller.say()
    teller.is_over(DISK)
    assert await teller.say()
    teller.tell(lasting())

    assert not await teller.say()
    clock.at += SAID_AGAIN
    assert await teller.say()
    assert len(await states()) == 2


async def test_what_is_over_before_it_is_told_is_not_told(
    troubles: Troubles, clock: Clock, states: States
) -> None:
    """Kept back, and then no longer true."""
    teller = Teller(troubles)
    teller.tell(lasting())
    assert await teller.say()
    teller.is_over(DISK)
    assert await teller.say()
    teller.tell(lasting())
    assert not await teller.say()
    teller.is_over(DISK)
    clock.at += SAID_AGAIN

    assert await teller.say()
    assert len(await states()) == 1


async def test_what_a_full_disk_kept_back_is_told_when_it_has_room(
    rules: Rules, clock: Clock, store: Store
) -> None:
    """The worker tries again by itself."""
    away = Away(store._lane, references())  # type: ignore[attr-defined]
    teller = Teller(Troubles(away, Current(rules), clock, lambda: None))
    teller.tell(lasting())
    working = asyncio.create_task(teller.run(0.001))  # noqa: TID251 - ended below
    await asyncio.sleep(0.01)
    assert await store.history() == ()

    away.away = False
    async with asyncio.timeout(10):
        while not await store.history():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    working.cancel()


class Away(SqliteStore):
    """A store that cannot write while it is away."""

    away = True

    async def record(
        self, keys: Keys, decide: Callable[[Known], Plan], now: datetime
    ) -> Recorded:
        """Never, or as ever."""
        if self.away:
            raise StoreUnavailable("the disk is full")
        return await super().record(keys, decide, now)


@pytest.fixture
async def away() -> AsyncIterator[Store]:
    """A store that is not there."""
    memory = open_memory(references())
    yield Away(memory._lane, memory._references)
    await memory.close()


async def test_a_store_that_is_away_costs_the_caller_nothing(
    away: Store, rules: Rules, clock: Clock
) -> None:
    """It is logged, and he is told that it was not written down."""
    troubles = Troubles(away, Current(rules), clock, lambda: None)

    with structlog.testing.capture_logs() as logs:
        assert not await troubles.tell(lasting())
        assert not await troubles.is_over(DISK)

    assert [entry["event"] for entry in logs] == ["store.failed"] * 2


class Days(RuleBasedStateMachine):
    """Troubles that come and go, restarts, set clocks; looked at every minute.

    `true` is the time that passes; the daemon's own may be set.
    """

    make_rules: MakeRules
    start: datetime

    @initialize()
    def begin(self) -> None:
        """A daemon without a care."""
        self.runner = asyncio.Runner()
        self.run = self.runner.run
        self.store = open_memory(references())
        self.clock = Clock(Days.start)
        self.true = timedelta(0)
        self.current = Current(Days.make_rules())
        self.wrong: dict[Cause, timedelta] = {}
        self.said: dict[Cause, list[timedelta]] = {DISK: [], OTHER: []}
        self.troubles = self._new()

    def _new(self) -> Troubles:
        return Troubles(self.store, self.current, self.clock, lambda: None)

    @rule(cause=sampled_from([DISK, OTHER]))
    def goes_wrong(self, cause: Cause) -> None:
        """It lasts from now."""
        self.wrong.setdefault(cause, self.true)
        self._look()

    @rule(cause=sampled_from([DISK, OTHER]))
    def is_over(self, cause: Cause) -> None:
        """It is over."""
        if self.wrong.pop(cause, None) is not None:
            self.run(self.troubles.is_over(cause))

    @rule(minutes=integers(1, 40))
    def time_passes(self, minutes: int) -> None:
        """Each minute somebody looks."""
        for _ in range(minutes):
            self.true += timedelta(minutes=1)
            self.clock.at += timedelta(minutes=1)
            self._look()

    @rule()
    def restarts(self) -> None:
        """Another process on the same store."""
        self.troubles = self._new()

    @rule(hours=sampled_from([-26, -1, 1, 26]))
    def clock_is_set(self, hours: int) -> None:
        """The store follows, as it does."""
        by = timedelta(hours=hours)
        self.run(self.store.shift(by))
        self.clock.at += by

    def _look(self) -> None:
        for cause in self.wrong:
            with structlog.testing.capture_logs() as logs:
                self.run(self.troubles.tell(lasting(cause)))
            if any(entry["event"] == "meta.raised" for entry in logs):
                self._told(cause)
            self._heard(cause)

    def _told(self, cause: Cause) -> None:
        before = self.said[cause][-1:]
        self.said[cause].append(self.true)
        assert not before or self.true - before[0] >= SAID_AGAIN, "a storm"

    def _heard(self, cause: Cause) -> None:
        since = self.wrong[cause]
        told = any(at >= since for at in self.said[cause])
        assert told or self.true - since <= SAID_AGAIN, "nobody heard of it"

    def teardown(self) -> None:
        """Let go of the store."""
        if hasattr(self, "store"):
            self.run(self.store.close())
            self.runner.close()


def check(examples: int, *phases: Phase) -> None:
    """Live through random days."""
    run_state_machine_as_test(
        Days,
        settings=settings(
            max_examples=examples,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            report_multiple_bugs=False,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            phases=phases or (Phase.generate, Phase.shrink),
        ),
    )


@pytest.fixture
def days(make_rules: MakeRules, start: datetime) -> None:
    """What the machine builds its daemon of."""
    Days.make_rules = staticmethod(make_rules)
    Days.start = start


@pytest.mark.usefixtures("days")
def test_no_trouble_storms_and_none_is_forgotten() -> None:
    """At most one page in 15 minutes; what lasts longer than that is always told."""
    check(60)


def never_lately(_: KnownEpisode, __: datetime) -> bool:
    """Mutant: the quarter of an hour is not kept."""
    return False


def always_lately(_: KnownEpisode, __: datetime) -> bool:
    """Mutant: what was said once is never said again."""
    return True


def until_it_was_over(told: KnownEpisode, now: datetime) -> bool:
    """Mutant: counted by a time that does not move with the clock."""
    return now - told.starts_at < SAID_AGAIN


@pytest.mark.usefixtures("days")
@pytest.mark.parametrize(
    ("mutant", "found"),
    [
        pytest.param(never_lately, "a storm", id="no-15-minutes"),
        pytest.param(always_lately, "nobody heard", id="for-ever"),
        pytest.param(until_it_was_over, "a storm|nobody heard", id="by-start"),
    ],
)
def test_the_machine_sees_a_broken_rule(
    monkeypatch: pytest.MonkeyPatch, mutant: Callable[..., bool], found: str
) -> None:
    """Each mutant breaks one promise, and the machine names it."""
    monkeypatch.setattr(trouble_plan, "_said_lately", mutant)

    with pytest.raises(AssertionError, match=found):
        check(200, Phase.generate)


def test_a_trouble_is_critical_unless_it_says_otherwise() -> None:
    """Whoever forgets to say so wakes somebody; the other way round nobody would."""
    assert lasting().severity is Severity.CRITICAL
