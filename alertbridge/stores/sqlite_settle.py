"""Settling in SQL: what became of an attempt, fenced, in one commit with its meta."""

import json
from datetime import datetime
from sqlite3 import Connection
from typing import assert_never

from alertbridge.core.delivery import Again, AnotherWay, GiveUp, LookLater, Step, Told
from alertbridge.core.message import (
    Accepted,
    Deferred,
    Message,
    Outcome,
    Reference,
    Rejected,
    Submission,
    Uncertain,
)
from alertbridge.core.notification import MessageId, Reason, Way
from alertbridge.core.plan import Known
from alertbridge.core.recipient import RecipientName
from alertbridge.core.settlement import Settlement
from alertbridge.stores.columns import (
    dump_ways,
    load_report,
    load_ways,
    stamp,
    stamp_or_none,
)
from alertbridge.stores.sqlite_ack import forget_unsent
from alertbridge.stores.sqlite_intake import apply, bury
from alertbridge.stores.sqlite_mailbox import skip_number, wake
from alertbridge.stores.sqlite_next_people import write_next_people
from alertbridge.stores.sqlite_reports import unpark
from alertbridge.stores.sqlite_spend import close_charges, give_back


def settle(
    db: Connection,
    submission: Submission,
    settlement: Settlement,
    now: datetime,
    epoch: int,
) -> bool:
    """Apply the steps if the attempt is still ours; else only honour an acceptance."""
    ours = db.execute(
        "SELECT 1 FROM submission WHERE reference = ? AND state = 'in_flight'"
        " AND attempt = ? AND epoch = ?",
        (submission.reference, submission.attempt, epoch),
    ).fetchone()
    if ours is None:
        _settle_late(db, submission, settlement, now)
        return False
    outcome, detail = describe(settlement.outcomes.all)
    db.execute(
        "UPDATE attempt SET ended_at = ?, outcome = ?, detail = ?"
        " WHERE reference = ? AND n = ?",
        (stamp(now), outcome, detail, submission.reference, submission.attempt),
    )
    retry_at: datetime | None = None
    look_at: datetime | None = None
    for message in submission.messages:
        step = settlement.steps[message.id]
        _apply_step(db, message, submission.attempt, step, now)
        if isinstance(step, LookLater):
            retry_at = step.at if retry_at is None else max(retry_at, step.at)
            if step.look_at is not None:
                look_at = max(step.look_at, look_at or step.look_at)
    if submission.attempt == 1:
        # Of a second attempt the first may have been sent.
        forget_unsent(db, submission.reference)
    db.execute(
        "UPDATE submission SET state = ?, retry_at = ?, look_at = ?, looks = 0"
        " WHERE reference = ?",
        (
            "settled" if retry_at is None else "uncertain",
            stamp_or_none(retry_at),
            stamp_or_none(look_at),
            submission.reference,
        ),
    )
    for message in submission.messages:
        tell_reported(db, message.id, now)
    close_charges(db, submission.messages, submission.attempt, settlement.watch, now)
    for plan in settlement.meta if _buried(db, settlement) else ():
        apply(db, plan, Known(), now)
    write_next_people(db, settlement.next_people, now)
    return True


def _buried(db: Connection, settlement: Settlement) -> bool:
    """Whether what no try is left for is dead, and was not found told meanwhile.

    A report for a message that it replaces may have come while this was under way.
    """
    dead = [
        fact
        for step in settlement.steps.values()
        if isinstance(step, AnotherWay | GiveUp)
        for fact in step.dead
    ]
    row = db.execute(
        "SELECT 1 FROM notification WHERE state = 'dead'"
        " AND id IN (SELECT value FROM json_each(?)) LIMIT 1",
        (json.dumps(dead),),
    ).fetchone()
    return row is not None


def describe(outcome: Outcome) -> tuple[str, str]:
    """An outcome's word, and the detail to keep (never a secret or a number)."""
    match outcome:
        case Accepted():
            return "accepted", ""
        case Deferred(detail=detail):
            return "deferred", detail
        case Uncertain(detail=detail):
            return "uncertain", detail
        case Rejected(detail=detail):
            return "rejected", detail
        case _:
            assert_never(outcome)


def _apply_step(
    db: Connection, message: Message, attempt: int, step: Step, now: datetime
) -> None:
    at = stamp(now)
    match step:
        case Told(provider_id):
            _move(db, message, "accepted", "told", Reason.ACCEPTED, at)
            _follow(db, message.id, provider_id, now)
            _free(db, message, deferrals=0)
        case Again(retry_at, alone):
            _take_back(db, message, attempt)
            _move(db, message, "dissolved", "waiting", Reason.DEFERRED, None)
            deferrals = message.deferrals if alone else message.deferrals + 1
            _free(db, message, deferrals, not_before=stamp(retry_at), alone=alone)
        case LookLater(by_this=by_this):
            if not by_this:
                _take_back(db, message, attempt)
            db.execute(
                "UPDATE message SET state = 'uncertain' WHERE id = ?", (message.id,)
            )
            db.execute(
                "UPDATE notification SET uncertain = uncertain + ?, reason = ?"
                " WHERE message = ? AND state = 'in_flight'",
                (int(by_this), Reason.UNCERTAIN, message.id),
            )
            _free(db, message, deferrals=0)
        case AnotherWay(refused, dead, skip_until):
            _take_back(db, message, attempt)
            _refuse(db, message, refused)
            if skip_until is not None:
                skip_number(db, refused.number, skip_until)
            bury(db, dead, Reason.NO_WAY_LEFT, at)
            _move(db, message, "refused", "waiting", Reason.REJECTED, None)
            _free(db, message, deferrals=0)
        case GiveUp(dead):
            db.execute(
                "UPDATE notification SET uncertain = uncertain + 1"
                " WHERE message = ? AND state = 'in_flight'",
                (message.id,),
            )
            bury(db, dead, Reason.UNCERTAIN_TWICE, at)
            _move(db, message, "dead", "waiting", Reason.UNCERTAIN, None)
            _free(db, message, deferrals=0)
        case _:
            assert_never(step)
    wake(db, message.recipient, now)


