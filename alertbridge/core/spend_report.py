"""What is spent, for people: one line for each day and month that is counted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from alertbridge.core.rules import Rules
from alertbridge.core.spend import Period, end_of
from alertbridge.core.spend_payers import budget_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendRow:
    """What a payer's day or month has cost, and may cost (None: no limit).

    `period` is `day` or `month`; `began` is its date, as 2026-11-26 or 2026-11.
    """

    scope: str
    name: str
    period: str
    began: str
    segments: int
    budget: int | None
    until: datetime


def spend_rows(
    spent: Mapping[Period, int], rules: Rules, now: datetime
) -> Iterator[SpendRow]:
    """Describe each of these periods."""
    for period, segments in spent.items():
        budget = budget_of(period.payer, rules)
        yield SpendRow(
            scope=period.payer.scope.value,
            name=period.payer.name,
            period=period.span.value,
            began=period.key,
            segments=segments,
            budget=budget.of(period.span),
            until=end_of(period, budget.timezone, now),
        )
