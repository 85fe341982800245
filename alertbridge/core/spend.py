"""What SMS cost, in segments, and the budgets that bound it, per day and month.

Every attempt that may have left is paid for, once for each of its numbers; what surely
was not sent gives its segments back. A budget that is used up loses nothing: it holds
back what is not critical (`spend_decision`), says so once, and ends with its period.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

_DAY = timedelta(days=1)

WARN_AT = (50, 80, 100)
"""Per cent of a budget at which the admins hear of it, once each in a period."""

FULL = 100
"""Per cent: from here on, only what is critical is sent."""


class Scope(StrEnum):
    """Of what kind a payer is."""

    RECIPIENT = "recipient"
    ROUTE = "route"
    PROVIDER = "provider"


class Span(StrEnum):
    """How long a budget lasts: a calendar day or month of its zone."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, order=True)
class Payer:
    """Who pays: a person, a route that states a budget, or a provider's account."""

    scope: Scope
    name: str


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One day ("2026-11-26") or month ("2026-11") of one payer."""

    payer: Payer
    key: str

    @property
    def span(self) -> Span:
        """Whether it is a day or a month."""
        return Span.DAY if len(self.key) > len("2026-11") else Span.MONTH

    @property
    def next_date(self) -> date:
        """The first day after it."""
        if self.span is Span.DAY:
            return date.fromisoformat(self.key) + _DAY
        return (date.fromisoformat(f"{self.key}-01") + 31 * _DAY).replace(day=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendBudget:
    """Segments that may be spent in a calendar day and month; None: no limit."""

    daily: int | None = None
    monthly: int | None = None
    timezone: tzinfo = UTC

    def of(self, span: Span) -> int | None:
        """The limit of one span."""
        match span:
            case Span.DAY:
                return self.daily
            case Span.MONTH:
                return self.monthly


@dataclass(frozen=True, slots=True)
class Limit:
    """A budget in force: the *segments* its period may cost, and when that ends."""

    period: Period
    segments: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a period has cost so far.

    `under_way` are those of `segments` whose request is not answered yet: they may
    still be given back. `warned` is the highest per cent that was told, of a limit of
    `warned_of` segments; `said_of` is the limit of which one person was told that it
    is used up (0: of none).
    """

    segments: int = 0
    under_way: int = 0
    warned: int = 0
    warned_of: int = 0
    said_of: int = 0

    @property
    def answered(self) -> int:
        """The segments of what has left, or may have: not those under way."""
        return self.segments - self.under_way


NOTHING = Spent()
"""What a period has cost that nobody has paid for yet."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A budget that has been spent to *percent*, and nobody has been told so."""

    limit: Limit
    percent: int
    segments: int


def periods_of(payer: Payer, zone: tzinfo, now: datetime) -> tuple[Period, Period]:
    """The day and the month that *now* belongs to, on a calendar in *zone*."""
    day = now.astimezone(zone).date().isoformat()
    return Period(payer, day), Period(payer, day[: len("2026-11")])


def limits_of(payer: Payer, budget: SpendBudget, now: datetime) -> tuple[Limit, ...]:
    """The limits that *budget* sets *payer* now."""
    return tuple(
        Limit(period, segments, end_of(period, budget.timezone, now))
        for period in periods_of(payer, budget.timezone, now)
        if (segments := budget.of(period.span)) is not None
    )


def end_of(period: Period, zone: tzinfo, now: datetime) -> datetime:
    """When a clock in *zone* first shows the day after *period*; always after *now*.

    Where clocks are set back over midnight a day comes twice: its end is then the
    second one, if the first has been. A midnight that is skipped is the moment of the
    jump.
    """
    midnight = datetime.combine(period.next_date, time())
    for fold in (0, 1):
        at = midnight.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if at > now:
            return at
    return now + timedelta(hours=1)


def is_used_up(limit: Limit, spent: Mapping[Period, Spent]) -> bool:
    """Whether nothing of *limit* is left, if all that is under way has left."""
    return spent.get(limit.period, NOTHING).segments >= limit.segments


def is_used_up_for_sure(limit: Limit, spent: Mapping[Period, Spent]) -> bool:
    """Whether nothing of *limit* is left, even if all that is under way comes back."""
    return spent.get(limit.period, NOTHING).answered >= limit.segments


def crossing_of(limit: Limit, spent: Spent) -> Crossing | None:
    """What the admins must hear of *limit* now: the highest mark that nobody told.

    Counted is what is known to have left, or may have: a request under way to a gateway
    that is down must not wake anybody over money that comes back. A limit that was
    changed begins anew; marks below the highest are never told after it.
    """
    passed = [
        mark for mark in WARN_AT if spent.answered * FULL >= mark * limit.segments
    ]
    told = spent.warned if spent.warned_of == limit.segments else 0
    if not passed or passed[-1] <= told:
        return None
    return Crossing(limit, passed[-1], spent.answered)
