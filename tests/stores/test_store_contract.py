"""What every store must do: one suite, in memory and on a file."""

from collections.abc import (
    Mapping,
    Sequence,
)
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

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

from alertbridge.core.alert import SourceName
from alertbridge.core.delivery import Told
from alertbridge.core.interval import TimeInterval
from alertbridge.core.mailbox import MAX_FACTS, Mailbox
from alertbridge.core.message import (
    Accepted,
    Deferred,
    Draft,
    Idle,
    Outcomes,
    Rejected,
    Uncertain,
)
from alertbridge.core.notification import EpisodeId, NotificationId, ProviderName
from alertbridge.core.pace import Limit, Pace
from alertbridge.core.plan import Plan
from alertbridge.core.quiet import QuietHours
from alertbridge.core.recipient import RecipientName
from alertbridge.core.rules import Rules
from alertbridge.core.settlement import Settlement
from alertbridge.core.spend import Crossing, Payer, Period, Scope, SpendBudget, Spent
from alertbridge.engine.current import Current
from alertbridge.ports import Held, Store, StoreUnavailable
from alertbridge.stores.sqlite import open_file
from alertbridge.stores.sqlite_operator import MAX_QUARANTINE

BUSY = Deferred(detail="busy")
LOST = Uncertain(detail="no answer")
NO = Rejected(detail="no")
WAIT = timedelta(seconds=15)
AM = SourceName("alertmanager")
TWO = {"anna": ["+46701740605"], "bo": ["+46701740606"]}


@pytest.fixture
async def waiting(
    store: Store, post: Post, alert: MakeAlert, group: MakeGroup
) -> NotificationId:
    """One notification that waits."""
    await post(group(alert()))
    (row,) = await store.outbox()
    return row.notification


async def test_recorded_gives_the_ids_of_the_episodes(
    store: Store, post: Post, alert: MakeAlert, group: MakeGroup
) -> None:
    """What a caller may show is what was written."""
    seen = alert()
    recorded = await post(group(seen))
    row = await store.show(recorded.episodes[seen.fingerprint])

    assert row is not None
    assert (row.fingerprint, row.labels) == (seen.fingerprint, seen.labels)


async def test_a_decision_that_fails_writes_nothing(
    store: Store, post: Post, states: States, alert: MakeAlert, group: MakeGroup
) -> None:
    """The error is the caller's, and the store goes on."""
    with pytest.raises(AttributeError):
        await post(group(alert()), by=object())
    await post(group(alert("Other")))

    assert [row[0] for row in await states()] == ["Other"]


async def test_an_attempt_is_on_disk_when_claim_returns(
    store: Store, claim: Claim, waiting: NotificationId, start: datetime
) -> None:
    """A process that dies now leaves a trace of what it may have sent."""
    await claim()
    depth = await store.depth(start)
    begun = await store.recent_attempts(ProviderName("one"), start - WAIT)

    assert (depth.in_flight, begun) == (1, (start,))


async def test_what_is_in_flight_is_not_claimed_twice(
    claim: Claim, waiting: NotificationId
) -> None:
    """One claim, one request."""
    await claim()

    assert not await claim(60)


async def test_a_stale_attempt_settles_nothing(
    claim: Claim, answer: Answer, states: States, waiting: NotificationId
) -> None:
    """An answer to the first attempt says nothing about the second."""
    (first,) = await claim()
    await answer(first, LOST)
    await claim(15)
    ours = await answer(first, NO, 16)

    assert not ours
    assert (await states())[0][2] == "in_flight"


async def test_an_attempt_of_a_former_process_settles_nothing(
    store: Store,
    claim: Claim,
    answer: Answer,
    states: States,
    waiting: NotificationId,
    start: datetime,
) -> None:
    """The epoch fences off whoever thought that it still was in charge."""
    (first,) = await claim()
    await store.recover(start, WAIT)
    ours = await answer(first, NO)

    assert not ours
    assert (await states())[0][2:] == ("in_flight", "uncertain")


async def test_a_late_acceptance_settles_its_facts_and_no_sms_follows(
    store: Store,
    claim: Claim,
    answer: Answer,
    states: States,
    waiting: NotificationId,
    start: datetime,
) -> None:
    """The SMS is out there; another would be the second one."""
    (first,) = await claim()
    await store.recover(start, WAIT)
    ours = await answer(first)

    assert not ours
    assert not await claim(60)
    assert (await states())[0][2:] == ("told", "accepted")


