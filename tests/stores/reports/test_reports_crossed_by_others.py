"""Reports, second ways, acknowledgements and ends that cross each other."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from reporting import (
    DELIVERED,
    FAILED,
    LOST,
    ONE,
    OTHER,
    PENDING,
    PHONE,
    TWO,
    End,
    Fold,
    Leave,
    row_of,
    word,
)
from round_trip import Answer, Claim, MakeAlert, MakeGroup, MakeRules, Post, States

from alertbridge.core.message import (
    Accepted,
    Deferred,
    Submission,
)
from alertbridge.core.recipient import ReceiverName
from alertbridge.core.report import Delivery
from alertbridge.ports import Store


async def test_an_acknowledged_page_is_not_told_again(
    store: Store, sent: Submission, fold: Fold, end: End, claim: Claim, start: datetime
) -> None:
    """I8: whether a human took it before the bad report or after it."""
    await fold(FAILED)
    await end()
    episode = sent.messages[0].tells[0].episode.id
    await store.acknowledge(episode, "anna", start + timedelta(seconds=7))

    assert await claim(8) == ()
    assert (await row_of(store)).reason == "acknowledged"


async def test_what_ended_meanwhile_is_not_told_again(
    store: Store,
    sent: Submission,
    fold: Fold,
    end: End,
    claim: Claim,
    post: Post,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """It fired and ended, and its SMS did not arrive: it rides with the next digest."""
    await fold(FAILED)
    await end()
    await post(group(alert(ends=5)), 7)

    assert await claim(8) == ()


async def test_who_has_it_by_the_first_is_not_told_again_when_the_second_fails(
    store: Store,
    sent: Submission,
    fold: Fold,
    end: End,
    claim: Claim,
    answer: Answer,
    states: States,
) -> None:
    """Late, but delivered: what becomes of the second SMS is nobody's page."""
    await end(180)
    (again,) = await claim(200)
    await answer(again, Accepted(provider_id="other"), 201)
    await fold(DELIVERED, at=202)
    await end(203)
    failed = word(Delivery.FAILED, reference=again.reference, provider_id="other")
    await fold(failed, by=TWO, at=204)
    await end(205)

    assert [row[2:] for row in await states()] == [("told", "delivered")]
    assert await claim(300) == ()


async def test_nobody_is_dead_who_has_it_while_the_second_is_under_way(
    store: Store,
    sent: Submission,
    fold: Fold,
    end: End,
    claim: Claim,
    answer: Answer,
    states: States,
    make_rules: MakeRules,
) -> None:
    """No page to the admins either, and nobody woken instead."""
    few = make_rules({"anna": [PHONE]}, providers=("one", "two"))
    await end(180, by=few)
    (again,) = await claim(200, by=few)
    await fold(DELIVERED, at=201)
    await end(202, by=few)
    await answer(again, Accepted(provider_id="other"), 203, by=few)
    failed = word(Delivery.FAILED, reference=again.reference, provider_id="other")
    await fold(failed, by=TWO, at=204)
    await end(205, by=few)

    assert [row[2:] for row in await states()] == [("told", "delivered")]


async def test_a_send_that_was_found_counts_once(
    sent: Submission,
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    fold: Fold,
    end: End,
    alert: MakeAlert,
    group: MakeGroup,
    states: States,
) -> None:
    """Its answer was lost, its report found it, and it failed: that is one SMS.

    Counted twice, a low page would be dead after the first.
    """
    await fold(DELIVERED)
    await end(6)
    await post(group(alert("Slow", severity="info", starts=60), key="slow"), 60)
    (slow,) = await claim(60)
    await answer(slow, LOST, 70, lists=True)
    failed = word(Delivery.FAILED, reference=slow.reference, provider_id="slow")
    await fold(failed, at=71)
    await end(72)

    assert (await states())[1:] == [("Slow", "firing", "waiting", "undelivered")]


