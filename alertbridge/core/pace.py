"""How many SMS one person gets: the cap that makes a storm a digest.

Everything we start counts (fail-over, escalation and meta-alerts too); only answers
to a person's own SMS do not. What is counted are attempts that may have left: an SMS
that surely was not sent gives its place back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alertbridge.core.severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """At most `limit` SMS in any `window`, `kept_for_critical` of them for critical.

    The default is 6 in 10 minutes: ISA-18.2 calls 10 alarms in 10 minutes for one
    operator a flood.
    """

    limit: int = 6
    window: timedelta = timedelta(minutes=10)
    kept_for_critical: int = 2

    def limit_for(self, severity: Severity) -> int:
        """How many may be in one window when the next one is of *severity*."""
        if severity is Severity.CRITICAL:
            return max(1, self.limit)
        # Never none: what no place is left for would wait for ever.
        return max(1, self.limit - self.kept_for_critical)


@dataclass(frozen=True, slots=True)
class Go:
    """The person may get an SMS now."""


@dataclass(frozen=True, slots=True)
class Until:
    """Not before `at`: the mailbox fills, and what leaves then is a digest."""

    at: datetime


def may_send(
    sent: Sequence[datetime], severity: Severity, pace: Pace, now: datetime
) -> Go | Until:
    """Say whether one more SMS of *severity* fits, given the times of those *sent*.

    A place is free again when its SMS is a whole window old (the end is exclusive:
    six at 12:00:00 allow the seventh at 12:10:00).
    """
    recent = sorted(at for at in sent if at > now - pace.window)
    limit = pace.limit_for(severity)
    if len(recent) < limit:
        return Go()
    return Until(recent[len(recent) - limit] + pace.window)
