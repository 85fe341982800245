"""What a store changes when an accepted message comes to its end."""

from dataclasses import replace

from reporting import (
    DELIVERED,
    FAILED,
    ONE,
    OTHER,
    PHONE,
    TWO,
    End,
    Fold,
    Leave,
    row_of,
)
from round_trip import Answer, Claim, MakeRules, States

from alertbridge.core.message import (
    Accepted,
    Submission,
)
from alertbridge.core.notification import Way
from alertbridge.core.recipient import ReceiverName
from alertbridge.ports import Matched, Store


async def test_delivered_is_recorded_and_not_followed_any_more(
    store: Store, sent: Submission, fold: Fold, end: End
) -> None:
    """The carrier's word, beside the provider's."""
    matched = await fold(DELIVERED)
    await end()

    row = await row_of(store)
    assert matched == Matched(messages=(sent.messages[0].id,))
    assert (row.state, row.reason, row.delivery) == ("told", "delivered", "delivered")
    assert await store.followed() == ()


async def test_a_failure_goes_back_to_the_mailbox_and_leaves_by_another_way(
    sent: Submission, fold: Fold, end: End, claim: Claim, states: States
) -> None:
    """The next number, at once: the first SMS did not ring, and counts in no pace."""
    await fold(FAILED)
    await end()
    waiting = await states()
    (again,) = await claim(6)

    assert waiting == [("DiskFull", "firing", "waiting", "undelivered")]
    assert (again.messages[0].number, again.provider) == (OTHER, ONE)
    assert again.reference != sent.reference


async def test_silence_leaves_by_another_provider(
    sent: Submission, end: End, claim: Claim, states: States
) -> None:
    """What nobody vouched for is doubted as a whole."""
    await end(180)
    waiting = await states()
    (again,) = await claim(200)

    assert waiting == [("DiskFull", "firing", "waiting", "unconfirmed")]
    assert (again.messages[0].number, again.provider) == (PHONE, TWO)


async def test_a_late_delivery_takes_back_what_has_not_left_yet(
    store: Store, sent: Submission, fold: Fold, end: End, claim: Claim
) -> None:
    """The phone has it after all: no second SMS."""
    await end(180)
    await fold(DELIVERED, at=181)
    await end(182)

    assert await claim(300) == ()
    assert (await row_of(store)).reason == "delivered"


async def test_a_late_delivery_does_not_undo_what_is_under_way(
    store: Store, sent: Submission, fold: Fold, end: End, claim: Claim, answer: Answer
) -> None:
    """The second SMS counts where it was taken; the person has heard either way."""
    await end(180)
    (again,) = await claim(200)
    await fold(DELIVERED, at=201)
    await end(202)
    assert await answer(again, Accepted(provider_id="other"), 203, by=None)

    row = await row_of(store)
    assert (row.state, row.reason, row.provider) == ("told", "delivered", "two")


async def test_a_stale_failure_of_the_first_way_ends_nothing_of_the_second(
    sent: Submission,
    fold: Fold,
    end: End,
    claim: Claim,
    answer: Answer,
    states: States,
) -> None:
    """I11: only the current message decides."""
    await end(180)
    (again,) = await claim(200)
    await answer(again, Accepted(provider_id="other"), 201)
    await fold(FAILED, at=202)
    await end(203)

    assert [row[2:] for row in await states()] == [("told", "accepted")]


async def test_dead_after_the_last_way_and_delivered_after_all(
    store: Store, sent: Submission, fold: Fold, end: End, make_rules: MakeRules
) -> None:
    """D4: delivered wins in the record, whatever was believed before."""
    only = make_rules({"anna": [PHONE]})
    await fold(FAILED)
    await end(by=only)
    rows = [row for row in await store.history() if row.alert == "DiskFull"]
    meta = [row.alert for row in await store.history() if row.alert != "DiskFull"]
    await fold(DELIVERED, at=700)
    await end(701, by=only)

    assert [(row.state, row.reason) for row in rows] == [("dead", "undelivered")]
    assert meta == ["PageNotSent"], "I7: in the same commit"
    (row,) = [row for row in await store.history() if row.alert == "DiskFull"]
    assert (row.state, row.reason) == ("told", "delivered")


async def test_somebody_else_hears_once_however_many_are_not_reached(
    store: Store,
    leave: Leave,
    answer: Answer,
    fold: Fold,
    end: End,
    make_rules: MakeRules,
) -> None:
    """Two are not reached; their fallback gets one page, and his own stays his own."""
    made = make_rules(
        {"anna": [PHONE], "carl": [OTHER], "bo": ["+46701740607"]},
        receivers={"sre": ["anna", "carl"], "next": ["bo"]},
    )
    sre = replace(made.receivers[ReceiverName("sre")], fallback=ReceiverName("next"))
    made = replace(
        made,
        receivers={**made.receivers, ReceiverName("sre"): sre},
        meta_receiver=ReceiverName("next"),
    )
    submission = await leave(by=made)
    await answer(submission, Accepted(provider_id="batch"), 1, by=made)
    await fold(FAILED, replace(FAILED, number=OTHER))
    await end(by=made)
    await end(by=made)

    rows = await store.history(recipient="bo")
    told = [(row.alert, row.kind, row.reason) for row in rows if row.notification]
    assert told.count(("DiskFull", "escalated", "unreached")) == 1
    assert [name for name, _, _ in told].count("PageNotSent") == 2


async def test_of_a_batch_only_who_was_not_reached_is_sent_to_again(
    leave: Leave,
    claim: Claim,
    answer: Answer,
    fold: Fold,
    end: End,
    make_rules: MakeRules,
) -> None:
    """C6: iP.1 takes a batch whole, and says of each number how it ended."""
    made = make_rules({"anna": [PHONE], "bo": [OTHER]}, providers=("one", "two"))
    both = await leave(by=made)
    await answer(both, Accepted(provider_id="batch"), 1, by=made)
    await fold(DELIVERED, replace(FAILED, number=OTHER))
    await end(by=made)
    await end(by=made)

    (again,) = await claim(7, by=made)

    assert [message.number for message in both.messages] == [PHONE, OTHER]
    assert [message.number for message in again.messages] == [OTHER]
    assert again.provider == TWO


async def test_each_number_of_a_person_is_tried_once(
    sent: Submission, fold: Fold, end: End, claim: Claim, answer: Answer
) -> None:
    """Every way once, in order; the cap is four."""
    ways = [Way(sent.messages[0].number, sent.provider)]
    for turn in range(3):
        at = 10.0 * (turn + 1)
        (latest,) = await claim(at) if turn else (sent,)
        if turn:
            ways.append(Way(latest.messages[0].number, latest.provider))
            await answer(latest, Accepted(provider_id=f"b{turn}"), at + 1)
        report = replace(
            FAILED, reference=latest.reference, number=latest.messages[0].number
        )
        await fold(report, by=latest.provider, at=at + 2)
        await end(at + 3)

    (last,) = await claim(60)
    ways.append(Way(last.messages[0].number, last.provider))
    assert ways == [Way(PHONE, ONE), Way(OTHER, ONE), Way(PHONE, TWO), Way(OTHER, TWO)]
