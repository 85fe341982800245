"""Intake in SQL: gather what is known, let core decide, apply, in one transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from sqlite3 import Connection, Row

from alertbridge.core.alert import Fingerprint
from alertbridge.core.episode import KnownEpisode, KnownFact
from alertbridge.core.notification import EpisodeId, Kind, NotificationId, Reason, State
from alertbridge.core.plan import Keys, Known, LastPost, LeftOut, NewFact, Plan, Post
from alertbridge.core.recipient import RecipientName
from alertbridge.core.severity import Severity
from alertbridge.ports import Recorded
from alertbridge.stores.columns import (
    FAR,
    dump,
    dump_mutes,
    load_map,
    load_mutes,
    load_numbers,
    moment,
    moment_or_none,
    stamp,
    stamp_or_none,
)

_EPISODE = (
    "SELECT id, fingerprint, starts_at, ends_at, ended_seen, acked_at, annotations"
    " FROM episode"
)
_FACTS = (
    "SELECT id, recipient, kind, round, state, reason, severity, receiver, place,"
    " numbers, uncertain, held_until, mutes FROM notification WHERE episode = ?"
    " ORDER BY id"
)


def record(
    db: Connection, keys: Keys, decide: Callable[[Known], Plan], now: datetime
) -> Recorded:
    """Gather, decide, apply."""
    known = gather(db, keys)
    return apply(db, decide(known), known, now)


def gather(db: Connection, keys: Keys) -> Known:
    """What the store holds about a post's alerts and its group."""
    episodes: dict[Fingerprint, KnownEpisode] = {}
    for fingerprint in keys.fingerprints:
        row = db.execute(
            _EPISODE + " WHERE source = ? AND fingerprint = ? ORDER BY id DESC LIMIT 1",
            (keys.source, fingerprint),
        ).fetchone()
        if row is not None:
            episodes[fingerprint] = _episode(db, row)
    others: Sequence[KnownEpisode] = ()
    if keys.others:
        rows = db.execute(
            _EPISODE + " WHERE source = ? AND group_key = ? AND ends_at IS NULL",
            (keys.source, keys.group_key),
        ).fetchall()
        others = [_episode(db, row) for row in rows if row[1] not in episodes]
    row = db.execute(
        "SELECT at, repeated_at FROM post"
        " WHERE source = ? AND receiver = ? AND group_key = ?",
        (keys.source, keys.receiver, keys.group_key),
    ).fetchone()
    last = None if row is None else LastPost(moment(row[0]), moment_or_none(row[1]))
    return Known(episodes=episodes, others=others, last_post=last)


def _episode(
    db: Connection, row: tuple[int, str, int, int, int, int, str]
) -> KnownEpisode:
    facts = tuple(_known_fact(fact) for fact in db.execute(_FACTS, (row[0],)))
    (previous_end,) = db.execute(
        "SELECT max(ends_at) FROM episode"
        " WHERE source = (SELECT source FROM episode WHERE id = :id)"
        " AND fingerprint = :fingerprint AND id < :id",
        {"id": row[0], "fingerprint": row[1]},
    ).fetchone()
    return KnownEpisode(
        id=EpisodeId(row[0]),
        fingerprint=Fingerprint(row[1]),
        starts_at=moment(row[2]),
        ends_at=moment_or_none(row[3]),
        ended_seen=moment_or_none(row[4]),
        previous_end=moment_or_none(previous_end),
        acknowledged=row[5] is not None,
        annotations=load_map(row[6]),
        facts=facts,
    )


def _known_fact(row: Row) -> KnownFact:
    mutes, actives = load_mutes(row[12])
    return KnownFact(
        id=NotificationId(row[0]),
        recipient=RecipientName(row[1]),
        kind=Kind(row[2]),
        round=row[3],
        state=State(row[4]),
        reason=Reason(row[5]),
        severity=Severity(row[6]),
        receiver=row[7],
        where=row[8],
        numbers=load_numbers(row[9]),
        uncertain=row[10],
        held_until=moment_or_none(row[11]),
        mutes=mutes,
        actives=actives,
    )


def apply(db: Connection, plan: Plan, known: Known, now: datetime) -> Recorded:
    """Write a plan; the caller commits."""
    at = stamp(now)
    post = _write_post(db, plan, at)
    episodes = {
        fingerprint: episode.id for fingerprint, episode in known.episodes.items()
    }
    episodes.update((episode.fingerprint, episode.id) for episode in known.others)
    for move in plan.moves:
        db.execute(
            "UPDATE episode SET starts_at = coalesce(?, starts_at),"
            " annotations = coalesce(?, annotations),"
            " ended_seen = CASE WHEN ? IS NULL THEN ended_seen ELSE ? END,"
            " ends_at = coalesce(?, ends_at) WHERE id = ?",
            (
                stamp_or_none(move.starts_at),
                None if move.annotations is None else dump(move.annotations),
                stamp_or_none(move.ends_at),
                at,
                stamp_or_none(move.ends_at),
                move.id,
            ),
        )
    for opened in plan.opens:
        alert = opened.alert
        cursor = db.execute(
            "INSERT INTO episode (source, fingerprint, group_key, labels, annotations,"
            " generator_url, severity, starts_at, ends_at, opened_seen, ended_seen)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                plan.keys.source,
                alert.fingerprint,
                plan.keys.group_key,
                dump(alert.labels),
                dump(alert.annotations),
                alert.generator_url,
                int(opened.severity),
                stamp(opened.starts_at),
                stamp_or_none(opened.ends_at),
                at,
                None if opened.ends_at is None else at,
            ),
        )
        assert cursor.lastrowid is not None
        episodes[alert.fingerprint] = EpisodeId(cursor.lastrowid)
    for change in plan.changes:
        db.execute(
            "UPDATE notification SET state = ?, reason = ?, settled_at = ?"
            " WHERE id = ? AND state = 'waiting'",
            (change.state, change.reason, at, change.id),
        )
    _write_facts(db, plan.facts, episodes, post, at)
    for release in plan.releases:
        _release(db, release.id, stamp_or_none(release.held_until), at)
    for left_out in plan.left_out:
        _write_left_out(db, left_out, episodes[left_out.fingerprint], at)
    return Recorded(plan, episodes)


