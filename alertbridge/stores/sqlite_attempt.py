"""A claim under way, and the rows that are written before the first byte leaves."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from sqlite3 import Connection

from alertbridge.core.drafting import Drafting
from alertbridge.core.message import Draft, Dropped, Reference, Submission
from alertbridge.core.notification import ProviderName
from alertbridge.core.pace import GIVEN_BACK_WITHIN, MOST_GIVEN_BACK
from alertbridge.stores.columns import stamp


def _nobody_notes(ids: Sequence[int]) -> None:
    """Nobody dies at what is read."""


@dataclass(slots=True)
class Claim:
    """What one claim has taken so far, and by which provider.

    `ready` are the places left per provider; `passed` the recipients that were looked
    at, `composed` what was found for them, `drops` what left without an SMS. `randbits`
    makes what nobody may guess. `reading` is told which notifications are read next.
    """

    db: Connection
    ready: dict[ProviderName, int]
    drafting: Drafting
    now: datetime
    epoch: int
    references: Iterator[Reference]
    randbits: Callable[[int], int] = secrets.randbits
    submissions: list[Submission] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    passed: set[str] = field(default_factory=set)
    composed: dict[str, Draft | None] = field(default_factory=dict)
    drops: list[Dropped] = field(default_factory=list)
    reading: Callable[[Sequence[int]], None] = _nobody_notes

    @property
    def full(self) -> bool:
        """Whether no provider has a place left."""
        return not any(places > 0 for places in self.ready.values())


def write_attempt(
    db: Connection, reference: str, n: int, provider: str, began_at: int
) -> None:
    """Note that a request begins: what a killed process leaves behind."""
    db.execute(
        "INSERT INTO attempt (reference, n, provider, began_at) VALUES (?, ?, ?, ?)",
        (reference, n, provider, began_at),
    )


def write_sent(
    db: Connection, recipient: str, now: datetime, message: int, attempt: int
) -> None:
    """Count an SMS that may leave, for the person's pace."""
    db.execute(
        "INSERT INTO sent (recipient, at, message, attempt) VALUES (?, ?, ?, ?)",
        (recipient, stamp(now), message, attempt),
    )


def give_place_back(
    db: Connection, message: int, now: datetime, attempt: int | None = None
) -> None:
    """The pace counts a message no longer: a gateway says that it did not arrive.

    As often as is believed of one person in an hour; beyond that it counts. None: all
    attempts at it.
    """
    db.execute(
        "UPDATE sent SET given_back = 1 WHERE message = :message"
        " AND attempt = coalesce(:attempt, attempt) AND (SELECT count(*)"
        " FROM sent b WHERE b.recipient = sent.recipient AND b.at > :since"
        " AND b.given_back = 1) < :most",
        {
            "message": message,
            "attempt": attempt,
            "since": stamp(now - GIVEN_BACK_WITHIN),
            "most": MOST_GIVEN_BACK,
        },
    )
