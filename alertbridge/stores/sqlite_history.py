"""Reading for people in SQL: history, one episode, the outbox, the quarantine."""

from collections.abc import Sequence
from datetime import datetime
from sqlite3 import Connection, Row

from alertbridge.core.notification import EpisodeId, NotificationId
from alertbridge.core.severity import Severity
from alertbridge.ports import (
    Depth,
    EpisodeRow,
    HistoryRow,
    OutboxRow,
    Quarantined,
)
from alertbridge.stores.columns import (
    FAR,
    load_map,
    moment,
    moment_or_none,
    stamp,
)

_NOTIFICATIONS = (
    "SELECT n.created_at, e.id, e.source, e.labels, n.severity, n.kind, n.round,"
    " n.recipient, n.state, n.reason, n.place, 1, s.body, s.provider, s.reference,"
    " n.settled_at, n.id, n.id, m.delivery"
    " FROM notification n JOIN episode e ON e.id = n.episode"
    " LEFT JOIN message m ON m.id = n.message"
    " LEFT JOIN submission s ON s.reference = m.submission"
)
_LEFT_OUT = (
    "SELECT l.last_at, e.id, e.source, e.labels, e.severity, '', 0, l.recipient,"
    " 'not_told', l.verdict, l.place, l.times, NULL, NULL, NULL, NULL, NULL, 0, NULL"
    " FROM left_out l JOIN episode e ON e.id = l.episode"
)


def history(
    db: Connection, limit: int, recipient: str | None, episode: EpisodeId | None
) -> tuple[HistoryRow, ...]:
    """The latest first; a notification and the reasons for none, side by side."""
    where_n, where_l, values = _where(recipient, episode)
    rows = db.execute(
        f"SELECT * FROM ({_NOTIFICATIONS}{where_n} ORDER BY n.id DESC LIMIT :limit)"
        " UNION ALL"
        f" SELECT * FROM ({_LEFT_OUT}{where_l} ORDER BY l.last_at DESC LIMIT :limit)"
        " ORDER BY 1 DESC, 18 DESC LIMIT :limit",
        {**values, "limit": limit},
    )
    return tuple(_history_row(row) for row in rows)


def _where(
    recipient: str | None, episode: EpisodeId | None
) -> tuple[str, str, dict[str, object]]:
    parts: list[str] = []
    values: dict[str, object] = {}
    if recipient is not None:
        parts.append("recipient = :recipient")
        values["recipient"] = recipient
    if episode is not None:
        parts.append("episode = :episode")
        values["episode"] = episode
    if not parts:
        return "", "", values
    return (
        " WHERE " + " AND ".join(f"n.{part}" for part in parts),
        " WHERE " + " AND ".join(f"l.{part}" for part in parts),
        values,
    )


def _history_row(row: Row) -> HistoryRow:
    labels = load_map(row[3])
    return HistoryRow(
        at=moment(row[0]),
        episode=EpisodeId(row[1]),
        source=row[2],
        alert=labels.get("alertname", ""),
        labels=labels,
        severity=Severity(row[4]).word,
        kind=row[5],
        round=row[6],
        recipient=row[7],
        state=row[8],
        reason=row[9],
        where=row[10],
        times=row[11],
        text=row[12],
        provider=row[13],
        reference=row[14],
        settled_at=moment_or_none(row[15]),
        notification=None if row[16] is None else NotificationId(row[16]),
        delivery=row[18] or None,
    )


def show(db: Connection, episode: EpisodeId) -> EpisodeRow | None:
    """One episode and everybody's part in it."""
    row = db.execute(
        "SELECT id, source, fingerprint, labels, annotations, severity, starts_at,"
        " ends_at, acked_at, acked_by, stale_at FROM episode WHERE id = ?",
        (episode,),
    ).fetchone()
    if row is None:
        return None
    return EpisodeRow(
        id=EpisodeId(row[0]),
        source=row[1],
        fingerprint=row[2],
        labels=load_map(row[3]),
        annotations=load_map(row[4]),
        severity=Severity(row[5]).word,
        starts_at=moment(row[6]),
        ends_at=moment_or_none(row[7]),
        acknowledged_at=moment_or_none(row[8]),
        acknowledged_by=row[9],
        stale_at=moment_or_none(row[10]),
        rows=history(db, 10_000, None, episode),
    )


