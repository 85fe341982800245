"""What the admins hear of budgets: asked of core when an attempt is settled."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from alertbridge.core.plan import Plan
from alertbridge.core.rules import Rules
from alertbridge.core.spend import Crossing, Period, Spent, crossing_of, limits_of
from alertbridge.core.spend_payers import budget_of

Watch = Callable[[Mapping[Period, Spent]], Sequence[tuple[Crossing, Plan]]]
"""Says what of the budgets is crossed now, with the meta-alert about each.

Asked within the transaction that settles: what is spent by then only the store knows.
"""


def nobody_watches(_: Mapping[Period, Spent]) -> Sequence[tuple[Crossing, Plan]]:
    """Without budgets nothing is crossed."""
    return ()


def crossings_in(
    spent: Mapping[Period, Spent], rules: Rules, now: datetime
) -> Iterator[Crossing]:
    """What the admins must hear of these periods; of one that is over, nothing."""
    for period, so_far in spent.items():
        budget = budget_of(period.payer, rules)
        for limit in limits_of(period.payer, budget, now):
            crossing = crossing_of(limit, so_far) if limit.period == period else None
            if crossing is not None:
                yield crossing
