"""What the store asks about budgets, within the transactions that claim and settle."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from alertbridge.core.mailbox import Mailbox
from alertbridge.core.message import Message
from alertbridge.core.notification import ProviderName
from alertbridge.core.plan import Plan
from alertbridge.core.spend import Crossing, Limit, Period, Spent


class Paying(Protocol):
    """How the store asks who pays, without knowing the rules."""

    def limits(self, mailbox: Mailbox, now: datetime) -> Sequence[Limit]:
        """The budgets that bear on *mailbox*: what is spent of them must be known."""
        ...

    def paying(
        self, message: Message, provider: ProviderName, now: datetime
    ) -> Sequence[Period]:
        """Whose days and months pay for *message*."""
        ...


Watch = Callable[[Mapping[Period, Spent]], Sequence[tuple[Crossing, Plan]]]
"""Says what of the budgets is crossed now, with the meta-alert about each.

Asked within the transaction that settles: what is spent by then only the store knows.
"""


def nobody_watches(_: Mapping[Period, Spent]) -> Sequence[tuple[Crossing, Plan]]:
    """Without budgets nothing is crossed."""
    return ()
