"""Budgets on a file, over days: counted, given back, used up, told of, free again."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from round_trip import (
    Answer,
    Claim,
    MakeAlert,
    MakeGroup,
    MakeRules,
    Post,
    States,
    references,
)

from alertbridge.core import meta
from alertbridge.core.alert import OURSELVES
from alertbridge.core.message import (
    Accepted,
    Deferred,
    Outcomes,
    Reference,
    Rejected,
    Uncertain,
)
from alertbridge.core.notification import ProviderName
from alertbridge.core.pace import Pace
from alertbridge.core.recipient import ReceiverName, RecipientName
from alertbridge.core.route import Route, RouteTree
from alertbridge.core.rules import Rules
from alertbridge.core.spend import Payer, Period, Scope, SpendBudget
from alertbridge.engine.current import Current
from alertbridge.ports import Store
from alertbridge.stores.sqlite import SqliteStore, open_file

Restart = Callable[[float], Awaitable[int]]

BUSY = Deferred(detail="busy")
LOST = Uncertain(detail="no answer")
NO = Rejected(detail="no")
HOUR = 3600.0
DAY = 24 * HOUR
MIDNIGHT = 20 * HOUR + 48 * 60
"""Seconds from the start of a test (03:12 UTC on 14 March 2026) to the next day."""

THREE = {name: (f"+4670174060{n}",) for n, name in enumerate(("anna", "bo", "cy"), 5)}
WIDE = Pace(())
"""A pace that is in nobody's way: here it is money that counts."""


@pytest.fixture
async def store(tmp_path: Path, start: datetime) -> AsyncIterator[SqliteStore]:
    """A file, as the daemon has one."""
    names = references()
    opened = open_file(tmp_path / "alertbridge.db", names)
    await opened.recover(start, timedelta(seconds=15))
    yield opened
    await opened.close()


@pytest.fixture
def budgets(make_rules: MakeRules) -> Callable[..., Rules]:
    """Build rules with budgets: *people*'s, the root route's, and the providers'."""

    def build(
        anna: SpendBudget | None = None,
        *,
        people: Mapping[str, Sequence[str]] | None = None,
        root: SpendBudget | None = None,
        providers: Mapping[str, SpendBudget | None] | None = None,
        admins: Sequence[str] = ("admin",),
    ) -> Rules:
        everybody = {"anna": ("+46701740605",), "admin": ("+46701740609",)}
        named = providers or {"one": None}
        rules = make_rules(
            {**everybody, **(people or {})},
            receivers={"admins": admins, "paged": tuple(people or ("anna",))},
            providers=tuple(named),
            pace=WIDE,
        )
        who = RecipientName("anna")
        person = replace(
            rules.recipients[who],
            spend=anna or SpendBudget(),
            timezone=UTC if anna is None else anna.timezone,
        )
        return replace(
            rules,
            tree=RouteTree(Route(id="", receiver=ReceiverName("paged"), spend=root)),
            recipients={**rules.recipients, who: person},
            meta_receiver=ReceiverName("admins"),
            provider_spend={ProviderName(k): v for k, v in named.items() if v},
        )

    return build


def today(scope: Scope, name: str, key: str = "2026-03-14") -> Period:
    """A day of somebody's."""
    return Period(Payer(scope, name), key)


async def spent(
    store: Store, name: str = "anna", scope: Scope = Scope.RECIPIENT
) -> int:
    """What the first day of a test has cost somebody."""
    period = today(scope, name)
    return (await store.spent([period]))[period]


Send = Callable[..., Awaitable[list[tuple[str, str]]]]


@pytest.fixture
def leave(claim: Claim, answer: Answer) -> Send:
    """Let all leave that may, and say who got which text; with an outcome, once."""

    async def run(
        at: float, *, by: Rules, outcome: Outcomes | None = None
    ) -> list[tuple[str, str]]:
        told: list[tuple[str, str]] = []
        while submissions := await claim(at, by=by):
            for submission in submissions:
                told += [
                    (message.recipient, submission.text.body)
                    for message in submission.messages
                ]
                await answer(submission, outcome, at, by=by)
            if outcome is not None:
                break
        return told

    return run


