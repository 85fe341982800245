"""What kills its worker again and again is found, set apart, and in the end buried.

Before a mailbox is composed, what is about to be read is noted in a file that outlives
the process (not a power cut: those are nobody's fault). Who dies at it leaves the note
behind, and each of these notifications has a strike. Those with strikes are composed
apart from the others, in ever smaller lots; with five, one is dead, and said to be.
"""

import json
import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from sqlite3 import Connection

from alertbridge.core.alert import OURSELVES
from alertbridge.core.message import Dropped
from alertbridge.core.notification import NotificationId, Reason, State
from alertbridge.core.plan import Known
from alertbridge.stores.columns import stamp
from alertbridge.stores.sqlite_attempt import Claim
from alertbridge.stores.sqlite_intake import apply

MOST = 5
"""Strikes after which a notification is not tried again."""

FEW = 64
"""Up to so many suspects, a quarter is composed together; of more, a sixteenth: at the
fourth strike each is alone, whatever the mailbox held."""


class Trying:
    """The notifications that are being read and composed now, noted in a file.

    `left` is what a process before this one died at.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.now: tuple[int, ...] = ()
        self.left: tuple[int, ...] = ()
        self._handle: int | None = None
        if path is None:
            return
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            self._handle = os.open(path, flags, 0o600)
            self.left = _read(os.pread(self._handle, 1_000_000, 0))
        except OSError:
            return
        self._write(b"")

    def begin(self, ids: Sequence[int]) -> None:
        """Note what is read next."""
        self.now = tuple(ids)
        self._write(json.dumps(ids).encode())

    def end(self) -> None:
        """Nobody has died."""
        if self.now:
            self.now = ()
            self._write(b"")

    def close(self) -> None:
        """Let go of the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _write(self, content: bytes) -> None:
        if self._handle is None:
            return
        # A disk without room for this has none for a claim either.
        with suppress(OSError):
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, content, 0)


def _read(content: bytes) -> tuple[int, ...]:
    try:
        found = json.loads(content or b"[]")
    except ValueError:
        return ()
    if not isinstance(found, list):
        return ()
    return tuple(one for one in found if isinstance(one, int) and abs(one) < 2**62)


def strike(db: Connection, ids: Collection[int]) -> None:
    """Note that the process, or its attempt, did not survive these."""
    db.executemany(
        "UPDATE notification SET strikes = strikes + 1 WHERE id = ?"
        " AND state IN ('waiting', 'in_flight')",
        [(one,) for one in ids],
    )


def strike_killers(db: Connection, reference: str) -> None:
    """End what was being sent when the process died, five times in a row."""
    rows = db.execute(
        "SELECT outcome, detail FROM attempt WHERE reference = ? ORDER BY n DESC"
        " LIMIT ?",
        (reference, MOST),
    ).fetchall()
    if len(rows) == MOST and all(row[1] == DIED for row in rows):
        db.execute(
            "UPDATE notification SET strikes = ? WHERE state = 'in_flight' AND message"
            " IN (SELECT id FROM message WHERE submission = ?)",
            (MOST, reference),
        )


DIED = "the process ended while it was under way"
"""The detail of an attempt whose process did not live to settle it."""


def lots(db: Connection, chosen: Sequence[int]) -> list[list[int]]:
    """Split what one message would tell: what has no strike, then one small lot."""
    rows = db.execute(
        "SELECT id, strikes FROM notification WHERE strikes > 0 AND state = 'waiting'"
    ).fetchall()
    struck = {row[0]: row[1] for row in rows if row[0] in set(chosen)} if rows else {}
    if not struck:
        return [list(chosen)]
    clean = [one for one in chosen if one not in struck]
    fewest = min(struck.values())
    lot = [one for one in chosen if struck.get(one) == fewest]
    return [
        *([clean] if clean else []),
        lot[: max(1, len(lot) // (4 if len(lot) <= FEW else 16))],
    ]


def acquit(db: Connection, ids: Sequence[int]) -> None:
    """They were composed, and nobody died: only strikes in a row count."""
    db.executemany(
        "UPDATE notification SET strikes = 0 WHERE id = ? AND strikes > 0",
        [(one,) for one in ids],
    )


def bury_struck(work: Claim) -> None:
    """End what has five strikes."""
    rows = work.db.execute(
        "SELECT id FROM notification WHERE strikes >= ?"
        " AND state IN ('waiting', 'in_flight')",
        (MOST,),
    ).fetchall()
    bury_unsendable(work, [row[0] for row in rows], Reason.POISON)


def bury_unsendable(work: Claim, ids: Sequence[int], reason: Reason) -> None:
    """End notifications that must not be sent, each with its page to the admins."""
    at = stamp(work.now)
    for one in ids:
        (source,) = work.db.execute(
            "UPDATE notification SET state = 'dead', reason = ?, settled_at = ?,"
            " strikes = 0 WHERE id = ? RETURNING source",
            (reason, at, one),
        ).fetchone()
        ident = NotificationId(one)
        work.drops.append(Dropped(ident, State.DEAD, reason))
        if source != OURSELVES:
            plan = work.drafting.unsendable(ident, reason, work.now)
            apply(work.db, plan, Known(), work.now)