async def test_nobody_hears_of_a_death_that_a_report_prevented(
    leave: Leave,
    claim: Claim,
    answer: Answer,
    fold: Fold,
    states: States,
) -> None:
    """Both answers were lost; the report of the first came while the second was out."""
    first = await leave()
    await answer(first, LOST, 10)
    (second,) = await claim(20)
    await fold(PENDING, at=25)
    await answer(second, LOST, 30)

    assert (first.provider, second.provider) == (ONE, TWO)
    assert await states() == [("DiskFull", "firing", "told", "accepted")]


async def test_what_was_to_be_told_again_is_not_once_somebody_took_it(
    store: Store,
    sent: Submission,
    fold: Fold,
    end: End,
    claim: Claim,
    answer: Answer,
    start: datetime,
    states: States,
) -> None:
    """I8: the second request was under way, and surely sent nothing: that was all."""
    await fold(FAILED)
    await end()
    (again,) = await claim(7)
    episode = sent.messages[0].tells[0].episode.id
    await store.acknowledge(episode, "bo", start + timedelta(seconds=8))
    await answer(again, Deferred(detail="busy"), 9)

    assert await claim(60) == ()
    assert [row[2:] for row in await states()] == [("cancelled", "acknowledged")]


async def test_a_lost_answer_is_not_sent_again_once_somebody_took_it(
    store: Store,
    sent: Submission,
    fold: Fold,
    end: End,
    claim: Claim,
    answer: Answer,
    start: datetime,
    make_rules: MakeRules,
) -> None:
    """I8: nor is the second request, whose answer was lost."""
    one = make_rules({"anna": [PHONE, OTHER]})
    await fold(FAILED)
    await end(by=one)
    (again,) = await claim(7, by=one)
    episode = sent.messages[0].tells[0].episode.id
    await store.acknowledge(episode, "bo", start + timedelta(seconds=8))
    await answer(again, LOST, 17, by=one)

    assert await claim(60, by=one) == ()


async def test_who_was_surely_not_reached_hears_no_end(
    store: Store,
    sent: Submission,
    fold: Fold,
    end: End,
    claim: Claim,
    post: Post,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
) -> None:
    """Bo took it before the bad report: Anna never heard that it fired."""
    episode = sent.messages[0].tells[0].episode.id
    await store.acknowledge(episode, "bo", start + timedelta(seconds=3))
    await fold(FAILED)
    await end()
    await post(group(alert(ends=600)), 600)

    assert await claim(700) == ()


@pytest.mark.parametrize("reason", ["resolved_before_told", "operator"])
async def test_who_is_told_instead_is_told_of_a_firing_that_comes_again(
    store: Store,
    sent: Submission,
    fold: Fold,
    end: End,
    make_rules: MakeRules,
    reason: str,
) -> None:
    """An earlier firing of the episode was over before he was told of it.

    What an operator took out stays out.
    """
    made = make_rules(
        {"anna": [PHONE], "bo": ["+46701740607"]},
        receivers={"sre": ["anna"], "next": ["bo"]},
    )
    sre = replace(made.receivers[ReceiverName("sre")], fallback=ReceiverName("next"))
    made = replace(made, receivers={**made.receivers, ReceiverName("sre"): sre})
    await fold(FAILED)
    await end(by=made)
    lane = store._lane  # type: ignore[attr-defined]
    for change in (
        "notification SET state = 'cancelled', reason = ? WHERE kind = 'escalated'",
        (
            "notification SET state = 'told', reason = 'accepted' WHERE kind = 'firing'"
            " AND ? != ''"
        ),
        "message SET followed = 1 WHERE ? != ''",
    ):
        await lane.write(lambda db, sql=change: db.execute(f"UPDATE {sql}", (reason,)))
    await end(60, by=made)

    (row,) = [r for r in await store.history(recipient="bo") if r.kind == "escalated"]
    expected = "waiting" if reason == "resolved_before_told" else "cancelled"
    assert row.state == expected