def _move(
    db: Connection,
    message: Message,
    message_state: str,
    state: str,
    reason: Reason,
    settled_at: int | None,
) -> None:
    """End a message: its facts that are in flight get a new state."""
    db.execute("UPDATE message SET state = ? WHERE id = ?", (message_state, message.id))
    # A dissolved message carries nothing any more, and what nobody knows the fate of
    # is replaced by what is composed next; told facts keep who told them.
    forget = ""
    if message_state in ("dissolved", "refused"):
        forget = ", message = NULL"
    elif state == "waiting":
        forget = ", replaces = message"
    db.execute(
        f"UPDATE notification SET state = ?, reason = ?, settled_at = ?{forget}"
        " WHERE message = ? AND state = 'in_flight'",
        (state, reason, settled_at, message.id),
    )


def _refuse(db: Connection, message: Message, refused: Way) -> None:
    rows = db.execute(
        "SELECT id, tried FROM notification WHERE message = ? AND state = 'in_flight'",
        (message.id,),
    ).fetchall()
    db.executemany(
        "UPDATE notification SET tried = ? WHERE id = ?",
        [(dump_ways((*load_ways(row[1]), refused)), row[0]) for row in rows],
    )


def _take_back(db: Connection, message: Message, attempt: int) -> None:
    """Surely not sent: the SMS gives its place in the pace, and its cost, back."""
    db.execute(
        "DELETE FROM sent WHERE message = ? AND attempt = ?", (message.id, attempt)
    )
    give_back(db, message.id, attempt)


def _free(
    db: Connection,
    message: Message,
    deferrals: int,
    *,
    not_before: int = 0,
    alone: bool = False,
) -> None:
    db.execute(
        "UPDATE mailbox SET busy = NULL, deferrals = ?, not_before = ?, alone = ?"
        " WHERE recipient = ?",
        (deferrals, not_before, int(alone), message.recipient),
    )


def _settle_late(
    db: Connection, submission: Submission, settlement: Settlement, now: datetime
) -> None:
    """An acceptance of an attempt that was given up on: its facts are told.

    The SMS is out there; sending it again would be the second one. No SMS follows.
    """
    for message in submission.messages:
        step = settlement.steps[message.id]
        if isinstance(step, Told):
            tell_late(db, message.id, step.provider_id, now)


def tell_late(
    db: Connection, message: MessageId, provider_id: str, now: datetime
) -> None:
    """Settle the facts of a message of which we learn late that it was taken.

    That is its answer: it counts no longer among those that nobody saw.
    """
    known = db.execute(
        "UPDATE message SET state = 'accepted' WHERE id = ?"
        " AND state IN ('uncertain', 'replaced', 'dead')"
        " RETURNING submission, recipient",
        (message,),
    ).fetchone()
    if known is None:
        return
    _follow(db, message, provider_id, now)
    db.execute(
        "UPDATE notification SET state = 'told', reason = ?, settled_at = ?,"
        " uncertain = max(uncertain - 1, 0) WHERE (message = ? OR replaces = ?)"
        " AND state IN ('waiting', 'in_flight')",
        (Reason.ACCEPTED, stamp(now), message, message),
    )
    _close_if_settled(db, Reference(known[0]))
    wake(db, RecipientName(known[1]), now)


def tell_reported(db: Connection, message: MessageId, now: datetime) -> None:
    """Settle the facts of a message that was reported before its answer was missed."""
    row = db.execute(
        "SELECT report FROM message WHERE id = ? AND state IN ('uncertain', 'dead')"
        " AND report != ''",
        (message,),
    ).fetchone()
    if row is not None:
        report = load_report(row[0])
        tell_late(db, message, "" if report is None else report.provider_id, now)


def _follow(
    db: Connection, message: MessageId, provider_id: str, now: datetime
) -> None:
    """It is taken: from now on it is followed, until its end is known or decided."""
    db.execute(
        "UPDATE message SET provider_id = ?, accepted_at = ?, followed = 1"
        " WHERE id = ?",
        (provider_id, stamp(now), message),
    )
    unpark(db, message, now)


def _close_if_settled(db: Connection, reference: Reference) -> None:
    db.execute(
        "UPDATE submission SET state = 'settled', retry_at = NULL WHERE reference = ?"
        " AND state = 'uncertain' AND NOT EXISTS (SELECT 1 FROM message"
        " WHERE submission = ? AND state = 'uncertain')",
        (reference, reference),
    )
