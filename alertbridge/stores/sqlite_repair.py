"""What of a damaged file's rows can be believed, and what follows from those."""

import json
from collections.abc import Mapping
from sqlite3 import Connection

from alertbridge.core.message import DataCoding
from alertbridge.core.notification import Kind, Reason, State
from alertbridge.core.severity import Severity
from alertbridge.stores.columns import dump
from alertbridge.stores.sqlite_sum import sum_of_notification

LOST_ALERT = "AlertDetailsLost"
"""The name that an alert goes by of which only the page to somebody was left."""

_KINDS = {kind.value for kind in Kind}
_STATES = {state.value for state in State}
_REASONS = {reason.value for reason in Reason}
_SEVERITIES = {one.value for one in Severity}
_NUMBERS = frozenset({"probe", "epoch", "held_until", "sequence"})

Row = dict[str, object]


def fitting(table: str, cells: Mapping[str, object]) -> Row:
    """Make a row what its readers can read; empty if it is not worth that."""
    row = dict(cells)
    match table:
        case "setting":
            number = str(row.get("value", ""))
            fits = row.get("key") not in _NUMBERS or (
                number.isascii() and number.isdigit()
            )
            return row if fits and number else {}
        case "notification":
            return _notification(row)
        case "episode":
            lost = dump({"alertname": LOST_ALERT})
            return {
                **row,
                "labels": _json(row.get("labels"), dict, lost),
                "annotations": _json(row.get("annotations"), dict, "{}"),
                "severity": _severity(row.get("severity")),
            }
        case "submission":
            known = {coding.value for coding in DataCoding}
            return row if row.get("coding") in known else {}
        case "charge":
            return row if _json(row.get("periods"), list, "") else {}
        case _:
            return row


def _notification(row: Row) -> Row:
    fixed: Row = {
        **row,
        "severity": _severity(row.get("severity")),
        "numbers": _json(row.get("numbers"), list, "[]"),
        "tried": _json(row.get("tried"), list, ""),
        "mutes": _json(row.get("mutes"), list, ""),
    }
    if row.get("reason") not in _REASONS:
        fixed["reason"] = Reason.NEWS.value
    identity = sum_of_notification(
        _int(row.get("episode")),
        str(row.get("kind")),
        _int(row.get("round")),
        str(row.get("recipient")),
    )
    known = row.get("kind") in _KINDS and row.get("state") in _STATES
    if ("sum" in row and row["sum"] != identity) or not known:
        # Whom it is for, or what of, is not known: to nobody, and somebody looks.
        ended = row.get("state") not in ("waiting", "in_flight") and known
        if not ended:
            fixed |= {"state": State.DEAD.value, "reason": Reason.DAMAGED.value}
        if row.get("kind") not in _KINDS:
            fixed["kind"] = Kind.FIRING.value
    return fixed


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0


def _severity(value: object) -> object:
    return value if value in _SEVERITIES else Severity.CRITICAL.value


def _json(value: object, kind: type, instead: str) -> str:
    try:
        found = json.loads(str(value))
    except ValueError:
        return instead
    return str(value) if isinstance(found, kind) else instead


