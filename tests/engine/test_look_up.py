"""A send whose answer nobody saw is looked up before anything is sent again."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from round_trip import Answer, Claim, MakeAlert, MakeGroup, Post, States

from alertbridge.core.inquiry import Inquiry, Listed, Listing, NotListed, conclude
from alertbridge.core.message import Submission, Uncertain
from alertbridge.core.notification import ProviderName
from alertbridge.core.pace import Pace
from alertbridge.core.rules import Rules
from alertbridge.ports import Store

Look = Callable[..., Awaitable[tuple[Inquiry, ...]]]
LOST = Uncertain(detail="no answer")
ONE = (ProviderName("one"),)
AWAY = NotListed("no answer")
EMPTY = Listed({})


def has(submission: Submission) -> Listed:
    """A list in which *submission* is."""
    return Listed({submission.reference: "batch-1"})


@pytest.fixture
def look(store: Store, start: datetime) -> Look:
    """Look up what is due, `at` seconds after the start, in this list."""

    async def ask(at: float, listing: Listing) -> tuple[Inquiry, ...]:
        now = start + timedelta(seconds=at)
        found = await store.inquiries(ONE, now)
        for inquiry in found.due:
            await store.conclude(inquiry, conclude(inquiry, listing, now), now)
        return found.due

    return ask


@pytest.fixture
async def lost(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> Submission:
    """A critical page whose answer was lost after a second."""
    await post(group(alert()))
    (submission,) = await claim()
    await answer(submission, LOST, 1, lists=True)
    return submission


async def test_it_is_looked_up_when_every_request_has_landed(
    lost: Submission, look: Look
) -> None:
    """Earlier, one still on its way would not be found, and be sent twice."""
    assert not await look(14.9, EMPTY)
    (inquiry,) = await look(15, EMPTY)
    assert inquiry.reference == lost.reference


async def test_found_is_told_and_nothing_is_sent(
    lost: Submission, look: Look, claim: Claim, states: States, store: Store
) -> None:
    """The provider has it: that is its acceptance, with the id of its reports."""
    await look(15, has(lost))

    assert not await claim(600)
    assert await states() == [("DiskFull", "firing", "told", "accepted")]
    (row,) = await store.history()
    assert row.reference == lost.reference


async def test_not_found_twice_is_sent_again_under_its_reference(
    lost: Submission, look: Look, claim: Claim
) -> None:
    """Ten seconds between the looks: lists lag behind."""
    await look(15, EMPTY)
    early = (await claim(20), await look(24.9, EMPTY))
    await look(25, EMPTY)
    (second,) = await claim(25)

    assert early == ((), ())
    assert (second.reference, second.attempt) == (lost.reference, 2)


async def test_what_was_not_found_counts_as_not_sent(
    lost: Submission,
    look: Look,
    claim: Claim,
    answer: Answer,
    post: Post,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    rules: Rules,
) -> None:
    """Twenty lost answers in a row end no page: none of them was a send."""
    unpaced = replace(rules, pace=Pace(()))
    at = 15.0
    for _ in range(20):
        await look(at, EMPTY)
        await look(at + 10, EMPTY)
        (again,) = await claim(at + 10, by=unpaced)
        await answer(again, LOST, at + 11, lists=True)
        at += 25
    await look(at, has(lost))

    assert await states() == [("DiskFull", "firing", "told", "accepted")]


async def test_a_list_that_is_away_is_waited_for_a_minute_for_a_critical(
    lost: Submission, look: Look, claim: Claim
) -> None:
    """A lost page is worse than a second SMS."""
    for at in range(15, 60, 5):
        await look(at, AWAY)
    early = await claim(59)
    (second,) = await claim(60)

    assert not early
    assert (second.reference, second.attempt) == (lost.reference, 2)


async def test_and_five_minutes_for_what_is_not(
    post: Post,
    claim: Claim,
    answer: Answer,
    look: Look,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """A second SMS about a warning is not worth so much."""
    await post(group(alert(severity="warning")))
    (first,) = await claim()
    await answer(first, LOST, lists=True)
    for at in range(15, 300, 5):
        await look(at, AWAY)

    assert not await claim(299)
    assert await claim(300)


async def test_after_two_blind_sends_only_the_list_can_say(
    lost: Submission, look: Look, claim: Claim, answer: Answer, states: States
) -> None:
    """Neither a third SMS nor the end: the gateway and its list are both away."""
    (second,) = await claim(60)
    await answer(second, LOST, 61, lists=True)
    silent = [await claim(at) for at in range(121, 3600, 60)]
    await look(3600, has(lost))

    assert not any(silent)
    assert await states() == [("DiskFull", "firing", "told", "accepted")]


async def test_what_ended_meanwhile_is_looked_up_first(
    lost: Submission,
    look: Look,
    claim: Claim,
    post: Post,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """Found: the firing was told, and its end follows as any other."""
    await post(group(alert(ends=5)), 5)
    early = await claim(6)
    await look(15, has(lost))
    (end,) = await claim(15)

    assert not early
    assert end.text.body.startswith("RESOLVED")
    assert [fact.kind for fact in end.messages[0].tells] == ["resolved"]


async def test_not_found_and_over_leaves_nothing(
    lost: Submission,
    look: Look,
    claim: Claim,
    post: Post,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """Nobody heard it fire: nobody need hear that it is over."""
    await post(group(alert(ends=5)), 5)
    await look(15, EMPTY)
    await look(25, EMPTY)

    assert not await claim(25)
    assert not any(row[2] == "told" for row in await states())


async def test_not_found_goes_by_another_provider_if_there_is_one(
    post: Post,
    claim: Claim,
    answer: Answer,
    look: Look,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """Whoever lost one answer may lose the next."""
    rules = make_rules(providers=["one", "two"])
    await post(group(alert()), by=rules)
    (first,) = await claim(by=rules)
    await answer(first, LOST, by=rules, lists=True)
    await look(15, EMPTY)
    await look(25, EMPTY)
    (second,) = await claim(25, by=rules)

    assert (first.provider, second.provider) == ("one", "two")
    assert second.reference != first.reference


async def test_a_killed_process_leaves_it_to_be_looked_up(
    post: Post,
    claim: Claim,
    look: Look,
    store: Store,
    start: datetime,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """Its answer went to nobody: the list has it."""
    await post(group(alert()))
    (first,) = await claim()
    restarted = start + timedelta(seconds=2)
    await store.recover(restarted, timedelta(seconds=15), ONE)
    early = await claim(16)
    await look(16, has(first))

    assert not early
    assert not await claim(600)
    assert (await states())[0][2] == "told"


async def test_a_conclusion_about_an_older_attempt_is_not_written(
    lost: Submission, claim: Claim, store: Store, start: datetime
) -> None:
    """The list was away so long that it went out again meanwhile."""
    now = start + timedelta(seconds=15)
    (inquiry,) = (await store.inquiries(ONE, now)).due
    await claim(60)

    assert not await store.conclude(inquiry, conclude(inquiry, has(lost), now), now)


async def test_a_provider_without_a_list_is_not_asked(
    lost: Submission, store: Store, start: datetime
) -> None:
    """And what the config no longer has is not either."""
    found = await store.inquiries((ProviderName("two"),), start + timedelta(hours=1))

    assert (found.due, found.next_due) == ((), None)
