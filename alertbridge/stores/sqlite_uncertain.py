"""What nobody knows the fate of, in SQL: sent once more, replaced, or buried."""

from datetime import datetime
from sqlite3 import Connection, Row

from alertbridge.core.delivery import is_worn_out
from alertbridge.core.message import DataCoding, Message, Reference, Submission, Text
from alertbridge.core.notification import Fact, Kind, MessageId, ProviderName, Reason
from alertbridge.core.plan import Known
from alertbridge.core.recipient import Msisdn, RecipientName
from alertbridge.core.severity import Severity
from alertbridge.stores.columns import FAR, dump, moment, stamp
from alertbridge.stores.sqlite_attempt import Claim, write_attempt, write_sent
from alertbridge.stores.sqlite_intake import apply, bury
from alertbridge.stores.sqlite_mailbox import read_sent, read_told, wake
from alertbridge.stores.sqlite_next_people import write_next_people
from alertbridge.stores.sqlite_spend import charge
from alertbridge.stores.sqlite_sum import sum_of_message

_LOOK = 64
"""Submissions looked at per claim; each is moved on by it, so none starves the rest."""


def claim_uncertain(work: Claim) -> None:
    """Take the submissions whose wait is over.

    One goes out again unchanged, under its own reference, unless its mailbox has moved
    on, its time is over, its provider is no longer configured or there is another, or
    somebody's quiet hours have begun: the others do not wait for his morning.
    """
    for row in _due(work):
        reference, provider = Reference(row[0]), ProviderName(row[1])
        messages = _uncertain_messages(work, reference)
        if row[8] is not None and row[6] > stamp(work.now) and _worn_out(messages):
            # Sent blindly often enough: now only the list can say, however long it is
            # away. To bury it would lose what a gateway's bad ten minutes delay.
            work.db.execute(
                "UPDATE submission SET retry_at = closes_at WHERE reference = ?",
                (reference,),
            )
            continue
        if (
            _bury_worn_out(work, messages)
            or moment(row[6]) <= work.now
            or set(work.ready) != {provider}
            or not _is_as_written(work.db, reference, row[2])
            or any(_moved_on(work.db, message) for message in messages)
            or not all(_may_ring(work, message) for message in messages)
        ):
            _replace(work, reference, provider, messages)
            continue
        until = _paced(work, messages)
        if until is not None:
            work.db.execute(
                "UPDATE submission SET retry_at = ? WHERE reference = ?",
                (stamp(until), reference),
            )
        elif work.ready[provider] > 0 and not any(
            message.recipient in work.passed for message in messages
        ):
            _send_again(work, row, messages)


def _due(work: Claim) -> list[Row]:
    """Those that can be decided now: a place is free, or none is needed."""
    places = {name: places > 0 for name, places in work.ready.items()}
    return work.db.execute(
        "SELECT reference, provider, body, coding, segments, urgent, closes_at,"
        " attempt, look_at FROM submission s"
        " WHERE state = 'uncertain' AND retry_at <= :now"
        " AND (closes_at <= :now OR provider IN (SELECT value FROM json_each(:free))"
        "  OR provider NOT IN (SELECT value FROM json_each(:known)))"
        " AND NOT EXISTS (SELECT 1 FROM message m JOIN mailbox b"
        "  ON b.recipient = m.recipient WHERE m.submission = s.reference"
        "  AND m.state = 'uncertain' AND b.busy IS NOT NULL)"
        " ORDER BY urgent DESC, retry_at LIMIT :limit",
        {
            "now": stamp(work.now),
            "free": dump(name for name, free in places.items() if free),
            "known": dump(places),
            "limit": _LOOK,
        },
    ).fetchall()


def _is_as_written(db: Connection, reference: str, body: str) -> bool:
    """Whether text and numbers are those of the first attempt: else, anew."""
    rows = db.execute(
        "SELECT recipient, number, sum FROM message WHERE submission = ?"
        " AND state = 'uncertain'",
        (reference,),
    ).fetchall()
    return all(
        row[2] == sum_of_message(reference, row[0], row[1], body) for row in rows
    )


def _send_again(work: Claim, row: Row, messages: tuple[Message, ...]) -> None:
    reference, provider = Reference(row[0]), ProviderName(row[1])
    attempt = row[7] + 1
    work.ready[provider] -= 1
    work.db.execute(
        "UPDATE submission SET state = 'in_flight', attempt = ?, epoch = ?,"
        " began_at = ?, retry_at = NULL, look_at = NULL WHERE reference = ?",
        (attempt, work.epoch, stamp(work.now), reference),
    )
    write_attempt(work.db, reference, attempt, provider, stamp(work.now))
    charge(work, messages, provider, attempt, row[4])
    # Who reads it now has the code for as long as anybody.
    work.db.execute(
        "UPDATE ack SET at = ? WHERE submission = ?", (stamp(work.now), reference)
    )
    for message in messages:
        work.db.execute(
            "UPDATE message SET state = 'in_flight' WHERE id = ?", (message.id,)
        )
        write_sent(work.db, message.recipient, work.now, message.id, attempt)
        _occupy(work.db, message.recipient, reference)
        work.passed.add(message.recipient)
    work.submissions.append(
        Submission(
            reference=reference,
            provider=provider,
            text=Text(row[2], DataCoding(row[3]), row[4]),
            urgent=bool(row[5]),
            closes_at=moment(row[6]),
            messages=messages,
            attempt=attempt,
            began_at=work.now,
        )
    )


