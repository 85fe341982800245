"""What an operator does to the mailbox in SQL: acknowledge, hold, cancel, requeue."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from sqlite3 import Connection

from alertbridge.core.alert import OURSELVES, SourceName
from alertbridge.core.inquiry import FAIL_OPEN
from alertbridge.core.notification import (
    EpisodeId,
    Kind,
    MessageId,
    NotificationId,
    ProviderName,
    Reason,
)
from alertbridge.core.recipient import RecipientName
from alertbridge.core.severity import Severity
from alertbridge.ports import Held
from alertbridge.stores.columns import (
    FAR,
    load_map,
    load_mutes,
    load_numbers,
    moment,
    stamp,
    stamp_or_none,
)
from alertbridge.stores.sqlite_ack import stop_asking
from alertbridge.stores.sqlite_intake import bring_forward
from alertbridge.stores.sqlite_mailbox import wake
from alertbridge.stores.sqlite_settle import tell_reported
from alertbridge.stores.sqlite_spend import (
    close_all_charges,
    prune_spend,
    reconsider,
)

MAX_QUARANTINE = 1000
MAX_QUARANTINED_BYTES = 64 * 1024


def acknowledge(db: Connection, episode: EpisodeId, by: str, now: datetime) -> bool:
    """Record the first acknowledgement; a second one changes nothing."""
    row = db.execute(
        "UPDATE episode SET acked_at = coalesce(acked_at, ?),"
        " acked_by = coalesce(acked_by, ?) WHERE id = ? RETURNING id",
        (stamp(now), by, episode),
    ).fetchone()
    stop_asking(db, episode, now)
    return row is not None


def hold(db: Connection, until: datetime | None) -> None:
    """Let nothing leave until then."""
    if until is None:
        db.execute("DELETE FROM setting WHERE key = 'held_until'")
    else:
        write_setting(db, "held_until", str(stamp(until)))


def cancel(
    db: Connection, ids: Sequence[NotificationId], now: datetime
) -> tuple[NotificationId, ...]:
    """Take waiting notifications out."""
    done: list[NotificationId] = []
    for notification in ids:
        row = db.execute(
            "UPDATE notification SET state = 'cancelled', reason = ?, settled_at = ?"
            " WHERE id = ? AND state = 'waiting' RETURNING recipient",
            (Reason.OPERATOR, stamp(now), notification),
        ).fetchone()
        if row is not None:
            done.append(notification)
            wake(db, RecipientName(row[0]), now)
    return tuple(done)


def requeue(
    db: Connection,
    ids: Sequence[NotificationId],
    now: datetime,
    expires_at: datetime,
) -> tuple[NotificationId, ...]:
    """Let what was cancelled, expired or dead wait again, with a clean slate."""
    done: list[NotificationId] = []
    for notification in ids:
        row = db.execute(
            "UPDATE notification SET state = 'waiting', reason = ?, settled_at = NULL,"
            " held_until = NULL, uncertain = 0, tried = '', message = NULL,"
            " replaces = NULL, fail_overs = 0, unconfirmed = 0, doubted = NULL,"
            " expires_at = CASE WHEN expires_at IS NULL THEN NULL ELSE ? END"
            " WHERE id = ? AND state IN ('cancelled', 'expired', 'dead')"
            " RETURNING recipient",
            (Reason.OPERATOR, stamp(expires_at), notification),
        ).fetchone()
        if row is not None:
            done.append(notification)
            wake(db, RecipientName(row[0]), now)
    return tuple(done)


def rehold(
    db: Connection, decide: Callable[[Held], datetime | None], now: datetime
) -> int:
    """Ask again until when each muted notification is held; look at every mailbox."""
    rows = db.execute(
        "SELECT n.id, n.recipient, n.severity, n.mutes, n.held_until, n.numbers,"
        " e.source, e.labels, coalesce(p.receiver, ''), n.kind FROM notification n"
        " JOIN episode e ON e.id = n.episode LEFT JOIN post p ON p.id = n.post"
        " WHERE n.state = 'waiting' AND n.mutes != ''"
    ).fetchall()
    changed = 0
    for row in rows:
        mutes, actives = load_mutes(row[3])
        held = Held(
            kind=Kind(row[9]),
            source=SourceName(row[6]),
            receiver=row[8],
            labels=load_map(row[7]),
            recipient=RecipientName(row[1]),
            numbers=load_numbers(row[5]),
            mutes=mutes,
            actives=actives,
        )
        held_until = stamp_or_none(decide(held))
        if held_until == row[4]:
            continue
        # What is held longer now must not be too old when it may leave.
        db.execute(
            "UPDATE notification SET held_until = :held, expires_at = max(expires_at,"
            " coalesce(:held, 0) + expires_at - coalesce(held_until, created_at))"
            " WHERE id = :id",
            {"held": held_until, "id": row[0]},
        )
        bring_forward(
            db, row[1], row[2], stamp(now) if held_until is None else held_until
        )
        changed += 1
    # Whoever waits for his pace or his quiet hours may not have to any more.
    db.execute(
        "UPDATE mailbox SET due_at = :now WHERE busy IS NULL AND due_at > :now",
        {"now": stamp(now)},
    )
    reconsider(db, now)
    return changed


def recover(
    db: Connection,
    now: datetime,
    retry_after: timedelta,
    listers: Collection[ProviderName] = (),
) -> tuple[int, int]:
    """Open a new epoch; what was in flight is uncertain. Says how many, and the epoch.

    A dead worker is just another Uncertain: there is no second code path for it.
    """
    row = db.execute("SELECT value FROM setting WHERE key = 'epoch'").fetchone()
    epoch = 1 if row is None else int(row[0]) + 1
    write_setting(db, "epoch", str(epoch))
    rows = db.execute(
        "SELECT reference, began_at, attempt, provider FROM submission"
        " WHERE state = 'in_flight'"
    ).fetchall()
    for reference, began_at, attempt, provider in rows:
        # Never longer than the wait itself, whatever the clock did meanwhile.
        longest = now + retry_after
        landed_by = min(max(moment(began_at) + retry_after, now), longest)
        listed = provider in listers
        retry_at = _fail_open_at(db, reference, now) if listed else landed_by
        db.execute(
            "UPDATE submission SET state = 'uncertain', retry_at = ?, look_at = ?,"
            " looks = 0, epoch = ? WHERE reference = ?",
            (stamp(retry_at), stamp(landed_by) if listed else None, epoch, reference),
        )
        db.execute(
            "UPDATE attempt SET ended_at = ?, outcome = 'uncertain',"
            " detail = 'the process ended while it was under way'"
            " WHERE reference = ? AND n = ? AND outcome IS NULL",
            (stamp(now), reference, attempt),
        )
        db.execute(
            "UPDATE notification SET uncertain = uncertain + 1, reason = ?"
            " WHERE state = 'in_flight' AND message IN"
            " (SELECT id FROM message WHERE submission = ? AND state = 'in_flight')",
            (Reason.UNCERTAIN, reference),
        )
        db.execute(
            "UPDATE message SET state = 'uncertain' WHERE submission = ?"
            " AND state = 'in_flight'",
            (reference,),
        )
        reported = db.execute(
            "SELECT id FROM message WHERE submission = ?", (reference,)
        ).fetchall()
        for (message,) in reported:
            tell_reported(db, MessageId(message), now)
    close_all_charges(db)
    reconsider(db, now)
    busy = db.execute("SELECT recipient FROM mailbox WHERE busy IS NOT NULL").fetchall()
    for (recipient,) in busy:
        db.execute("UPDATE mailbox SET busy = NULL WHERE recipient = ?", (recipient,))
        wake(db, RecipientName(recipient), now)
    return len(rows), epoch


def _fail_open_at(db: Connection, reference: str, now: datetime) -> datetime:
    """When the worst that a submission tells is sent again without a list."""
    (worst,) = db.execute(
        "SELECT min(n.severity) FROM notification n JOIN message m ON m.id = n.message"
        " WHERE m.submission = ? AND n.state = 'in_flight'",
        (reference,),
    ).fetchone()
    return now + FAIL_OPEN[Severity.LOW if worst is None else Severity(worst)]


def quarantine(
    db: Connection, source: str, reason: str, body: bytes, now: datetime
) -> None:
    """Keep what could not be read; the oldest makes room."""
    text = body[:MAX_QUARANTINED_BYTES].decode("utf-8", "replace")
    db.execute(
        "INSERT INTO quarantine (at, source, reason, body) VALUES (?, ?, ?, ?)",
        (stamp(now), source, reason, text),
    )
    db.execute(
        "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?",
        (MAX_QUARANTINE,),
    )


def shift(db: Connection, by: timedelta) -> None:
    """Move every pending time along with a stepped wall clock."""
    micros = by // timedelta(microseconds=1)
    for table, column, where in (
        ("mailbox", "over_budget_until", "over_budget_until > 1"),
        ("mailbox", "not_before", "not_before > 0"),
        ("submission", "retry_at", "retry_at IS NOT NULL"),
        ("submission", "look_at", "look_at IS NOT NULL"),
        ("submission", "closes_at", "state IN ('in_flight', 'uncertain')"),
        ("submission", "began_at", "state IN ('in_flight', 'uncertain')"),
        ("notification", "created_at", "state IN ('waiting', 'in_flight')"),
        ("notification", "expires_at", "state IN ('waiting', 'in_flight')"),
        # A report may have it wait again.
        (
            "notification",
            "expires_at",
            "state = 'told' AND message IN (SELECT id FROM message WHERE followed = 1)",
        ),
        # A span from when it changed; what a window of the day holds stays there.
        ("notification", "held_until", "state = 'waiting' AND reason = 'flapping'"),
        ("message", "accepted_at", "followed = 1"),
        ("message", "asked_at", "followed = 1"),
        ("message", "claimed_at", "followed = 1"),
        ("parked_report", "heard_at", "1"),
        ("sent", "at", "1"),
        ("ack", "at", "1"),
        ("skipped_number", "until", "1"),
        ("post", "at", "1"),
        ("post", "repeated_at", "1"),
        ("notification", "settled_at", "state = 'told'"),
        ("episode", "ended_seen", "1"),
        ("episode", "opened_seen", "1"),
        ("episode", "refired_seen", "1"),
        ("episode", "seen_at", "ends_at IS NULL"),
    ):
        db.execute(
            f"UPDATE {table} SET {column} = {column} + ?"
            f" WHERE {where} AND {column} IS NOT NULL",
            (micros,),
        )
    # Of the requests only those that the rate limit may ask for after a restart: set
    # back, a clock would else have all of the last hour's begun just now.
    db.execute(
        "UPDATE attempt SET began_at = began_at + :by WHERE began_at >"
        " (SELECT max(began_at) FROM attempt) - abs(:by) - 10000000",
        {"by": micros},
    )
    # Who waits for an hour of the day waits no longer because the clock went forward;
    # who waits for his pace is looked at too early, and told when.
    db.execute(
        f"UPDATE mailbox SET due_at = due_at + ? WHERE due_at < {FAR}",
        (min(micros, 0),),
    )
    db.execute(
        "UPDATE setting SET value = CAST(value AS INTEGER) + ?"
        " WHERE key = 'held_until'",
        (micros,),
    )


def mark_stale(db: Connection, seen_before: datetime, now: datetime, limit: int) -> int:
    """Note of open episodes that no post has named since *seen_before*.

    Meta-alerts are nobody's posts: they are left alone.
    """
    cursor = db.execute(
        "UPDATE episode SET stale_at = :now WHERE id IN (SELECT id FROM episode"
        " WHERE ends_at IS NULL AND stale_at IS NULL AND seen_at < :before"
        " AND source != :ours LIMIT :limit)",
        {
            "now": stamp(now),
            "before": stamp(seen_before),
            "ours": OURSELVES,
            "limit": limit,
        },
    )
    return cursor.rowcount


def prune(db: Connection, before: datetime, limit: int) -> int:
    """Delete what ended before *before*, a bounded number of episodes at a time."""
    at = stamp(before)
    # Nothing resolves a meta-alert: it counts as over once it is told. What is stale
    # may be over: nobody will say so any more.
    rows = db.execute(
        "SELECT e.id FROM episode e WHERE (e.ends_at IS NOT NULL AND e.ended_seen < :at"
        " OR e.ends_at IS NULL AND e.stale_at < :at"
        " OR e.source = :ours AND e.opened_seen < :at) AND NOT EXISTS"
        " (SELECT 1 FROM notification n WHERE n.episode = e.id"
        " AND n.state IN ('waiting', 'in_flight')) ORDER BY e.ended_seen LIMIT :limit",
        {"at": at, "ours": OURSELVES, "limit": limit},
    ).fetchall()
    db.executemany("DELETE FROM episode WHERE id = ?", rows)
    db.execute("DELETE FROM sent WHERE at < ?", (at,))
    db.execute("DELETE FROM skipped_number WHERE until < ?", (at,))
    prune_spend(db, before)
    db.execute("DELETE FROM post WHERE at < ?", (at,))
    db.execute("DELETE FROM quarantine WHERE at < ?", (at,))
    db.execute("DELETE FROM parked_report WHERE heard_at < ?", (at,))
    db.execute(
        "DELETE FROM submission WHERE reference IN (SELECT reference FROM submission"
        " WHERE state IN ('settled', 'replaced') AND began_at < ? LIMIT ?)",
        (at, limit),
    )
    return len(rows)


def write_setting(db: Connection, key: str, value: str) -> None:
    """Write one of the store's own settings."""
    db.execute(
        "INSERT INTO setting (key, value) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )


def own_secret(db: Connection, purpose: str, fresh: str) -> str:
    """Read the store's secret for *purpose*; the first to ask says what it is."""
    db.execute(
        "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
        (f"secret {purpose}", fresh),
    )
    (value,) = db.execute(
        "SELECT value FROM setting WHERE key = ?", (f"secret {purpose}",)
    ).fetchone()
    return str(value)
