"""What every store does with delivery reports, in whatever order they come."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from sqlite3 import Connection

import pytest
from round_trip import Answer, Claim, MakeAlert, MakeGroup, MakeRules, Post, States

from alertbridge.core.ended import Ended
from alertbridge.core.failover import end_of
from alertbridge.core.flapping import Flapping
from alertbridge.core.following import Abilities, AskNow, Followed, LetGo, due
from alertbridge.core.message import (
    Accepted,
    Deferred,
    Message,
    Submission,
    Uncertain,
)
from alertbridge.core.notification import MessageId, ProviderName, Way
from alertbridge.core.recipient import Msisdn, ReceiverName
from alertbridge.core.report import Delivery, DeliveryReport
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity
from alertbridge.ports import HistoryRow, Matched, Store
from alertbridge.stores.sqlite_reports import MOST_PARKED

ONE, TWO = ProviderName("one"), ProviderName("two")
PHONE, OTHER = Msisdn("+46701740605"), Msisdn("+46701740606")
LOST = Uncertain(detail="no answer")
BOTH = Abilities(reports=True, answers=True)

Fold = Callable[..., Awaitable[Matched]]
End = Callable[..., Awaitable[Ended | None]]


def word(
    delivery: Delivery = Delivery.DELIVERED,
    *,
    final: bool | None = None,
    reference: str = "ref-1",
    provider_id: str = "batch",
    number: str | None = PHONE,
    at: datetime | None = None,
) -> DeliveryReport:
    """One report, about the first submission unless told otherwise."""
    return DeliveryReport(
        provider_id=provider_id,
        reference=reference,
        number=None if number is None else Msisdn(number),
        delivery=delivery,
        final=delivery is not Delivery.PENDING if final is None else final,
        code="",
        at=at,
    )


FAILED, PENDING, DELIVERED = (
    word(Delivery.FAILED),
    word(Delivery.PENDING),
    word(),
)


@pytest.fixture
def rules(make_rules: MakeRules) -> Rules:
    """Anna with two phones, and two providers."""
    return make_rules({"anna": [PHONE, OTHER]}, providers=("one", "two"))


@pytest.fixture
def fold(store: Store, start: datetime) -> Fold:
    """Hand reports in, `at` seconds after the start."""

    async def hand(
        *reports: DeliveryReport,
        by: ProviderName = ONE,
        at: float = 5,
        cautious: bool = False,
    ) -> Matched:
        now = start + timedelta(seconds=at)
        return await store.fold_reports(by, reports, now, cautious=cautious)

    return hand


@pytest.fixture
def end(store: Store, rules: Rules, start: datetime) -> End:
    """Act on the first message that is followed, as the reporter does."""

    async def act(at: float = 6, *, by: Rules | None = None) -> Ended | None:
        now = start + timedelta(seconds=at)

        def decide(
            message: Message, provider: ProviderName, known: DeliveryReport | None
        ) -> Ended:
            return end_of(message, provider, known, by or rules, now)

        found = await store.followed()
        return await store.end(found[0].message, decide, now) if found else None

    return act


@pytest.fixture
async def sent(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> Submission:
    """One page, taken by the first provider."""
    await post(group(alert()))
    (submission,) = await claim()
    await answer(submission, Accepted(provider_id="batch"), 1)
    return submission


async def row_of(store: Store) -> HistoryRow:
    """The one notification there is."""
    return next(row for row in await store.history() if row.notification is not None)


async def test_what_is_accepted_is_followed(
    store: Store, sent: Submission, start: datetime
) -> None:
    """With what it takes to ask about it, and how bad it is."""
    (found,) = await store.followed()

    assert found == Followed(
        message=sent.messages[0].id,
        reference=sent.reference,
        provider=ONE,
        provider_id="batch",
        accepted_at=start + timedelta(seconds=1),
        severity=sent.messages[0].tells[0].severity,
    )


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
    post: Post,
    claim: Claim,
    answer: Answer,
    fold: Fold,
    end: End,
    alert: MakeAlert,
    group: MakeGroup,
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
    await post(group(alert()), by=made)
    (submission,) = await claim(by=made)
    await answer(submission, Accepted(provider_id="batch"), 1, by=made)
    await fold(FAILED, replace(FAILED, number=OTHER))
    await end(by=made)
    await end(by=made)

    rows = await store.history(recipient="bo")
    told = [(row.alert, row.kind, row.reason) for row in rows if row.notification]
    assert told.count(("DiskFull", "escalated", "unreached")) == 1
    assert [name for name, _, _ in told].count("PageNotSent") == 2


async def test_of_a_batch_only_who_was_not_reached_is_sent_to_again(
    post: Post,
    claim: Claim,
    answer: Answer,
    fold: Fold,
    end: End,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """C6: iP.1 takes a batch whole, and says of each number how it ended."""
    made = make_rules({"anna": [PHONE], "bo": [OTHER]}, providers=("one", "two"))
    await post(group(alert()), by=made)
    (both,) = await claim(by=made)
    await answer(both, Accepted(provider_id="batch"), 1, by=made)
    await fold(DELIVERED, replace(FAILED, number=OTHER))
    await end(by=made)
    await end(by=made)

    (again,) = await claim(7, by=made)

    assert [message.number for message in both.messages] == [PHONE, OTHER]
    assert [message.number for message in again.messages] == [OTHER]
    assert again.provider == TWO


# Order, doubles, strangers


WORDS = (PENDING, word(Delivery.FAILED, final=False), FAILED, DELIVERED)


@pytest.mark.parametrize("before", [True, False], ids=["early", "late"])
@pytest.mark.parametrize("seed", range(24))
async def test_the_order_of_reports_changes_nothing(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    fold: Fold,
    alert: MakeAlert,
    group: MakeGroup,
    before: bool,
    seed: int,
) -> None:
    """Every order of the four words, each twice, before or after the answer."""
    order = _permutation(WORDS, seed)
    await post(group(alert()))
    (submission,) = await claim()
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


def _permutation(
    words: Sequence[DeliveryReport], seed: int
) -> tuple[DeliveryReport, ...]:
    left, made = list(words), list[DeliveryReport]()
    for size in range(len(words), 0, -1):
        seed, at = divmod(seed, size)
        made.append(left.pop(at))
    return tuple(made)


async def test_a_report_that_overtakes_the_answer_is_kept_for_it(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    fold: Fold,
    end: End,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """I10: known only by the gateway's id, which we are about to be told."""
    await post(group(alert()))
    (submission,) = await claim()
    early = replace(DELIVERED, reference="")
    matched = await fold(early, at=0.5)
    await answer(submission, Accepted(provider_id="batch"), 1)
    await end()

    assert matched == Matched(messages=(), parked=1)
    assert (await row_of(store)).reason == "delivered"


