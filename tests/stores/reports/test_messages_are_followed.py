"""Every store says which messages are still to be followed, and what is claimed."""

from dataclasses import replace
from datetime import datetime, timedelta
from sqlite3 import Connection

import pytest
from reporting import (
    BOTH,
    DELIVERED,
    FAILED,
    ONE,
    PENDING,
    PHONE,
    End,
    Fold,
    row_of,
    word,
)
from round_trip import Answer, Claim, MakeAlert, MakeGroup, MakeRules, Post

from alertbridge.core.flapping import Flapping
from alertbridge.core.following import AskNow, Followed, LetGo, due
from alertbridge.core.message import (
    Accepted,
    Submission,
)
from alertbridge.core.notification import MessageId
from alertbridge.core.report import Delivery, DeliveryReport
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity
from alertbridge.ports import Store


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
