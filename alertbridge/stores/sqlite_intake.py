"""Intake in SQL: gather what is known, let core decide, apply, in one transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from sqlite3 import Connection

from alertbridge.core.alert import Fingerprint
from alertbridge.core.notification import EpisodeId, NotificationId, Reason, State
from alertbridge.core.plan import (
    Keys,
    Known,
    LeftOut,
    MoveEpisode,
    Plan,
    Post,
)
from alertbridge.ports import Recorded
from alertbridge.stores.columns import (
    FAR,
    dump,
    dump_mutes,
    dump_numbers,
    stamp,
    stamp_or_none,
)
from alertbridge.stores.sqlite_gather import gather
from alertbridge.stores.sqlite_sum import sum_of_notification, sum_of_numbers


def record(
    db: Connection, keys: Keys, decide: Callable[[Known], Plan], now: datetime
) -> Recorded:
    """Gather, decide, apply."""
    known = gather(db, keys)
    return apply(db, decide(known), known, now)


def apply(db: Connection, plan: Plan, known: Known, now: datetime) -> Recorded:
    """Write a plan; the caller commits."""
    at = stamp(now)
    post = _write_post(db, plan, at)
    episodes = {
        fingerprint: episode.id for fingerprint, episode in known.episodes.items()
    }
    episodes.update((episode.fingerprint, episode.id) for episode in known.others)
    if known.flood is not None:
        episodes[known.flood.fingerprint] = known.flood.id
    for move in plan.moves:
        _move_episode(db, move, at)
    episodes.update(_write_episodes(db, plan, at))
    for change in plan.changes:
        db.execute(
            "UPDATE notification SET state = ?, reason = ?, settled_at = ?"
            " WHERE id = ? AND state = 'waiting'",
            (change.state, change.reason, at, change.id),
        )
    _write_facts(db, plan, episodes, post, at)
    for release in plan.releases:
        _release(db, release.id, stamp_or_none(release.held_until), at)
    _write_left_out(db, plan.left_out, episodes, at)
    return Recorded(plan, episodes)


def _move_episode(db: Connection, move: MoveEpisode, at: int) -> None:
    db.execute(
        "UPDATE episode SET starts_at = coalesce(:starts_at, starts_at),"
        " annotations = coalesce(:annotations, annotations),"
        " flaps = coalesce(:flaps, flaps),"
        " ends_at = coalesce(:ends_at, ends_at),"
        " ended_seen = CASE WHEN :ends_at IS NULL THEN ended_seen ELSE :at END"
        " WHERE id = :id",
        {
            "starts_at": stamp_or_none(move.starts_at),
            "annotations": None if move.annotations is None else dump(move.annotations),
            "flaps": move.flaps,
            "ends_at": stamp_or_none(move.ends_at),
            "at": at,
            "id": move.id,
        },
    )
    if move.refired_at is not None:
        db.execute(
            "UPDATE episode SET refired_at = ?, refired_seen = ?, ends_at = NULL,"
            " ended_seen = NULL WHERE id = ?",
            (stamp(move.refired_at), at, move.id),
        )
        # While it was over nobody waited for the reports of what told it.
        db.execute(
            "UPDATE message SET followed = 1 WHERE state = 'accepted' AND id IN"
            " (SELECT message FROM notification WHERE episode = ? AND state = 'told'"
            "  AND reason = 'accepted' AND kind != 'resolved')",
            (move.id,),
        )
    if move.seen:
        db.execute(
            "UPDATE episode SET seen_at = ?, stale_at = NULL WHERE id = ?",
            (at, move.id),
        )


def _write_episodes(
    db: Connection, plan: Plan, at: int
) -> dict[Fingerprint, EpisodeId]:
    """Write the new episodes in one statement.

    This connection is the only writer: the numbers after the highest are free.
    """
    if not plan.opens:
        return {}
    (first,) = db.execute("SELECT coalesce(max(id), 0) + 1 FROM episode").fetchone()
    ids = {
        opened.alert.fingerprint: EpisodeId(number)
        for number, opened in enumerate(plan.opens, start=first)
    }
    db.executemany(
        "INSERT INTO episode (id, source, fingerprint, group_key, labels, annotations,"
        " generator_url, severity, starts_at, ends_at, opened_seen, ended_seen,"
        " seen_at, flaps, kin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                ids[opened.alert.fingerprint],
                plan.keys.source,
                opened.alert.fingerprint,
                plan.keys.group_key,
                dump(opened.alert.labels),
                dump(opened.alert.annotations),
                opened.alert.generator_url,
                int(opened.severity),
                stamp(opened.starts_at),
                stamp_or_none(opened.ends_at),
                at,
                None if opened.ends_at is None else at,
                at,
                opened.flaps,
                opened.kin,
            )
            for opened in plan.opens
        ],
    )
    return ids


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
    plan: Plan,
    episodes: dict[Fingerprint, EpisodeId],
    post: int,
    at: int,
) -> None:
    due: dict[str, tuple[int, int]] = {}
    rows: list[tuple[object, ...]] = []
    for fact in plan.facts:
        held_until = stamp_or_none(fact.held_until)
        waits = fact.state is State.WAITING
        episode = episodes[fact.fingerprint]
        numbers = dump_numbers(fact.numbers)
        rows.append(
            (
                episode,
                fact.kind,
                fact.round,
                fact.recipient,
                plan.keys.source,
                fact.state,
                fact.reason,
                int(fact.severity),
                fact.receiver,
                fact.route,
                fact.where,
                numbers,
                dump_mutes(fact.mutes, fact.actives),
                post,
                at,
                held_until,
                stamp_or_none(fact.expires_at),
                None if waits else at,
                sum_of_notification(episode, fact.kind, fact.round, fact.recipient),
                sum_of_numbers(numbers),
            )
        )
        if waits:
            rank, when = due.get(fact.recipient, (int(fact.severity), FAR))
            due[fact.recipient] = (
                min(rank, int(fact.severity)),
                min(when, at if held_until is None else held_until),
            )
    db.executemany(
        "INSERT INTO notification (episode, kind, round, recipient, source, state,"
        " reason, severity, receiver, route, place, numbers, mutes, tried, uncertain,"
        " post, created_at, held_until, expires_at, settled_at, sum, numbers_sum)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, ?, ?, ?, ?, ?, ?, ?)",
        rows,
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
    db: Connection,
    left_out: Sequence[LeftOut],
    episodes: dict[Fingerprint, EpisodeId],
    at: int,
) -> None:
    db.executemany(
        "INSERT INTO left_out (episode, recipient, verdict, place, times, first_at,"
        " last_at) VALUES (?, ?, ?, ?, 1, ?, ?)"
        " ON CONFLICT (episode, recipient, verdict) DO UPDATE SET times = times + 1,"
        " last_at = excluded.last_at, place = excluded.place",
        [
            (
                episodes[left.fingerprint],
                left.recipient or "",
                left.verdict,
                left.where,
                at,
                at,
            )
            for left in left_out
        ],
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
