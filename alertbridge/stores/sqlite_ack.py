"""Codes and links in SQL: given in the claim that writes the text, and answered."""

import hashlib
from datetime import datetime
from sqlite3 import Connection, Row

from alertbridge.core.ack import (
    CODE_LIFE,
    TOKEN_BITS,
    AckLine,
    AckText,
    Code,
    Token,
    free_code,
    is_closed,
    sign,
    spell,
    wants_code,
    wants_token,
)
from alertbridge.core.alert import SourceName
from alertbridge.core.message import Draft, Reference, Text
from alertbridge.core.notification import EpisodeId, EpisodeView, Kind, Reason
from alertbridge.core.recipient import RecipientName
from alertbridge.core.severity import Severity
from alertbridge.stores.columns import load_map, moment, moment_or_none, stamp
from alertbridge.stores.sqlite_attempt import Claim


def close_text(work: Claim, reference: Reference, draft: Draft) -> Text:
    """Give the text of a submission its code and its link, bound to what it tells.

    In the claim's own transaction: a code that anybody reads is on disk.
    """
    if not is_closed(draft.text, draft.closing):
        return draft.text
    db, now = work.db, stamp(work.now)
    code = _free_code(db, work.now) if wants_code(draft.closing) else None
    token = spell(work.randbits(TOKEN_BITS)) if wants_token(draft.closing) else None
    cursor = db.execute(
        "INSERT INTO ack (submission, code, token, at) VALUES (?, ?, ?, ?)",
        (reference, code, None if token is None else _digest(token), now),
    )
    db.executemany(
        "INSERT OR IGNORE INTO ack_episode (ack, episode, kind) VALUES (?, ?, ?)",
        [
            (
                cursor.lastrowid,
                fact.episode.id,
                fact.kind
                if fact.kind is Kind.RESOLVED or not fact.episode.ended
                else None,
            )
            for fact in draft.tells
        ],
    )
    return sign(draft.text, draft.closing, code, token)


def _free_code(db: Connection, now: datetime) -> Code | None:
    rows = db.execute(
        "SELECT code FROM ack WHERE code IS NOT NULL AND at > ?",
        (stamp(now - CODE_LIFE),),
    )
    return free_code({row[0] for row in rows})


def forget_unsent(db: Connection, reference: Reference) -> None:
    """Take back the code of a text that surely reached nobody.

    A gateway that is down for a night has every text composed again and again: the
    codes would run out.
    """
    db.execute(
        "DELETE FROM ack WHERE submission = :reference AND NOT EXISTS (SELECT 1"
        " FROM message WHERE submission = :reference"
        " AND state NOT IN ('dissolved', 'refused'))",
        {"reference": reference},
    )


def read_text(db: Connection, which: Code | Token, since: datetime) -> AckText | None:
    """Find a text by its code or its link, if it is newer than *since*."""
    found = _find(db, which, since)
    return None if found is None else _read(db, found, frozenset())


def acknowledge_text(
    db: Connection, which: Code | Token, by: str, since: datetime, now: datetime
) -> AckText | None:
    """Acknowledge what a text told to fire, and still does; the first one stays."""
    found = _find(db, which, since)
    if found is None:
        return None
    rows = db.execute(
        "UPDATE episode SET acked_at = ?, acked_by = ? WHERE acked_at IS NULL"
        " AND ends_at IS NULL AND id IN (SELECT episode FROM ack_episode"
        " WHERE ack = ? AND kind IS NOT NULL AND kind != ?) RETURNING id",
        (stamp(now), by, found[0], Kind.RESOLVED),
    ).fetchall()
    for (episode,) in rows:
        stop_asking(db, EpisodeId(episode), now)
    return _read(db, found, frozenset(row[0] for row in rows))


def stop_asking(db: Connection, episode: EpisodeId, now: datetime) -> None:
    """Take out what would only have asked somebody to take *episode*.

    Reminders and escalations no longer leave, nor does what was to be told again by
    another way.
    """
    db.execute(
        "UPDATE notification SET state = 'cancelled', reason = ?, settled_at = ?"
        " WHERE episode = ? AND state = 'waiting'"
        " AND (kind IN ('reminder', 'escalated') OR fail_overs > 0)",
        (Reason.ACKNOWLEDGED, stamp(now), episode),
    )


def _digest(token: Token) -> bytes:
    """What is looked up: how long that takes tells nothing of how near a guess was."""
    return hashlib.sha256(token.encode()).digest()


def _find(db: Connection, which: Code | Token, since: datetime) -> Row | None:
    column, key = ("code", which) if isinstance(which, int) else ("token", which)
    found: Row | None = db.execute(
        f"SELECT id, submission, at FROM ack WHERE {column} = ? AND at > ?"
        " ORDER BY at DESC LIMIT 1",
        (_digest(key) if isinstance(key, str) else key, stamp(since)),
    ).fetchone()
    return found


def _read(db: Connection, found: Row, news: frozenset[int]) -> AckText | None:
    ident, reference, at = found
    rows = db.execute(
        "SELECT e.id, e.source, e.labels, e.annotations, e.starts_at, e.ends_at,"
        " e.generator_url, e.severity, a.kind, e.acked_at, e.acked_by,"
        " e.flaps, e.stale_at"
        " FROM ack_episode a JOIN episode e ON e.id = a.episode WHERE a.ack = ?"
        " ORDER BY e.severity, e.id",
        (ident,),
    ).fetchall()
    if not rows:
        return None
    people = db.execute(
        "SELECT DISTINCT recipient FROM message WHERE submission = ?"
        " AND state NOT IN ('dissolved', 'refused') ORDER BY recipient",
        (reference,),
    )
    return AckText(
        recipients=tuple(RecipientName(row[0]) for row in people),
        at=moment(at),
        lines=tuple(_line(row, news) for row in rows),
    )


def _line(row: Row, news: frozenset[int]) -> AckLine:
    return AckLine(
        episode=EpisodeView(
            id=EpisodeId(row[0]),
            source=SourceName(row[1]),
            labels=load_map(row[2]),
            annotations=load_map(row[3]),
            starts_at=moment(row[4]),
            ends_at=moment_or_none(row[5]),
            generator_url=row[6],
            flaps=row[11],
            stale=row[12] is not None,
        ),
        severity=Severity(row[7]),
        kind=None if row[8] is None else Kind(row[8]),
        acknowledged_at=moment_or_none(row[9]),
        acknowledged_by=row[10],
        news=row[0] in news,
    )