async def test_a_parked_report_of_somebody_elses_number_is_not_mine(
    store: Store,
    fold: Fold,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """One batch has many numbers."""
    await post(group(alert()))
    (submission,) = await claim()
    await fold(replace(DELIVERED, reference="", number=OTHER), at=0.5)
    await answer(submission, Accepted(provider_id="batch"), 1)

    (found,) = await store.followed()
    assert found.known is None


async def test_a_report_of_a_send_whose_answer_was_lost_is_that_answer(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    fold: Fold,
    end: End,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """It was taken: nothing is sent again, and nobody need look it up."""
    await post(group(alert()))
    (submission,) = await claim()
    await answer(submission, LOST, 10, lists=True)
    await fold(DELIVERED, at=11)
    await end(12)

    assert await claim(3600) == ()
    row = await row_of(store)
    assert (row.state, row.reason) == ("told", "delivered")


async def test_a_report_before_the_answer_is_lost_is_that_answer_too(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    fold: Fold,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """The report came while the request was still under way."""
    await post(group(alert()))
    (submission,) = await claim()
    await fold(PENDING, at=2)
    await answer(submission, LOST, 10)

    assert await claim(3600) == ()
    assert (await row_of(store)).state == "told"


async def test_a_report_before_a_kill_is_that_answer_as_well(
    store: Store,
    post: Post,
    claim: Claim,
    fold: Fold,
    alert: MakeAlert,
    group: MakeGroup,
    start: datetime,
) -> None:
    """The process died under way; the report had been written down."""
    await post(group(alert()))
    await claim()
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
    post: Post,
    claim: Claim,
    answer: Answer,
    fold: Fold,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """Of a batch for two it does not say whose phone it means."""
    both = make_rules({"anna": [PHONE], "bo": [OTHER]})
    await post(group(alert()), by=both)
    (submission,) = await claim(by=both)
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


async def _parked(store: Store) -> int:
    lane = store._lane  # type: ignore[attr-defined]
    count: int = await lane.read(
        lambda db: db.execute("SELECT count(*) FROM parked_report").fetchone()[0]
    )
    return count


# Caution


async def test_a_claimed_delivery_of_a_critical_page_waits_for_the_gateways_word(
    store: Store, sent: Submission, fold: Fold, end: End, start: datetime
) -> None:
    """Whoever learnt the address can post 201; a failure he may post is acted on."""
    await fold(DELIVERED, cautious=True)
    (claimed,) = await store.followed()
    await fold(DELIVERED, at=6)
    await end(7)

    assert claimed.known is None
    assert claimed.claimed_at == start + timedelta(seconds=5)
    assert (await row_of(store)).reason == "delivered"


async def test_a_claimed_delivery_of_what_is_not_critical_is_believed(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    fold: Fold,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """Nobody is woken by it either way: not worth a question."""
    await post(group(alert(severity="warning")))
    (submission,) = await claim()
    await answer(submission, Accepted(provider_id="batch"), 1)
    await fold(DELIVERED, cautious=True)

    (found,) = await store.followed()
    assert found.known is not None


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


async def test_a_secret_of_the_store_stays_what_it_was(store: Store) -> None:
    """The gateways know the addresses that were made of it."""
    first = await store.own_secret("reports", "fresh")
    second = await store.own_secret("reports", "fresher")
    other = await store.own_secret("other", "fresh-too")

    assert (first, second, other) == ("fresh", "fresh", "fresh-too")


async def test_what_is_let_go_comes_back_with_a_report(
    store: Store, sent: Submission, fold: Fold
) -> None:
    """Nobody waits for it, but a failure is acted on whenever it comes."""
    await store.let_go([MessageId(sent.messages[0].id)])
    gone = await store.followed()
    await fold(FAILED)

    assert gone == ()
    assert len(await store.followed()) == 1


@pytest.mark.parametrize(
    "heard", [DELIVERED, FAILED, word(Delivery.EXPIRED)], ids=lambda w: w.delivery.value
)
async def test_what_was_reported_meanwhile_is_not_let_go(
    store: Store, sent: Submission, fold: Fold, end: End, heard: DeliveryReport
) -> None:
    """A report may come between the look and what is done about what was seen."""
    seen = await store.followed()
    await fold(heard)

    await store.let_go([one.message for one in seen])

    assert await end() is not None
    assert await store.followed() == ()


@pytest.mark.parametrize("heard", [PENDING, word(Delivery.FAILED, final=False)])
async def test_what_is_not_the_end_does_not_keep_it(
    store: Store, sent: Submission, fold: Fold, heard: DeliveryReport
) -> None:
    """Nothing is to be done about it: what comes after takes it up again."""
    await fold(heard)

    await store.let_go([sent.messages[0].id])

    assert await store.followed() == ()


async def test_a_failure_does_not_wait_behind_those_that_wait_for_a_report(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    fold: Fold,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """A storm of critical pages, and one that is less and did not arrive."""
    await post(group(alert(severity="warning")))
    (submission,) = await claim()
    await answer(submission, Accepted(provider_id="batch"), 1)
    lane = store._lane  # type: ignore[attr-defined]
    await lane.write(_storm)
    await fold(FAILED)

    first = (await store.followed())[0]
    assert first.reference == submission.reference


def _storm(db: Connection) -> None:
    numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT "
    db.execute(
        f"{numbers} 6000) INSERT INTO submission (reference, provider, body, coding,"
        " segments, urgent, closes_at, state, attempt, epoch, began_at)"
        " SELECT 'x' || i, 'one', '', 'gsm', 1, 1, 0, 'settled', 1, 1, 0 FROM n"
    )
    db.execute(
        f"{numbers} 6000) INSERT INTO message (submission, recipient, number, state,"
        " provider_id, accepted_at, followed)"
        " SELECT 'x' || i, 'bo', '', 'accepted', i, 0, 1 FROM n"
    )


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("accepted_at = NULL", id="taken by a version that noted no time"),
        pytest.param("report = substr(report, 2)", id="damaged"),
    ],
)
async def test_a_row_that_is_odd_does_not_end_the_reporter(
    store: Store, sent: Submission, fold: Fold, end: End, change: str
) -> None:
    """It would end every process that starts on the file."""
    await fold(PENDING)
    lane = store._lane  # type: ignore[attr-defined]
    await lane.write(lambda db: db.execute(f"UPDATE message SET {change}"))

    (found,) = await store.followed()
    await fold(FAILED)
    assert found.message == sent.messages[0].id
    assert await end() is not None


# Against each other


async def test_a_report_does_not_overwrite_what_was_parked_for_the_same_message(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    fold: Fold,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """Its answer was lost; one word came by the gateway's id, the next by ours."""
    await post(group(alert()))
    (submission,) = await claim()
    await fold(replace(DELIVERED, reference=""), at=1)
    await answer(submission, LOST, 10, lists=True)
    await fold(PENDING, at=11)

    (found,) = await store.followed()
    assert found.known is not None
    assert found.known.is_delivered


async def test_a_message_without_an_id_takes_no_parked_report(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    fold: Fold,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """A report of an older message that had none either says nothing of this one."""
    await fold(word(reference="ref-gone", provider_id=""), at=0)
    await post(group(alert()))
    (submission,) = await claim()
    await answer(submission, Accepted(), 1)

    (found,) = await store.followed()
    assert found.known is None


async def test_a_parked_report_without_a_number_is_about_one_message_only(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    fold: Fold,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """Of a batch for two it does not say whose phone, however early it comes."""
    both = make_rules({"anna": [PHONE], "bo": [OTHER]})
    await post(group(alert()), by=both)
    (submission,) = await claim(by=both)
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


async def test_a_late_claim_is_taken_up_and_the_gateways_word_counts(
    store: Store, sent: Submission, fold: Fold, end: End, make_rules: MakeRules
) -> None:
    """D4 where callbacks are not believed: it must be asked, or dead stays dead."""
    only = make_rules({"anna": [PHONE]})
    await fold(FAILED)
    await end(by=only)
    await fold(DELIVERED, at=700, cautious=True)

    (claimed,) = await store.followed()
    assert due(claimed, BOTH, claimed.accepted_at + timedelta(seconds=700)) == AskNow()
    await fold(DELIVERED, at=701)
    await end(702, by=only)
    (row,) = [row for row in await store.history() if row.alert == "DiskFull"]
    assert (row.state, row.reason) == ("told", "delivered")


async def test_a_claim_that_nobody_confirms_ends_nothing_again(
    store: Store, sent: Submission, fold: Fold, end: End, make_rules: MakeRules
) -> None:
    """Silence after the last way was told once; a forged delivery tells it not again.

    It is asked about once, and let go.
    """
    only = make_rules({"anna": [PHONE]})
    await end(180, by=only)
    await fold(DELIVERED, at=700, cautious=True)
    (claimed,) = await store.followed()
    now = claimed.accepted_at + timedelta(seconds=701)
    await store.note_asked([claimed.message], now)

    (asked,) = await store.followed()
    assert due(asked, BOTH, now + timedelta(seconds=1)) == LetGo()


async def test_nobody_hears_of_a_death_that_a_report_prevented(
    post: Post,
    claim: Claim,
    answer: Answer,
    fold: Fold,
    alert: MakeAlert,
    group: MakeGroup,
    states: States,
) -> None:
    """Both answers were lost; the report of the first came while the second was out."""
    await post(group(alert()))
    (first,) = await claim()
    await answer(first, LOST, 10)
    (second,) = await claim(20)
    await fold(PENDING, at=25)
    await answer(second, LOST, 30)

    assert (first.provider, second.provider) == (ONE, TWO)
    assert await states() == [("DiskFull", "firing", "told", "accepted")]


# An acknowledgement, and what was under way


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


# What flaps


async def test_what_fires_again_is_followed_again(
    store: Store,
    sent: Submission,
    claim: Claim,
    answer: Answer,
    post: Post,
    alert: MakeAlert,
    group: MakeGroup,
    rules: Rules,
) -> None:
    """Who is taken to know that it fires must have been told.

    While it was over nobody waited for its report.
    """
    flaps = replace(rules, flapping=Flapping(times=2))
    await post(group(alert(ends=30)), 30, by=flaps)
    await post(group(alert(starts=400)), 400, by=flaps)
    (second,) = await claim(400, by=flaps)
    await answer(second, Accepted(provider_id="second"), 401, by=flaps)
    await post(group(alert(starts=400, ends=410)), 410, by=flaps)
    over = await store.followed()
    await store.let_go([one.message for one in over])
    recorded = await post(group(alert(starts=800)), 800, by=flaps)

    assert {one.severity for one in over} == {None}
    assert not recorded.plan.opens, "it flaps: another firing of the same episode"
    (again,) = await store.followed()
    assert (again.provider_id, again.severity) == ("second", Severity.CRITICAL)


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
