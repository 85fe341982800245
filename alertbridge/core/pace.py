"""How many SMS one person gets: the caps that make a storm a digest.

Everything we start counts (fail-over, escalation, reminders and meta-alerts too, by
whatever route); only answers to a person's own SMS do not. What is counted are attempts
that may have left: an SMS that surely was not sent gives its place back. One that left,
and of which a gateway says later that it did not arrive, or that it never had it, does
so a few times in an hour: the phone may have rung all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alertbridge.core.severity import Severity

LONGEST_WINDOW = timedelta(hours=24)
"""What was sent is on record for `storage.retention`, which is a day at least: a longer
window would not be kept."""

MOST = 1000
"""The largest limit: no more of the latest SMS than this ever need be looked at."""

MOST_GIVEN_BACK = 6
"""Places that a person gets back in `GIVEN_BACK_WITHIN` because a gateway says that an
SMS did not arrive, or is not in its list. One that says so of SMS that ring makes a
phone ring so much more often than the limits allow, and no more."""

GIVEN_BACK_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `limit` SMS in any `window`, `kept_for_critical` of them for critical."""

    limit: int
    window: timedelta
    kept_for_critical: int = 0

    def for_severity(self, severity: Severity) -> int:
        """How many may be in one window when the next one is of *severity*."""
        if severity is Severity.CRITICAL:
            return max(1, self.limit)
        # Never none: what no place is left for would wait for ever.
        return max(1, self.limit - self.kept_for_critical)

    def frees_at(
        self, newest_first: Sequence[datetime], severity: Severity
    ) -> datetime | None:
        """When a place for one more SMS of *severity* was or gets free; None: always.

        That is when its SMS is a whole window old (the end is exclusive: six at
        12:00:00 allow the seventh at 12:10:00).
        """
        allowed = self.for_severity(severity)
        if len(newest_first) < allowed:
            return None
        return newest_first[allowed - 1] + self.window

    def is_pointless_beside(self, other: "Limit") -> bool:
        """Whether *other* alone already keeps all that this one would.

        So many windows of *other* cover one of this: the last of them holds what is
        allowed for the severity, those before it may be full of critical ones.
        """
        windows = -(-self.window // other.window)
        full = (windows - 1) * other.for_severity(Severity.CRITICAL)
        return all(
            full + other.for_severity(severity) <= self.for_severity(severity)
            for severity in Severity
        )


DEFAULT_LIMITS = (
    Limit(limit=2, window=timedelta(minutes=1), kept_for_critical=1),
    Limit(limit=6, window=timedelta(minutes=10), kept_for_critical=2),
    Limit(limit=20, window=timedelta(hours=1), kept_for_critical=6),
)
"""One a minute for what is not critical, as GoAlert has it; ten alarms in ten minutes
are a flood for one operator (ISA-18.2), so six, of which two are kept for critical."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What holds for one person: every limit of the list at once."""

    limits: tuple[Limit, ...] = DEFAULT_LIMITS

    @property
    def looks_back(self) -> timedelta:
        """How old an SMS may be, and still bear on the next one."""
        return max((limit.window for limit in self.limits), default=timedelta(0))


@dataclass(frozen=True, slots=True)
class Go:
    """The person may get an SMS now."""


@dataclass(frozen=True, slots=True)
class Until:
    """Not before `at`, by `limit`: the mailbox fills, and a digest leaves then."""

    at: datetime
    limit: Limit


def may_send(
    sent: Sequence[datetime], severity: Severity, pace: Pace, now: datetime
) -> Go | Until:
    """Say whether one more SMS of *severity* fits, given the times of those *sent*.

    The limit named is the one that holds longest: at `at` all of them are met, if
    nothing else is sent until then.
    """
    newest_first = sorted(sent, reverse=True)
    answer: Go | Until = Go()
    latest = now
    for limit in pace.limits:
        at = limit.frees_at(newest_first, severity)
        if at is not None and at > latest:
            answer, latest = Until(at, limit), at
    return answer
