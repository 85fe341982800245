"""The rules in force: swapped whole at a reload, read once per decision."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from alertbridge.core.dispatch import draft
from alertbridge.core.mailbox import Mailbox
from alertbridge.core.message import MAX_NUMBERS, Draft, Idle, Message
from alertbridge.core.meta import (
    budget_crossed,
    dead_notifications,
    unsendable_notification,
)
from alertbridge.core.next_people import next_people
from alertbridge.core.next_person import NextPerson
from alertbridge.core.notification import (
    Fact,
    NotificationId,
    ProviderName,
    Reason,
)
from alertbridge.core.pace import Until, may_send
from alertbridge.core.plan import Plan
from alertbridge.core.quiet_mailbox import hours_of, rings
from alertbridge.core.recipient import RecipientName
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity
from alertbridge.core.spend import Crossing, Limit, Period, Spent
from alertbridge.core.spend_payers import crossings_in, limits_on, periods_paying


class Current:
    """Holds the rules in force, and answers the store's questions with them.

    `resting` are the providers that others are preferred to; `widest` says how many
    numbers one request to each may carry.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.resting: frozenset[ProviderName] = frozenset()
        self.widest: Mapping[ProviderName, int] = {}

    def most_numbers(self, provider: ProviderName) -> int:
        """How many numbers one request to *provider* may carry."""
        return self.widest.get(provider, MAX_NUMBERS)

    @property
    def looks_back(self) -> timedelta:
        """How old an SMS may be, and still count against somebody's pace."""
        return self.rules.pace.looks_back

    def may_leave(
        self, sent: Sequence[datetime], severity: Severity, now: datetime
    ) -> datetime | None:
        """None if an SMS of *severity* may leave now, else when to look again."""
        answer = may_send(sent, severity, self.rules.pace, now)
        return answer.at if isinstance(answer, Until) else None

    def quiet_until(
        self, recipient: RecipientName, severity: Severity, now: datetime
    ) -> datetime | None:
        """When this person's quiet hours let *severity* leave; None: now."""
        hours = hours_of(recipient, self.rules)
        if hours.let_through(severity):
            return None
        spared = hours.spare(now)
        return None if spared is None else spared.until

    def may_ring(
        self, recipient: RecipientName, facts: Sequence[Fact], now: datetime
    ) -> bool:
        """Whether a text with these facts may leave now, quiet hours or not."""
        hours = hours_of(recipient, self.rules)
        return any(rings(fact, hours) for fact in facts) or hours.spare(now) is None

    def draft(self, mailbox: Mailbox, now: datetime) -> Draft | Idle:
        """Compose what leaves *mailbox* now, or say when to look again."""
        return draft(mailbox, self.rules, now, self.resting)

    def reaches(self, recipient: RecipientName) -> bool:
        """Whether the config itself says how this person is reached."""
        return recipient in self.rules.recipients

    def unsendable(
        self, notification: NotificationId, reason: Reason, now: datetime
    ) -> Plan:
        """The meta-alert about a notification that the store must not let leave."""
        return unsendable_notification(notification, reason, self.rules, now)

    def bury(
        self, dead: Sequence[Fact], recipient: RecipientName, now: datetime
    ) -> Sequence[Plan]:
        """The meta-alerts that go with facts whose last try nobody answered."""
        return dead_notifications(dead, recipient, "no clear answer", self.rules, now)

    def instead(
        self, dead: Sequence[Fact], recipient: RecipientName, now: datetime
    ) -> Sequence[NextPerson]:
        """Who is told instead of *recipient*."""
        return next_people(dead, recipient, self.rules, now)

    def limits(self, mailbox: Mailbox, now: datetime) -> Sequence[Limit]:
        """The budgets that bear on *mailbox*: what is spent of them must be known."""
        return limits_on(mailbox.recipient, mailbox.facts, self.rules, now)

    def paying(
        self, message: Message, provider: ProviderName, now: datetime
    ) -> Sequence[Period]:
        """Whose days and months pay for *message*."""
        return periods_paying(
            message.recipient, message.tells, provider, self.rules, now
        )

    def crossed(
        self, spent: Mapping[Period, Spent], now: datetime
    ) -> Sequence[tuple[Crossing, Plan]]:
        """What of the budgets the admins must hear of now, each with its page."""
        return [
            (crossing, budget_crossed(crossing, self.rules, now))
            for crossing in crossings_in(spent, self.rules, now)
        ]