async def test_recover_says_how_many_and_counts_them_as_uncertain(
    store: Store, claim: Claim, waiting: NotificationId, start: datetime
) -> None:
    """A killed worker is another lost answer: the same goes out after its wait."""
    (first,) = await claim()
    found = await store.recover(start, WAIT)
    early = await claim(14)
    (second,) = await claim(15)

    assert (found, early) == (1, ())
    assert (second.reference, second.attempt) == (first.reference, 2)


async def test_a_process_killed_twice_ends_a_page_with_a_meta_alert(
    store: Store, claim: Claim, states: States, waiting: NotificationId, start: datetime
) -> None:
    """Twice sent without an answer: dead, and told so, not sent for ever."""
    await claim()
    await store.recover(start, WAIT)
    await claim(15)
    await store.recover(start + WAIT, WAIT)
    (meta,) = await claim(30)

    assert (await states())[0][2:] == ("dead", "uncertain_twice")
    assert "Page not sent" in meta.text.body


async def test_a_provider_that_takes_one_number_gets_one_each(
    store: Store,
    post: Post,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
    start: datetime,
) -> None:
    """A request for three people would be three requests, and hide two of them."""
    rules = make_rules({f"p{n}": [f"+4670174060{n}"] for n in (5, 6, 7)})
    await post(group(alert()), by=rules)
    current = Current(rules)
    one = ProviderName("one")
    current.widest = {one: 1}
    claimed = await store.claim({one: 2}, current, start)
    rest = await store.claim({one: 2}, current, start)

    assert [len(s.messages) for s in claimed.submissions] == [1, 1]
    assert [len(s.messages) for s in rest.submissions] == [1]


async def test_another_provider_is_preferred_to_one_that_rests(
    store: Store,
    post: Post,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
    start: datetime,
) -> None:
    """And the one that rests is asked where all of them do."""
    rules = make_rules(providers=["one", "two"])
    current = Current(rules)
    current.resting = frozenset({ProviderName("one")})
    ready = dict.fromkeys(rules.providers, 5)
    await post(group(alert("A")), by=rules)
    (by_other,) = (await store.claim(ready, current, start)).submissions
    await answer(by_other, by=rules)
    current.resting = frozenset(rules.providers)
    await post(group(alert("B"), key="b"), by=rules)
    (all_rest,) = (await store.claim(ready, current, start)).submissions

    assert (by_other.provider, all_rest.provider) == ("two", "one")


