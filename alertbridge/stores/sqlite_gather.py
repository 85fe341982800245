"""Gathering in SQL: what is known of a post's alerts, and of its group."""

import json
from collections.abc import Mapping, Sequence
from sqlite3 import Connection, Row

from alertbridge.core.alert import Fingerprint
from alertbridge.core.episode import KnownEpisode, KnownFact
from alertbridge.core.flood import FLOOD
from alertbridge.core.notification import EpisodeId, Kind, NotificationId, Reason, State
from alertbridge.core.plan import Keys, Known, LastPost
from alertbridge.core.recipient import RecipientName
from alertbridge.core.severity import Severity
from alertbridge.stores.columns import (
    load_map,
    load_mutes,
    load_numbers,
    moment,
    moment_or_none,
)

_OPENED = 20
"""Earlier openings that are read: no alert need fire more often to flap."""

_EPISODES = (
    "SELECT e.id, e.fingerprint, e.starts_at, e.ends_at, e.ended_seen, e.acked_at,"
    " e.annotations, (SELECT max(p.ends_at) FROM episode p WHERE p.source = e.source"
    " AND p.fingerprint = e.fingerprint AND p.id < e.id), e.flaps, e.refired_at,"
    " max(e.opened_seen, coalesce(e.refired_seen, 0), coalesce(e.ended_seen, 0)),"
    " e.seen_at, e.stale_at, (SELECT json_group_array(opened_seen) FROM"
    " (SELECT o.opened_seen FROM episode o WHERE o.source = e.source"
    f"  AND o.fingerprint = e.fingerprint ORDER BY o.id DESC LIMIT {_OPENED}))"
    " FROM episode e"
)
_LATEST = (
    " WHERE e.id IN (SELECT max(id) FROM episode WHERE source = :source"
    " AND fingerprint IN (SELECT value FROM json_each(:fingerprints))"
    " GROUP BY fingerprint)"
)
_LATEST_OF_ONE = (
    " WHERE e.source = :source AND e.fingerprint = :fingerprint"
    " ORDER BY e.id DESC LIMIT 1"
)
_OPEN = " WHERE e.source = :source AND e.group_key = :group_key AND e.ends_at IS NULL"
_OPEN_OF_SOURCE = (
    "SELECT o.open, (SELECT max(e.id) FROM episode e WHERE e.source = o.source"
    " AND e.fingerprint = ? AND e.ends_at IS NULL) FROM source_open o"
    " WHERE o.source = ?"
)
_FACTS = (
    "SELECT id, recipient, kind, round, state, reason, severity, receiver, place,"
    " numbers, uncertain + unconfirmed, held_until, mutes, episode, route,"
    " CASE state WHEN 'told' THEN settled_at END FROM notification"
    " WHERE episode IN (SELECT value FROM json_each(?)) ORDER BY id"
)

# Looked up, not called: an enumeration's call costs ten times as much, and a storm
# reads thousands of facts.
_KINDS = {kind.value: kind for kind in Kind}
_STATES = {state.value: state for state in State}
_REASONS = {reason.value: reason for reason in Reason}
_SEVERITIES = {severity.value: severity for severity in Severity}


def gather(db: Connection, keys: Keys) -> Known:
    """What the store holds, in a number of statements that does not grow with a post.

    A post of one alert, the most common, has its own cheaper statement.
    """
    post = db.execute(
        "SELECT at, repeated_at, truncated, unreadable FROM post"
        " WHERE source = ? AND receiver = ? AND group_key = ?",
        (keys.source, keys.receiver, keys.group_key),
    ).fetchone()
    wanted = keys.fingerprints if post is None else _wanted(keys, post[2], post[3])
    episodes = {
        episode.fingerprint: episode
        for episode in _read_latest(db, keys.source, wanted)
    }
    others: Sequence[KnownEpisode] = ()
    if keys.others:
        group = {"source": keys.source, "group_key": keys.group_key}
        others = [
            episode
            for episode in _read(db, _OPEN, group)
            # The flood is the source's, though one group's post began it.
            if episode.fingerprint not in episodes and episode.fingerprint != FLOOD
        ]
    amount, flood = _read_open(db, keys.source)
    last = None
    if post is not None:
        last = LastPost(moment(post[0]), moment_or_none(post[1]), post[2])
    return Known(
        episodes=episodes, others=others, last_post=last, open=amount, flood=flood
    )


def _read_open(db: Connection, source: str) -> tuple[int, KnownEpisode | None]:
    """How many episodes of a source are open, and what stands for too many of them."""
    row = db.execute(_OPEN_OF_SOURCE, (FLOOD, source)).fetchone()
    if row is None:
        return 0, None
    if row[1] is None:
        return row[0], None
    return row[0], _read(db, " WHERE e.id = :id", {"id": row[1]})[0]


def _wanted(keys: Keys, truncated: int, unreadable: int) -> tuple[Fingerprint, ...]:
    """Name what to look up, given what the previous post of the group left out."""
    also: list[Fingerprint] = []
    if truncated > 0 and keys.after_truncated is not None:
        also.append(keys.after_truncated)
    if unreadable > 0 and keys.after_unreadable is not None:
        also.append(keys.after_unreadable)
    if not also:
        return keys.fingerprints
    return tuple(dict.fromkeys((*keys.fingerprints, *also)))


def _read_latest(
    db: Connection, source: str, fingerprints: Sequence[Fingerprint]
) -> list[KnownEpisode]:
    if len(fingerprints) == 1:
        one = {"source": source, "fingerprint": fingerprints[0]}
        return _read(db, _LATEST_OF_ONE, one)
    many = {"source": source, "fingerprints": json.dumps(fingerprints)}
    return _read(db, _LATEST, many)


def _read(
    db: Connection, where: str, values: Mapping[str, object]
) -> list[KnownEpisode]:
    rows = db.execute(_EPISODES + where, values).fetchall()
    if not rows:
        return []
    facts: dict[int, list[KnownFact]] = {row[0]: [] for row in rows}
    for fact in db.execute(_FACTS, (json.dumps(list(facts)),)):
        facts[fact[13]].append(_known_fact(fact))
    return [_known_episode(row, facts[row[0]]) for row in rows]


def _known_episode(row: Row, facts: Sequence[KnownFact]) -> KnownEpisode:
    return KnownEpisode(
        id=EpisodeId(row[0]),
        fingerprint=Fingerprint(row[1]),
        starts_at=moment(row[2]),
        ends_at=moment_or_none(row[3]),
        ended_seen=moment_or_none(row[4]),
        acknowledged=row[5] is not None,
        annotations=load_map(row[6]),
        previous_end=moment_or_none(row[7]),
        flaps=row[8],
        refired_at=moment_or_none(row[9]),
        changed_seen=moment(row[10]),
        seen_at=moment(row[11]),
        stale=row[12] is not None,
        opened=tuple(moment(column) for column in json.loads(row[13])),
        facts=tuple(facts),
    )


def _known_fact(row: Row) -> KnownFact:
    mutes, actives = load_mutes(row[12])
    return KnownFact(
        id=NotificationId(row[0]),
        recipient=RecipientName(row[1]),
        kind=_KINDS[row[2]],
        round=row[3],
        state=_STATES[row[4]],
        reason=_REASONS[row[5]],
        severity=_SEVERITIES[row[6]],
        receiver=row[7],
        route=row[14],
        where=row[8],
        numbers=load_numbers(row[9]),
        uncertain=row[10],
        told_at=moment_or_none(row[15]),
        held_until=moment_or_none(row[11]),
        mutes=mutes,
        actives=actives,
    )
