"""A source with too many open alerts: counted, said once, and nothing lost."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from round_trip import Answer, Claim, MakeAlert, MakeGroup, MakeRules, Post

from alertbridge.core.alert import Alert, SourceName
from alertbridge.core.flood import ALERTNAME
from alertbridge.core.matcher import parse_matcher
from alertbridge.core.pace import Limit, Pace
from alertbridge.core.recipient import ReceiverName
from alertbridge.core.route import Route
from alertbridge.core.rules import Rules
from alertbridge.ports import Store

Tell = Callable[..., Awaitable[list[str]]]

MOST = 20
SAID = "Alert flood"
"""How a text says its name."""

NO_PACE = Pace((Limit(limit=1000, window=timedelta(minutes=10)),))
AM = SourceName("alertmanager")


@pytest.fixture
def rules(make_rules: MakeRules) -> Rules:
    """Anna alone, twenty open alerts at most, and no pace in the way."""
    made = make_rules(pace=NO_PACE)
    return replace(made, max_open={AM: MOST})


@pytest.fixture
def tell(claim: Claim, answer: Answer) -> Tell:
    """Let everything leave that may; the texts."""

    async def leave(at: float = 0, *, by: Rules | None = None) -> list[str]:
        texts: list[str] = []
        while found := await claim(at, by=by):
            for submission in found:
                texts.append(submission.text.body)
                await answer(submission, at=at, by=by)
        return texts

    return leave


def warnings(alert: MakeAlert, first: int, last: int, **more: object) -> list[Alert]:
    """Alerts by number, none of them critical."""
    return [alert(f"A{n}", severity="warning", **more) for n in range(first, last)]


async def counts(store: Store) -> Counter[str]:
    """What became of each alert, by the reason for it, once per row."""
    rows = await store.history(limit=10_000)
    return Counter(row.reason for row in rows)


async def test_beyond_the_limit_one_alert_stands_for_the_rest(
    store: Store, post: Post, tell: Tell, alert: MakeAlert, group: MakeGroup
) -> None:
    """Twenty are told, thirty counted; the text says so, and history has every one."""
    recorded = await post(group(*warnings(alert, 0, 50)))

    texts = await tell()

    assert len(recorded.plan.opens) == 51
    assert len(texts) == 1
    assert texts[0].startswith("21 firing")
    assert f"CRITICAL {SAID} alertmanager" in texts[0]
    assert await counts(store) == {"accepted": 21, "only_counted": 30}


async def test_its_own_text_says_how_many(
    post: Post, tell: Tell, alert: MakeAlert, group: MakeGroup
) -> None:
    """Told alone it says whose they are, how many are open, how many only counted."""
    await post(group(*warnings(alert, 0, MOST)))
    await tell()
    await post(group(*warnings(alert, MOST, MOST + 7), key="2"), 1)

    (text,) = await tell(1)

    assert text.startswith(f"CRITICAL {SAID}")
    assert "alertmanager: has 20 open alerts; 7 more alerts are only counted" in text


async def test_the_flood_is_said_once_however_it_grows(
    store: Store, post: Post, tell: Tell, alert: MakeAlert, group: MakeGroup
) -> None:
    """Fifty posts beyond the limit make one SMS; the count goes on in history."""
    await post(group(*warnings(alert, 0, MOST + 1)))
    await tell()
    for n in range(50):
        batch = warnings(alert, 100 + n * 10, 110 + n * 10)
        await post(group(*batch, key=f"{n}"), n + 1)
        assert await tell(n + 1) == []

    (flood,) = [r for r in await store.history(limit=10_000) if r.alert == ALERTNAME]
    row = await store.show(flood.episode)
    assert row is not None
    assert "501 more alerts are only counted" in row.annotations["summary"]


async def test_a_text_that_waits_says_the_latest_count(
    post: Post, tell: Tell, alert: MakeAlert, group: MakeGroup
) -> None:
    """What is composed at the moment it leaves is true then."""
    await post(group(*warnings(alert, 0, MOST)))
    await tell()
    await post(group(*warnings(alert, 100, 110), key="1"), 1)
    await post(group(*warnings(alert, 200, 290), key="2"), 2)

    (text,) = await tell(2)

    assert "100 more alerts are only counted" in text


async def test_a_critical_is_told_whatever_the_number(
    post: Post, tell: Tell, alert: MakeAlert, group: MakeGroup
) -> None:
    """The limit is for the many; the one that matters goes first, by itself."""
    await post(group(*warnings(alert, 0, 100)))
    await tell()
    await post(group(alert("DiskFull"), *warnings(alert, 100, 200), key="2"), 1)

    (text,) = await tell(1)

    assert text.startswith("CRITICAL Disk full")


async def test_the_limit_is_each_sources_own(
    post: Post, tell: Tell, alert: MakeAlert, group: MakeGroup
) -> None:
    """Another source below its own limit is told as ever."""
    await post(group(*warnings(alert, 0, 100)))
    await tell()
    await post(group(alert("Slow", severity="warning"), source="b", key="b"), 1)

    (text,) = await tell(1)

    assert "Slow" in text


async def test_who_is_routed_to_later_hears_of_the_flood_too(
    post: Post,
    tell: Tell,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """Bo's alerts are only counted as well: he is told once that they are."""
    two = make_rules(
        {"anna": ("+46701740605",), "bo": ("+46701740606",)},
        receivers={"sre": ["anna"], "bo": ["bo"]},
        routes=[
            Route(
                id="0",
                receiver=ReceiverName("bo"),
                matchers=(parse_matcher("team=bo"),),
            )
        ],
        pace=NO_PACE,
    )
    two = replace(two, max_open={AM: MOST})
    await post(group(*warnings(alert, 0, 30)), by=two)
    assert len(await tell(by=two)) == 1

    for at in (1, 2):
        batch = warnings(alert, 100 * at, 100 * at + 5, team="bo")
        await post(group(*batch, key=f"b{at}"), at, by=two)
        texts = await tell(at, by=two)
        assert len(texts) == (1 if at == 1 else 0)
        assert all(SAID in text for text in texts)


