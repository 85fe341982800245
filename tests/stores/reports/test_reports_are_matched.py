"""Every store matches a report to its message, in whatever order they come."""

from collections.abc import Sequence
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
    WORDS,
    End,
    Fold,
    Leave,
    row_of,
    word,
)
from round_trip import Answer, Claim, MakeAlert, MakeGroup, MakeRules, Post

from alertbridge.core.message import (
    Accepted,
    Submission,
)
from alertbridge.core.notification import ProviderName
from alertbridge.core.report import DeliveryReport
from alertbridge.ports import Matched, Store
from alertbridge.stores.sqlite_reports import MOST_PARKED


@pytest.mark.parametrize("before", [True, False], ids=["early", "late"])
@pytest.mark.parametrize("seed", range(24))
async def test_the_order_of_reports_changes_nothing(
    store: Store,
    leave: Leave,
    answer: Answer,
    fold: Fold,
    before: bool,
    seed: int,
) -> None:
    """Every order of the four words, each twice, before or after the answer."""
    order = _permutation(WORDS, seed)
    submission = await leave()
    if before:
        for one in (*order, *reversed(order)):
            await fold(one, at=0.5)
    await answer(submission, Accepted(provider_id="batch"), 1)
    if not before:
        for one in (*order, *reversed(order)):
            await fold(one)

    (found,) = await store.followed()
    assert found.known is not None
    assert found.known.is_delivered


async def test_a_report_that_overtakes_the_answer_is_kept_for_it(
    store: Store,
    leave: Leave,
    answer: Answer,
    fold: Fold,
    end: End,
) -> None:
    """I10: known only by the gateway's id, which we are about to be told."""
    submission = await leave()
    early = replace(DELIVERED, reference="")
    matched = await fold(early, at=0.5)
    await answer(submission, Accepted(provider_id="batch"), 1)
    await end()

    assert matched == Matched(messages=(), parked=1)
    assert (await row_of(store)).reason == "delivered"


async def test_a_parked_report_of_somebody_elses_number_is_not_mine(
    store: Store,
    leave: Leave,
    fold: Fold,
    answer: Answer,
) -> None:
    """One batch has many numbers."""
    submission = await leave()
    await fold(replace(DELIVERED, reference="", number=OTHER), at=0.5)
    await answer(submission, Accepted(provider_id="batch"), 1)

    (found,) = await store.followed()
    assert found.known is None


async def test_a_report_of_a_send_whose_answer_was_lost_is_that_answer(
    store: Store,
    leave: Leave,
    claim: Claim,
    answer: Answer,
    fold: Fold,
    end: End,
) -> None:
    """It was taken: nothing is sent again, and nobody need look it up."""
    submission = await leave()
    await answer(submission, LOST, 10, lists=True)
    await fold(DELIVERED, at=11)
    await end(12)

    assert await claim(3600) == ()
    row = await row_of(store)
    assert (row.state, row.reason) == ("told", "delivered")


async def test_a_report_before_the_answer_is_lost_is_that_answer_too(
    store: Store,
    leave: Leave,
    claim: Claim,
    answer: Answer,
    fold: Fold,
) -> None:
    """The report came while the request was still under way."""
    submission = await leave()
    await fold(PENDING, at=2)
    await answer(submission, LOST, 10)

    assert await claim(3600) == ()
    assert (await row_of(store)).state == "told"


async def test_a_report_before_a_kill_is_that_answer_as_well(
    store: Store,
    leave: Leave,
    claim: Claim,
    fold: Fold,
    start: datetime,
) -> None:
    """The process died under way; the report had been written down."""
    await leave()
    await fold(PENDING, at=2)
    await store.recover(start + timedelta(seconds=5), timedelta(seconds=15))

    assert await claim(3600) == ()
    assert (await row_of(store)).state == "told"


