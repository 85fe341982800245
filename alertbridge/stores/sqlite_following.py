"""Following accepted messages in SQL: what is known of them, what their end changes."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from sqlite3 import Connection
from typing import assert_never

from alertbridge.core.ended import Delivered, Ended, Missed
from alertbridge.core.following import Followed
from alertbridge.core.message import Message, Reference
from alertbridge.core.notification import (
    Fact,
    MessageId,
    NotificationId,
    ProviderName,
    Reason,
    State,
)
from alertbridge.core.plan import Known
from alertbridge.core.recipient import Msisdn, RecipientName
from alertbridge.core.report import DeliveryReport
from alertbridge.ports import Matched
from alertbridge.stores.columns import (
    dump_ways,
    load_report,
    moment,
    moment_or_none,
    stamp,
)
from alertbridge.stores.columns import severity as worst
from alertbridge.stores.sqlite_attempt import give_place_back
from alertbridge.stores.sqlite_intake import apply
from alertbridge.stores.sqlite_mailbox import read_told, skip_number, wake
from alertbridge.stores.sqlite_next_people import write_next_people
from alertbridge.stores.sqlite_reports import (
    bound_parked,
    find_messages,
    fold_into,
    park,
)
from alertbridge.stores.sqlite_settle import tell_late

_MOST = 5000
"""Messages followed at once: those whose end is known, then the urgent ones first."""

Decide = Callable[[Message, ProviderName, DeliveryReport | None], Ended]


def fold_reports(
    db: Connection,
    provider: ProviderName,
    reports: Sequence[DeliveryReport],
    now: datetime,
    *,
    cautious: bool,
) -> Matched:
    """Write down what reports say; one about an unknown message is parked.

    A report about a send whose answer nobody saw is that answer: it was taken.
    """
    known: list[MessageId] = []
    parked = 0
    for report in reports:
        rows = find_messages(db, provider, report)
        for row in rows:
            message = MessageId(row[0])
            tell_late(db, message, report.provider_id, now)
            fold_into(db, message, report, now, cautious=cautious)
            known.append(message)
        if not rows:
            park(db, provider, report, now, cautious=cautious)
            parked += 1
    if parked:
        bound_parked(db, now)
    return Matched(messages=tuple(known), parked=parked)


def followed(db: Connection) -> tuple[Followed, ...]:
    """The messages that something may have to be done about, urgent ones first.

    Before them those whose end is known: they are done with at once, and a failure must
    not wait behind five thousand that wait for their report.
    """
    rows = db.execute(
        "SELECT m.id, m.submission, s.provider, m.provider_id,"
        " coalesce(m.accepted_at, s.began_at), m.report,"
        " m.asked_at, m.claimed_at, (SELECT min(n.severity) FROM notification n"
        "  JOIN episode e ON e.id = n.episode WHERE n.message = m.id"
        "  AND n.state = 'told' AND n.reason = 'accepted' AND n.kind != 'resolved'"
        "  AND e.ends_at IS NULL AND e.acked_at IS NULL)"
        " FROM message m JOIN submission s ON s.reference = m.submission"
        " WHERE m.followed = 1 ORDER BY m.delivery IN ('delivered', 'failed',"
        " 'expired') DESC, s.urgent DESC, m.accepted_at LIMIT ?",
        (_MOST,),
    )
    return tuple(
        Followed(
            message=MessageId(row[0]),
            reference=Reference(row[1]),
            provider=ProviderName(row[2]),
            provider_id=row[3],
            accepted_at=moment(row[4]),
            known=load_report(row[5]),
            asked_at=moment_or_none(row[6]),
            claimed_at=moment_or_none(row[7]),
            severity=None if row[8] is None else worst(row[8]),
        )
        for row in rows
    )


def note_asked(db: Connection, messages: Collection[MessageId], now: datetime) -> None:
    """Write down that the gateway is asked about these now."""
    db.executemany(
        "UPDATE message SET asked_at = ? WHERE id = ?",
        [(stamp(now), message) for message in messages],
    )


def let_go(db: Connection, messages: Collection[MessageId]) -> None:
    """Wait for nothing more of these; a report takes them up again.

    Not of those of which a report has said meanwhile how they ended: it came after the
    caller looked, and nobody has acted on it.
    """
    db.executemany(
        "UPDATE message SET followed = 0 WHERE id = ?"
        " AND delivery != 'delivered' AND NOT (delivery IN ('failed', 'expired')"
        "  AND json_valid(report) AND json_extract(report, '$.final'))",
        [(message,) for message in messages],
    )


def end(
    db: Connection, message: MessageId, decide: Decide, now: datetime
) -> Ended | None:
    """Decide and write what the end of a message changes; None: nothing is open."""
    row = db.execute(
        "SELECT m.recipient, m.number, s.provider, m.report FROM message m"
        " JOIN submission s ON s.reference = m.submission"
        " WHERE m.id = ? AND m.followed = 1 AND m.state = 'accepted'",
        (message,),
    ).fetchone()
    if row is None:
        return None
    told = Message(
        id=message,
        recipient=RecipientName(row[0]),
        number=Msisdn(row[1]),
        tells=_read_open(db, message),
    )
    ended = decide(told, ProviderName(row[2]), load_report(row[3]))
    match ended:
        case Delivered():
            _deliver(db, message, now)
        case Missed():
            _miss(db, told, ended, now)
        case _:
            assert_never(ended)
    db.execute("UPDATE message SET followed = 0 WHERE id = ?", (message,))
    wake(db, told.recipient, now)
    return ended


def _read_open(db: Connection, message: MessageId) -> tuple[Fact, ...]:
    """The facts that a message alone speaks for: not what arrived by an earlier one."""
    rows = db.execute(
        "SELECT id FROM notification WHERE message = ? AND reason = ?",
        (message, Reason.DELIVERED),
    )
    had = {row[0] for row in rows}
    told = read_told(db, message, State.TOLD)
    return tuple(fact for fact in told if fact.id not in had)


def _deliver(db: Connection, message: MessageId, now: datetime) -> None:
    """The phone has it: what was to be told again need not be.

    Nor does it matter what becomes of a second SMS that is under way, or taken.
    """
    db.execute(
        "UPDATE notification SET state = 'told', reason = ?,"
        " settled_at = iif(state = 'told', settled_at, ?)"
        " WHERE (message = ? OR replaces = ?)"
        " AND state IN ('told', 'waiting', 'in_flight', 'dead')",
        (Reason.DELIVERED, stamp(now), message, message),
    )
    # It rang after all, if it had failed before.
    db.execute("UPDATE sent SET given_back = 0 WHERE message = ?", (message,))


def _miss(db: Connection, told: Message, missed: Missed, now: datetime) -> None:
    at = stamp(now)
    db.execute(
        "UPDATE notification SET reason = ? WHERE message = ? AND state = 'told'"
        " AND reason != ?",
        (missed.reason, told.id, Reason.DELIVERED),
    )
    tried = {fact.id: dump_ways((*fact.tried, missed.refused)) for fact in told.tells}
    _go_on(db, missed, tried)
    db.executemany(
        "UPDATE notification SET state = 'dead', settled_at = ?, tried = ?,"
        " fail_overs = fail_overs + 1 WHERE id = ? AND state = 'told'",
        [(at, tried[dead], dead) for dead in missed.dead],
    )
    if missed.sure:
        # It did not ring: the next one does not wait for its place in the pace.
        give_place_back(db, told.id, now)
    if missed.skip_number_until is not None:
        skip_number(db, told.number, missed.skip_number_until)
    if missed.onward:
        db.execute(
            "UPDATE mailbox SET not_before = 0 WHERE recipient = ?", (told.recipient,)
        )
    for plan in missed.meta:
        apply(db, plan, Known(), now)
    write_next_people(db, missed.next_people, now)


def _go_on(db: Connection, missed: Missed, tried: dict[NotificationId, str]) -> None:
    """Back into the mailbox: what is composed next records what it replaces."""
    db.executemany(
        "UPDATE notification SET state = 'waiting', settled_at = NULL,"
        " held_until = NULL, replaces = message, fail_overs = fail_overs + 1,"
        " unconfirmed = unconfirmed + :maybe,"
        " doubted = iif(:maybe, :provider, doubted), tried = :tried"
        " WHERE id = :id AND state = 'told'",
        [
            {
                "id": fact,
                "maybe": int(not missed.sure),
                "provider": missed.refused.provider,
                "tried": tried[fact],
            }
            for fact in missed.onward
        ],
    )
