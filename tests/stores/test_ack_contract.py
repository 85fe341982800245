"""Codes and links in every store: one text, one code, not again for a day (rule 7)."""

import re
import sqlite3
from collections.abc import (
    Mapping,
    Sequence,
)
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from round_trip import Answer, Claim, MakeAlert, MakeGroup, MakeRules, Post, references

from alertbridge.core.ack import CODE_LIFE, AckRule, AckText, Code, Token, read_token
from alertbridge.core.delivery import Again, LookLater, Step, Told
from alertbridge.core.mailbox import Mailbox
from alertbridge.core.message import (
    Accepted,
    Deferred,
    Draft,
    Idle,
    Outcome,
    Outcomes,
    Rejected,
    Submission,
    Uncertain,
)
from alertbridge.core.notification import Kind, ProviderName
from alertbridge.core.rules import Rules
from alertbridge.core.settlement import Settlement
from alertbridge.core.stand_in import keys_of_post, plan_post
from alertbridge.engine.current import Current
from alertbridge.ports import Store, StoreUnavailable
from alertbridge.stores.memory import open_memory
from alertbridge.stores.sqlite import open_file

WAIT = timedelta(seconds=15)
DAY = timedelta(hours=24)
WEEK = timedelta(days=7)
TWO = {"anna": ["+46701740605"], "bo": ["+46701740606"]}
BOTH = AckRule(codes=True, address="https://alertbridge.example.org")


@pytest.fixture
def rules(make_rules: MakeRules) -> Rules:
    """Anna and bo, whose texts end with a link and a code."""
    return replace(make_rules(TWO), ack=BOTH)


def code_of(submission: Submission) -> Code:
    """The code that a text ends with."""
    found = re.search(r"Ack ([0-9]+)$", submission.text.body)
    assert found is not None, submission.text.body
    return Code(int(found[1]))


def token_of(submission: Submission) -> Token:
    """The token of a text's link."""
    found = re.search(r"/a/(\w+)", submission.text.body)
    assert found is not None, submission.text.body
    token = read_token(found[1])
    assert token is not None
    return token


def names_in(text: AckText | None) -> list[str]:
    """The alerts of a text."""
    assert text is not None
    return sorted(line.episode.labels["alertname"] for line in text.lines)


def news_in(text: AckText | None) -> list[str]:
    """The alerts that this very answer acknowledged."""
    assert text is not None
    return [line.episode.labels["alertname"] for line in text.lines if line.news]


async def test_all_who_are_told_the_same_get_one_code(
    store: Store,
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
) -> None:
    """One request, one text, one code: people can say "I took 10"."""
    await post(group(alert(), alert("Other")))
    (submission,) = await claim()
    text = await store.read_text(code_of(submission), start - DAY)

    assert [message.recipient for message in submission.messages] == ["anna", "bo"]
    assert names_in(text) == ["DiskFull", "Other"]
    assert text is not None
    assert (text.recipients, text.at) == (("anna", "bo"), start)
    assert text == await store.read_text(token_of(submission), start - DAY)


async def test_texts_that_differ_get_codes_of_their_own(
    store: Store,
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
    rules: Rules,
    start: datetime,
) -> None:
    """In one claim as well: each stands for what its own text told."""
    await post(group(alert("First")), by=make_rules())
    await post(group(alert("Second"), key="2"), by=rules)
    submissions = await claim()
    told = {
        code_of(one): names_in(await store.read_text(code_of(one), start - DAY))
        for one in submissions
    }

    assert sorted(told) == [10, 11]
    assert sorted(told.values()) == [["First", "Second"], ["Second"]]
    assert len({token_of(one) for one in submissions}) == 2


async def test_equal_texts_of_different_alerts_do_not_share_a_code(
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
    rules: Rules,
) -> None:
    """Counts may be equal by chance; "I took 10" must not take what nobody read."""
    shared = [alert(f"A{n:03}") for n in range(60)]
    anna = make_rules({"anna": TWO["anna"]})
    bo = make_rules({"bo": TWO["bo"]})
    await post(group(*shared))
    await post(group(alert("Z1"), key="2"), by=anna)
    await post(group(alert("Z2"), key="3"), by=bo)
    one, other = await claim()

    assert one.text.body.rsplit("\n", 1)[0] == other.text.body.rsplit("\n", 1)[0]
    assert code_of(one) != code_of(other)