async def test_it_is_over_when_the_source_has_clearly_fewer(
    store: Store, post: Post, tell: Tell, alert: MakeAlert, group: MakeGroup
) -> None:
    """At the limit nothing changes; below nine tenths of it the flood is over."""
    await post(group(*warnings(alert, 0, 60)))
    await tell()
    # 60 and the flood's own are open: 42 fewer are 19, one more than nine tenths.
    await post(group(*warnings(alert, 0, 42, ends=60)), 60)
    texts = await tell(60)
    assert not any(SAID in text for text in texts)

    await post(group(*warnings(alert, 42, 44, ends=61), key="3"), 61)
    texts = await tell(61)

    assert len(texts) == 1
    assert f"RESOLVED {SAID}" in texts[0]
    rows = [r for r in await store.history(limit=10_000) if r.alert == ALERTNAME]
    assert sorted(row.kind for row in rows) == ["firing", "resolved"]


async def test_what_was_only_counted_is_told_once_there_is_room(
    store: Store, post: Post, tell: Tell, alert: MakeAlert, group: MakeGroup
) -> None:
    """It still fires when its source posts it again: now it is heard."""
    await post(group(*warnings(alert, 0, 40)))
    await tell()
    last = warnings(alert, 35, 40)
    await post(group(*last, key="again"), 1)
    assert await tell(1) == []
    await post(group(*warnings(alert, 0, 35, ends=60)), 60)
    await tell(60)

    await post(group(*last, key="again"), 90)
    (text,) = await tell(90)

    assert text.startswith("5 firing")


async def test_nobody_hears_the_end_of_what_was_only_counted(
    post: Post, tell: Tell, alert: MakeAlert, group: MakeGroup
) -> None:
    """Resolved is told to those, and only those, who heard it fire."""
    await post(group(*warnings(alert, 0, 100)))
    await tell()

    await post(group(*warnings(alert, 90, 100, ends=60)), 60)

    assert await tell(60) == []
