"""What a store says: the rows that people and the shell read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alertbridge.core.alert import Fingerprint, Labels, SourceName
from alertbridge.core.inquiry import Inquiry
from alertbridge.core.message import Draft, Dropped, Submission
from alertbridge.core.notification import (
    EpisodeId,
    Kind,
    MessageId,
    NotificationId,
)
from alertbridge.core.plan import Plan
from alertbridge.core.recipient import Msisdn, RecipientName


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an intake wrote: the plan, and the ids the new rows got."""

    plan: Plan
    episodes: Mapping[Fingerprint, EpisodeId] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claimed:
    """Submissions that are ours now, when to look again, and what was dropped."""

    submissions: tuple[Submission, ...]
    drafts: tuple[Draft, ...] = ()
    next_due: datetime | None = None
    drops: tuple[Dropped, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Whom reports were about, and how many are about nobody that is known yet."""

    messages: tuple[MessageId, ...]
    parked: int = 0


@dataclass(frozen=True, slots=True)
class Inquiries:
    """Uncertain submissions to look up now, and when the next one is due."""

    due: tuple[Inquiry, ...]
    next_due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One line of "what became of it": a notification, or why there was none.

    `delivery` is what the gateway reported of the SMS: pending, delivered, failed or
    expired; None if nothing.
    """

    at: datetime
    episode: EpisodeId
    source: str
    alert: str
    labels: Labels
    severity: str
    kind: str
    round: int
    recipient: str
    state: str
    reason: str
    where: str
    times: int = 1
    text: str | None = None
    provider: str | None = None
    reference: str | None = None
    settled_at: datetime | None = None
    notification: NotificationId | None = None
    delivery: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeRow:
    """An episode with its history, for `show`."""

    id: EpisodeId
    source: str
    fingerprint: str
    labels: Labels
    annotations: Labels
    severity: str
    starts_at: datetime
    ends_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    stale_at: datetime | None
    rows: tuple[HistoryRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One notification that has not reached an end, for `outbox`."""

    notification: NotificationId
    episode: EpisodeId
    alert: str
    kind: str
    severity: str
    recipient: str
    state: str
    reason: str
    created_at: datetime
    due_at: datetime | None
    held_until: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A waiting notification that time intervals hold, as a reload asks about it.

    `source`, `receiver` and `labels` are what its alert was routed by.
    """

    kind: Kind
    source: SourceName
    receiver: str
    labels: Labels
    recipient: RecipientName
    numbers: tuple[Msisdn, ...]
    mutes: tuple[str, ...]
    actives: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A body, or one element of it, that could not be read; bounded in number."""

    id: int
    at: datetime
    source: str
    reason: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How much waits, for metrics and readiness."""

    waiting: Mapping[str, int]
    in_flight: int
    uncertain: int
    dead: int
    oldest_due: Mapping[str, datetime]
    held_until: datetime | None