async def test_what_tells_of_nothing_that_fires_has_no_code(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """There is nothing to take."""
    await post(group(alert()))
    (firing,) = await claim()
    await answer(firing)
    await post(group(alert(ends=60)), 60)
    (resolved,) = await claim(60)

    assert code_of(firing) == 10
    assert "Ack" not in resolved.text.body
    assert "/a/" not in resolved.text.body


async def test_without_codes_nothing_is_added(
    post: Post, claim: Claim, alert: MakeAlert, group: MakeGroup, make_rules: MakeRules
) -> None:
    """The default: a text costs what it did."""
    await post(group(alert()), by=make_rules())
    (submission,) = await claim(by=make_rules())

    assert submission.text.body.endswith("Since 03:12")


async def test_a_code_acknowledges_what_its_text_told_and_the_first_one_stays(
    store: Store,
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
) -> None:
    """All that fires and nobody has; the answer says which that were."""
    await post(group(alert(), alert("Other"), alert("Over")))
    (submission,) = await claim()
    recorded = await post(group(alert("Over", ends=30)), 30)
    text = await store.read_text(code_of(submission), start - DAY)
    assert text is not None
    by_name = {one.episode.labels["alertname"]: one.episode.id for one in text.lines}
    await store.acknowledge(by_name["Other"], "zoe", start)
    first = await store.acknowledge_text(
        code_of(submission), "anna", start - DAY, start + WAIT
    )
    second = await store.acknowledge_text(
        token_of(submission), "bo", start - WEEK, start + 2 * WAIT
    )

    assert recorded.episodes
    assert (news_in(first), news_in(second)) == (["DiskFull"], [])
    assert second is not None
    assert {
        line.episode.labels["alertname"]: line.acknowledged_by for line in second.lines
    } == {"DiskFull": "anna", "Other": "zoe", "Over": None}
    assert not any(line.open for line in second.lines)


async def test_what_a_text_told_to_be_over_is_not_taken_with_it(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
) -> None:
    """The list shows it; the answer is about what fires."""
    await post(group(alert()))
    (first,) = await claim()
    await answer(first)
    await post(group(alert(ends=60)), 60)
    await post(group(alert("Other", starts=60), key="2"), 60)
    (digest,) = await claim(60)
    text = await store.acknowledge_text(
        code_of(digest), "anna", start - DAY, start + timedelta(minutes=2)
    )

    assert text is not None
    assert [(line.kind, line.news) for line in text.lines] == [
        (Kind.RESOLVED, False),
        (Kind.FIRING, True),
    ]


async def test_what_was_told_to_be_over_and_fires_again_needs_an_answer_of_its_own(
    tmp_path: Path,
    alert: MakeAlert,
    group: MakeGroup,
    rules: Rules,
    start: datetime,
) -> None:
    """The text that has the code said that it was over."""
    path = tmp_path / "alertbridge.db"
    opened = open_file(path, references())
    await opened.recover(start, WAIT)
    ready = {ProviderName("one"): 9}
    posts = ([alert()], [alert(ends=60)], [alert("Other", starts=60)])
    submissions: Sequence[Submission] = ()
    for n, alerts in enumerate(posts):
        made, now = group(*alerts, key=f"{n == 2}"), start + n * WAIT
        await opened.record(
            keys_of_post(made), partial(plan_post, made, rules, now=now), now
        )
        if n == 1:
            continue
        submissions = (await opened.claim(ready, Current(rules), now)).submissions
        for one in submissions:
            steps = {message.id: Told() for message in one.messages}
            await opened.settle(one, Settlement(Outcomes(Accepted()), steps), now)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE episode SET ends_at = NULL")
    text = await opened.acknowledge_text(
        code_of(submissions[0]), "anna", start - DAY, start + 4 * WAIT
    )
    await opened.close()

    assert text is not None
    assert [(line.kind, line.news, line.open) for line in text.lines] == [
        (Kind.RESOLVED, False, False),
        (Kind.FIRING, True, False),
    ]


async def test_an_acknowledgement_by_code_ends_reminders(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
) -> None:
    """As one by the episode's number does."""
    await post(group(alert()))
    (first,) = await claim()
    await answer(first)
    await store.acknowledge_text(code_of(first), "anna", start - DAY, start)
    await post(group(alert()), 5 * 3600)

    assert not await claim(5 * 3600)


async def test_an_unknown_and_an_expired_code_are_nothing(
    store: Store,
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
) -> None:
    """Nobody may take tonight's alert with yesterday's text."""
    await post(group(alert()))
    (submission,) = await claim()
    code, token = code_of(submission), token_of(submission)
    later = start + DAY

    assert await store.read_text(Code(99), start - DAY) is None
    assert await store.read_text(Token("0" * 13), start - DAY) is None
    assert await store.acknowledge_text(code, "anna", later - DAY, later) is None
    assert await store.read_text(code, later - DAY - WAIT) is not None
    assert await store.read_text(token, start) is None


async def test_a_code_is_not_given_again_for_a_day(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """To the second; then the lowest is free again."""
    codes = []
    for n, at in enumerate((0, 3600, 86399, 86400)):
        await post(group(alert(f"A{n}", starts=at), key=f"{n}"), at)
        (submission,) = await claim(at)
        await answer(submission, None, at)
        codes.append(code_of(submission))

    assert codes == [10, 11, 12, 10]


async def test_a_code_is_not_given_again_after_a_restart(
    tmp_path: Path,
    post: Post,
    claim: Claim,
    store: Store,
    alert: MakeAlert,
    group: MakeGroup,
    rules: Rules,
    start: datetime,
) -> None:
    """It was on disk before anybody read it."""
    await post(group(alert()))
    (first,) = await claim()
    copy = tmp_path / "as-a-kill-leaves-it.db"
    await store.backup(copy)
    again = open_file(copy, references(100))
    later = start + timedelta(minutes=10)
    found = await again.recover(later, WAIT)
    claimed = await again.claim({ProviderName("one"): 9}, Current(rules), later + WAIT)
    text = await again.read_text(code_of(first), start - DAY)
    await again.close()

    assert found == 1
    assert [one.text for one in claimed.submissions] == [first.text]
    assert names_in(text) == ["DiskFull"]


class Failing(Current):
    """Composes for anna, and dies at bo."""

    def draft(self, mailbox: Mailbox, now: datetime) -> Draft | Idle:
        """Compose, or die."""
        if mailbox.recipient == "bo":
            raise MemoryError
        return super().draft(mailbox, now)


async def test_a_claim_that_dies_burns_no_code(
    store: Store,
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
    rules: Rules,
    start: datetime,
) -> None:
    """Code and attempt are one transaction: both are there, or neither."""
    await post(group(alert("Mine")), by=make_rules({"anna": TWO["anna"]}))
    await post(group(alert("Yours"), key="2"), by=make_rules({"bo": TWO["bo"]}))
    with pytest.raises(StoreUnavailable):
        await store.claim({ProviderName("one"): 9}, Failing(rules), start)
    none = await store.read_text(Code(10), start - DAY)

    assert none is None
    assert sorted(code_of(one) for one in await claim()) == [10, 11]


async def test_an_uncertain_text_sent_again_keeps_its_code_and_its_link(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """The same text: whoever has it twice reads one code."""
    await post(group(alert()))
    (first,) = await claim()
    await answer(first, Uncertain(detail="no answer"))
    (second,) = await claim(15)

    assert (second.attempt, second.text) == (2, first.text)


async def test_a_code_lives_from_when_its_text_left_last(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """A daemon that was down for hours sends it again: its reader has a day."""
    await post(group(alert()))
    (first,) = await claim()
    await answer(first, Uncertain(detail="no answer"))
    (again,) = await claim(10 * 3600)
    await answer(again, None, 10 * 3600)
    codes = []
    for n, hour in enumerate((33, 34)):
        at = hour * 3600
        await post(group(alert(f"A{n}", starts=at), key=f"{n}"), at)
        (submission,) = await claim(at)
        await answer(submission, None, at)
        codes.append(code_of(submission))

    assert again.text == first.text
    assert codes == [11, 10]


async def test_a_replaced_text_keeps_its_code_and_the_new_one_has_its_own(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
    start: datetime,
) -> None:
    """It may have arrived: what it told can still be taken by it."""
    rules = replace(make_rules(), ack=BOTH)
    await post(group(alert(), alert("Other")), by=rules)
    (first,) = await claim(by=rules)
    await answer(first, Uncertain(detail="no answer"), by=rules)
    await post(group(alert("Other", ends=10)), 10, by=rules)
    (second,) = await claim(15, by=rules)
    text = await store.read_text(code_of(first), start - DAY)

    assert second.reference != first.reference
    assert code_of(second) != code_of(first)
    assert names_in(text) == ["DiskFull", "Other"]


@pytest.mark.parametrize("no", [Deferred(detail="busy"), Rejected(detail="no")])
async def test_a_text_that_surely_left_nobody_a_code_gives_it_back(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
    start: datetime,
    no: Deferred | Rejected,
) -> None:
    """A gateway that is down for a night does not use up all the codes."""
    rules = replace(make_rules(providers=["one", "two"]), ack=BOTH)
    await post(group(alert()), by=rules)
    (first,) = await claim(by=rules)
    await answer(first, no, by=rules)
    gone = await store.read_text(token_of(first), start - DAY)
    (second,) = await claim(60, by=rules)

    assert gone is None
    assert code_of(first) == code_of(second) == 10


async def test_a_text_that_may_have_arrived_keeps_its_code_whatever_comes_after(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
) -> None:
    """The second attempt's no says nothing about the first."""
    await post(group(alert()))
    (first,) = await claim()
    await answer(first, Uncertain(detail="no answer"))
    (again,) = await claim(15)
    await answer(again, Rejected(detail="no"), 15)

    assert await store.read_text(code_of(first), start - DAY) is not None


async def test_a_text_without_a_code_is_sent_when_all_are_taken(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """A page goes out, always; a code is not worth one."""
    people = {f"p{n}": [f"+46701740605-{n}"] for n in range(991)}
    everybody = replace(make_rules(people), ack=AckRule(codes=True))
    for name, phones in people.items():
        only = make_rules({name: phones})
        await post(group(alert(f"A{name}"), key=name), by=only)
    texts = [one.text.body for one in await claim(by=everybody, ready={"one": 2000})]
    ends = [text.rsplit(" ", 2)[1] for text in texts]

    assert len(texts) == 991
    assert ends.count("Since") == 1
    assert len({text.rsplit(" ", 1)[1] for text in texts}) == 991


async def test_a_stepped_clock_moves_codes_along(
    store: Store,
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
) -> None:
    """A code of a minute ago is a minute old."""
    await post(group(alert()))
    (submission,) = await claim()
    await store.shift(timedelta(days=2))
    later = start + timedelta(days=2)

    assert await store.read_text(code_of(submission), later - WAIT) is not None


async def test_codes_and_links_go_with_what_they_stand_for(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
) -> None:
    """Retention ends a link as it ends the history."""
    await post(group(alert()))
    (submission,) = await claim()
    await answer(submission)
    before = await store.read_text(token_of(submission), start - WEEK)
    await store.prune(start + timedelta(days=90))
    after = await store.read_text(token_of(submission), start - WEEK)

    assert (before is not None, after) == (True, None)


OUTCOMES: Mapping[str, tuple[Outcome, Step | None]] = {
    "told": (Accepted(), Told()),
    "unsent": (Deferred(detail="busy"), None),
    "uncertain": (Uncertain(detail="no answer"), None),
}
STEPS = st.lists(
    st.tuples(st.sampled_from(sorted(OUTCOMES)), st.integers(1, 14 * 3600)),
    max_size=10,
)


Given = tuple[datetime, Code, str]
"""When a text left, its code, and the text without it."""


def clashes(given: Sequence[Given]) -> list[tuple[Given, Given]]:
    """Two texts of one code within its life."""
    return [
        (one, other)
        for one, other in combinations(given, 2)
        if one[1] == other[1]
        and one[2] != other[2]
        and abs(other[0] - one[0]) < CODE_LIFE
    ]


def test_a_clash_is_seen(start: datetime) -> None:
    """The property below could fail; a text sent again is none."""
    first, late = start, start + CODE_LIFE - timedelta(seconds=1)
    ten = Code(10)

    assert clashes([(first, ten, "A"), (late, ten, "B")])
    assert not clashes([(first, ten, "A"), (late, ten, "A")])
    assert not clashes([(first, ten, "A"), (late, Code(11), "B")])
    assert not clashes([(first, ten, "A"), (first + CODE_LIFE, ten, "B")])


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_no_two_live_codes_are_equal(
    steps: list[tuple[str, int]],
    make_rules: MakeRules,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
) -> None:
    """Whatever was answered, and however long ago: one code, one text."""
    rules = replace(make_rules(TWO), ack=AckRule(codes=True))
    opened = open_memory(references())
    await opened.recover(start, WAIT)
    given: list[Given] = []
    now = start
    for n, (kind, seconds) in enumerate(steps):
        now += timedelta(seconds=seconds)
        made = group(alert(f"A{n}", starts=None), key=f"{n}")
        decide = partial(plan_post, made, rules, now=now)
        await opened.record(keys_of_post(made), decide, now)
        claimed = await opened.claim({ProviderName("one"): 9}, Current(rules), now)
        for one in claimed.submissions:
            outcome, step = OUTCOMES[kind]
            if kind != "unsent":
                given.append((now, code_of(one), one.text.body))
            later = Again(now + WAIT) if kind == "unsent" else LookLater(now + WAIT)
            steps_of = {message.id: step or later for message in one.messages}
            settlement = Settlement(Outcomes(outcome), steps_of)
            assert await opened.settle(one, settlement, now)
    await opened.close()
    assert not clashes(given)
