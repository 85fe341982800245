"""Rule 2: what becomes of a fact, from the post that makes it to its end."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from round_trip import Answer, Claim, MakeAlert, MakeGroup, Post, States

from alertbridge.core.message import Deferred, Rejected, Uncertain
from alertbridge.core.rules import Rules, TimeToLive

BUSY = Deferred(detail="busy")


async def test_a_fact_that_a_provider_took_is_told(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """Waiting, in flight, told: the straight way."""
    await post(group(alert()))
    waiting = await states()
    (submission,) = await claim()
    in_flight = await states()
    await answer(submission)

    assert waiting == [("DiskFull", "firing", "waiting", "news")]
    assert in_flight == [("DiskFull", "firing", "in_flight", "news")]
    assert await states() == [("DiskFull", "firing", "told", "accepted")]


async def test_a_deferred_message_dissolves_and_its_fact_waits_anew(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """What surely was not sent backs off, then leaves under a new reference."""
    await post(group(alert()))
    (first,) = await claim()
    await answer(first, BUSY)
    at_once = await claim()
    (second,) = await claim(2)

    assert not at_once
    assert second.reference != first.reference
    assert (second.attempt, second.messages[0].deferrals) == (1, 1)


async def test_what_comes_in_meanwhile_is_told_in_the_same_text(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """Composed anew means from everything that waits then."""
    await post(group(alert()))
    (first,) = await claim()
    await answer(first, BUSY)
    await post(group(alert("Other")), 1)
    (second,) = await claim(2)

    assert len(second.messages[0].tells) == 2


async def test_resolved_before_told_leaves_nothing(
    post: Post, claim: Claim, states: States, alert: MakeAlert, group: MakeGroup
) -> None:
    """What came and went untold is cancelled, and the rule is named."""
    await post(group(alert(severity="warning")))
    await post(group(alert(severity="warning", ends=60)), 60)

    assert not await claim(60)
    assert await states() == [
        ("DiskFull", "firing", "cancelled", "resolved_before_told")
    ]


async def test_a_critical_that_came_and_went_rides_with_the_next_digest(
    post: Post, claim: Claim, alert: MakeAlert, group: MakeGroup
) -> None:
    """It gets one line of a text that leaves anyway, never one of its own."""
    await post(group(alert()))
    await post(group(alert(ends=60)), 60)
    alone = await claim(60)
    await post(group(alert("Other", starts=90)), 90)
    (submission,) = await claim(90)

    assert not alone
    assert "over: Disk full" in submission.text.body
    assert len(submission.messages[0].tells) == 2


async def test_a_critical_that_came_and_went_is_dropped_after_an_hour(
    post: Post, claim: Claim, states: States, alert: MakeAlert, group: MakeGroup
) -> None:
    """Nobody needs to hear of last evening's minute."""
    await post(group(alert()))
    await post(group(alert(ends=60)), 60)
    await claim(60)
    nothing = await claim(60 + 3600)

    assert not nothing
    assert (await states())[0][2:] == ("cancelled", "resolved_before_told")