def outbox(db: Connection, limit: int, states: Sequence[str]) -> tuple[OutboxRow, ...]:
    """Notifications in these states, the oldest first."""
    marks = ", ".join("?" * len(states))
    rows = db.execute(
        "SELECT n.id, n.episode, e.labels, n.kind, n.severity, n.recipient, n.state,"
        " n.reason, n.created_at, max(m.due_at, m.not_before), n.held_until,"
        " n.expires_at FROM notification n JOIN episode e ON e.id = n.episode"
        " LEFT JOIN mailbox m ON m.recipient = n.recipient"
        f" WHERE n.state IN ({marks}) ORDER BY n.id LIMIT ?",
        (*states, limit),
    )
    return tuple(
        OutboxRow(
            notification=NotificationId(row[0]),
            episode=EpisodeId(row[1]),
            alert=load_map(row[2]).get("alertname", ""),
            kind=row[3],
            severity=Severity(row[4]).word,
            recipient=row[5],
            state=row[6],
            reason=row[7],
            created_at=moment(row[8]),
            due_at=None if row[9] is None or row[9] >= FAR else moment(row[9]),
            held_until=moment_or_none(row[10]),
            expires_at=moment_or_none(row[11]),
        )
        for row in rows
    )


def quarantined(db: Connection, limit: int) -> tuple[Quarantined, ...]:
    """What could not be read, the newest first."""
    rows = db.execute(
        "SELECT id, at, source, reason, body FROM quarantine ORDER BY id DESC LIMIT ?",
        (limit,),
    )
    return tuple(
        Quarantined(
            id=row[0], at=moment(row[1]), source=row[2], reason=row[3], body=row[4]
        )
        for row in rows
    )


def depth(db: Connection, now: datetime) -> Depth:
    """Count what waits; cheap enough for every scrape."""
    waiting: dict[str, int] = {severity.word: 0 for severity in Severity}
    for rank, count in db.execute(
        "SELECT severity, count(*) FROM notification WHERE state = 'waiting'"
        " GROUP BY severity"
    ):
        waiting[Severity(rank).word] = count
    oldest: dict[str, datetime] = {}
    for rank, due in db.execute(
        "SELECT rank, min(due_at) FROM mailbox WHERE busy IS NULL AND due_at <= ?"
        " AND not_before <= ? GROUP BY rank",
        (stamp(now), stamp(now)),
    ):
        oldest[Severity(rank).word] = moment(due)
    states = dict(
        db.execute(
            "SELECT state, count(*) FROM submission"
            " WHERE state IN ('in_flight', 'uncertain') GROUP BY state"
        ).fetchall()
    )
    (dead,) = db.execute(
        "SELECT count(*) FROM notification WHERE state = 'dead'"
    ).fetchone()
    held = db.execute("SELECT value FROM setting WHERE key = 'held_until'").fetchone()
    held_until = None if held is None else moment(int(held[0]))
    return Depth(
        waiting=waiting,
        in_flight=states.get("in_flight", 0),
        uncertain=states.get("uncertain", 0),
        dead=dead,
        oldest_due=oldest,
        held_until=held_until if held_until is not None and held_until > now else None,
    )


def recent_attempts(
    db: Connection, provider: str, since: datetime
) -> tuple[datetime, ...]:
    """When requests to a provider began."""
    rows = db.execute(
        "SELECT began_at FROM attempt WHERE provider = ? AND began_at > ?",
        (provider, stamp(since)),
    )
    return tuple(moment(row[0]) for row in rows)