def _paced(work: Claim, messages: tuple[Message, ...]) -> datetime | None:
    """When everybody's pace allows it; None: now.

    It waits rather than being composed anew: only under its own reference can the
    provider say that it has it already.
    """
    waits: list[datetime] = []
    for message in messages:
        worst = min((fact.severity for fact in message.tells), default=Severity.LOW)
        since = work.now - work.drafting.looks_back
        sent = read_sent(work.db, message.recipient, since)
        until = work.drafting.may_leave(sent, worst, work.now)
        if until is not None:
            waits.append(until)
    return max(waits, default=None)


def _may_ring(work: Claim, message: Message) -> bool:
    return work.drafting.may_ring(message.recipient, message.tells, work.now)


def _occupy(db: Connection, recipient: RecipientName, reference: Reference) -> None:
    """Mark a mailbox busy, also one that was forgotten because nothing waits in it.

    Unmarked, what comes in now would leave beside the request under way (rule 4).
    """
    db.execute(
        "INSERT INTO mailbox (recipient, rank, due_at, not_before, deferrals, alone,"
        " busy) VALUES (?, ?, ?, 0, 0, 0, ?) ON CONFLICT (recipient) DO UPDATE SET"
        " busy = excluded.busy, due_at = excluded.due_at",
        (recipient, int(Severity.LOW), FAR, reference),
    )


def _worn_out(messages: tuple[Message, ...]) -> bool:
    return any(is_worn_out(fact) for message in messages for fact in message.tells)


def _bury_worn_out(work: Claim, messages: tuple[Message, ...]) -> bool:
    """End what nobody knows the fate of after its last try, with a meta-alert.

    Sends that a killed process left behind come to their end here.
    """
    found = False
    for message in messages:
        dead = tuple(fact for fact in message.tells if is_worn_out(fact))
        if not dead:
            continue
        found = True
        bury(
            work.db,
            tuple(fact.id for fact in dead),
            Reason.UNCERTAIN_TWICE,
            stamp(work.now),
        )
        for plan in work.drafting.bury(dead, message.recipient, work.now):
            apply(work.db, plan, Known(), work.now)
        instead = work.drafting.instead(dead, message.recipient, work.now)
        write_next_people(work.db, instead, work.now)
    return found


def _uncertain_messages(work: Claim, reference: Reference) -> tuple[Message, ...]:
    db = work.db
    told = db.execute(
        "SELECT n.id FROM message m JOIN notification n ON n.message = m.id"
        " WHERE m.submission = ? AND m.state = 'uncertain' AND n.state = 'in_flight'",
        (reference,),
    ).fetchall()
    work.reading([row[0] for row in told])
    rows = db.execute(
        "SELECT id, recipient, number FROM message WHERE submission = ?"
        " AND state = 'uncertain' ORDER BY id",
        (reference,),
    ).fetchall()
    return tuple(
        Message(
            id=MessageId(row[0]),
            recipient=RecipientName(row[1]),
            number=Msisdn(row[2]),
            tells=read_told(db, MessageId(row[0])),
        )
        for row in rows
    )


def _moved_on(db: Connection, message: Message) -> bool:
    """Whether the same text would no longer be true, or no longer whole."""
    for fact in message.tells:
        fires = fact.kind is not Kind.RESOLVED
        if fires and (fact.episode.ended or fact.only_asks):
            return True
        newer = db.execute(
            "SELECT 1 FROM notification WHERE episode = ? AND recipient = ?"
            " AND state = 'waiting'",
            (fact.episode.id, message.recipient),
        ).fetchone()
        if newer is not None or (fires and _fires_again(db, message, fact)):
            return True
    return not message.tells


def _fires_again(db: Connection, message: Message, fact: Fact) -> bool:
    """Whether a text may call over what has fired again, within its episode, since."""
    row = db.execute(
        "SELECT 1 FROM message m JOIN submission s ON s.reference = m.submission"
        " JOIN episode e ON e.id = ? WHERE m.id = ? AND e.refired_seen > s.began_at",
        (fact.episode.id, message.id),
    ).fetchone()
    return row is not None


def _replace(
    work: Claim,
    reference: Reference,
    provider: ProviderName,
    messages: tuple[Message, ...],
) -> None:
    """Let the facts wait again: what is composed of them records what it replaces."""
    work.db.execute(
        "UPDATE submission SET state = 'replaced', retry_at = NULL, look_at = NULL"
        " WHERE reference = ?",
        (reference,),
    )
    for message in messages:
        work.db.execute(
            "UPDATE message SET state = 'replaced' WHERE id = ?", (message.id,)
        )
        work.db.execute(
            "UPDATE notification SET state = 'waiting', replaces = message,"
            " doubted = ? WHERE message = ? AND state = 'in_flight'",
            (provider, message.id),
        )
        wake(work.db, message.recipient, work.now)
