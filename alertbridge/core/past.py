"""What happened in a stretch of time: enough to live through it again."""

from dataclasses import dataclass
from datetime import datetime

from alertbridge.core.alert import Fingerprint, GroupKey, Labels, SourceName
from alertbridge.core.notification import EpisodeId, ProviderName
from alertbridge.core.recipient import Msisdn, RecipientName


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEpisode:
    """An episode as it came in: what it takes to post it again.

    `opened_seen` and `ended_seen` are when we heard of it, by our clock; `receivers`
    are those of its source that its group was posted for.
    """

    id: EpisodeId
    source: SourceName
    fingerprint: Fingerprint
    group_key: GroupKey
    receivers: tuple[str, ...]
    labels: Labels
    annotations: Labels
    generator_url: str
    starts_at: datetime
    ends_at: datetime | None
    opened_seen: datetime
    ended_seen: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSms:
    """An SMS that left, or may have left, to one person."""

    at: datetime
    recipient: RecipientName
    number: Msisdn
    provider: ProviderName
    segments: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A stretch of time as the store remembers it, oldest first."""

    episodes: tuple[PastEpisode, ...]
    sms: tuple[PastSms, ...]
