"""A mailbox in SQL: read what waits in it, and when it is to be looked at next."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from sqlite3 import Connection, Row

from alertbridge.core.alert import SourceName
from alertbridge.core.mailbox import Mailbox
from alertbridge.core.message import Dropped
from alertbridge.core.notification import (
    EpisodeId,
    EpisodeView,
    Fact,
    Kind,
    MessageId,
    NotificationId,
    PostNote,
    ProviderName,
    State,
)
from alertbridge.core.pace import MOST
from alertbridge.core.recipient import Msisdn, RecipientName
from alertbridge.stores.columns import (
    FAR,
    load_map,
    load_numbers,
    load_ways,
    moment,
    moment_or_none,
    severity,
    stamp,
)
from alertbridge.stores.sqlite_sum import sum_of_notification, sum_of_numbers

_COLUMNS = (
    "n.id, n.kind, n.round, n.severity, n.receiver, n.numbers, n.created_at,"
    " n.expires_at, n.held_until, n.uncertain, n.tried, n.replaces,"
    " e.id, e.source, e.labels, e.annotations, e.starts_at, e.ends_at,"
    " e.generator_url, p.id, p.truncated, p.unreadable, p.oversized,"
    " EXISTS (SELECT 1 FROM notification h WHERE h.episode = n.episode"
    "  AND h.recipient = n.recipient AND h.kind != 'resolved'"
    "  AND (h.state = 'told' AND h.reason != 'undelivered'"
    "   OR h.uncertain > 0 OR h.unconfirmed > 0)),"
    " n.route, e.flaps, e.stale_at,"
    # Told of the same alert at a lesser severity, and that still fires; of what is
    # over, at another: who reads RESOLVED must not take both for over.
    " e.kin != '' AND EXISTS (SELECT 1 FROM episode k JOIN notification t"
    "  ON t.episode = k.id WHERE k.kin = e.kin AND k.kin != '' AND k.ends_at IS NULL"
    "  AND (k.severity > e.severity"
    "   OR n.kind = 'resolved' AND k.severity != e.severity)"
    "  AND t.recipient = n.recipient"
    "  AND t.state = 'told' AND t.kind != 'resolved'),"
    " n.reason = 'over_budget'"
    ", e.ended_seen, e.severity, n.doubted, n.fail_overs, n.unconfirmed, e.acked_at"
)
_JOINS = (
    " FROM notification n JOIN episode e ON e.id = n.episode"
    " LEFT JOIN post p ON p.id = n.post"
)


def read_mailbox(
    db: Connection,
    recipient: RecipientName,
    now: datetime,
    facts: tuple[Fact, ...],
    more: int,
    sent: tuple[datetime, ...],
) -> Mailbox:
    """Everything that bears on letting a message leave this mailbox.

    *sent* is what `read_sent` found: who asks has looked at it before.
    """
    return Mailbox(
        recipient=recipient,
        facts=facts,
        more=more,
        sent=sent,
        skipped=_read_skipped(db, now),
    )


def read_facts(
    db: Connection, chosen: Sequence[int]
) -> tuple[tuple[Fact, ...], tuple[int, ...], tuple[int, ...]]:
    """Read facts: those that are what was written, and the ids of those that are not.

    Last, the ids of those of the first whose frozen numbers are not.
    """
    rows = db.execute(
        f"SELECT {_COLUMNS}, n.episode, n.recipient, n.sum, n.numbers_sum{_JOINS}"
        " WHERE n.id IN (SELECT value FROM json_each(?)) ORDER BY n.severity, n.id",
        (json.dumps(chosen),),
    ).fetchall()
    facts: list[Fact] = []
    damaged: list[int] = []
    doubtful: list[int] = []
    for row in rows:
        *_, episode, recipient, identity, numbers = row
        if identity != sum_of_notification(episode, row[1], row[2], recipient):
            damaged.append(row[0])
            continue
        if numbers == sum_of_numbers(row[5]):
            facts.append(fact_of(row))
            continue
        doubtful.append(row[0])
        facts.append(fact_of(row, numbers="[]"))
    return tuple(facts), tuple(damaged), tuple(doubtful)


def read_told(
    db: Connection, message: MessageId, state: State = State.IN_FLIGHT
) -> tuple[Fact, ...]:
    """The facts a message tells, those of them in *state*."""
    rows = db.execute(
        f"SELECT {_COLUMNS}{_JOINS} WHERE n.message = ? AND n.state = ?"
        " ORDER BY n.severity, n.id",
        (message, state),
    )
    return tuple(fact_of(row) for row in rows)


def fact_of(row: Row, *, numbers: str | None = None) -> Fact:
    """Build a fact from a row of `_COLUMNS`; *numbers* stand for those that it has."""
    note = None
    if row[19] is not None and (row[20] or row[21] or row[22]):
        note = PostNote(str(row[19]), row[20], row[21], bool(row[22]))
    return Fact(
        id=NotificationId(row[0]),
        kind=Kind(row[1]),
        round=row[2],
        severity=severity(row[3]),
        receiver=row[4],
        numbers=load_numbers(row[5] if numbers is None else numbers),
        created_at=moment(row[6]),
        expires_at=moment_or_none(row[7]),
        held_until=moment_or_none(row[8]),
        uncertain=row[9],
        tried=load_ways(row[10]),
        replaces=None if row[11] is None else MessageId(row[11]),
        episode=EpisodeView(
            id=EpisodeId(row[12]),
            source=SourceName(row[13]),
            labels=load_map(row[14]),
            annotations=load_map(row[15]),
            starts_at=moment(row[16]),
            ends_at=moment_or_none(row[17]),
            ended_seen=moment_or_none(row[29]),
            generator_url=row[18],
            severity=severity(row[30]),
            flaps=row[25],
            stale=row[26] is not None,
        ),
        note=note,
        heard=bool(row[23]),
        route=row[24],
        worse=bool(row[27]),
        over_budget=bool(row[28]),
        doubted=None if row[31] is None else ProviderName(row[31]),
        fail_overs=row[32],
        unconfirmed=row[33],
        acknowledged=row[34] is not None,
    )


def read_sent(
    db: Connection, recipient: RecipientName, since: datetime
) -> tuple[datetime, ...]:
    """When SMS that may have left were sent to this person, the newest first.

    Bounded by the largest limit there is: older ones cannot matter to any.
    """
    rows = db.execute(
        "SELECT at FROM sent WHERE recipient = ? AND at > ? AND given_back = 0"
        " ORDER BY at DESC LIMIT ?",
        (recipient, stamp(since), MOST),
    )
    return tuple(moment(row[0]) for row in rows)


def sleeps(
    db: Connection, recipient: RecipientName, until: datetime, now: datetime
) -> bool:
    """Whether a mailbox need not be read before its person's quiet hours end.

    It is read all the same for a page he asked for himself (`Fact.asked_for`), and for
    what is too old. The rest is as new at *until* as it is now: written down, so that
    a config that ends the hours sooner does not find it too old.
    """
    at = {"recipient": recipient, "until": stamp(until), "now": stamp(now)}
    row = db.execute(
        "SELECT 1 FROM notification WHERE recipient = :recipient"
        " AND state = 'waiting' AND (receiver = '' OR expires_at <= :now) LIMIT 1",
        at,
    ).fetchone()
    if row is not None:
        return False
    db.execute(
        "UPDATE notification SET expires_at = :until + expires_at"
        " - max(created_at, coalesce(held_until, 0)) WHERE recipient = :recipient"
        " AND state = 'waiting' AND expires_at <= :until",
        at,
    )
    return True


def _read_skipped(db: Connection, now: datetime) -> frozenset[Msisdn]:
    rows = db.execute(
        "SELECT number FROM skipped_number WHERE until > ?", (stamp(now),)
    )
    return frozenset(Msisdn(row[0]) for row in rows)


def skip_number(db: Connection, number: Msisdn, until: datetime) -> None:
    """Pass over a number, for everybody and by every provider, until *until*."""
    db.execute(
        "INSERT INTO skipped_number (number, until) VALUES (?, ?)"
        " ON CONFLICT (number) DO UPDATE SET until = excluded.until",
        (number, stamp(until)),
    )


def drop(db: Connection, drops: Iterable[Dropped], now: datetime) -> None:
    """Take facts out of a mailbox, with the rule that says so."""
    db.executemany(
        "UPDATE notification SET state = ?, reason = ?, settled_at = ?"
        " WHERE id = ? AND state = 'waiting'",
        [(drop.state, drop.reason, stamp(now), drop.id) for drop in drops],
    )


def look_again(
    db: Connection, recipient: RecipientName, until: datetime | None
) -> None:
    """Set when a mailbox is looked at next; forget it once nothing waits in it."""
    row = db.execute(
        "SELECT min(severity) FROM notification WHERE recipient = ?"
        " AND state = 'waiting'",
        (recipient,),
    ).fetchone()
    if row[0] is None:
        db.execute(
            "DELETE FROM mailbox WHERE recipient = ? AND busy IS NULL"
            " AND deferrals = 0",
            (recipient,),
        )
        db.execute(
            "UPDATE mailbox SET due_at = ? WHERE recipient = ?", (FAR, recipient)
        )
        return
    db.execute(
        "UPDATE mailbox SET due_at = ?, rank = ? WHERE recipient = ?",
        (FAR if until is None else stamp(until), row[0], recipient),
    )


def wake(db: Connection, recipient: RecipientName, now: datetime) -> None:
    """Have a mailbox looked at now, if anything waits in it."""
    row = db.execute(
        "SELECT min(severity) FROM notification WHERE recipient = ?"
        " AND state = 'waiting'",
        (recipient,),
    ).fetchone()
    if row[0] is None:
        look_again(db, recipient, None)
        return
    db.execute(
        "INSERT INTO mailbox (recipient, rank, due_at, not_before, deferrals, alone)"
        " VALUES (?, ?, ?, 0, 0, 0) ON CONFLICT (recipient) DO UPDATE SET"
        " rank = excluded.rank, due_at = min(due_at, excluded.due_at),"
        " waits_for = NULL",
        (recipient, row[0], stamp(now)),
    )
