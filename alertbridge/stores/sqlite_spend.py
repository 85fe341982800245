"""What SMS cost, in SQL: counted with the attempt, given back with its settlement."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from sqlite3 import Connection

from alertbridge.core.message import Message
from alertbridge.core.notification import (
    MessageId,
    NotificationId,
    ProviderName,
    Reason,
)
from alertbridge.core.plan import Known
from alertbridge.core.recipient import RecipientName
from alertbridge.core.spend import Limit, Payer, Period, Scope, Spent
from alertbridge.core.spend_watch import Watch
from alertbridge.stores.columns import moment, stamp
from alertbridge.stores.sqlite_attempt import Claim
from alertbridge.stores.sqlite_intake import apply

KEPT_LONGER = timedelta(days=310)
"""How much longer than the retention of history spend is kept: 400 days by default, so
that a month can be compared with the same one a year ago."""

LOOK_AGAIN = timedelta(seconds=5)
"""How often a mailbox that a budget holds back is read at the most. A storm wakes it
for every alert; to read thousands of facts each time would cost intake its speed."""


def read_spent(
    db: Connection, periods: Iterable[Period], recipient: RecipientName | None = None
) -> dict[Period, Spent]:
    """What these periods have cost; those that cost nothing yet are left out.

    With a *recipient*, also of which limits this person was told that they are used up.
    """
    found: dict[Period, Spent] = {}
    for period in dict.fromkeys(periods):
        row = db.execute(
            "SELECT s.segments, s.under_way, s.warned, s.warned_of, u.of FROM spend s"
            " LEFT JOIN said_used_up u ON u.recipient = ? AND u.scope = s.scope"
            " AND u.name = s.name AND u.period = s.period"
            " WHERE s.scope = ? AND s.name = ? AND s.period = ?",
            (recipient or "", *_key(period)),
        ).fetchone()
        if row is not None:
            found[period] = Spent(
                segments=row[0],
                under_way=row[1],
                warned=row[2],
                warned_of=row[3],
                said_of=row[4] or 0,
            )
    return found


def charge(
    work: Claim,
    messages: Sequence[Message],
    provider: ProviderName,
    attempt: int,
    segments: int,
) -> None:
    """Count one attempt: each message's segments, with everybody who pays for it."""
    db = work.db
    paying = [
        (message.id, work.drafting.paying(message, provider, work.now))
        for message in messages
    ]
    db.executemany(
        "INSERT INTO charge (message, attempt, segments, periods) VALUES (?, ?, ?, ?)",
        [
            (message, attempt, segments, json.dumps([_key(p) for p in periods]))
            for message, periods in paying
        ],
    )
    cost: Counter[Period] = Counter()
    for _, periods in paying:
        for period in periods:
            cost[period] += segments
    db.executemany(
        "INSERT INTO spend (scope, name, period, segments, under_way)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (scope, name, period) DO UPDATE SET"
        " segments = segments + excluded.segments,"
        " under_way = under_way + excluded.under_way",
        [(*_key(period), amount, amount) for period, amount in cost.items()],
    )


def give_back(db: Connection, message: MessageId, attempt: int) -> None:
    """Surely not sent: it cost nothing, and said nothing."""
    row = db.execute(
        "DELETE FROM charge WHERE message = ? AND attempt = ?"
        " RETURNING segments, periods",
        (message, attempt),
    ).fetchone()
    if row is not None:
        db.executemany(
            "UPDATE spend SET segments = segments - ?, under_way = under_way - ?"
            " WHERE scope = ? AND name = ? AND period = ?",
            [(row[0], row[0], *key) for key in json.loads(row[1])],
        )
    if attempt == 1:
        # A later attempt is a repeat of one that may have said it.
        db.execute("DELETE FROM said_used_up WHERE message = ?", (message,))