def _write_post(db: Connection, plan: Plan, at: int) -> int:
    note = plan.note
    row = db.execute(
        "INSERT INTO post (source, receiver, group_key, at, repeated_at, truncated,"
        " unreadable, oversized) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (source, receiver, group_key) DO UPDATE SET at = excluded.at,"
        " repeated_at = coalesce(excluded.repeated_at, repeated_at),"
        " truncated = excluded.truncated, unreadable = excluded.unreadable,"
        " oversized = excluded.oversized RETURNING id",
        (
            plan.keys.source,
            plan.keys.receiver,
            plan.keys.group_key,
            at,
            at if plan.post is Post.REPEAT else None,
            note.truncated,
            note.unreadable,
            int(note.oversized),
        ),
    ).fetchone()
    return int(row[0])


def _write_facts(
    db: Connection,
    facts: Sequence[NewFact],
    episodes: dict[Fingerprint, EpisodeId],
    post: int,
    at: int,
) -> None:
    due: dict[str, tuple[int, int]] = {}
    for fact in facts:
        held_until = stamp_or_none(fact.held_until)
        waits = fact.state is State.WAITING
        db.execute(
            "INSERT INTO notification (episode, kind, round, recipient, state, reason,"
            " severity, receiver, place, numbers, mutes, tried, uncertain, post,"
            " created_at, held_until, expires_at, settled_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, ?, ?, ?, ?, ?)",
            (
                episodes[fact.fingerprint],
                fact.kind,
                fact.round,
                fact.recipient,
                fact.state,
                fact.reason,
                int(fact.severity),
                fact.receiver,
                fact.where,
                dump(fact.numbers),
                dump_mutes(fact.mutes, fact.actives),
                post,
                at,
                held_until,
                stamp_or_none(fact.expires_at),
                None if waits else at,
            ),
        )
        if waits:
            rank, when = due.get(fact.recipient, (int(fact.severity), FAR))
            due[fact.recipient] = (
                min(rank, int(fact.severity)),
                min(when, at if held_until is None else held_until),
            )
    for recipient, (rank, when) in due.items():
        bring_forward(db, recipient, rank, when)


def bring_forward(db: Connection, recipient: str, rank: int, due_at: int) -> None:
    """Have a mailbox looked at no later than *due_at*, no lower than *rank*.

    What is worse than all that waits does not sit out the others' retry wait.
    """
    db.execute(
        "INSERT INTO mailbox (recipient, rank, due_at, not_before, deferrals, alone)"
        " VALUES (?, ?, ?, 0, 0, 0) ON CONFLICT (recipient) DO UPDATE SET"
        " not_before = CASE WHEN excluded.rank < rank THEN 0 ELSE not_before END,"
        " rank = min(rank, excluded.rank), due_at = min(due_at, excluded.due_at),"
        " waits_for = NULL",
        (recipient, rank, due_at),
    )


def _release(
    db: Connection, notification: NotificationId, held_until: int | None, at: int
) -> None:
    row = db.execute(
        "UPDATE notification SET held_until = ? WHERE id = ? AND state = 'waiting'"
        " RETURNING recipient, severity",
        (held_until, notification),
    ).fetchone()
    if row is not None:
        bring_forward(db, row[0], row[1], at if held_until is None else held_until)


def _write_left_out(
    db: Connection, left_out: LeftOut, episode: EpisodeId, at: int
) -> None:
    db.execute(
        "INSERT INTO left_out (episode, recipient, verdict, place, times, first_at,"
        " last_at) VALUES (?, ?, ?, ?, 1, ?, ?)"
        " ON CONFLICT (episode, recipient, verdict) DO UPDATE SET times = times + 1,"
        " last_at = excluded.last_at, place = excluded.place",
        (
            episode,
            left_out.recipient or "",
            left_out.verdict,
            left_out.where,
            at,
            at,
        ),
    )


def bury(
    db: Connection, dead: Sequence[NotificationId], reason: Reason, at: int
) -> None:
    """End notifications that no try is left for; the caller writes the meta-alert."""
    db.executemany(
        "UPDATE notification SET state = 'dead', reason = ?, settled_at = ?"
        " WHERE id = ? AND state = 'in_flight'",
        [(reason, at, notification) for notification in dead],
    )