@pytest.mark.parametrize(
    ("report", "by"),
    [
        pytest.param(replace(FAILED, number=OTHER), ONE, id="another number"),
        pytest.param(FAILED, TWO, id="another provider"),
        pytest.param(
            replace(FAILED, reference="ref-9", provider_id="x"), ONE, id="unknown"
        ),
        pytest.param(replace(FAILED, reference="", provider_id=""), ONE, id="nothing"),
    ],
)
async def test_a_report_about_something_else_changes_nothing(
    store: Store, sent: Submission, fold: Fold, report: DeliveryReport, by: ProviderName
) -> None:
    """It is kept for a while, in case it is early."""
    matched = await fold(report, by=by)

    (found,) = await store.followed()
    assert matched == Matched(messages=(), parked=1)
    assert found.known is None


async def test_a_report_without_a_number_must_be_about_one_message(
    store: Store,
    leave: Leave,
    answer: Answer,
    fold: Fold,
    make_rules: MakeRules,
) -> None:
    """Of a batch for two it does not say whose phone it means."""
    both = make_rules({"anna": [PHONE], "bo": [OTHER]})
    submission = await leave(by=both)
    await answer(submission, Accepted(provider_id="batch"), 1, by=both)

    assert await fold(replace(FAILED, number=None)) == Matched(messages=(), parked=1)
    assert all(found.known is None for found in await store.followed())


async def test_reports_about_nobody_fill_no_disk(
    store: Store, fold: Fold, start: datetime
) -> None:
    """The newest are kept, for an hour."""
    strangers = [
        replace(FAILED, reference="", provider_id=f"x{n}")
        for n in range(MOST_PARKED + 10)
    ]
    await fold(*strangers)
    kept = await _parked(store)
    await fold(replace(FAILED, reference="", provider_id="late"), at=3700)

    assert kept == MOST_PARKED
    assert await _parked(store) == 1


async def test_a_report_does_not_overwrite_what_was_parked_for_the_same_message(
    store: Store,
    leave: Leave,
    answer: Answer,
    fold: Fold,
) -> None:
    """Its answer was lost; one word came by the gateway's id, the next by ours."""
    submission = await leave()
    await fold(replace(DELIVERED, reference=""), at=1)
    await answer(submission, LOST, 10, lists=True)
    await fold(PENDING, at=11)

    (found,) = await store.followed()
    assert found.known is not None
    assert found.known.is_delivered


async def test_a_message_without_an_id_takes_no_parked_report(
    store: Store,
    leave: Leave,
    answer: Answer,
    fold: Fold,
) -> None:
    """A report of an older message that had none either says nothing of this one."""
    await fold(word(reference="ref-gone", provider_id=""), at=0)
    submission = await leave()
    await answer(submission, Accepted(), 1)

    (found,) = await store.followed()
    assert found.known is None


async def test_a_parked_report_without_a_number_is_about_one_message_only(
    store: Store,
    leave: Leave,
    answer: Answer,
    fold: Fold,
    make_rules: MakeRules,
) -> None:
    """Of a batch for two it does not say whose phone, however early it comes."""
    both = make_rules({"anna": [PHONE], "bo": [OTHER]})
    submission = await leave(by=both)
    await fold(replace(FAILED, reference="", number=None), at=0.5)
    await answer(submission, Accepted(provider_id="batch"), 1, by=both)

    assert [found.known for found in await store.followed()] == [None, None]


async def test_an_id_that_a_gateway_gives_again_is_the_newest_message(
    store: Store,
    sent: Submission,
    fold: Fold,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """A modem counts to 255: what fails now is not the page of yesterday."""
    await post(group(alert("Other", starts=60), key="other"), 60)
    (newer,) = await claim(60)
    await answer(newer, Accepted(provider_id="batch"), 61)
    matched = await fold(replace(FAILED, reference=""), at=62)

    assert matched == Matched(messages=(newer.messages[0].id,))


def _permutation(
    words: Sequence[DeliveryReport], seed: int
) -> tuple[DeliveryReport, ...]:
    left, made = list(words), list[DeliveryReport]()
    for size in range(len(words), 0, -1):
        seed, at = divmod(seed, size)
        made.append(left.pop(at))
    return tuple(made)


async def _parked(store: Store) -> int:
    lane = store._lane  # type: ignore[attr-defined]
    count: int = await lane.read(
        lambda db: db.execute("SELECT count(*) FROM parked_report").fetchone()[0]
    )
    return count
