"""Quiet hours and working hours of one person: when he is left alone.

Asked when a letter is composed, not when a post comes in: what has waited for another
reason does not ring at night, and a reload counts at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from alertbridge.core.interval import HORIZON, TimeInterval, is_open, next_open
from alertbridge.core.severity import Severity


@dataclass(frozen=True, slots=True)
class Spared:
    """A person is left alone until `until`; `where` is the line that says so."""

    until: datetime
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """When one person is left alone, and what is told all the same.

    Within `quiet`, and outside `working` if there are any. `breaks_through` is the
    least severity that is told at once even then; None: nothing is.
    """

    quiet: tuple[TimeInterval, ...] = ()
    working: tuple[TimeInterval, ...] = ()
    breaks_through: Severity | None = Severity.CRITICAL
    quiet_where: str = ""
    working_where: str = ""

    def spare(self, at: datetime) -> Spared | None:
        """Say until when the person is left alone at the instant *at*; None: not.

        Hours that do not end within a year last for one, and a reload asks again.
        """
        if is_open(self.quiet, self.working, at):
            return None
        until = next_open(self.quiet, self.working, at) or at + HORIZON
        is_quiet = any(interval.contains(at) for interval in self.quiet)
        return Spared(until, self.quiet_where if is_quiet else self.working_where)

    def let_through(self, severity: Severity) -> bool:
        """Say whether what is of *severity*, and no good news, is told all the same."""
        return self.breaks_through is not None and severity <= self.breaks_through


Ends = Callable[[datetime], datetime | None]
"""Says when the quiet time that an instant is in ends; None: it is in none."""


def ends_of(hours: QuietHours) -> Ends:
    """Say when quiet times end, asking *hours* about each of them once.

    A mailbox holds 2,000 facts, nearly all of the same night or two.
    """
    known: list[tuple[datetime, datetime]] = []

    def ends(at: datetime) -> datetime | None:
        for start, end in known:
            if start <= at < end:
                return end
        spared = hours.spare(at)
        if spared is None:
            return None
        known.append((at, spared.until))
        return spared.until

    return ends


def ages_at(
    ends: Ends, born: datetime, expires_at: datetime, lasts: timedelta, now: datetime
) -> datetime:
    """Say when a fact that waits for quiet hours to end is too old.

    It was worth telling from *born* until *expires_at*, for as long as it *lasts*. If
    either falls into the hours, the time counts from their end. What is found after
    *now* may yet fall into the next ones: it is looked at again then.
    """
    at = expires_at
    end = ends(born)
    if end is not None:
        at = max(at, end + lasts)
    while at <= now and (end := ends(at)) is not None:
        at = end + lasts
    return at
