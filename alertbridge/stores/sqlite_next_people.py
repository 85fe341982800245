"""Telling somebody else in SQL: a fact for each, unless he has heard or will hear."""

from collections.abc import Sequence
from datetime import datetime
from sqlite3 import Connection

from alertbridge.core.next_person import NextPerson
from alertbridge.core.notification import Kind, Reason
from alertbridge.core.recipient import RecipientName
from alertbridge.stores.columns import dump_numbers, stamp, stamp_or_none
from alertbridge.stores.sqlite_mailbox import wake

ROUND = 1
"""Who is told instead is told once for an episode, however many were not reached."""


def write_next_people(
    db: Connection, people: Sequence[NextPerson], now: datetime
) -> None:
    """Write what these people must hear instead of others."""
    for person in people:
        db.execute(
            "INSERT INTO notification (episode, kind, round, recipient, source, state,"
            " reason, severity, receiver, route, place, numbers, mutes, tried,"
            " uncertain, post, created_at, expires_at, sum, numbers_sum)"
            " SELECT d.episode, :kind, :round, :recipient, d.source, 'waiting',"
            " :reason, d.severity, :receiver, d.route, :place, :numbers, '', '',"
            " 0, d.post, :now, :expires, sum_of_notification(d.episode, :kind, :round,"
            "  :recipient), sum_of_numbers(:numbers)"
            " FROM notification d WHERE d.id = :dead AND d.state = 'dead'"
            " AND NOT EXISTS (SELECT 1 FROM notification k WHERE k.episode = d.episode"
            "  AND k.recipient = :recipient AND k.kind != 'resolved'"
            "  AND k.state IN ('waiting', 'in_flight', 'told'))"
            # It was over before he was told, or too old, and fires again or still.
            " ON CONFLICT (episode, kind, round, recipient) DO UPDATE SET"
            " state = 'waiting', reason = excluded.reason, settled_at = NULL,"
            " held_until = NULL, created_at = excluded.created_at,"
            " expires_at = excluded.expires_at"
            " WHERE state IN ('cancelled', 'expired') AND reason != 'operator'",
            {
                "kind": Kind.ESCALATED,
                "round": ROUND,
                "recipient": person.recipient,
                "reason": Reason.UNREACHED,
                "receiver": person.receiver,
                "place": person.where,
                "numbers": dump_numbers(person.numbers),
                "now": stamp(now),
                "expires": stamp_or_none(person.expires_at),
                "dead": person.instead_of,
            },
        )
        wake(db, RecipientName(person.recipient), now)
