"""Test pages on a schedule: silence for weeks must not hide that nothing arrives.

A page that a carrier says is delivered proves the whole way, and nothing else does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from alertbridge.core.notification import Reason, State
from alertbridge.core.recipient import ReceiverName, RecipientName

LATEST = timedelta(hours=6)
"""How late a test page still leaves after a time at which we were down."""

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Turn:
    """A time of the week: `weekday` is 0 on Monday, `minute` counts from midnight."""

    weekday: int
    minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """Who gets test pages, when by their clock, and how soon they must have arrived."""

    receiver: ReceiverName
    turns: tuple[Turn, ...]
    timezone: tzinfo = UTC
    within: timedelta = timedelta(minutes=30)


def last_turn(drill: Drill, now: datetime) -> datetime:
    """The latest time for a test page that is not after *now*."""
    return max(at for at in _around(drill, now) if at <= now)


def next_turn(drill: Drill, now: datetime) -> datetime:
    """The first time for a test page after *now*."""
    return min(at for at in _around(drill, now) if at > now)


def is_due(drill: Drill, done: datetime, now: datetime) -> bool:
    """Whether a test page is to leave now, the last of which was for *done*.

    One that was missed for long is not made up for: the next one comes.
    """
    at = last_turn(drill, now)
    return at > done and now - at <= LATEST


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of one person's test page."""

    recipient: RecipientName
    state: str
    reason: str

    @property
    def arrived(self) -> bool:
        """Whether the carrier says that the phone has it."""
        return self.state == State.TOLD and self.reason == Reason.DELIVERED


def missed(heard: Sequence[Heard]) -> tuple[Heard, ...]:
    """Who did not get it, as far as anybody says."""
    return tuple(one for one in heard if not one.arrived)


def _around(drill: Drill, now: datetime) -> tuple[datetime, ...]:
    """The times of the week before, this one and the next, by the clock on the wall."""
    there = now.astimezone(drill.timezone)
    monday = (there - timedelta(days=there.weekday())).date()
    found: list[datetime] = []
    for turn in drill.turns:
        for week in (-_WEEK, timedelta(0), _WEEK):
            day = monday + week + timedelta(days=turn.weekday)
            # A time that a change of clocks leaves out is an hour later.
            wall = datetime(day.year, day.month, day.day, tzinfo=drill.timezone)
            at = wall + timedelta(minutes=turn.minute)
            found.append(at.astimezone(UTC))
    return tuple(found)
