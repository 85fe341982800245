"""Which of a mailbox's waiting facts one message tells: fair shares, in SQL.

The worst first; among equals each source in turn, its oldest first. A source that
floods a mailbox fills what the others leave, and never the place of their critical.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from sqlite3 import Connection

from alertbridge.core.recipient import RecipientName
from alertbridge.core.severity import Severity
from alertbridge.stores.columns import stamp

# Rule 4: facts of an episode whose last message is uncertain wait until it is settled.
_FREE = (
    "n.recipient = :recipient AND n.state = 'waiting' AND NOT EXISTS ("
    "SELECT 1 FROM notification u WHERE u.episode = n.episode"
    " AND u.recipient = n.recipient AND u.state = 'in_flight')"
)
_MAY_LEAVE = "(n.held_until IS NULL OR n.held_until <= :now)"
_NEWS = "(n.kind = 'resolved' OR e.ends_at IS NULL)"

_NEXT_SOURCE = (
    "SELECT min(source) FROM notification WHERE recipient = :recipient"
    " AND state = 'waiting' AND severity = :severity AND source > :after"
)
_LEADS = (
    "SELECT n.id FROM notification n JOIN episode e ON e.id = n.episode"
    f" WHERE {_FREE} AND n.severity = :severity AND n.source = :source"
    f" AND n.id > :after AND {_MAY_LEAVE} AND {_NEWS} ORDER BY n.id LIMIT :limit"
)
_OVER = (
    "SELECT n.id FROM notification n JOIN episode e ON e.id = n.episode"
    f" WHERE {_FREE} AND {_MAY_LEAVE} AND NOT {_NEWS}"
    " ORDER BY n.severity, n.id LIMIT :limit"
)
# The index alone answers which are due first; the rest is asked of those only.
_HELD = (
    f"SELECT n.id FROM notification n WHERE {_FREE} AND n.id IN (SELECT id FROM"
    " notification WHERE recipient = :recipient AND state = 'waiting'"
    " AND held_until > :now ORDER BY held_until, id LIMIT :limit)"
)
_WAITING = (
    "SELECT count(*) FROM notification n WHERE n.recipient = :recipient"
    f" AND n.state = 'waiting' AND {_MAY_LEAVE}"
)
# The few that wait for an uncertain message of their episode, found from the message.
_NOT_FREE = (
    "SELECT count(DISTINCT n.id) FROM submission s"
    " JOIN message m ON m.submission = s.reference AND m.recipient = :recipient"
    " JOIN notification u ON u.message = m.id AND u.state = 'in_flight'"
    # The plus signs have it looked up by its episode, not among all that wait.
    " JOIN notification n ON n.episode = u.episode AND +n.recipient = u.recipient"
    " AND +n.state = 'waiting'"
    f" WHERE s.state IN ('in_flight', 'uncertain') AND {_MAY_LEAVE}"
)


HELD_READ = 100
"""Held facts read beside the others, the first that are due: they say when to look
again. A muted storm must not be read whole at every look."""


def share_out(
    db: Connection, recipient: RecipientName, now: datetime, limit: int
) -> tuple[list[int], int]:
    """Choose at most *limit* waiting facts; say how many that may leave are left.

    What can make a message leave comes before what only rides along (a critical that
    is over) or is held: were it the other way round, two thousand of those would keep
    the next page from being seen.
    """
    values = {"recipient": recipient, "now": stamp(now)}
    chosen: list[int] = []
    for severity in Severity:
        values |= {"severity": severity.value}
        room = limit - len(chosen)
        if room > 0:
            chosen += _take_turns(db, values, room)
    room = limit - len(chosen)
    if room > 0:
        rows = db.execute(_OVER, {**values, "limit": room})
        chosen += [row[0] for row in rows]
    room = limit - len(chosen)
    if room > 0:
        rows = db.execute(_HELD, {**values, "limit": min(room, HELD_READ)})
        return [*chosen, *(row[0] for row in rows)], 0
    (waiting,) = db.execute(_WAITING, values).fetchone()
    (bound,) = db.execute(_NOT_FREE, values).fetchone()
    return chosen, max(0, waiting - bound - len(chosen))


def _take_turns(
    db: Connection, values: Mapping[str, object], room: int
) -> Sequence[int]:
    """Give every source the same share; what one leaves goes to the others."""
    chosen: list[int] = []
    last = dict.fromkeys(_sources(db, values), 0)
    while room > 0 and last:
        share = max(1, room // len(last))
        for source, after in tuple(last.items()):
            limit = min(share, room)
            asked = {**values, "source": source, "after": after, "limit": limit}
            found = [row[0] for row in db.execute(_LEADS, asked)]
            chosen += found
            room -= len(found)
            if room == 0:
                break
            if len(found) < limit:
                del last[source]
            else:
                last[source] = found[-1]
    return chosen


def _sources(db: Connection, values: Mapping[str, object]) -> list[str]:
    """Find who has anything of one severity here, by name: one look-up each."""
    found: list[str] = []
    after = ""
    while True:
        row = db.execute(_NEXT_SOURCE, {**values, "after": after}).fetchone()
        if row[0] is None:
            return found
        after = row[0]
        found.append(after)
