"""A store that went back in time: what was told since its copy would be told again.

An ordinary long stop is none of this: what waited over it leaves. Only a file that says
that it is a copy, or that is behind its own high-water mark, is held to be restored;
if it is old, what it has waiting is held until an operator releases it. What comes in
after the start leaves as always.
"""

from datetime import UTC, datetime, timedelta
from sqlite3 import Connection

from alertbridge.core.notification import Reason
from alertbridge.core.recipient import RecipientName
from alertbridge.ports import Incident
from alertbridge.stores.columns import moment, stamp
from alertbridge.stores.sqlite_mailbox import wake
from alertbridge.stores.sqlite_sidecars import Mark

OLD = timedelta(minutes=15)
"""A copy so old is held: what it has waiting has probably been told, or is over."""

COPY = "copy"
"""The key of the setting that says that a file is a copy."""

_UNTIL_RELEASED = stamp(datetime(9999, 1, 1, tzinfo=UTC))


def number(db: Connection, key: str) -> int:
    """One of the store's own counts; 0 if there is none."""
    row = db.execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()
    return 0 if row is None else int(row[0])


def notice(db: Connection, mark: Mark, now: datetime) -> Incident | None:
    """At a start: find out whether the file went back, and hold what it has if so."""
    copied = db.execute("DELETE FROM setting WHERE key = ?", (COPY,)).rowcount > 0
    sequence = number(db, "sequence")
    if not copied and sequence >= mark.sequence:
        return None
    of = _newest(db)
    held = _hold(db) if now - of > OLD else 0
    what = "was restored from a copy" if copied else "is older than it was"
    if not copied:
        what += " (its -wal file was lost, or an old file put back)"
    said = f"the store {what}, of {of:%d %b %H:%M} UTC: pages since may be lost"
    if held:
        said += f"; {held} pages in it are held: alertbridge outbox release"
    else:
        said += ", and what was sent since may be sent again"
    db.execute(
        "INSERT OR REPLACE INTO setting (key, value) VALUES ('sequence', ?)",
        (str(max(sequence, mark.sequence)),),
    )
    return Incident("StoreWentBack", f"{mark.sequence} {stamp(now)}", said)


def _newest(db: Connection) -> datetime:
    """When anything was last written: a running store writes every few seconds."""
    (at,) = db.execute(
        "SELECT max(:probe, (SELECT coalesce(max(at), 0) FROM post),"
        " (SELECT coalesce(max(began_at), 0) FROM submission))",
        {"probe": number(db, "probe")},
    ).fetchone()
    return moment(at)


def _hold(db: Connection) -> int:
    """Hold what waits, and what may have been sent: it is told anew, when released."""
    db.execute(
        "UPDATE submission SET state = 'replaced', retry_at = NULL, look_at = NULL"
        " WHERE state IN ('in_flight', 'uncertain')"
    )
    db.execute(
        "UPDATE message SET state = 'replaced'"
        " WHERE state IN ('in_flight', 'uncertain')"
    )
    db.execute(
        "UPDATE notification SET state = 'waiting', replaces = message"
        " WHERE state = 'in_flight'"
    )
    cursor = db.execute(
        "UPDATE notification SET reason = ?, held_until = ? WHERE state = 'waiting'",
        (Reason.RESTORED, _UNTIL_RELEASED),
    )
    return cursor.rowcount


def release(db: Connection) -> None:
    """Let go what a restored copy had waiting."""
    now = moment(number(db, "probe"))
    rows = db.execute(
        "UPDATE notification SET reason = ?, held_until = NULL"
        " WHERE reason = ? AND state = 'waiting' RETURNING recipient",
        (Reason.NEWS, Reason.RESTORED),
    ).fetchall()
    for recipient in {row[0] for row in rows}:
        wake(db, RecipientName(recipient), now)


def count(db: Connection) -> Mark:
    """Count a write of our own, for the high-water mark beside the file."""
    sequence = number(db, "sequence") + 1
    db.execute(
        "INSERT OR REPLACE INTO setting (key, value) VALUES ('sequence', ?)",
        (str(sequence),),
    )
    (live,) = db.execute(
        "SELECT (SELECT count(*) FROM notification WHERE state = 'waiting')"
        " + (SELECT count(*) FROM notification n JOIN message m ON m.id = n.message"
        "  JOIN submission s ON s.reference = m.submission"
        "  WHERE s.state IN ('in_flight', 'uncertain') AND n.state = 'in_flight')"
    ).fetchone()
    return Mark(sequence, live)
