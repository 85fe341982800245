"""What the tests of delivery reports share: words of a gateway, and their types."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from alertbridge.core.ended import Ended
from alertbridge.core.following import Abilities
from alertbridge.core.message import (
    Submission,
    Uncertain,
)
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.report import Delivery, DeliveryReport
from alertbridge.ports import HistoryRow, Matched, Store

ONE, TWO = ProviderName("one"), ProviderName("two")
PHONE, OTHER = Msisdn("+46701740605"), Msisdn("+46701740606")
LOST = Uncertain(detail="no answer")
BOTH = Abilities(reports=True, answers=True)

Leave = Callable[..., Awaitable[Submission]]
Fold = Callable[..., Awaitable[Matched]]
End = Callable[..., Awaitable[Ended | None]]


def word(
    delivery: Delivery = Delivery.DELIVERED,
    *,
    final: bool | None = None,
    reference: str = "ref-1",
    provider_id: str = "batch",
    number: str | None = PHONE,
    at: datetime | None = None,
) -> DeliveryReport:
    """One report, about the first submission unless told otherwise."""
    return DeliveryReport(
        provider_id=provider_id,
        reference=reference,
        number=None if number is None else Msisdn(number),
        delivery=delivery,
        final=delivery is not Delivery.PENDING if final is None else final,
        code="",
        at=at,
    )


FAILED, PENDING, DELIVERED = (
    word(Delivery.FAILED),
    word(Delivery.PENDING),
    word(),
)
WORDS = (PENDING, word(Delivery.FAILED, final=False), FAILED, DELIVERED)


async def row_of(store: Store) -> HistoryRow:
    """The one notification there is."""
    return next(row for row in await store.history() if row.notification is not None)
