"""What follows an outcome: told, again, another way, or the end.

*Tenacity holds seconds, the store holds minutes*: the waits decided here are rows, and
survive the process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from alertbridge.core.circuit import LONGEST_WISH
from alertbridge.core.inquiry import FAIL_OPEN
from alertbridge.core.message import (
    Accepted,
    Deferred,
    Message,
    Outcome,
    Rejected,
    Uncertain,
)
from alertbridge.core.notification import Fact, NotificationId, ProviderName, Way
from alertbridge.core.severity import Severity
from alertbridge.core.way import ways_left


def _seconds(*values: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=value) for value in values)


RETRY: Mapping[Severity, tuple[timedelta, ...]] = {
    Severity.CRITICAL: _seconds(1, 2, 4, 8, 15, 30),
    Severity.HIGH: _seconds(2, 4, 8, 15, 30, 60),
    Severity.LOW: _seconds(5, 10, 20, 40, 80, 120),
}
"""Waits after a Deferred, by how many came in a row; the last one repeats.

There is no last try: what surely was not sent ends only by its time to live.
"""

UNCERTAIN_WAIT = timedelta(seconds=15)
"""From the start of an uncertain attempt to the next: longer than any request lives,
so that the first cannot still land after the second is decided."""

MAX_UNCERTAIN = 2
"""Sends of one fact whose answer nobody saw. After these only the provider's list can
say what became of it; where there is none, it is dead, and the admins are told."""

SKIP_NUMBER = timedelta(minutes=15)
"""How long a number with a permanent error is skipped (rule 9)."""

LONGEST_RETRY_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Told:
    """The provider took it: every fact of the message is told."""

    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class Again:
    """Surely not sent: the message dissolves, its facts wait until `at`.

    `alone` keeps the next message out of shared submissions: one number that the
    provider refuses must not cost the others their page.
    """

    at: datetime
    alone: bool = False


@dataclass(frozen=True, slots=True)
class LookLater:
    """It may have been sent: keep the message as it is, and decide again at `at`.

    `by_this` says whether by this attempt; if not, by the one before it. `look_at` is
    when the provider's list is asked, None if it has none: `at` is then when the same
    goes out once more, and otherwise when it does so without a list.
    """

    at: datetime
    by_this: bool = True
    look_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AnotherWay:
    """This way is refused: the facts wait for the next one, those named are dead.

    `skip_number_until` is set when the number itself is to blame.
    """

    refused: Way
    dead: tuple[NotificationId, ...] = ()
    skip_number_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No more tries for these facts: dead, with a meta-alert in the same commit.

    Facts of the message that are not named wait again.
    """

    dead: tuple[NotificationId, ...]


Step = Told | Again | LookLater | AnotherWay | GiveUp


def next_step(
    outcome: Outcome,
    message: Message,
    *,
    attempt: int,
    provider: ProviderName,
    ways: Sequence[Way],
    shared: bool,
    began_at: datetime,
    now: datetime,
    jitter: float,
    lists: bool = False,
) -> Step:
    """Say what follows *outcome* for *message*.

    Args:
        outcome: what became of the attempt, for this message's number.
        message: the message, with the facts it tells.
        attempt: which attempt of its submission it was, from 1.
        provider: whom it was sent by.
        ways: every way to its recipient.
        shared: whether the submission carried other messages too.
        began_at: when the attempt began.
        now: the time.
        jitter: in [0, 1); spreads retries over the upper half of each wait.
        lists: whether the provider can be asked what it has under our reference.
    """
    match outcome:
        case Accepted(provider_id=provider_id):
            return Told(provider_id)
        case Deferred(retry_after=retry_after):
            wish = retry_after
            others = any(way.provider != provider for way in ways)
            if attempt == 1 and others and _is_too_long(wish, message):
                # Another provider takes it: its circuit is open from this answer on.
                wish = None
            at = now + _backoff(message, wish, jitter)
            if attempt > 1:
                # This one was not sent, but the first may have been: only under its
                # own reference can the provider say that it has it already.
                look_at = at if lists else None
                return LookLater(at, by_this=False, look_at=look_at)
            return Again(at)
        case Uncertain():
            if lists:
                look_at = landed_by(began_at, now)
                return LookLater(fail_open_at(message, began_at, now), look_at=look_at)
            dead = tuple(fact.id for fact in message.tells if is_worn_out(fact, 1))
            if dead:
                return GiveUp(dead)
            return LookLater(landed_by(began_at, now))
        case Rejected(number_is_bad=number_is_bad):
            if shared and not number_is_bad:
                return Again(now, alone=True)
            refused = Way(message.number, provider)
            dead = tuple(
                fact.id for fact in message.tells if not ways_left(fact, refused, ways)
            )
            skip = now + SKIP_NUMBER if number_is_bad else None
            return AnotherWay(refused, dead, skip)
        case _:
            assert_never(outcome)


def landed_by(began_at: datetime, now: datetime) -> datetime:
    """When a request that began then has landed or died.

    Never longer from now than a request lives, should a clock have been set back.
    """
    return min(max(now, began_at + UNCERTAIN_WAIT), now + UNCERTAIN_WAIT)


def fail_open_at(message: Message, began_at: datetime, now: datetime) -> datetime:
    """When an uncertain message is sent again though no list could be asked."""
    severity = min((fact.severity for fact in message.tells), default=Severity.LOW)
    longest = FAIL_OPEN[severity]
    return min(max(now, began_at + longest), now + longest)


def is_worn_out(fact: Fact, more: int = 0) -> bool:
    """Whether a fact was sent too often without an answer, with *more* to count."""
    return fact.uncertain + more >= MAX_UNCERTAIN


def _is_too_long(wish: float | None, message: Message) -> bool:
    """Whether a provider's wish is one that a critical page does not wait out."""
    critical = any(fact.severity is Severity.CRITICAL for fact in message.tells)
    return critical and wish is not None and wish > LONGEST_WISH


def _backoff(message: Message, retry_after: float | None, jitter: float) -> timedelta:
    severity = min((fact.severity for fact in message.tells), default=Severity.LOW)
    waits = RETRY[severity]
    wait = waits[min(message.deferrals, len(waits) - 1)]
    wait = wait * (0.5 + jitter / 2)
    if retry_after is None:
        return wait
    asked = timedelta(seconds=max(0.0, retry_after))
    return max(wait, min(asked, LONGEST_RETRY_AFTER))
