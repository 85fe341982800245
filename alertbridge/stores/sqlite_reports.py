"""Delivery reports in SQL: matched to messages, folded, parked when they come early."""

from datetime import datetime, timedelta
from sqlite3 import Connection, Row

from alertbridge.core.message import Reference
from alertbridge.core.notification import MessageId, ProviderName
from alertbridge.core.report import DeliveryReport, fold
from alertbridge.stores.columns import dump_report, load_report, stamp

PARKED = timedelta(hours=1)
"""How long a report about an unknown message is kept. The answer to its send comes
within seconds, or its list is read within half an hour."""

MOST_PARKED = 10_000
"""Reports kept for all providers together, the newest: who learnt an address can fill
no disk with it."""


def unpark(db: Connection, message: MessageId, now: datetime) -> None:
    """Fold what came before the message had the id that it goes by."""
    row = db.execute(f"{_MESSAGES} WHERE m.id = ?", (message,)).fetchone()
    waiting = db.execute(
        "SELECT id, report, cautious FROM parked_report WHERE provider = ?"
        " AND provider_id = ? AND (number IS NULL OR number = ?) ORDER BY id",
        (row[5], row[4], row[2]),
    ).fetchall()
    for _, report, cautious in waiting:
        fold_into(db, row, load_report(report), now, cautious=bool(cautious))
        row = db.execute(f"{_MESSAGES} WHERE m.id = ?", (message,)).fetchone()
    db.executemany(
        "DELETE FROM parked_report WHERE id = ?", [(found[0],) for found in waiting]
    )


_MESSAGES = (
    "SELECT m.id, m.state, m.number, m.report, m.provider_id, s.provider, s.urgent"
    " FROM message m JOIN submission s ON s.reference = m.submission"
)


def find_messages(
    db: Connection, provider: ProviderName, report: DeliveryReport
) -> list[Row]:
    """The messages that a report is about.

    By our own reference first: it is there before any answer. Without a number it must
    be about one message only.
    """
    found: list[Row] = []
    if report.reference:
        found = db.execute(
            f"{_MESSAGES} WHERE m.submission = ? AND s.provider = ?",
            (Reference(report.reference), provider),
        ).fetchall()
    if not found and report.provider_id:
        found = db.execute(
            f"{_MESSAGES} WHERE m.provider_id = ? AND s.provider = ?",
            (report.provider_id, provider),
        ).fetchall()
    if report.number is not None:
        return [row for row in found if row[2] == report.number]
    return found if len(found) == 1 else []


def fold_into(
    db: Connection, row: Row, report: DeliveryReport, now: datetime, *, cautious: bool
) -> None:
    """Fold a report into the message of *row*, one of `find_messages`."""
    message, urgent = row[0], bool(row[6])
    if cautious and urgent and report.is_delivered:
        # The gateway is asked before a critical page counts as delivered.
        db.execute(
            "UPDATE message SET claimed_at = coalesce(claimed_at, ?) WHERE id = ?",
            (stamp(now), message),
        )
        return
    before = load_report(row[3]) if row[3] else None
    after = fold(before, report)
    if after == before:
        return
    # What was a failure and is a delivery after all is looked at once more.
    ended = after.is_delivered or after.is_final_failure
    db.execute(
        "UPDATE message SET delivery = ?, report = ?,"
        " followed = CASE WHEN ? AND state = 'accepted' THEN 1 ELSE followed END"
        " WHERE id = ?",
        (after.delivery, dump_report(after), ended, message),
    )


def park(
    db: Connection,
    provider: ProviderName,
    report: DeliveryReport,
    now: datetime,
    *,
    cautious: bool,
) -> None:
    """Keep a report about a message that is not known yet."""
    db.execute(
        "INSERT INTO parked_report (provider, provider_id, number, report, cautious,"
        " heard_at) VALUES (?, ?, ?, ?, ?, ?)",
        (
            provider,
            report.provider_id,
            report.number,
            dump_report(report),
            int(cautious),
            stamp(now),
        ),
    )


def bound_parked(db: Connection, now: datetime) -> None:
    """Forget parked reports that are too old or too many."""
    db.execute("DELETE FROM parked_report WHERE heard_at < ?", (stamp(now - PARKED),))
    db.execute(
        "DELETE FROM parked_report WHERE id <= (SELECT max(id) FROM parked_report) - ?",
        (MOST_PARKED,),
    )
