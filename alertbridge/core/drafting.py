"""How a store asks what leaves a mailbox: the questions, without the rules."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from alertbridge.core.mailbox import Mailbox
from alertbridge.core.message import Draft, Idle
from alertbridge.core.next_person import NextPerson
from alertbridge.core.notification import (
    Fact,
    NotificationId,
    ProviderName,
    Reason,
)
from alertbridge.core.plan import Plan
from alertbridge.core.recipient import RecipientName
from alertbridge.core.severity import Severity
from alertbridge.core.spend_watch import Paying


class Drafting(Paying, Protocol):
    """How the store asks what leaves a mailbox, without knowing the rules."""

    @property
    def looks_back(self) -> timedelta:
        """How old an SMS may be, and still count against somebody's pace."""
        ...

    def may_leave(
        self, sent: Sequence[datetime], severity: Severity, now: datetime
    ) -> datetime | None:
        """None if an SMS of *severity* may leave now, else when to look again.

        Asked before a mailbox is read: a storm must not cost a scan per alert.
        """
        ...

    def quiet_until(
        self, recipient: RecipientName, severity: Severity, now: datetime
    ) -> datetime | None:
        """When this person's quiet hours let *severity* leave; None: now."""
        ...

    def may_ring(
        self, recipient: RecipientName, facts: Sequence[Fact], now: datetime
    ) -> bool:
        """Whether a text with these facts may leave now, quiet hours or not."""
        ...

    def most_numbers(self, provider: ProviderName) -> int:
        """How many numbers one request to *provider* may carry."""
        ...

    def draft(self, mailbox: Mailbox, now: datetime) -> Draft | Idle:
        """Compose what leaves *mailbox* now, or say when to look again."""
        ...

    def reaches(self, recipient: RecipientName) -> bool:
        """Whether the config itself says how this person is reached."""
        ...

    def unsendable(
        self, notification: NotificationId, reason: Reason, now: datetime
    ) -> Plan:
        """The meta-alert about a notification that the store must not let leave."""
        ...

    def bury(
        self, dead: Sequence[Fact], recipient: RecipientName, now: datetime
    ) -> Sequence[Plan]:
        """The meta-alerts that go with these dead facts, in the same commit."""
        ...

    def instead(
        self, dead: Sequence[Fact], recipient: RecipientName, now: datetime
    ) -> Sequence[NextPerson]:
        """Who is told instead of *recipient*, in the same commit."""
        ...
