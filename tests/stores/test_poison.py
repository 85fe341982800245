"""What kills its worker is set apart, and buried after five times; the others flow."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from round_trip import MakeAlert, MakeGroup, MakeRules, references, steps_of

from alertbridge.core.inquiry import NotThere
from alertbridge.core.mailbox import Mailbox
from alertbridge.core.message import Accepted, Draft, Idle, Outcomes, Submission
from alertbridge.core.notification import ProviderName
from alertbridge.core.rules import Rules
from alertbridge.core.settlement import Settlement
from alertbridge.core.stand_in import keys_of_post, plan_post
from alertbridge.engine.current import Current
from alertbridge.ports import StoreUnavailable
from alertbridge.stores.sqlite import SqliteStore, open_file

NOW = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
ONE = ProviderName("one")
WAIT = timedelta(seconds=15)


class Deadly(Current):
    """Composes anything but what tells of `Poison`; counts how often it died."""

    def __init__(self, rules: Rules, death: type[BaseException]) -> None:
        super().__init__(rules)
        self.death = death
        self.deaths = 0

    def draft(self, mailbox: Mailbox, now: datetime) -> Draft | Idle:
        """Compose, or die."""
        for fact in mailbox.facts:
            if fact.episode.labels["alertname"] == "Poison":
                self.deaths += 1
                raise self.death
        return super().draft(mailbox, now)


@pytest.fixture
def rules(make_rules: MakeRules) -> Rules:
    """Anna and Bo, and a third who is admin."""
    return make_rules(
        {"anna": ["+46701740605"], "bo": ["+46701740606"], "ops": ["+46701740609"]},
        receivers={"sre": ["anna", "bo"]},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "alertbridge.db"


async def fill(
    store: SqliteStore, rules: Rules, alert: MakeAlert, group: MakeGroup
) -> None:
    """Twenty alerts, one of them deadly."""
    for n in range(20):
        page = group(alert("Poison" if n == 7 else f"Alert{n}"), key=f"{n}")
        await store.record(
            keys_of_post(page),
            lambda known, page=page: plan_post(page, rules, known, NOW),  # type: ignore[misc]
            NOW,
        )


async def send(
    store: SqliteStore, current: Current, now: datetime
) -> tuple[Submission, ...]:
    """Take what may leave, and have all of it accepted."""
    sent = (await store.claim({ONE: 9}, current, now)).submissions
    for one in sent:
        outcomes = Outcomes(Accepted())
        steps = steps_of(one, outcomes, current.rules, now)
        await store.settle(one, Settlement(outcomes, steps), now)
    return sent


def tells(sent: list[Submission]) -> set[str]:
    """Which alerts were told."""
    return {
        fact.episode.labels["alertname"]
        for one in sent
        for message in one.messages
        for fact in message.tells
    }


async def test_what_cannot_be_composed_is_buried_and_the_others_are_told(
    path: Path, rules: Rules, alert: MakeAlert, group: MakeGroup
) -> None:
    """E5, where composing raises: the process does not even end."""
    store = open_file(path, references())
    await store.recover(NOW, WAIT)
    await fill(store, rules, alert, group)
    deadly = Deadly(rules, ZeroDivisionError)
    sent: list[Submission] = []
    failed = 0
    for minute in range(100):
        now = NOW + timedelta(minutes=minute)
        try:
            sent += await send(store, deadly, now)
        except StoreUnavailable:
            failed += 1
    dead = await store.outbox(dead=True)
    await store.close()

    # Two people have the poison: five strikes each.
    assert deadly.deaths == failed == 10
    assert {(row.alert, row.reason) for row in dead} == {("Poison", "poison")}
    assert {f"Alert{n}" for n in range(20) if n != 7} <= tells(sent)
    assert "PageNotSent" in tells(sent)
    assert "Poison" not in tells(sent)


async def test_a_death_that_nothing_repeats_is_forgotten(
    path: Path, rules: Rules, alert: MakeAlert, group: MakeGroup
) -> None:
    """Only strikes in a row count: kills at random end nobody's page."""
    store = open_file(path, references())
    await store.recover(NOW, WAIT)
    await fill(store, rules, alert, group)
    deadly = Deadly(rules, ZeroDivisionError)
    with pytest.raises(StoreUnavailable):
        await store.claim({ONE: 9}, deadly, NOW)
    sent: list[Submission] = []
    for minute in range(1, 60):
        now = NOW + timedelta(minutes=minute)
        sent += await send(store, Current(rules), now)
    dead = await store.outbox(dead=True)
    await store.close()

    assert "Poison" in tells(sent)
    assert list(dead) == []


async def test_a_send_that_ends_the_process_five_times_is_buried(
    path: Path, rules: Rules, alert: MakeAlert, group: MakeGroup
) -> None:
    """E5, where sending ends it, and the list says each time that nothing was sent."""
    attempts = 0
    now = NOW
    for start in range(7):
        store = open_file(path, references(100 * start + 1))
        await store.recover(now, WAIT, (ONE,))
        if start == 0:
            page = group(alert("Poison"))
            await store.record(
                keys_of_post(page),
                lambda known, page=page: plan_post(page, rules, known, NOW),  # type: ignore[misc]
                NOW,
            )
        now += WAIT
        for inquiry in (await store.inquiries((ONE,), now)).due:
            await store.conclude(inquiry, NotThere(), now)
        claimed = await store.claim({ONE: 9}, Current(rules), now)
        attempts += "Poison" in tells(list(claimed.submissions))
        # The process ends here: nothing is settled.
        await store.close()
    store = open_file(path, references(9999))
    dead = await store.outbox(dead=True)
    await store.close()

    assert attempts == 5
    assert {(row.alert, row.reason) for row in dead} == {("Poison", "poison")}