def repair(db: Connection, sequence: int) -> tuple[int, int]:
    """Make a whole of rows that were read one by one; no transaction of its own.

    Says how many pages wait, and how many are damaged. *sequence* is where the count
    of writes goes on.
    """
    _give_alerts(db)
    for statement in _ORPHANS:
        db.execute(statement)
    db.execute(
        "UPDATE notification SET state = 'waiting', reason = 'uncertain',"
        " uncertain = uncertain + 1, message = NULL WHERE state = 'in_flight'"
        " AND NOT EXISTS (SELECT 1 FROM message m JOIN submission s"
        "  ON s.reference = m.submission WHERE m.id = notification.message"
        "  AND m.state IN ('in_flight', 'uncertain')"
        "  AND s.state IN ('in_flight', 'uncertain'))"
    )
    db.execute(
        "UPDATE submission SET state = 'replaced', retry_at = NULL, look_at = NULL"
        " WHERE state NOT IN ('settled', 'replaced') AND NOT EXISTS (SELECT 1"
        "  FROM message m WHERE m.submission = submission.reference)"
    )
    db.execute(
        "INSERT OR IGNORE INTO mailbox (recipient, rank, due_at, not_before, deferrals,"
        " alone) SELECT recipient, min(severity), 0, 0, 0, 0 FROM notification"
        " WHERE state = 'waiting' GROUP BY recipient"
    )
    # A file of before the sums: what could be read is what is believed.
    db.execute(
        "UPDATE notification SET sum = sum_of_notification(episode, kind, round,"
        " recipient), numbers_sum = sum_of_numbers(numbers) WHERE sum IS NULL"
    )
    db.execute(
        "UPDATE message SET sum = sum_of_message(submission, recipient, number,"
        " (SELECT s.body FROM submission s WHERE s.reference = message.submission))"
        " WHERE sum IS NULL"
    )
    db.execute(
        "INSERT INTO setting (key, value) VALUES ('sequence', ?) ON CONFLICT (key)"
        " DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(excluded.value AS"
        " INTEGER))",
        (str(sequence),),
    )
    return _count(db, "state IN ('waiting', 'in_flight')"), _count(
        db, "state = 'dead' AND reason = 'damaged'"
    )


_ORPHANS = (
    "DELETE FROM notification WHERE episode NOT IN (SELECT id FROM episode)",
    "DELETE FROM left_out WHERE episode NOT IN (SELECT id FROM episode)",
    "DELETE FROM message WHERE submission NOT IN (SELECT reference FROM submission)",
    "DELETE FROM attempt WHERE reference NOT IN (SELECT reference FROM submission)",
    "DELETE FROM ack WHERE submission NOT IN (SELECT reference FROM submission)",
    "DELETE FROM ack_episode WHERE ack NOT IN (SELECT id FROM ack)",
    "DELETE FROM ack_episode WHERE episode NOT IN (SELECT id FROM episode)",
)


def _give_alerts(db: Connection) -> None:
    """A page whose alert is lost goes out all the same, and says so."""
    rows = db.execute(
        "SELECT episode, min(source), min(severity), min(created_at) FROM notification"
        " WHERE state IN ('waiting', 'in_flight')"
        " AND episode NOT IN (SELECT id FROM episode) GROUP BY episode"
    ).fetchall()
    labels: Mapping[str, str] = {"alertname": LOST_ALERT}
    db.executemany(
        "INSERT INTO episode (id, source, fingerprint, group_key, labels, annotations,"
        " generator_url, severity, starts_at, opened_seen, seen_at)"
        " VALUES (?, ?, ?, '', ?, '{}', '', ?, ?, ?, ?)",
        [
            (one, source, f"lost-{one}", dump(labels), severity, at, at, at)
            for one, source, severity, at in rows
        ],
    )


def heal(db: Connection, now: int) -> None:
    """At a start: no time that a flipped bit made of another keeps a page for ever."""
    day = 86_400_000_000
    db.execute("UPDATE mailbox SET not_before = 0 WHERE not_before > ?", (now + day,))
    db.execute(
        "UPDATE mailbox SET due_at = ? WHERE due_at > ? AND recipient IN"
        " (SELECT recipient FROM notification WHERE state = 'waiting')",
        (now, now),
    )
    db.execute(
        "UPDATE notification SET held_until = NULL WHERE state = 'waiting'"
        " AND held_until > ? AND reason != 'restored'",
        (now + 400 * day,),
    )
    for column in ("retry_at", "look_at"):
        db.execute(
            f"UPDATE submission SET {column} = :now WHERE state = 'uncertain'"
            f" AND {column} > :late",
            {"now": now, "late": now + 2 * day},
        )
    db.execute(
        "INSERT INTO mailbox (recipient, rank, due_at, not_before, deferrals, alone)"
        " SELECT recipient, min(severity), ?, 0, 0, 0 FROM notification"
        " WHERE state = 'waiting' AND recipient NOT IN (SELECT recipient FROM mailbox)"
        " GROUP BY recipient",
        (now,),
    )


def _count(db: Connection, where: str) -> int:
    (found,) = db.execute(f"SELECT count(*) FROM notification WHERE {where}").fetchone()
    return int(found)
