"""Somebody who is told instead of another, as a store writes it down."""

from dataclasses import dataclass
from datetime import datetime

from alertbridge.core.notification import NotificationId
from alertbridge.core.recipient import Msisdn, ReceiverName, RecipientName


@dataclass(frozen=True, slots=True, kw_only=True)
class NextPerson:
    """Somebody who is to hear what the dead notification `instead_of` was about."""

    instead_of: NotificationId
    recipient: RecipientName
    numbers: tuple[Msisdn, ...]
    receiver: ReceiverName
    where: str
    expires_at: datetime | None
