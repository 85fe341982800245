"""The dispatcher on a store in memory, with a provider that plays what it is told."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from round_trip import MakeAlert, MakeGroup, MakeRules, States, references
from structlog.testing import capture_logs

from alertbridge.core.alert import AlertGroup
from alertbridge.core.message import (
    Accepted,
    Outcomes,
    Rejected,
    Submission,
    Uncertain,
)
from alertbridge.core.notification import ProviderName
from alertbridge.core.plan import keys_of
from alertbridge.core.planning import plan
from alertbridge.core.recipient import ReceiverName, RecipientName
from alertbridge.core.rules import Rules
from alertbridge.core.settlement import Settlement
from alertbridge.core.spend import SpendBudget
from alertbridge.core.template import compile_template
from alertbridge.engine import dispatcher as module
from alertbridge.engine.current import Current
from alertbridge.engine.dispatcher import Dispatcher
from alertbridge.ports import Store, StoreUnavailable
from alertbridge.stores.memory import open_memory
from alertbridge.stores.sqlite import SqliteStore
from alertbridge.telemetry import EVENTS

ONE = ProviderName("one")


class Clock:
    """Real time, as the daemon's clock gives it."""

    def now(self) -> datetime:
        """The time."""
        began = asyncio.get_running_loop().time()
        return datetime(2026, 3, 14, 3, 12, tzinfo=UTC) + timedelta(seconds=began)


class Scripted:
    """A provider that plays its outcomes in turn, and keeps the last one."""

    def __init__(self, *outcomes: Outcomes | Exception, per_second: int = 1000) -> None:
        self.name = ONE
        self.requests_per_second = per_second
        self.most_numbers = 1000
        self.outcomes = list(outcomes) or [Outcomes(Accepted())]
        self.submissions: list[Submission] = []
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def submit(self, submission: Submission) -> Outcomes:
        """Play the next outcome."""
        self.submissions.append(submission)
        self.asked.set()
        await self.may_answer.wait()
        outcome = self.outcomes[0]
        if len(self.outcomes) > 1:
            self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def check(self) -> Sequence[str]:
        """Nothing to ask."""
        return ()


class Settled(SqliteStore):
    """The store in memory, which lets a test wait for what is written down."""

    def __init__(self, store: SqliteStore) -> None:
        super().__init__(store._lane, store._references)
        self.settled = asyncio.Event()
        self.fail = 0

    async def settle(
        self, submission: Submission, settlement: Settlement, now: datetime
    ) -> bool:
        """Settle, or fail first as often as told."""
        if self.fail > 0:
            self.fail -= 1
            raise StoreUnavailable("the disk is full")
        done = await super().settle(submission, settlement, now)
        self.settled.set()
        return done


@pytest.fixture
async def store() -> AsyncIterator[Settled]:
    """An empty store in memory."""
    opened = Settled(open_memory(references()))
    yield opened
    await opened.close()


@asynccontextmanager
async def running(
    store: Store, rules: Rules, *providers: Scripted
) -> AsyncIterator[Dispatcher]:
    """Run a dispatcher, and stop it at the end as the daemon does."""
    made = Dispatcher(
        store,
        Current(rules),
        dict(zip(rules.providers, providers, strict=True)),
        Clock(),
        lambda: 0.0,
    )
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(made.run())
        try:
            yield made
        finally:
            made.stop()


async def record(store: Store, rules: Rules, group: AlertGroup) -> None:
    """Take a post in."""
    now = Clock().now()
    await store.record(
        keys_of(group), lambda known: plan(group, rules, known, now), now
    )


async def test_a_page_leaves_at_once(
    store: Settled, rules: Rules, states: States, alert: MakeAlert, group: MakeGroup
) -> None:
    """Woken, claimed, submitted, settled."""
    provider = Scripted()
    async with running(store, rules, provider) as dispatcher:
        await record(store, rules, group(alert(starts=None)))
        dispatcher.wake()
        await store.settled.wait()

    assert [row[2] for row in await states()] == ["told"]
    assert len(provider.submissions) == 1


async def test_a_provider_that_raises_may_have_sent(
    store: Settled, rules: Rules, states: States, alert: MakeAlert, group: MakeGroup
) -> None:
    """Anything but Uncertain would lose the page or double it."""
    await record(store, rules, group(alert(starts=None)))
    async with running(store, rules, Scripted(RuntimeError("bug"))):
        await store.settled.wait()

    assert [row[2:] for row in await states()] == [("in_flight", "uncertain")]