@pytest.fixture
def send(post: Post, leave: Send, alert: MakeAlert, group: MakeGroup) -> Send:
    """Post one alert, and let all leave that may."""

    async def run(
        name: str,
        at: float = 0,
        *,
        by: Rules,
        severity: str = "warning",
        outcome: Outcomes | None = None,
    ) -> list[tuple[str, str]]:
        made = alert(name, severity=severity, starts=at)
        await post(group(made, key=name), at, by=by)
        return await leave(at, by=by, outcome=outcome)

    return run


def to_anna(found: Sequence[tuple[str, str]]) -> list[str]:
    """The texts that anna got."""
    return [text for who, text in found if who == "anna"]


# Counting


async def test_a_shared_submission_costs_its_segments_for_every_number(
    store: Store, budgets: Callable[..., Rules], send: Send
) -> None:
    """Three people, one request: one each, three of the account and of the route."""
    rules = budgets(people=THREE, root=SpendBudget(daily=100))
    await send("A", by=rules)

    assert [await spent(store, name) for name in THREE] == [1, 1, 1]
    assert await spent(store, "one", Scope.PROVIDER) == 3
    assert await spent(store, "root", Scope.ROUTE) == 3


async def test_a_long_text_costs_all_its_segments(
    store: Store,
    budgets: Callable[..., Rules],
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """From the moment it may leave, not from the answer."""
    rules = budgets()
    made = [alert(f"SomethingWithALongName{n}", team=f"t{n}") for n in range(9)]
    await post(group(*made), by=rules)
    (submission,) = await claim(by=rules)

    assert submission.text.segments == 2
    assert await spent(store) == 2


@pytest.mark.parametrize("outcome", [BUSY, NO], ids=["deferred", "rejected"])
async def test_what_surely_was_not_sent_costs_nothing(
    store: Store,
    budgets: Callable[..., Rules],
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    outcome: Deferred | Rejected,
) -> None:
    """A gateway that is down for a day uses up nobody's month."""
    rules = budgets(root=SpendBudget(daily=5), providers={"one": None, "two": None})
    await post(group(alert()), by=rules)
    for at in range(0, 600, 60):
        for submission in await claim(at, by=rules):
            await answer(submission, outcome, at, by=rules)

    assert await spent(store) == 0
    assert await spent(store, "one", Scope.PROVIDER) == 0
    assert await spent(store, "root", Scope.ROUTE) == 0


async def test_only_the_number_that_got_nothing_gets_its_segments_back(
    store: Store,
    budgets: Callable[..., Rules],
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """Outcomes differ within a submission, and so do prices."""
    rules = budgets(people=THREE)
    await post(group(alert()), by=rules)
    (submission,) = await claim(by=rules)
    number = submission.messages[0].number
    await answer(submission, Outcomes(Accepted(), {number: BUSY}), by=rules)

    assert [await spent(store, name) for name in THREE] == [0, 1, 1]
    assert await spent(store, "one", Scope.PROVIDER) == 2


async def test_an_uncertain_send_is_paid_for_and_its_repeat_again(
    store: Store,
    budgets: Callable[..., Rules],
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """It may be on the bill twice; a repeat that surely was not sent is not."""
    rules = budgets()
    await post(group(alert()), by=rules)
    (first,) = await claim(by=rules)
    await answer(first, LOST, by=rules)
    once = await spent(store)
    (second,) = await claim(15, by=rules)
    twice = await spent(store)
    await answer(second, BUSY, 15, by=rules)

    assert (once, twice, await spent(store)) == (1, 2, 1)


async def test_what_a_killed_process_had_under_way_is_paid_for(
    store: Store,
    budgets: Callable[..., Rules],
    post: Post,
    claim: Claim,
    answer: Answer,
    store_restart: Restart,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """Once for each send; an answer that comes too late changes nothing."""
    rules = budgets()
    await post(group(alert()), by=rules)
    (first,) = await claim(by=rules)
    await store_restart(1)
    await answer(first, None, 2, by=rules)

    assert await spent(store) == 1


async def test_spend_is_on_disk(
    tmp_path: Path, start: datetime, budgets: Callable[..., Rules]
) -> None:
    """Another process opens the file, and knows what the month has cost."""
    period = today(Scope.RECIPIENT, "anna")
    path = tmp_path / "other.db"
    first = open_file(path, (Reference(f"a-{n}") for n in count(1)))
    await first.recover(start, timedelta(seconds=15))
    current = Current(budgets())
    person = current.rules.recipients[RecipientName("anna")]
    made = meta.test_page(person, current.rules, start, followed=False)
    await first.record(made.keys, lambda _: made, start)
    await first.claim({ProviderName("one"): 1}, current, start)
    await first.close()

    second = open_file(path, (Reference(f"b-{n}") for n in count(1)))
    found = await second.spent([period])
    await second.close()

    assert found == {period: 1}


# Used up


async def test_one_digest_then_only_critical_until_the_day_is_over(
    store: Store, states: States, budgets: Callable[..., Rules], send: Send, leave: Send
) -> None:
    """The whole story: paid, used up, said once, held, and told the next morning."""
    rules = budgets(SpendBudget(daily=2))
    first = [await send(f"A{n}", n, by=rules) for n in range(2)]
    digest = await send("B", 10, by=rules)
    held = await send("C", 20, by=rules)
    page = await send("Worst", 30, by=rules, severity="critical")
    rows = [row for row in await store.outbox() if row.recipient == "anna"]
    before = await leave(MIDNIGHT - 7300, by=rules)

    texts = [text for found in first for text in to_anna(found)]
    assert len(texts) == 2
    assert not any("Budget" in text for text in texts)
    (said,) = to_anna(digest)
    assert said.startswith("FIRING warning B")
    assert said.endswith("Budget used up: only critical alerts until 15 Mar")
    assert held == []
    assert [text.split(":")[0] for _, text in page] == ["CRITICAL Worst"]
    assert [(row.alert, row.reason) for row in rows] == [("C", "over_budget")]
    assert rows[0].due_at == datetime(2026, 3, 14, 4, 12, 20, tzinfo=UTC)
    assert before == []
    assert ("C", "firing", "expired", "over_budget") in await states("anna")


async def test_what_still_fires_leaves_when_the_period_ends(
    budgets: Callable[..., Rules], send: Send, leave: Send
) -> None:
    """To the second, for what came in late enough to be worth telling."""
    rules = budgets(SpendBudget(daily=1))
    await send("A", by=rules)
    await send("B", 10, by=rules)
    await send("C", MIDNIGHT - 600, by=rules)
    early = await leave(MIDNIGHT - 1, by=rules)
    on_time = await leave(MIDNIGHT, by=rules)

    assert early == []
    assert [text.split(" C")[0] for text in to_anna(on_time)] == [
        "FIRING (late 10m) warning"
    ]


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        pytest.param("Europe/Stockholm", "2026-03-14", id="plain"),
        pytest.param("Europe/Stockholm", "2026-03-29", id="spring"),
        pytest.param("Europe/Stockholm", "2026-10-25", id="autumn"),
        pytest.param("Asia/Beirut", "2026-03-28", id="no-midnight"),
        pytest.param("Pacific/Kiritimati", "2026-12-31", id="year"),
    ],
)
async def test_a_persons_day_ends_at_their_own_midnight(
    start: datetime,
    budgets: Callable[..., Rules],
    send: Send,
    leave: Send,
    zone: str,
    day: str,
) -> None:
    """Also on the days on which it comes an hour early or late."""
    where = ZoneInfo(zone)
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=where)
    last = noon.replace(hour=23, minute=50)
    rules = budgets(SpendBudget(daily=1, timezone=where))
    at, late = ((when - start).total_seconds() for when in (noon, last))
    await send("A", at, by=rules)
    await send("B", at + 10, by=rules)
    held = await send("C", late, by=rules)
    early = await leave(late + 599, by=rules)
    on_time = await leave(late + 600, by=rules)

    assert (held, early) == ([], [])
    assert len(to_anna(on_time)) == 1


async def test_a_month_is_used_up_over_its_days_and_free_on_the_first(
    store: Store,
    start: datetime,
    budgets: Callable[..., Rules],
    send: Send,
    leave: Send,
) -> None:
    """Days within their own limit add up; February's end is not March's."""
    rules = budgets(SpendBudget(daily=3, monthly=4))
    first = (datetime(2026, 4, 1, tzinfo=UTC) - start).total_seconds()
    told = [await send(f"A{n}", n * DAY, by=rules) for n in range(4)]
    digest = await send("B", 5 * DAY, by=rules)
    held = await send("C", 6 * DAY, by=rules)
    await send("D", first - 60, by=rules)
    free = await leave(first, by=rules)
    period = Period(Payer(Scope.RECIPIENT, "anna"), "2026-03")

    assert all(found[0][0] == "anna" for found in told)
    ((_, said),) = digest
    assert said.endswith("Budget used up: only critical alerts until 1 Apr")
    assert held == []
    assert len(to_anna(free)) == 1
    assert (await store.spent([period]))[period] == 5


async def test_the_digest_is_not_repeated_by_the_next_process(
    budgets: Callable[..., Rules], send: Send, leave: Send, store_restart: Restart
) -> None:
    """That it was said is on disk with the message that says it."""
    rules = budgets(SpendBudget(daily=1))
    await send("A", by=rules)
    digest = await send("B", 10, by=rules)
    await store_restart(20)
    held = await send("C", 30, by=rules)

    assert len(to_anna(digest)) == 1
    assert held == []


async def test_a_digest_that_surely_was_not_sent_is_still_to_come(
    budgets: Callable[..., Rules], send: Send, leave: Send
) -> None:
    """Said is what may have been heard."""
    rules = budgets(SpendBudget(daily=1))
    await send("A", by=rules)
    await send("B", 10, by=rules, outcome=Outcomes(BUSY))
    again = await leave(100, by=rules)

    assert ["Budget used up" in text for text in to_anna(again)] == [True]


async def test_a_digest_whose_answer_was_lost_is_not_composed_anew(
    budgets: Callable[..., Rules], send: Send, leave: Send
) -> None:
    """The same goes out once more under its reference; what came since is held."""
    rules = budgets(SpendBudget(daily=1))
    await send("A", by=rules)
    (lost,) = [
        one
        for one in await send("B", 10, by=rules, outcome=Outcomes(LOST))
        if one[0] == "anna"
    ]
    held = await send("C", 12, by=rules)
    again = await leave(30, by=rules)

    assert held == []
    assert again == [lost]


async def test_everybody_on_a_used_up_route_hears_once(
    budgets: Callable[..., Rules], send: Send
) -> None:
    """Whoever is not told takes silence for health."""
    rules = budgets(people=THREE, root=SpendBudget(daily=3))
    await send("A", by=rules)
    digest = await send("B", 10, by=rules)
    held = await send("C", 20, by=rules)

    assert sorted(who for who, text in digest if "Budget of root" in text) == [*THREE]
    assert held == []


async def test_a_used_up_account_gives_way_to_the_next(
    store: Store,
    budgets: Callable[..., Rules],
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """And when that is used up too: one digest, then only critical, by the first."""
    rules = budgets(
        providers={"one": SpendBudget(daily=1), "two": SpendBudget(daily=1)},
        admins=(),
    )
    ways = []
    for n, severity in enumerate(["warning"] * 4 + ["critical"]):
        name = f"A{n}"
        await post(group(alert(name, severity=severity), key=name), n, by=rules)
        for submission in await claim(n, by=rules):
            ways.append((name, submission.provider, "Budget" in submission.text.body))
            await answer(submission, None, n, by=rules)

    assert ways == [
        ("A0", "one", False),
        ("A1", "two", False),
        ("A2", "one", True),
        ("A4", "one", False),
    ]


async def test_a_raised_limit_lets_what_waits_leave_at_the_reload(
    store: Store,
    start: datetime,
    budgets: Callable[..., Rules],
    send: Send,
    leave: Send,
) -> None:
    """Nobody waits for midnight once the money is there."""
    little = budgets(SpendBudget(daily=1))
    await send("A", by=little)
    await send("B", 10, by=little)
    await send("C", 20, by=little)
    await store.rehold(lambda _: None, start + timedelta(seconds=30))
    told = await leave(30, by=budgets(SpendBudget(daily=50)))

    assert [(who, "C" in text) for who, text in told] == [("anna", True)]


async def test_a_limit_raised_while_nothing_ran_counts_at_the_start(
    budgets: Callable[..., Rules], send: Send, leave: Send, store_restart: Restart
) -> None:
    """A restart is a reload, too."""
    little = budgets(SpendBudget(daily=1))
    await send("A", by=little)
    await send("B", 10, by=little)
    await send("C", 20, by=little)
    await store_restart(30)
    told = await leave(30, by=budgets(SpendBudget(daily=50)))

    assert len(to_anna(told)) == 1


async def test_a_stepped_clock_does_not_keep_a_mailbox_past_midnight(
    store: Store, budgets: Callable[..., Rules], send: Send, leave: Send
) -> None:
    """A day ends by the wall clock, wherever that was set to."""
    rules = budgets(SpendBudget(daily=1))
    await send("A", by=rules)
    await send("B", 10, by=rules)
    await send("C", MIDNIGHT - 600, by=rules)
    await store.shift(timedelta(hours=3))
    told = await leave(MIDNIGHT - 590 + 3 * HOUR, by=rules)

    assert len(to_anna(told)) == 1


# Told to the admins


def warnings(found: Sequence[tuple[str, str]]) -> list[str]:
    """What was said of budgets."""
    return [
        text.split("Spend warning: ")[1].split(". Since")[0]
        for who, text in found
        if "Spend warning" in text
    ]


async def test_the_admins_hear_at_50_80_and_100_per_cent(
    budgets: Callable[..., Rules], send: Send
) -> None:
    """Once each, in the commit that settles what crossed it."""
    rules = budgets(SpendBudget(daily=10))
    told = [warnings(await send(f"A{n}", n, by=rules)) for n in range(10)]

    assert [(n + 1, text) for n, texts in enumerate(told) for text in texts] == [
        (5, "anna has used 50 % of 10 segments today"),
        (8, "anna has used 80 % of 10 segments today"),
        (
            10,
            (
                "anna has used 10 segments, all there is today:"
                " only critical alerts are sent until 15 Mar"
            ),
        ),
    ]


async def test_a_warning_is_not_repeated_by_the_next_process_but_by_the_next_day(
    budgets: Callable[..., Rules], send: Send, store_restart: Restart
) -> None:
    """What was told of a period is on disk with it."""
    rules = budgets(SpendBudget(daily=2))
    first = await send("A", by=rules)
    await store_restart(10)
    second = await send("B", MIDNIGHT + 60, by=rules)
    third = await send("C", MIDNIGHT + 120, by=rules)

    assert [len(warnings(found)) for found in (first, second, third)] == [1, 1, 1]


async def test_a_send_that_comes_to_nothing_warns_nobody(
    budgets: Callable[..., Rules],
    states: States,
    send: Send,
    leave: Send,
) -> None:
    """The segments come back: a gateway that is down must not page over money."""
    rules = budgets(SpendBudget(daily=1), providers={"one": SpendBudget(daily=2)})
    await send("A", by=rules, outcome=Outcomes(BUSY))

    assert [row[0] for row in await states()] == ["A"]


async def test_what_a_killed_process_spent_is_told_with_the_next_answer(
    budgets: Callable[..., Rules],
    post: Post,
    claim: Claim,
    leave: Send,
    store_restart: Restart,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """Nobody settled it; the mark is passed all the same."""
    rules = budgets(SpendBudget(daily=4))
    await post(group(alert()), by=rules)
    await claim(by=rules)
    await store_restart(1)
    told = await leave(20, by=rules)

    assert warnings(told) == ["anna has used 50 % of 4 segments today"]


async def test_warnings_about_the_cost_of_warnings_come_to_an_end(
    store: Store, budgets: Callable[..., Rules], send: Send, leave: Send
) -> None:
    """Everybody is an admin, everything is budgeted at almost nothing.

    Each mark of each period is told once: a person, a route and an account, of two
    periods with three marks each, are 18 at the most.
    """
    tiny = SpendBudget(daily=3, monthly=3)
    rules = budgets(tiny, root=tiny, providers={"one": tiny}, admins=("anna",))
    found = await send("A", by=rules)
    for n in range(1, 5):
        found += await send(f"A{n}", n, by=rules, severity="critical")
    quiet = await leave(1000, by=rules)
    pages = [row for row in await store.history(limit=1000) if row.source == OURSELVES]

    assert quiet == []
    assert 6 <= len(pages) <= 18
    assert len({row.text for row in pages}) > 1


# Pruned


async def test_spend_is_kept_for_a_year_and_not_for_ever(
    store: Store, start: datetime, budgets: Callable[..., Rules], send: Send
) -> None:
    """With 90 days of history: so that a month can be compared with last year's."""
    await send("A", by=budgets())
    retention = timedelta(days=90)
    await store.prune(start + timedelta(days=398) - retention)
    kept = await spent(store)
    await store.prune(start + timedelta(days=402) - retention)

    assert (kept, await spent(store)) == (1, 0)