async def test_two_hundred_people_share_one_submission(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """Equal texts leave in one request, and all of them are told."""
    people = {f"p{n}": [f"+46701740605-{n}"] for n in range(200)}
    rules = make_rules(people)
    await post(group(alert()), by=rules)
    (submission,) = await claim(by=rules)
    await answer(submission, by=rules)

    assert len(submission.messages) == len(people)
    assert {row[2] for row in await states()} == {"told"}


async def test_people_who_are_told_more_get_their_own_submission(
    post: Post, claim: Claim, alert: MakeAlert, group: MakeGroup, make_rules: MakeRules
) -> None:
    """Texts differ, so requests do; nobody is left behind."""
    both = make_rules(TWO)
    await post(group(alert("First")), by=make_rules())
    await post(group(alert("Second"), key="2"), by=both)
    submissions = await claim(by=both)

    assert sorted(len(s.messages[0].tells) for s in submissions) == [1, 2]


async def test_one_number_is_in_a_submission_once(
    post: Post, claim: Claim, alert: MakeAlert, group: MakeGroup, make_rules: MakeRules
) -> None:
    """Two people with one phone get two requests, not one with the number twice."""
    rules = make_rules({"anna": ["+46701740605"], "desk": ["+46701740605"]})
    await post(group(alert()), by=rules)

    assert [len(s.messages) for s in await claim(by=rules)] == [1, 1]


async def test_outcomes_differ_within_a_submission(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """Each number has its own end; only the doubtful one is asked about again."""
    rules = make_rules(TWO)
    await post(group(alert()), by=rules)
    (submission,) = await claim(by=rules)
    number = submission.messages[1].number
    await answer(submission, Outcomes(Accepted(), {number: LOST}), by=rules)
    (again,) = await claim(15, by=rules)

    assert (again.reference, again.numbers) == (submission.reference, (number,))
    assert (await states("anna"))[0][2] == "told"


async def test_the_pace_is_kept_and_two_places_are_for_critical(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """Four warnings, then two criticals, then a digest when a place is free."""
    left: list[tuple[str, int]] = []
    for n in range(10):
        for severity in ("warning", "critical"):
            name = f"{severity}{n}"
            made = alert(name, severity=severity, starts=n * 10)
            await post(group(made, key=name), n * 10)
            for submission in await claim(n * 10):
                tells = submission.messages[0].tells
                left.append((tells[0].severity.word, len(tells)))
                await answer(submission, None, n * 10)
    (digest,) = await claim(600)

    assert left == [("high", 1), ("critical", 1)] * 2 + [("critical", 2)] * 2
    assert len(digest.messages[0].tells) == 20 - 8


async def test_what_surely_was_not_sent_gives_its_place_back(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """A gateway that is down for an hour does not use up anybody's pace."""
    await post(group(alert()))
    at = 0.0
    for _ in range(10):
        (submission,) = await claim(at)
        await answer(submission, BUSY, at)
        at += 60

    assert len(await claim(at)) == 1


async def test_critical_leaves_first_among_a_thousand(
    post: Post, claim: Claim, alert: MakeAlert, group: MakeGroup, make_rules: MakeRules
) -> None:
    """A storm of low ones does not keep the one that matters."""
    people = {f"p{n}": [f"+46701740605-{n}"] for n in range(1000)}
    low = make_rules(people)
    await post(group(alert("Low", severity="info")), by=low)
    boss = make_rules({"zoe": ["+46701740606"]})
    await post(group(alert("Worst"), key="worst"), 1, by=boss)
    everybody = make_rules({**people, "zoe": ["+46701740606"]})
    (first,) = await claim(1, by=everybody, ready={"one": 1})

    assert [message.recipient for message in first.messages] == ["zoe"]


async def test_a_mailbox_that_overflows_is_told_in_bounds(
    store: Store, post: Post, claim: Claim, alert: MakeAlert, group: MakeGroup
) -> None:
    """One transaction stays bounded; the rest is told next."""
    made = [alert(f"A{n}") for n in range(MAX_FACTS + 3)]
    await post(group(*made))
    (submission,) = await claim()
    rows = await store.outbox(limit=MAX_FACTS * 2)

    assert len(submission.messages[0].tells) == MAX_FACTS
    assert sum(row.state == "waiting" for row in rows) == 3


async def test_a_provider_without_a_place_does_not_keep_the_others(
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """Bo has failed over to the second provider; Anna waits for the first."""
    rules = make_rules(TWO, providers=["one", "two"])
    await post(group(alert()), by=make_rules({"bo": TWO["bo"]}))
    (first,) = await claim(by=rules)
    await answer(first, NO, by=rules)
    await post(group(alert("Other"), key="2"), 1, by=make_rules())
    (second,) = await claim(1, by=rules, ready={"one": 0, "two": 1})
    (third,) = await claim(2, by=rules, ready={"one": 1, "two": 0})

    assert [(s.provider, s.messages[0].recipient) for s in (second, third)] == [
        ("two", "bo"),
        ("one", "anna"),
    ]


async def test_who_waited_for_a_provider_that_is_gone_is_told_by_another(
    post: Post, claim: Claim, alert: MakeAlert, group: MakeGroup, make_rules: MakeRules
) -> None:
    """A reload without the provider must not leave its pages behind for ever."""
    await post(group(alert()), by=make_rules(providers=["one", "two"]))
    full = await claim(
        by=make_rules(providers=["one", "two"]), ready={"one": 0, "two": 1}
    )
    (told,) = await claim(1, by=make_rules(providers=["two"]))

    assert not full
    assert told.provider == "two"


async def test_no_more_is_taken_than_there_are_places(
    post: Post, claim: Claim, alert: MakeAlert, group: MakeGroup, make_rules: MakeRules
) -> None:
    """What is claimed is sent at once, so only what can be sent is claimed."""
    everybody = make_rules(TWO)
    for name, phones in TWO.items():
        only = make_rules({name: phones})
        await post(group(alert(name), key=name), by=only)
    one = await claim(by=everybody, ready={"one": 1})
    rest = await claim(by=everybody, ready={"one": 5})

    assert (len(one), len(rest)) == (1, 1)


async def test_hold_lets_nothing_leave_until_then(
    store: Store, claim: Claim, waiting: NotificationId, start: datetime
) -> None:
    """Until the time, or until it is released."""
    await store.hold(start + timedelta(minutes=30))
    held = await claim(60)
    depth = await store.depth(start)
    await store.hold(None)

    assert not held
    assert depth.held_until == start + timedelta(minutes=30)
    assert len(await claim(61)) == 1


async def test_a_hold_ends_by_itself(
    store: Store, claim: Claim, waiting: NotificationId, start: datetime
) -> None:
    """Somebody who forgets to release it loses half an hour, not the night."""
    await store.hold(start + timedelta(minutes=30))

    assert len(await claim(1800)) == 1


async def test_cancel_takes_out_what_waits_and_nothing_else(
    store: Store, claim: Claim, states: States, waiting: NotificationId, start: datetime
) -> None:
    """It says which were still waiting."""
    first = await store.cancel([waiting], start)
    second = await store.cancel([waiting], start)

    assert (first, second) == ((waiting,), ())
    assert not await claim()
    assert (await states())[0][2:] == ("cancelled", "operator")


async def test_requeue_lets_a_dead_page_wait_with_a_clean_slate(
    store: Store, claim: Claim, answer: Answer, waiting: NotificationId, start: datetime
) -> None:
    """The operator has mended the number: every way is open again."""
    (submission,) = await claim()
    await answer(submission, NO)
    for meta in await claim(1):
        await answer(meta, None, 1)
    dead = await store.outbox(dead=True)
    done = await store.requeue([waiting], start, start + timedelta(hours=1))
    (again,) = await claim(2)

    assert [row.notification for row in dead] == [waiting]
    assert done == (waiting,)
    assert again.messages[0].tells[0].tried == ()


async def test_what_waits_cannot_be_requeued(
    store: Store, waiting: NotificationId, start: datetime
) -> None:
    """It would forget what it has tried."""
    assert await store.requeue([waiting], start, start) == ()


async def test_rehold_asks_again_for_what_is_muted(
    store: Store,
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
    start: datetime,
) -> None:
    """A reload that opens a window lets its pages go at once."""
    rules = make_rules(mute=["never-named"])
    await post(group(alert(severity="warning")), by=rules)
    later = start + timedelta(hours=5)
    asked: list[Held] = []

    def hold(held: Held) -> datetime:
        asked.append(held)
        return later

    changed = await store.rehold(hold, start)
    held = await claim(60)
    unchanged = await store.rehold(hold, start)

    assert (changed, unchanged) == (1, 0)
    assert not held
    assert asked[0].mutes == ("never-named",)
    assert (asked[0].source, asked[0].receiver) == ("alertmanager", "hook")
    assert asked[0].labels["alertname"] == "DiskFull"
    assert len(await claim(5 * 3600)) == 1


async def test_rehold_says_what_kind_is_held(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
    start: datetime,
) -> None:
    """Good news is held though its page broke through."""
    rules = make_rules(mute=["never-named"])
    await post(group(alert()), by=rules)
    (submission,) = await claim()
    await answer(submission)
    await post(group(alert(ends=60)), 60, by=rules)
    await post(group(alert("Other"), key="other"), 60, by=rules)
    kinds: list[str] = []

    def ask(held: Held) -> None:
        kinds.append(held.kind)

    await store.rehold(ask, start + timedelta(seconds=60))

    assert sorted(kinds) == ["firing", "resolved"]


async def test_rehold_has_every_mailbox_looked_at(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
    start: datetime,
) -> None:
    """A wider pace is obeyed at once, and not when the old one would have let go."""
    slow = make_rules(pace=Pace((Limit(limit=1, window=timedelta(hours=1)),)))
    await post(group(alert()), by=slow)
    (submission,) = await claim(by=slow)
    await answer(submission, by=slow)
    await post(group(alert("Other"), key="other"), 60, by=slow)
    held = await claim(60, by=slow)
    before = await claim(61)
    await store.rehold(lambda _: None, start + timedelta(seconds=62))

    assert (held, before) == ((), ())
    assert len(await claim(62)) == 1


async def test_a_person_who_sleeps_is_not_looked_at_before_the_morning(
    store: Store,
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
    start: datetime,
) -> None:
    """And nothing grows too old meanwhile, whatever the hours of a later config."""
    rules = make_rules()
    hours = QuietHours(quiet=(TimeInterval(times=((22 * 60, 7 * 60),)),))
    anna = replace(rules.recipients[RecipientName("anna")], hours=hours)
    asleep = replace(rules, recipients={anna.name: anna})
    await post(group(alert(severity="warning")), by=asleep)
    assert not await claim(by=asleep)
    (row,) = await store.outbox()
    morning = start.replace(hour=7, minute=0)

    assert row.due_at == morning
    assert row.expires_at == morning + timedelta(hours=1)
    assert not await claim(7200, by=asleep)
    await store.rehold(lambda _: None, start + timedelta(hours=2))
    assert len(await claim(7200)) == 1


async def test_history_tells_who_heard_who_did_not_and_why(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """Text, provider and reference for the told; the rule for the rest."""
    await post(group(alert()))
    (submission,) = await claim()
    await answer(submission)
    await post(group(alert()), 60)
    copy, told = await store.history()

    assert (told.state, told.text, told.provider, told.reference) == (
        "told",
        submission.text.body,
        "one",
        submission.reference,
    )
    assert (copy.state, copy.reason, copy.recipient) == (
        "not_told",
        "already_told",
        "anna",
    )


async def test_history_can_be_asked_for_one_person(
    store: Store, post: Post, alert: MakeAlert, group: MakeGroup, make_rules: MakeRules
) -> None:
    """And for so many rows."""
    await post(group(alert(), alert("Other")), by=make_rules(TWO))

    assert {row.recipient for row in await store.history(recipient="bo")} == {"bo"}
    assert len(await store.history(limit=3)) == 3


async def test_show_of_what_is_not_there_is_none(store: Store) -> None:
    """No episode, no row."""
    assert await store.show(EpisodeId(99)) is None


async def test_recall_tells_what_was_open_and_what_was_sent(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
) -> None:
    """Enough to post it all again: also what began before, or is open still."""
    before, during, after = alert("A"), alert("B", starts=60), alert("C", starts=7200)
    await post(group(before, key="a", receiver="one"))
    await post(group(before, key="a", receiver="two"), 1)
    (submission,) = await claim(1)
    await answer(submission, None, 2)
    await post(group(during, key="b"), 60)
    (submission,) = await claim(60)
    await answer(submission, None, 61)
    await post(group(alert("B", starts=60, ends=90), key="b"), 95)
    await post(group(after, key="c"), 7200)

    past = await store.recall(start + timedelta(seconds=30), start + timedelta(hours=1))

    first, second = past.episodes
    assert (first.labels, first.receivers) == (before.labels, ("one", "two"))
    assert (first.ends_at, first.ended_seen) == (None, None)
    assert (second.fingerprint, second.group_key) == (during.fingerprint, "b")
    assert (second.starts_at, second.opened_seen) == (
        start + timedelta(seconds=60),
        start + timedelta(seconds=60),
    )
    assert (second.ends_at, second.ended_seen) == (
        start + timedelta(seconds=90),
        start + timedelta(seconds=95),
    )
    (sms,) = past.sms
    assert (sms.recipient, sms.number) == ("anna", "+46701740605")
    assert (sms.at, sms.text) == (start + timedelta(seconds=60), submission.text.body)


async def test_recall_counts_what_may_have_been_sent(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
) -> None:
    """A lost answer counts, for each attempt; what surely was not sent does not."""
    await post(group(alert()))
    (submission,) = await claim()
    await answer(submission, Outcomes(BUSY), 1)
    (submission,) = await claim(10)
    await answer(submission, Outcomes(LOST), 11)

    past = await store.recall(start, start + timedelta(hours=1))

    assert [sms.at for sms in past.sms] == [start + timedelta(seconds=10)]


async def test_acknowledge_keeps_the_first(
    store: Store, post: Post, alert: MakeAlert, group: MakeGroup, start: datetime
) -> None:
    """Who took it first took it; of what is not there nobody can."""
    recorded = await post(group(alert()))
    (episode,) = recorded.episodes.values()
    first = await store.acknowledge(episode, "anna", start)
    second = await store.acknowledge(episode, "bo", start)
    none = await store.acknowledge(EpisodeId(99), "bo", start)
    row = await store.show(episode)

    assert (first, second, none) == (True, True, False)
    assert row is not None
    assert (row.acknowledged_by, row.acknowledged_at) == ("anna", start)


async def test_quarantine_is_bounded_and_keeps_the_newest(
    store: Store, start: datetime
) -> None:
    """A sender gone mad fills no disk."""
    for n in range(MAX_QUARANTINE + 2):
        await store.quarantine(AM, f"reason {n}", b"\xff" * 100, start)
    kept = await store.quarantined(limit=MAX_QUARANTINE * 2)

    assert len(kept) == MAX_QUARANTINE
    assert kept[0].reason == f"reason {MAX_QUARANTINE + 1}"


async def test_a_long_body_is_cut_in_quarantine(store: Store, start: datetime) -> None:
    """What could not be read is a sample, not an archive."""
    await store.quarantine(AM, "long", b"x" * 1_000_000, start)
    (kept,) = await store.quarantined()

    assert len(kept.body) == 64 * 1024


async def test_depth_counts_what_waits_and_since_when(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
) -> None:
    """By severity; requests under way and doubtful ones apart."""
    await post(group(alert(), alert("Low", severity="info")))
    before = await store.depth(start)
    (submission,) = await claim()
    await answer(submission, LOST)
    after = await store.depth(start)

    assert before.waiting == {"critical": 1, "high": 0, "low": 1}
    assert before.oldest_due == {"critical": start}
    assert (after.waiting["critical"], after.uncertain, after.dead) == (0, 1, 0)


async def test_a_stepped_clock_moves_what_waits_along(
    store: Store, claim: Claim, answer: Answer, waiting: NotificationId
) -> None:
    """Fifteen seconds stay fifteen, though the clock jumped an hour."""
    (first,) = await claim()
    await answer(first, LOST)
    await store.shift(timedelta(hours=1))
    early = await claim(3600 + 14)
    (second,) = await claim(3600 + 15)

    assert not early
    assert (second.reference, second.attempt) == (first.reference, 2)


async def test_a_stepped_clock_gives_no_place_back(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """What was sent a minute ago was still sent a minute ago."""
    for n in range(6):
        await post(group(alert(f"A{n}"), key=f"{n}"), n)
        (submission,) = await claim(n)
        await answer(submission, None, n)
    await store.shift(timedelta(hours=1))
    await post(group(alert("B"), key="b"), 3606)

    assert not await claim(3606)


async def test_a_stepped_clock_does_not_move_the_morning(
    store: Store,
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
    start: datetime,
) -> None:
    """A page that is held until seven leaves at seven by the clock as it is now."""
    night = TimeInterval(times=((22 * 60, 7 * 60),))
    rules = make_rules(mute=["night"], intervals={"night": night})
    await post(group(alert(severity="warning")), by=rules)
    assert not await claim(by=rules)
    await store.shift(timedelta(hours=1))
    seven = (start.replace(hour=7, minute=0) - start).total_seconds()

    assert not await claim(seven - 1, by=rules)
    assert len(await claim(seven, by=rules)) == 1


async def test_a_stepped_clock_does_not_end_a_hold(
    store: Store, claim: Claim, waiting: NotificationId, start: datetime
) -> None:
    """Half an hour of maintenance stays half an hour."""
    await store.hold(start + timedelta(minutes=30))
    await store.shift(timedelta(hours=1))

    assert not await claim(3600)
    assert len(await claim(3600 + 1800)) == 1


async def test_prune_deletes_what_is_long_over_and_nothing_that_waits(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
) -> None:
    """In bites, and never an episode of which somebody is still to hear."""
    for name in ("A", "B"):
        await post(group(alert(name), key=name))
        (submission,) = await claim()
        await answer(submission)
        await post(group(alert(name, ends=60), key=name), 60)
        if name == "A":
            (resolved,) = await claim(60)
            await answer(resolved, None, 60)
            await store.prune(start, 10)
    late = start + timedelta(days=90)
    bites = [await store.prune(late, 1) for _ in range(12)]

    assert (max(bites), bites[-1]) == (1, 0)
    assert {row.alert for row in await store.history()} == {"B"}


async def test_probe_is_a_write(store: Store, start: datetime) -> None:
    """It can be repeated; that it returned is the answer."""
    await store.probe(start)
    await store.probe(start)


ANNAS_DAY = Period(Payer(Scope.RECIPIENT, "anna"), "2026-03-14")


def with_budget(rules: Rules, daily: int) -> Rules:
    """The rules, with so many segments a day for anna."""
    anna = RecipientName("anna")
    person = replace(rules.recipients[anna], spend=SpendBudget(daily=daily))
    return replace(rules, recipients={anna: person})


class Reading(Current):
    """Notes how often a mailbox was read to be composed."""

    read = 0

    def draft(self, mailbox: Mailbox, now: datetime) -> Draft | Idle:
        """Compose, and count."""
        self.read += 1
        return super().draft(mailbox, now)


async def test_what_a_message_costs_is_counted_as_its_attempt_begins(
    store: Store, claim: Claim, answer: Answer, waiting: NotificationId
) -> None:
    """On disk with the attempt, and given back with the answer that it was not sent."""
    before = await store.spent([ANNAS_DAY])
    (submission,) = await claim()
    during = await store.spent([ANNAS_DAY])
    await answer(submission, BUSY)
    after = await store.spent([ANNAS_DAY])

    assert [found[ANNAS_DAY] for found in (before, during, after)] == [0, 1, 0]


async def test_what_is_crossed_is_decided_and_written_with_the_answer(
    store: Store, claim: Claim, waiting: NotificationId, start: datetime
) -> None:
    """One commit: an answer whose warning cannot be written is not written either."""
    (submission,) = await claim()
    asked: list[Mapping[Period, Spent]] = []

    def watch(spent: Mapping[Period, Spent]) -> Sequence[tuple[Crossing, Plan]]:
        asked.append(spent)
        raise AttributeError

    steps = {message.id: Told() for message in submission.messages}
    settlement = Settlement(Outcomes(Accepted()), steps, watch=watch)
    with pytest.raises(AttributeError):
        await store.settle(submission, settlement, start)
    depth = await store.depth(start)

    assert asked[0][ANNAS_DAY] == Spent(segments=1)
    assert depth.in_flight == 1


async def test_a_storm_reads_a_mailbox_over_budget_once_in_five_seconds(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    rules: Rules,
    start: datetime,
) -> None:
    """A scan of what waits for each alert that comes in would starve intake."""
    poor = with_budget(rules, 1)
    for n in range(2):
        name = f"A{n}"
        await post(group(alert(name, severity="warning"), key=name), by=poor)
        for submission in await claim(by=poor):
            await answer(submission, by=poor)
    current = Reading(poor)
    for n in range(100):
        name, at = f"B{n}", n / 10
        await post(group(alert(name, severity="warning"), key=name), at, by=poor)
        now = start + timedelta(seconds=at)
        await store.claim({ProviderName("one"): 1}, current, now)
    reads = current.read
    await post(group(alert("Worst"), key="worst"), 10.1, by=poor)
    (page,) = await claim(10.1, by=poor)

    assert reads <= 3
    assert page.messages[0].tells[0].severity.word == "critical"


async def test_rehold_looks_again_at_what_a_budget_holds_back(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    rules: Rules,
    start: datetime,
) -> None:
    """A reload that raises a budget lets its pages go at once."""
    for n in range(3):
        name = f"A{n}"
        await post(group(alert(name, severity="warning"), key=name), by=rules)
        for submission in await claim(by=with_budget(rules, 1)):
            await answer(submission, by=with_budget(rules, 1))
    (held,) = [row for row in await store.outbox() if row.alert == "A2"]
    before = await claim(60, by=rules)
    await store.rehold(lambda _: None, start + timedelta(seconds=60))
    after = await claim(60, by=rules)

    assert held.reason == "over_budget"
    assert (len(before), len(after)) == (0, 1)


async def test_a_backup_holds_what_was_written(
    store: Store, waiting: NotificationId, tmp_path: Path
) -> None:
    """A whole store, for its owner's eyes only."""
    copy = tmp_path / "copy.db"
    await store.backup(copy)
    restored = open_file(copy, references())
    rows = await restored.outbox()
    await restored.close()

    assert [row.notification for row in rows] == [waiting]
    assert copy.stat().st_mode & 0o077 == 0


async def test_a_backup_that_cannot_be_written_is_no_bug(
    store: Store, tmp_path: Path
) -> None:
    """What it would overwrite is left alone, and the operator hears of it in a line."""
    there = tmp_path / "there.db"
    there.write_text("kept")

    with pytest.raises(StoreUnavailable):
        await store.backup(there)

    assert there.read_text() == "kept"