def close_charges(
    db: Connection,
    messages: Iterable[Message],
    attempt: int,
    watch: Watch,
    at: datetime,
) -> None:
    """Keep what an answered attempt cost, and write the pages about what it crossed."""
    rows = db.execute(
        "DELETE FROM charge WHERE attempt = ? AND message IN"
        " (SELECT value FROM json_each(?)) RETURNING segments, periods",
        (attempt, json.dumps([message.id for message in messages])),
    ).fetchall()
    cost: Counter[tuple[str, str, str]] = Counter()
    for segments, periods in rows:
        for scope, name, key in json.loads(periods):
            cost[scope, name, key] += segments
    db.executemany(
        "UPDATE spend SET under_way = under_way - ?"
        " WHERE scope = ? AND name = ? AND period = ?",
        [(amount, *key) for key, amount in cost.items()],
    )
    touched = [Period(Payer(Scope(scope), name), key) for scope, name, key in cost]
    for crossing, plan in watch(read_spent(db, touched)):
        db.execute(
            "UPDATE spend SET warned = ?, warned_of = ?"
            " WHERE scope = ? AND name = ? AND period = ?",
            (crossing.percent, crossing.limit.segments, *_key(crossing.limit.period)),
        )
        apply(db, plan, Known(), at)


def close_all_charges(db: Connection) -> None:
    """A process has ended: what it had under way may have left, and is paid for."""
    db.execute("UPDATE spend SET under_way = 0 WHERE under_way != 0")
    db.execute("DELETE FROM charge")


def say_used_up(
    db: Connection, recipient: RecipientName, limits: Iterable[Limit], message: int
) -> None:
    """Note that this message tells *recipient* that these limits are used up."""
    db.executemany(
        "INSERT INTO said_used_up (recipient, scope, name, period, of, message)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (recipient, scope, name, period)"
        " DO UPDATE SET of = excluded.of, message = excluded.message",
        [(recipient, *_key(x.period), x.segments, message) for x in limits],
    )


def hold_back(
    db: Connection,
    recipient: RecipientName,
    held: Sequence[NotificationId],
    rests_from: datetime | None,
) -> None:
    """Record which facts a budget keeps in a mailbox; with none, that it keeps none.

    From *rests_from* the mailbox rests for a moment; None: what leaves it now is looked
    after first.
    """
    db.executemany(
        "UPDATE notification SET reason = ? WHERE id = ? AND state = 'waiting'"
        " AND reason != ?",
        [(Reason.OVER_BUDGET, fact, Reason.OVER_BUDGET) for fact in held],
    )
    until = 0
    if held:
        until = 1 if rests_from is None else stamp(rests_from + LOOK_AGAIN)
    db.execute(
        "UPDATE mailbox SET over_budget_until = ? WHERE recipient = ?"
        " AND over_budget_until != ?",
        (until, recipient, until),
    )


def rests_until(
    db: Connection, recipient: RecipientName, now: datetime
) -> datetime | None:
    """When a mailbox that a budget holds back may be read again; None: now."""
    row = db.execute(
        "SELECT over_budget_until FROM mailbox WHERE recipient = ?"
        " AND over_budget_until > ?",
        (recipient, stamp(now)),
    ).fetchone()
    return None if row is None else moment(row[0])


def reconsider(db: Connection, now: datetime) -> None:
    """Budgets may have changed: look again at every mailbox that one holds back."""
    db.execute(
        "UPDATE mailbox SET due_at = min(due_at, ?), over_budget_until = 1"
        " WHERE over_budget_until > 0",
        (stamp(now),),
    )


def prune_spend(db: Connection, before: datetime) -> None:
    """Delete the periods that ended long before *before*."""
    day = (before - KEPT_LONGER).date().isoformat()
    db.execute("DELETE FROM spend WHERE period < ?", (day,))
    db.execute("DELETE FROM said_used_up WHERE period < ?", (day,))


def spent_in(db: Connection, periods: Sequence[Period]) -> Mapping[Period, int]:
    """How many segments each of these periods has cost."""
    spent = read_spent(db, periods)
    return {
        period: spent[period].segments if period in spent else 0 for period in periods
    }


def _key(period: Period) -> tuple[str, str, str]:
    return period.payer.scope.value, period.payer.name, period.key
