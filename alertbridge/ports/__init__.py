"""What the floors above and the siblings exchange; whoever needs a port asks here."""

from alertbridge.ports.clock import (
    Clock,
)
from alertbridge.ports.notes import (
    Notes,
)
from alertbridge.ports.provider import (
    SHARE,
    BalanceReader,
    Closing,
    Lister,
    Provider,
    ProviderCheckFailed,
)
from alertbridge.ports.records import (
    Claimed,
    Depth,
    EpisodeRow,
    Held,
    HistoryRow,
    Incident,
    Inquiries,
    Matched,
    OutboxRow,
    Quarantined,
    Recorded,
    Room,
)
from alertbridge.ports.report import (
    DeliveryTeller,
    Heard,
    ReportAsker,
    ReportFeed,
    ReportReader,
    ReportRequest,
)
from alertbridge.ports.source import (
    PayloadError,
    Source,
)
from alertbridge.ports.store import (
    Store,
    StoreBroken,
    StoreRefused,
    StoreUnavailable,
)

__all__ = [
    "SHARE",
    "BalanceReader",
    "Claimed",
    "Clock",
    "Closing",
    "DeliveryTeller",
    "Depth",
    "EpisodeRow",
    "Heard",
    "Held",
    "HistoryRow",
    "Incident",
    "Inquiries",
    "Lister",
    "Matched",
    "Notes",
    "OutboxRow",
    "PayloadError",
    "Provider",
    "ProviderCheckFailed",
    "Quarantined",
    "Recorded",
    "ReportAsker",
    "ReportFeed",
    "ReportReader",
    "ReportRequest",
    "Room",
    "Source",
    "Store",
    "StoreBroken",
    "StoreRefused",
    "StoreUnavailable",
]
