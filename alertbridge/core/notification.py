"""A notification: one fact that one recipient must hear; the unit of G1."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from alertbridge.core.alert import Labels, SourceName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.severity import Severity

EpisodeId = NewType("EpisodeId", int)
NotificationId = NewType("NotificationId", int)
MessageId = NewType("MessageId", int)
ProviderName = NewType("ProviderName", str)


class Kind(StrEnum):
    """What the fact says."""

    FIRING = "firing"
    REMINDER = "reminder"
    ESCALATED = "escalated"
    RESOLVED = "resolved"


class State(StrEnum):
    """Where a fact's life stands; each of the last four is an end.

    `told` means that a provider took a message that says it: not that it was
    delivered, and not that anybody acknowledged.
    """

    WAITING = "waiting"
    IN_FLIGHT = "in_flight"
    TOLD = "told"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DEAD = "dead"


class Reason(StrEnum):
    """Why a fact is where it is: recorded, shown by `history`, counted."""

    NEWS = "news"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    UNCONFIRMED = "unconfirmed"
    UNREACHED = "unreached"
    MUTED = "muted"
    QUIET_HOURS = "quiet_hours"
    DEFERRED = "deferred"
    UNCERTAIN = "uncertain"
    REJECTED = "rejected"
    RESOLVED_BEFORE_TOLD = "resolved_before_told"
    ENDED_UNSEEN = "ended_unseen"
    NEVER_HEARD = "never_heard"
    FIRED_AGAIN = "fired_again"
    REPEAT = "repeat"
    FLAPPING = "flapping"
    ACKNOWLEDGED = "acknowledged"
    TIME_TO_LIVE = "time_to_live"
    UNCERTAIN_TWICE = "uncertain_twice"
    NO_WAY_LEFT = "no_way_left"
    OVER_BUDGET = "over_budget"
    OPERATOR = "operator"
    RESTORED = "restored"
    DAMAGED = "damaged"
    POISON = "poison"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to one person: a number, by a provider."""

    number: Msisdn
    provider: ProviderName


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeView:
    """An episode as a text needs it.

    `ended_seen` is when we recorded the end, by our own clock: what is waited for from
    then on moves with it when it is set, as the sender's `ends_at` does not. `severity`
    is the alert's own: a fact that it is over has a milder one.
    `flaps` is how often it changed while it flapped (0: it does not flap); `stale`
    says that its source has fallen silent about it: it may be over.
    """

    id: EpisodeId
    source: SourceName
    labels: Labels
    annotations: Labels = field(default_factory=dict)
    starts_at: datetime
    ends_at: datetime | None = None
    ended_seen: datetime | None = None
    generator_url: str = ""
    severity: Severity = Severity.LOW
    flaps: int = 0
    stale: bool = False

    @property
    def ended(self) -> bool:
        """Whether a resolve has been recorded, or a later firing took its place."""
        return self.ends_at is not None


@dataclass(frozen=True, slots=True)
class PostNote:
    """What the latest post of a group said beside its alerts."""

    key: str
    truncated: int = 0
    unreadable: int = 0
    oversized: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A waiting notification, as composition and delivery see it.

    `heard` says whether this recipient was told, or may have been told, that the
    episode fired. `uncertain` counts sends of this fact whose answer we never saw.
    `tried` holds the ways that were refused for good, `doubted` is the provider whose
    answer or report nobody saw, if it goes out anew because of that. `fail_overs`
    counts messages that were taken and did not arrive, or did not say so; `unconfirmed`
    those of them that may have arrived all the same. `route` is the id of the
    route that took the alert, None for what no route took (meta-alerts). `worse` says
    that this person was told of the same alert at a lesser severity, and that still
    fires (of what is over: at another severity, and that one still fires).
    `over_budget` says that a budget that is used up holds it back.
    """

    id: NotificationId
    kind: Kind
    round: int
    severity: Severity
    episode: EpisodeView
    receiver: str
    numbers: tuple[Msisdn, ...]
    created_at: datetime
    expires_at: datetime | None = None
    held_until: datetime | None = None
    heard: bool = False
    uncertain: int = 0
    tried: tuple[Way, ...] = ()
    note: PostNote | None = None
    replaces: MessageId | None = None
    doubted: ProviderName | None = None
    fail_overs: int = 0
    unconfirmed: int = 0
    acknowledged: bool = False
    route: str | None = None
    worse: bool = False
    over_budget: bool = False

    @property
    def maybe_heard(self) -> bool:
        """Whether a phone may have shown it, though it is still to be told."""
        return self.uncertain > 0 or self.unconfirmed > 0

    @property
    def only_asks(self) -> bool:
        """Whether it tells nothing but that nobody has taken it yet, and somebody has.

        What was to be told again, because it did not arrive, is nothing else either.
        """
        again = self.kind in (Kind.REMINDER, Kind.ESCALATED) or self.fail_overs > 0
        return again and self.acknowledged and self.kind is not Kind.RESOLVED

    @property
    def asked_for(self) -> bool:
        """Whether the person was named by himself and no receiver: a test page."""
        return not self.receiver
