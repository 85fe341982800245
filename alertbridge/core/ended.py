"""What the end of an accepted message comes to, as a store writes it down."""

from dataclasses import dataclass, field
from datetime import datetime

from alertbridge.core.next_person import NextPerson
from alertbridge.core.notification import NotificationId, Reason, Way
from alertbridge.core.plan import Plan
from alertbridge.core.trouble import Trouble


@dataclass(frozen=True, slots=True)
class Delivered:
    """The phone has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """It did not arrive, or nobody says that it did.

    Facts `onward` wait for another way, `dead` have none left, and the others stay as
    they are. `sure` says that it did not arrive: the SMS no longer counts in the pace
    of a phone that it did not ring. `reason` is `undelivered` or `unconfirmed`.
    """

    reason: Reason
    refused: Way
    onward: tuple[NotificationId, ...] = ()
    dead: tuple[NotificationId, ...] = ()
    skip_number_until: datetime | None = None
    meta: tuple[Plan, ...] = ()
    trouble: Trouble | None = None
    next_people: tuple[NextPerson, ...] = field(default=())

    @property
    def sure(self) -> bool:
        """Whether it surely did not arrive."""
        return self.reason is Reason.UNDELIVERED


Ended = Delivered | Missed