async def test_a_provider_that_hangs_is_not_waited_for(
    store: Settled,
    rules: Rules,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A request that never returns must not keep its people silent."""
    monkeypatch.setattr(module, "LONGEST_REQUEST", 0.05)
    await record(store, rules, group(alert(starts=None)))
    provider = Scripted()
    provider.may_answer.clear()
    async with running(store, rules, provider):
        await store.settled.wait()

    assert [row[2:] for row in await states()] == [("in_flight", "uncertain")]


async def test_stop_finishes_what_is_under_way(
    store: Settled, rules: Rules, states: States, alert: MakeAlert, group: MakeGroup
) -> None:
    """An update of the daemon makes no page uncertain."""
    await record(store, rules, group(alert(starts=None)))
    provider = Scripted()
    provider.may_answer.clear()
    async with running(store, rules, provider) as dispatcher:
        await provider.asked.wait()
        dispatcher.stop()
        provider.may_answer.set()

    assert [row[2] for row in await states()] == ["told"]


async def test_an_answer_is_not_forgotten_while_the_store_is_away(
    store: Settled,
    rules: Rules,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Settled as soon as it can be, and sent once."""
    monkeypatch.setattr(module, "STORE_PAUSE", 0.01)
    await record(store, rules, group(alert(starts=None)))
    store.fail = 3
    provider = Scripted()
    async with running(store, rules, provider):
        await store.settled.wait()

    assert [row[2] for row in await states()] == ["told"]
    assert len(provider.submissions) == 1


async def test_a_refused_page_is_dead_with_a_meta_alert(
    store: Settled, rules: Rules, states: States, alert: MakeAlert, group: MakeGroup
) -> None:
    """The admins hear by the way that works; here, the second try of the script."""
    await record(store, rules, group(alert(starts=None)))
    no = Outcomes(Rejected(detail="no"))
    provider = Scripted(no, Outcomes(Accepted()))
    async with running(store, rules, provider):
        await store.settled.wait()
        store.settled.clear()
        await store.settled.wait()

    assert [row[::2] for row in await states()] == [
        ("DiskFull", "dead"),
        ("PageNotSent", "told"),
    ]


async def test_somebody_removed_is_told_and_the_admins_hear_of_it(
    store: Settled,
    rules: Rules,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """On the numbers stored at intake, with a meta-alert."""
    await record(store, rules, group(alert(starts=None)))
    now_bo = make_rules({"bo": ["+46701740606"]})
    provider = Scripted()
    async with running(store, now_bo, provider):
        await store.settled.wait()

    assert provider.submissions[0].numbers == ("+46701740605",)
    assert [row[0] for row in await states("bo")] == ["RemovedRecipientTold"]


async def test_requests_of_a_former_process_count_against_the_rate(
    store: Settled, rules: Rules, alert: MakeAlert, group: MakeGroup
) -> None:
    """A crash loop is no way around the account's limit."""
    await record(store, rules, group(alert(starts=None)))
    await store.claim({ONE: 1}, Current(rules), Clock().now())
    provider = Scripted(per_second=1)
    async with running(store, rules, provider) as dispatcher:
        await record(store, rules, group(alert("Other", starts=None), key="2"))
        dispatcher.wake()
        began = asyncio.get_running_loop().time()
        await provider.asked.wait()
        waited = asyncio.get_running_loop().time() - began

    assert waited > 0.5


async def test_a_reload_gives_places_back(
    store: Settled, rules: Rules, states: States, alert: MakeAlert, group: MakeGroup
) -> None:
    """What was under way at the reload is counted out where it was counted in."""
    await record(store, rules, group(alert(starts=None)))
    old, new = Scripted(Outcomes(Uncertain(detail="no answer"))), Scripted()
    old.may_answer.clear()
    async with running(store, rules, old) as dispatcher:
        await old.asked.wait()
        dispatcher.replace_providers({ONE: new})
        old.may_answer.set()
        await store.settled.wait()

    assert [lane.in_progress for lane in dispatcher._lanes._lanes.values()] == [0]
    assert [lane.provider for lane in dispatcher._lanes._lanes.values()] == [new]


async def test_a_template_that_fails_pages_the_admins_beside_the_page(
    store: Settled, rules: Rules, states: States, alert: MakeAlert, group: MakeGroup
) -> None:
    """The page itself left first, in our own words."""
    name = ReceiverName("sre")
    broken = replace(
        rules,
        receivers={name: replace(rules.receivers[name], template="mine")},
        templates={"mine": compile_template("mine", "{{ alerts[0].labels.team }}")},
    )
    provider = Scripted()
    async with running(store, broken, provider) as dispatcher:
        await record(store, broken, group(alert(starts=None)))
        dispatcher.wake()
        while len(provider.submissions) < 2:
            provider.asked.clear()
            await provider.asked.wait()

    told, meta = (one.text.body for one in provider.submissions)
    assert told.startswith("CRITICAL Disk full")
    assert "Template failed" in meta


async def test_what_a_budget_comes_to_is_logged(
    store: Settled, rules: Rules, alert: MakeAlert, group: MakeGroup
) -> None:
    """A mark that is passed, once it is written down, and what expired meanwhile."""
    anna = RecipientName("anna")
    person = replace(rules.recipients[anna], spend=SpendBudget(daily=2))
    poor = replace(rules, recipients={anna: person})
    late = group(alert("Late", severity="warning", starts=None), key="late")
    now = Clock().now()
    hours_ago = now - timedelta(hours=2)
    await store.record(
        keys_of(late), lambda known: plan(late, poor, known, hours_ago), hours_ago
    )
    with capture_logs() as logs:
        async with running(store, poor, Scripted()) as dispatcher:
            await record(store, poor, group(alert(starts=None)))
            dispatcher.wake()
            await store.settled.wait()

    crossed = [one for one in logs if one["event"] == "spend.crossed"]
    ended = [one for one in logs if one["event"] == "fact.ended"]
    assert {key: crossed[0][key] for key in EVENTS["spend.crossed"].keys} == {
        "scope": "recipient",
        "name": "anna",
        "period": "day",
        "percent": 50,
        "segments": 1,
        "budget": 2,
    }
    assert [(one["state"], one["reason"], one["amount"]) for one in ended] == [
        ("expired", "time_to_live", 1)
    ]