async def test_resolved_is_told_to_those_and_only_those_who_heard(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """Bo's firing was never sent, so his resolved is not either."""
    rules = make_rules({"anna": ["+46701740605"], "bo": ["+46701740606"]})
    await post(group(alert()), by=rules)
    (both,) = await claim(by=rules)
    await answer(both, BUSY, by=rules)
    (again,) = await claim(2, by=rules)
    await answer(again, Rejected(detail="no"), 2, by=rules)
    for submission in await claim(2, by=rules):
        outcome = None if submission.messages[0].recipient == "anna" else BUSY
        await answer(submission, outcome, 2, by=rules)
    await post(group(alert(ends=4)), 4, by=rules)
    told = await claim(60, by=rules)

    assert [m.recipient for s in told for m in s.messages] == ["anna"]
    assert [row[1] for row in await states("bo")] == ["firing"]


async def test_an_uncertain_firing_counts_as_heard_for_the_resolve(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """He may have been woken: he hears that it is over."""
    await post(group(alert()))
    (submission,) = await claim()
    await answer(submission, Uncertain(detail="no answer"))
    await post(group(alert(ends=10)), 10)
    (told,) = await claim(15)

    assert told.text.body.startswith("RESOLVED Disk full")


async def test_a_resolve_that_overtakes_a_deferred_firing_silences_both(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """In flight when it ended, but surely not sent: nobody heard, nobody is told."""
    await post(group(alert(severity="warning")))
    (submission,) = await claim()
    await post(group(alert(severity="warning", ends=5)), 5)
    await answer(submission, BUSY, 6)
    nothing = await claim(60)

    assert not nothing
    assert [row[2:] for row in await states()] == [
        ("cancelled", "resolved_before_told"),
        ("cancelled", "never_heard"),
    ]


async def test_a_refire_takes_back_the_resolved_that_waits(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """It fires again: that is the news, not that it had stopped."""
    await post(group(alert()))
    (submission,) = await claim()
    await answer(submission)
    await post(group(alert(ends=60)), 60)
    await post(group(alert(starts=61)), 61)
    (second,) = await claim(61)

    assert [fact.kind for fact in second.messages[0].tells] == ["firing"]
    assert ("DiskFull", "resolved", "cancelled", "fired_again") in await states()


async def test_what_ended_unseen_is_cancelled_for_the_new_period(
    post: Post, states: States, alert: MakeAlert, group: MakeGroup
) -> None:
    """A start beyond the drift opens a new episode, and ends the one before it."""
    await post(group(alert()))
    await post(group(alert(starts=600)), 600)

    assert [row[2:] for row in await states()] == [
        ("cancelled", "ended_unseen"),
        ("waiting", "news"),
    ]


async def test_a_person_without_resolved_texts_gets_none(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """`send_resolved: false` of a person holds."""
    rules = make_rules(unwanted=["anna"])
    await post(group(alert()), by=rules)
    (submission,) = await claim(by=rules)
    await answer(submission, by=rules)
    await post(group(alert(ends=60)), 60, by=rules)

    assert not await claim(60, by=rules)
    assert [row[1] for row in await states()] == ["firing"]


async def test_a_receiver_without_resolved_texts_gets_none(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """`send_resolved: false` of a receiver holds."""
    rules = make_rules(quiet_receivers=["sre"])
    await post(group(alert()), by=rules)
    (submission,) = await claim(by=rules)
    await answer(submission, by=rules)
    await post(group(alert(ends=60)), 60, by=rules)

    assert not await claim(60, by=rules)
    assert [row[1] for row in await states()] == ["firing"]


async def test_a_page_too_old_is_expired_not_sent(
    post: Post, claim: Claim, states: States, alert: MakeAlert, group: MakeGroup
) -> None:
    """Where the config says that it is worth an SMS for an hour only."""
    await post(group(alert(severity="warning")))

    assert not await claim(3600)
    assert await states() == [("DiskFull", "firing", "expired", "time_to_live")]


@pytest.mark.parametrize("severity", ["critical", "warning"])
async def test_by_default_what_still_fires_is_told_however_late(
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
    rules: Rules,
    severity: str,
) -> None:
    """A gateway's bad night hides no warning; the text says how late it is."""
    by_default = replace(rules, time_to_live=TimeToLive())
    await post(group(alert(severity=severity)), by=by_default)
    (submission,) = await claim(6 * 3600, by=by_default)

    assert "late 6h" in submission.text.body


async def test_by_default_what_is_low_is_not(
    post: Post,
    claim: Claim,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    rules: Rules,
) -> None:
    """It says itself that nobody need be told in the night."""
    by_default = replace(rules, time_to_live=TimeToLive())
    await post(group(alert(severity="info")), by=by_default)

    assert not await claim(3600, by=by_default)
    assert await states() == [("DiskFull", "firing", "expired", "time_to_live")]


async def test_two_clusters_with_equal_fingerprints_are_two_episodes(
    post: Post, claim: Claim, alert: MakeAlert, group: MakeGroup
) -> None:
    """A resolve of one cluster says nothing about the other."""
    one = await post(group(alert(), source="north"))
    two = await post(group(alert(), source="south"))
    await post(group(alert(ends=60), source="north"), 60)
    (submission,) = await claim(60)

    assert one.episodes != two.episodes
    assert submission.messages[0].tells[0].episode.source == "south"
