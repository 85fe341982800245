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
    if not row[4]:
        # What names no id either may be about any message.
        return
    waiting = db.execute(
        "SELECT id, report, cautious FROM parked_report WHERE provider = ?"
        " AND provider_id = ? AND (number = ? OR number IS NULL AND"
        "  (SELECT count(*) FROM message WHERE submission = ?) = 1) ORDER BY id",
        (row[5], row[4], row[2], row[7]),
    ).fetchall()
    for _, column, cautious in waiting:
        report = load_report(column)
        if report is not None:
            fold_into(db, message, report, now, cautious=bool(cautious))
    db.executemany(
        "DELETE FROM parked_report WHERE id = ?", [(found[0],) for found in waiting]
    )


_MESSAGES = (
    "SELECT m.id, m.state, m.number, m.report, m.provider_id, s.provider, s.urgent,"
    " m.submission"
    " FROM message m JOIN submission s ON s.reference = m.submission"
)


def find_messages(
    db: Connection, provider: ProviderName, report: DeliveryReport
) -> list[Row]:
    """The messages that a report is about.

    By our own reference first: it is there before any answer. An id that a gateway gave
    twice, as a modem that counts to 255 does, is that of the newest. Without a number
    it must be about one message only.
    """
    found: list[Row] = []
    if report.reference:
        found = db.execute(
            f"{_MESSAGES} WHERE m.submission = ? AND s.provider = ?",
            (Reference(report.reference), provider),
        ).fetchall()
    if not found and report.provider_id:
        found = db.execute(
            f"{_MESSAGES} WHERE m.provider_id = ? AND s.provider = ? ORDER BY m.id",
            (report.provider_id, provider),
        ).fetchall()
    if report.number is not None:
        return [row for row in found if row[2] == report.number][-1:]
    newest = [row for row in found if row[7] == found[-1][7]]
    return newest if len(newest) == 1 else []


def fold_into(
    db: Connection,
    message: MessageId,
    report: DeliveryReport,
    now: datetime,
    *,
    cautious: bool,
) -> None:
    """Fold a report into what is known of a message."""
    row = db.execute(f"{_MESSAGES} WHERE m.id = ?", (message,)).fetchone()
    if cautious and bool(row[6]) and report.is_delivered:
        # The gateway is asked before a critical page counts as delivered, also one
        # that had failed, or was given up on: once, however often it is claimed.
        db.execute(
            "UPDATE message SET claimed_at = ?,"
            " followed = iif(state = 'accepted' AND delivery != 'delivered', 1,"
            "  followed) WHERE id = ? AND claimed_at IS NULL",
            (stamp(now), message),
        )
        return
    before = load_report(row[3])
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
