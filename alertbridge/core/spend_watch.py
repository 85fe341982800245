"""What the admins hear of budgets: asked of core when an attempt is settled."""

from collections.abc import Callable, Mapping, Sequence

from alertbridge.core.plan import Plan
from alertbridge.core.spend import Crossing, Period, Spent

Watch = Callable[[Mapping[Period, Spent]], Sequence[tuple[Crossing, Plan]]]
"""Says what of the budgets is crossed now, with the meta-alert about each.

Asked within the transaction that settles: what is spent by then only the store knows.
"""


def nobody_watches(_: Mapping[Period, Spent]) -> Sequence[tuple[Crossing, Plan]]:
    """Without budgets nothing is crossed."""
    return ()
