"""A template that fails costs no page, and is paged about once for each config."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import structlog
from round_trip import Answer, MakeAlert, MakeGroup, Post, references

from alertbridge.core.alert import OURSELVES
from alertbridge.core.message import Draft
from alertbridge.core.notification import ProviderName
from alertbridge.core.plan import Keys, Known, Plan
from alertbridge.core.recipient import Recipient, RecipientName
from alertbridge.core.rules import Rules
from alertbridge.core.template import compile_template
from alertbridge.engine.current import Current
from alertbridge.engine.template_faults import TemplateFaults
from alertbridge.ports import HistoryRow, Recorded, Store, StoreUnavailable
from alertbridge.stores.memory import open_memory
from alertbridge.stores.sqlite import SqliteStore

BROKEN = "{{ alerts[0].labels.team }}"


class Clock:
    """Stands still."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The time."""
        return self.at


class Absent(SqliteStore):
    """A store that is away when it is told to be."""

    away = False

    async def record(
        self, keys: Keys, decide: Callable[[Known], Plan], now: datetime
    ) -> Recorded:
        """Record, or not."""
        if self.away:
            raise StoreUnavailable("the disk is full")
        return await super().record(keys, decide, now)


@pytest.fixture
async def store(start: datetime) -> AsyncIterator[Absent]:
    """An empty store in memory, which a test may take away."""
    memory = open_memory(references())
    opened = Absent(memory._lane, memory._references)
    await opened.recover(start, timedelta(seconds=15))
    yield opened
    await opened.close()


@pytest.fixture
def rules(rules: Rules) -> Rules:
    """Anna has a template that needs a label that alerts lack."""
    name = RecipientName("anna")
    anna: Recipient = replace(rules.recipients[name], template="mine")
    return replace(
        rules,
        recipients={name: anna},
        templates={"mine": compile_template("mine", BROKEN)},
        version="one",
    )


class Daemon:
    """As much of one as a template that fails has to do with."""

    def __init__(
        self, store: Store, rules: Rules, at: datetime, answer: Answer
    ) -> None:
        self.store = store
        self.answer = answer
        self.current = Current(rules)
        self.clock = Clock(at)
        self.woken = 0
        self.faults = TemplateFaults(store, self.current, self.clock, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    async def dispatch(self) -> Sequence[Draft]:
        """Claim what may leave, and do what the dispatcher does about its templates."""
        ready = dict.fromkeys(self.current.rules.providers, 100)
        claimed = await self.store.claim(
            {ProviderName(name): places for name, places in ready.items()},
            self.current,
            self.clock.now(),
        )
        for fault in self.faults.note(claimed.drafts):
            await self.faults.page(fault)
        for submission in claimed.submissions:
            await self.answer(submission, by=self.current.rules)
        self.clock.at += timedelta(minutes=15)
        return claimed.drafts

    async def pages(self) -> list[HistoryRow]:
        """The pages about templates."""
        rows = await self.store.history()
        return [row for row in rows if row.alert == "TemplateFailed"]


@pytest.fixture
def daemon(store: Store, rules: Rules, start: datetime, answer: Answer) -> Daemon:
    """A daemon on an empty store."""
    return Daemon(store, rules, start, answer)


async def test_the_page_leaves_and_the_admins_hear_why(
    daemon: Daemon, post: Post, alert: MakeAlert, group: MakeGroup
) -> None:
    """In our own words; the log names the template, not the receiver."""
    await post(group(alert()))

    with structlog.testing.capture_logs() as logs:
        (draft,) = await daemon.dispatch()

    assert "team" not in draft.text.body
    (page,) = await daemon.pages()
    (failed,) = (entry for entry in logs if entry["event"] == "template.failed")
    assert (page.source, page.severity, page.recipient) == (OURSELVES, "high", "anna")
    assert failed["template"] == "mine"
    assert "line 1" in failed["error"]
    assert daemon.woken == 1


async def test_the_page_says_template_line_and_what_went_out(
    daemon: Daemon, post: Post, alert: MakeAlert, group: MakeGroup
) -> None:
    """Anna needs no log to know what to do."""
    await post(group(alert()))
    await daemon.dispatch()

    (draft,) = await daemon.dispatch()

    assert "Template failed: template mine, line 1: there is no " in draft.text.body


async def test_a_second_failure_is_logged_only(
    daemon: Daemon, post: Post, alert: MakeAlert, group: MakeGroup
) -> None:
    """A template that fails on every alert must not double the storm."""
    for number in range(3):
        await post(group(alert(f"A{number}")))
        await daemon.dispatch()

    assert len(await daemon.pages()) == 1


async def test_a_restart_with_the_same_config_does_not_page_again(
    daemon: Daemon, rules: Rules, post: Post, alert: MakeAlert, group: MakeGroup
) -> None:
    """It is looked up in the store, however long ago it was."""
    await post(group(alert()))
    await daemon.dispatch()
    at = daemon.clock.now() + timedelta(days=2)
    later = Daemon(daemon.store, rules, at, daemon.answer)

    await post(group(alert("Another")))
    await later.dispatch()

    assert len(await later.pages()) == 1
    assert later.woken == 0


async def test_another_config_pages_again(
    daemon: Daemon, rules: Rules, post: Post, alert: MakeAlert, group: MakeGroup
) -> None:
    """Somebody tried to mend it, and did not."""
    await post(group(alert()))
    await daemon.dispatch()
    daemon.current.rules = replace(rules, version="two")

    await post(group(alert("Another")))
    await daemon.dispatch()

    assert len(await daemon.pages()) == 2


async def test_a_page_about_a_template_makes_none(
    daemon: Daemon, post: Post, alert: MakeAlert, group: MakeGroup
) -> None:
    """The page about it is worded by the same template, and fails as well."""
    await post(group(alert()))
    await daemon.dispatch()
    daemon.current.rules = replace(daemon.current.rules, version="two")

    (draft,) = await daemon.dispatch()

    assert draft.tells[0].episode.source == OURSELVES
    assert draft.template_error is not None
    assert len(await daemon.pages()) == 1


async def test_a_store_that_is_away_costs_nothing_and_is_asked_again(
    daemon: Daemon, store: Absent, post: Post, alert: MakeAlert, group: MakeGroup
) -> None:
    """The text has left; the next one that fails tries again to say so."""
    await post(group(alert()))
    store.away = True
    assert len(await daemon.dispatch()) == 1
    store.away = False
    assert await daemon.pages() == []

    await post(group(alert("Another")))
    await daemon.dispatch()

    assert len(await daemon.pages()) == 1
