"""Whether a source that used to be let in is locked out, or strangers try its door.

A source with the wrong credentials pages nobody, and nothing else says so: Alertmanager
gives a 401 up at once. But anybody can post without credentials. So what counts is that
nobody is let in meanwhile; and who was called locked out, and then came in after all,
is waited for longer the next time: there are strangers about, or another of its peers.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

PATIENCE = timedelta(minutes=2)
"""How long posts are refused, with none let in, before a source is locked out. What is
posted while a token is being replaced on both sides is refused for less."""

LONGER = 4
"""How many times as long, after each time that it came in after all."""

LONGEST = timedelta(hours=6)

MOST_MISTAKEN = 5
"""Times after which it is waited for no longer: `LONGEST` is reached by then."""

FORGOTTEN = timedelta(hours=24)
"""How long after the last of those times the usual patience is back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """How the posts to one source have been received.

    `known` says that it was let in at some time. `refused` counts those that were not
    since the last that was; the first of them came `since`, the latest at `latest`.
    `mistaken` counts how often it was locked out and came in after all, `mistaken_at`
    is the last time.
    """

    known: bool = False
    refused: int = 0
    since: datetime | None = None
    latest: datetime | None = None
    mistaken: int = 0
    mistaken_at: datetime | None = None


def after_let_in(reception: Reception, now: datetime) -> Reception:
    """Take a post into account that showed what it must."""
    if not is_locked_out(reception):
        return replace(reception, known=True, refused=0, since=None, latest=None)
    mistaken = _mistaken(reception, now) + 1
    return Reception(known=True, mistaken=mistaken, mistaken_at=now)


def after_refused(reception: Reception, now: datetime) -> Reception:
    """Take a post into account that did not."""
    since = reception.since or now
    refused = reception.refused + 1
    return replace(reception, refused=refused, since=since, latest=now)


def is_locked_out(reception: Reception) -> bool:
    """Whether the source itself is refused, as far as can be told from here."""
    since, latest = reception.since, reception.latest
    if not reception.known or since is None or latest is None:
        return False
    waits = PATIENCE * LONGER ** _mistaken(reception, latest)
    return reception.refused > 1 and latest - since >= min(waits, LONGEST)


def _mistaken(reception: Reception, now: datetime) -> int:
    """How often it was mistaken, as far as that counts; the wait is bounded by then."""
    at = reception.mistaken_at
    if at is None or now - at >= FORGOTTEN:
        return 0
    return min(reception.mistaken, MOST_MISTAKEN)
