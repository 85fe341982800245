"""Looking up in SQL: which uncertain submissions to ask about, and what was found."""

import json
from collections.abc import Collection
from datetime import datetime
from sqlite3 import Connection
from typing import assert_never

from alertbridge.core.inquiry import Conclusion, Found, Inquiry, LookAgain, NotThere
from alertbridge.core.message import Reference
from alertbridge.core.notification import MessageId, ProviderName
from alertbridge.ports import Inquiries
from alertbridge.stores.columns import moment, stamp
from alertbridge.stores.sqlite_attempt import give_place_back
from alertbridge.stores.sqlite_settle import tell_late

_MOST = 500
"""Submissions asked about at once; one list serves them all."""


def inquiries(
    db: Connection, listers: Collection[ProviderName], now: datetime
) -> Inquiries:
    """Find what is to be looked up now, the oldest first, and when the next is."""
    asked = {"listers": json.dumps(sorted(listers)), "now": stamp(now), "most": _MOST}
    where = (
        " FROM submission WHERE state = 'uncertain' AND look_at IS NOT NULL"
        " AND provider IN (SELECT value FROM json_each(:listers))"
    )
    rows = db.execute(
        f"SELECT reference, provider, began_at, looks{where} AND look_at <= :now"
        " ORDER BY began_at LIMIT :most",
        asked,
    ).fetchall()
    (following,) = db.execute(
        f"SELECT min(look_at){where} AND look_at > :now", asked
    ).fetchone()
    return Inquiries(
        due=tuple(
            Inquiry(
                reference=Reference(row[0]),
                provider=ProviderName(row[1]),
                began_at=moment(row[2]),
                looks=row[3],
            )
            for row in rows
        ),
        next_due=None if following is None else moment(following),
    )


def conclude(
    db: Connection, inquiry: Inquiry, conclusion: Conclusion, now: datetime
) -> bool:
    """Write down what a list has shown, if the submission is still uncertain.

    An attempt begun meanwhile (the list was away too long) makes it another inquiry.
    """
    ours = db.execute(
        "SELECT 1 FROM submission WHERE reference = ? AND state = 'uncertain'"
        " AND began_at = ? AND look_at IS NOT NULL",
        (inquiry.reference, stamp(inquiry.began_at)),
    ).fetchone()
    if ours is None:
        return False
    match conclusion:
        case Found(provider_id):
            rows = db.execute(
                "SELECT id FROM message WHERE submission = ? AND state = 'uncertain'",
                (inquiry.reference,),
            ).fetchall()
            for (message,) in rows:
                tell_late(db, MessageId(message), provider_id, now)
        case NotThere():
            _take_back(db, inquiry.reference, now)
            db.execute(
                "UPDATE submission SET look_at = NULL, retry_at = ?"
                " WHERE reference = ?",
                (stamp(now), inquiry.reference),
            )
        case LookAgain(at, looks):
            db.execute(
                "UPDATE submission SET look_at = ?, looks = ? WHERE reference = ?",
                (stamp(at), looks, inquiry.reference),
            )
        case _:
            assert_never(conclusion)
    return True


def _take_back(db: Connection, reference: Reference, now: datetime) -> None:
    """The last attempt was not sent: nobody heard it, and nobody's pace counts it.

    Unless the list says so again and again: then it may be the list that is wrong.
    """
    db.execute(
        "UPDATE notification SET uncertain = max(uncertain - 1, 0)"
        " WHERE state = 'in_flight' AND message IN (SELECT id FROM message"
        " WHERE submission = ? AND state = 'uncertain')",
        (reference,),
    )
    rows = db.execute(
        "SELECT m.id, s.attempt FROM message m JOIN submission s"
        " ON s.reference = m.submission WHERE s.reference = ?"
        " AND m.state = 'uncertain'",
        (reference,),
    ).fetchall()
    for message, attempt in rows:
        give_place_back(db, message, now, attempt)
