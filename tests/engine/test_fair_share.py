"""A mailbox that overflows: no source keeps another's page out of the next text."""

import re
from datetime import datetime, timedelta
from sqlite3 import Connection

import pytest
from round_trip import Answer, Claim, MakeAlert, MakeGroup, MakeRules, Post, States

from alertbridge.core.interval import TimeInterval
from alertbridge.core.mailbox import MAX_FACTS
from alertbridge.core.message import Submission
from alertbridge.core.pace import Limit, Pace
from alertbridge.core.recipient import RecipientName
from alertbridge.core.rules import Rules
from alertbridge.ports import Recorded, Store
from alertbridge.stores import sqlite_claim

FLOOD = MAX_FACTS + 100


@pytest.fixture
def flood(post: Post, alert: MakeAlert, group: MakeGroup) -> Post:
    """Post so many alerts of one severity from source `a`."""

    async def flooded(
        severity: str, amount: int = FLOOD, *, by: Rules | None = None, **more: object
    ) -> Recorded:
        made = [alert(f"A{n}", severity=severity, **more) for n in range(amount)]
        return await post(group(*made, source="a"), by=by)

    return flooded


def told(submission: Submission) -> list[str]:
    """The alerts that one text tells, by name."""
    (message,) = submission.messages
    return [fact.episode.labels["alertname"] for fact in message.tells]


def counted(submission: Submission) -> int:
    """How many alerts the text itself says that it tells."""
    found = re.match(r"(\d+) firing", submission.text.body)
    return 1 if found is None else int(found[1])


@pytest.mark.parametrize("severity", ["critical", "warning", "info"])
async def test_a_flood_leaves_room_for_another_source(
    flood: Post,
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
    severity: str,
) -> None:
    """Two thousand of one source came first; the one of another is in the text."""
    await flood(severity)
    await post(group(alert("Other", severity=severity), source="b", key="b"))

    (first,) = await claim()

    assert "Other" in told(first)
    assert len(told(first)) == MAX_FACTS


async def test_a_critical_goes_before_every_other_source(
    flood: Post, post: Post, claim: Claim, alert: MakeAlert, group: MakeGroup
) -> None:
    """Fair is among equals: who is worse is first, whoever has waited."""
    await flood("warning")
    await post(group(alert("Worse"), source="a", key="w"))
    await post(group(alert("Other", severity="info"), source="b", key="b"))

    (first,) = await claim()

    assert told(first)[0] == "Worse"
    assert "Other" not in told(first)


async def test_what_a_source_leaves_goes_to_the_others(
    flood: Post, post: Post, claim: Claim, alert: MakeAlert, group: MakeGroup
) -> None:
    """A share is no quota: a text is full while anything waits."""
    await flood("warning")
    few = [alert(f"B{n}", severity="warning") for n in range(10)]
    await post(group(*few, source="b", key="b"))

    (first,) = await claim()

    names = told(first)
    assert len(names) == MAX_FACTS
    assert sum(name.startswith("B") for name in names) == len(few)
    # Each source's oldest: what it told first of the flood is what came first.
    assert [name for name in names if name[0] == "A"] == [
        f"A{n}" for n in range(MAX_FACTS - len(few))
    ]


async def test_the_counts_of_all_texts_add_up(
    store: Store, flood: Post, claim: Claim, answer: Answer, make_rules: MakeRules
) -> None:
    """Rule 8 over a whole backlog: what each text counts, summed, is what happened."""
    rules = make_rules(pace=Pace((Limit(limit=100, window=timedelta(minutes=10)),)))
    amount = 2 * MAX_FACTS + 345
    await flood("critical", amount, by=rules)
    texts: list[Submission] = []
    while found := await claim(by=rules):
        texts += found
        for submission in found:
            assert counted(submission) == len(told(submission))
            await answer(submission, by=rules)

    assert sum(counted(submission) for submission in texts) == amount
    assert len({name for submission in texts for name in told(submission)}) == amount
    left = [re.search(r"\+(\d+) more next", text.text.body) for text in texts]
    assert [None if found is None else int(found[1]) for found in left] == [
        amount - MAX_FACTS,
        amount - 2 * MAX_FACTS,
        None,
    ]
    assert not await store.outbox()


async def test_what_is_held_does_not_hide_what_may_leave(
    flood: Post,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """A muted flood waits for its window; the page that came after it does not."""
    night = TimeInterval(times=((0, 23 * 60),))
    muted = make_rules(mute=["always"], intervals={"always": night})
    await flood("critical", by=muted)
    await post(group(alert("Loud"), source="a", key="loud"))

    (first,) = await claim()

    assert told(first) == ["Loud"]
    await answer(first)
    opens = timedelta(hours=20).total_seconds()
    texts: list[Submission] = []
    while found := await claim(opens, by=muted):
        texts += found
        await answer(found[0], at=opens, by=muted)
    assert sum(counted(submission) for submission in texts) == FLOOD


async def test_what_is_over_does_not_hide_what_fires(
    flood: Post, post: Post, claim: Claim, alert: MakeAlert, group: MakeGroup
) -> None:
    """Thousands came and went untold; the one that fires now is told at once."""
    await flood("critical")
    await flood("critical", ends=60)
    await post(group(alert("Now"), source="a", key="now"))

    (first,) = await claim()

    assert told(first)[0] == "Now"
    assert "1 firing" in first.text.body


async def test_a_backlog_that_expires_does_so_to_its_end(
    store: Store, flood: Post, claim: Claim, states: States, start: datetime
) -> None:
    """Nobody posts any more, and still none of it waits for ever."""
    await flood("warning", 2 * MAX_FACTS + 100)
    late = timedelta(hours=2).total_seconds()
    for _ in range(3):
        assert not await claim(late)

    assert {state for _, _, state, _ in await states()} == {"expired"}
    assert not await store.outbox()


def oldest_first(
    db: Connection, recipient: RecipientName, now: datetime, limit: int
) -> tuple[list[int], int]:
    """Mutant: the worst and oldest, whoever sent it and whether it may leave."""
    rows = db.execute(
        "SELECT id FROM notification WHERE recipient = ? AND state = 'waiting'"
        " ORDER BY severity, id LIMIT ?",
        (recipient, limit),
    )
    return [row[0] for row in rows], 0


async def test_an_unfair_reading_would_be_seen(
    monkeypatch: pytest.MonkeyPatch,
    flood: Post,
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """The check itself is checked: reading by age alone fails it."""
    monkeypatch.setattr(sqlite_claim, "share_out", oldest_first)
    with pytest.raises(AssertionError):
        await test_a_flood_leaves_room_for_another_source(
            flood, post, claim, alert, group, "critical"
        )
