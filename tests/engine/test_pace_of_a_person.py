"""The pace is a person's: all that rings one phone counts, restarts or not.

The store is a file that other processes take over.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import cast

import pytest
from round_trip import Answer, Claim, MakeAlert, MakeGroup, MakeRules, Post, references

from alertbridge.core.matcher import parse_matchers
from alertbridge.core.message import (
    Deferred,
    Outcome,
    Rejected,
    Uncertain,
)
from alertbridge.core.meta import meta_plan
from alertbridge.core.notification import ProviderName
from alertbridge.core.pace import DEFAULT_LIMITS, Limit, Pace
from alertbridge.core.plan import Known, Plan
from alertbridge.core.recipient import ReceiverName
from alertbridge.core.route import Route
from alertbridge.core.rules import Rules
from alertbridge.engine.current import Current
from alertbridge.ports import Store
from alertbridge.stores.sqlite import open_file

WAIT = timedelta(seconds=15)


class Taken:
    """A store on a file, that one process after another has."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._references = references()
        self._store = open_file(path, self._references)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def over(self, now: datetime) -> None:
        """Let another process take it."""
        await self._store.close()
        self._store = open_file(self._path, self._references)
        await self._store.recover(now, WAIT)


@pytest.fixture
async def taken(tmp_path: Path, start: datetime) -> AsyncIterator[Taken]:
    """The file."""
    made = Taken(tmp_path / "alertbridge.db")
    await made.over(start)
    yield made
    await cast("Store", made).close()


@pytest.fixture
def store(taken: Taken) -> Store:
    """Whoever has the file."""
    return cast("Store", taken)


@pytest.fixture
def rules(make_rules: MakeRules) -> Rules:
    """Anna, by two routes and two providers, at the default pace."""
    routes = [
        Route(
            id="0",
            receiver=ReceiverName("dba"),
            matchers=parse_matchers('team="db"'),
        )
    ]
    return make_rules(
        routes=routes,
        receivers={"dba": ["anna"]},
        providers=["one", "two"],
        pace=Pace(),
    )


async def test_the_first_goes_at_once_and_the_second_after_a_minute(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """What is not critical rings once a minute; nothing waits for company."""
    await post(group(alert("A", severity="warning"), key="a"))
    (first,) = await claim()
    await answer(first)
    await post(group(alert("B", severity="warning"), key="b"), 10)
    early = [*await claim(10), *await claim(59.9)]
    (second,) = await claim(60)

    assert not early
    assert "B" in second.text.body


async def test_or_sooner_with_what_a_critical_opens(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """A text that leaves anyway takes along what waits for its minute."""
    await post(group(alert("Aa", severity="warning"), key="a"))
    (first,) = await claim()
    await answer(first)
    await post(group(alert("Bb", severity="warning"), key="b"), 10)
    await post(group(alert("Cc"), key="c"), 20)
    (second,) = await claim(20)
    await answer(second, None, 20)

    assert "Bb" in second.text.body
    assert "Cc" in second.text.body
    assert not await claim(3600)


async def test_a_restart_gives_no_place_back(
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    taken: Taken,
    start: datetime,
) -> None:
    """What the old process sent counts for the new one."""
    await post(group(alert("A", severity="warning"), key="a"))
    (first,) = await claim()
    await answer(first)
    await taken.over(start + timedelta(seconds=20))
    await post(group(alert("B", severity="warning"), key="b"), 30)

    assert not await claim(59.9)
    assert len(await claim(60)) == 1


async def test_two_routes_share_one_pace(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """It is her phone that rings, whoever named her."""
    await post(group(alert("A", severity="warning", team="db"), key="a"))
    (first,) = await claim()
    await answer(first)
    await post(group(alert("B", severity="warning", team="web"), key="b"), 10)

    assert not await claim(59.9)
    assert len(await claim(60)) == 1


def _say(page: Plan, _: Known) -> Plan:
    return page


OUTCOMES: Sequence[Outcome | None] = (
    None,
    Rejected(detail="no"),
    Uncertain(detail="no answer"),
    Deferred(detail="busy"),
    None,
)


async def test_everything_that_rings_counts(
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    store: Store,
    taken: Taken,
    rules: Rules,
    start: datetime,
) -> None:
    """Two hours of two routes, fail-over, doubt, meta-alerts and restarts: no storm.

    Nothing is lost by it either: at the end all is told, and the last text says so.
    """
    rang: list[tuple[float, bool]] = []
    outcomes = count()
    for second in range(0, 7200, 10):
        now = start + timedelta(seconds=second)
        if second % 420 == 410:
            await taken.over(now)
        severity = "critical" if second % 70 == 0 else "warning"
        team = "db" if second % 20 == 0 else "web"
        name = f"A{second}"
        seen = alert(name, severity=severity, team=team, starts=second)
        await post(group(seen, key=name), second)
        if second % 600 == 0:
            page = meta_plan("ConfigBroken", name, "look at it", rules, now)
            await store.record(page.keys, partial(_say, page), now)
        for submission in await claim(second):
            outcome = OUTCOMES[next(outcomes) % len(OUTCOMES)]
            if outcome is None or isinstance(outcome, Uncertain):
                rang.append((second, submission.urgent))
            await answer(submission, outcome, second)

    for limit in DEFAULT_LIMITS:
        window = limit.window.total_seconds()
        for at, _ in rang:
            inside = [urgent for other, urgent in rang if at <= other < at + window]
            assert len(inside) <= limit.limit
            others = inside.count(False)
            assert others <= limit.limit - limit.kept_for_critical
    assert len(rang) > 30
    for second in range(7200, 14400, 30):
        for submission in await claim(second):
            await answer(submission, None, second)
    depth = await store.depth(start + timedelta(hours=4))
    assert (sum(depth.waiting.values()), depth.in_flight, depth.uncertain) == (0, 0, 0)


async def test_a_long_window_counts_what_was_sent_a_day_ago(
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """The store looks back as far as the rules ask it to."""
    day = make_rules(pace=Pace((Limit(limit=1, window=timedelta(hours=24)),)))
    await post(group(alert("A"), key="a"), by=day)
    (first,) = await claim(by=day)
    await answer(first, by=day)
    await post(group(alert("B"), key="b"), 80_000, by=day)

    assert not await claim(86_399, by=day)
    assert len(await claim(86_400, by=day)) == 1


async def test_a_thousand_sms_in_a_day_are_not_all_read(
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
    store: Store,
    start: datetime,
) -> None:
    """A place is found with the latest of them: no limit is larger."""
    wide = make_rules(pace=Pace((Limit(limit=1000, window=timedelta(hours=24)),)))
    seen: list[int] = []

    class Watching(Current):
        def may_leave(self, sent, severity, now):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            seen.append(len(sent))
            return super().may_leave(sent, severity, now)

    for n in range(1003):
        await post(group(alert(f"A{n}"), key=f"{n}"), n, by=wide)
        now = start + timedelta(seconds=n)
        claimed = await store.claim({ProviderName("one"): 1}, Watching(wide), now)
        for submission in claimed.submissions:
            await answer(submission, None, n, by=wide)

    assert max(seen) == 1000
    assert not await claim(1003, by=wide)
    assert len(await claim(86_400, by=wide)) == 1
