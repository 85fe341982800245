"""One firing period of one alert of one source: is this news, a copy, or the end?

Rule 1. Senders post copies (HA peers, retries, group re-sends), move
`startsAt` earlier while an alert fires, and may post a firing copy after the resolve
(a retried POST keeps its old snapshot). Only the recorded state decides; it never
goes back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alertbridge.core.alert import Alert, Fingerprint, Labels, Status
from alertbridge.core.notification import (
    EpisodeId,
    Kind,
    NotificationId,
    Reason,
    State,
)
from alertbridge.core.recipient import Msisdn, RecipientName
from alertbridge.core.severity import Severity

DRIFT = timedelta(minutes=5)
"""A start this much later is still the same firing period; beyond, a new one."""

LATE_COPY = timedelta(minutes=15)
"""How long after we recorded a resolve a firing post with an old start is a copy.

A copy can lag by a sender's whole retry window (`group_interval`, 5 min by default)
and a peer's wait. Beyond that the resolve itself was wrong: Alertmanager resolves an
alert whose Prometheus fell silent (`resolve_timeout`), and takes it up again with its
old start when Prometheus returns. Taking that for a copy would lose the page.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFact:
    """A fact the store holds about an episode."""

    id: NotificationId
    recipient: RecipientName
    kind: Kind
    round: int
    state: State
    reason: Reason
    severity: Severity = Severity.HIGH
    receiver: str = ""
    route: str | None = None
    where: str = ""
    numbers: tuple[Msisdn, ...] = ()
    uncertain: int = 0
    held_until: datetime | None = None
    mutes: tuple[str, ...] = ()
    actives: tuple[str, ...] = ()

    @property
    def heard(self) -> bool:
        """Told, or maybe told: enough for "may the resolve be sent"."""
        return self.state is State.TOLD or self.uncertain > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEpisode:
    """The latest episode the store holds for a fingerprint, and who knows of it.

    `previous_end` is when the episode before it ended, if there was one.
    """

    id: EpisodeId
    fingerprint: Fingerprint
    starts_at: datetime
    ends_at: datetime | None = None
    ended_seen: datetime | None = None
    previous_end: datetime | None = None
    acknowledged: bool = False
    annotations: Labels | None = None
    facts: Sequence[KnownFact] = ()


@dataclass(frozen=True, slots=True)
class Opens:
    """News: a firing period begins.

    `closes` is the episode that ended without anybody telling us.
    """

    starts_at: datetime
    closes: KnownEpisode | None = None


@dataclass(frozen=True, slots=True)
class Same:
    """The episode is known and still open; the earliest start is kept."""

    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Ends:
    """The open episode ends."""

    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Late:
    """A copy that comes after the resolve: nothing changes."""


@dataclass(frozen=True, slots=True)
class EndsUnheard:
    """A resolve of something we never heard firing.

    It is recorded all the same, so that a late firing copy is known for one.
    """

    starts_at: datetime
    ends_at: datetime


Sighting = Opens | Same | Ends | Late | EndsUnheard


def sight(known: KnownEpisode | None, alert: Alert, now: datetime) -> Sighting:
    """Say what *alert* means, given the latest episode *known* for its fingerprint."""
    starts_at = now if alert.starts_at is None else alert.starts_at
    if alert.status is Status.RESOLVED:
        return _sight_resolved(known, alert, starts_at, now)
    if known is None:
        return Opens(starts_at)
    if known.ends_at is None:
        if alert.starts_at is None:
            return Same(known.starts_at)
        if starts_at > known.starts_at + DRIFT:
            return Opens(starts_at, closes=known)
        if starts_at < known.starts_at and _is_before(starts_at, known):
            return Late()
        return Same(min(starts_at, known.starts_at))
    if alert.starts_at is None or starts_at > known.ends_at:
        return Opens(starts_at)
    if known.ended_seen is not None and now - known.ended_seen > LATE_COPY:
        return Opens(starts_at)
    return Late()


def _sight_resolved(
    known: KnownEpisode | None, alert: Alert, starts_at: datetime, now: datetime
) -> Sighting:
    ends_at = now if alert.ends_at is None else alert.ends_at
    if known is None:
        return EndsUnheard(min(starts_at, ends_at), ends_at)
    if known.ends_at is not None:
        # A resolve of a period that began after the recorded end: its firing post
        # never reached us. Anything else is the resolve we already have.
        if alert.starts_at is not None and alert.starts_at > known.ends_at:
            return EndsUnheard(starts_at, ends_at)
        return Late()
    if alert.starts_at is not None and (
        ends_at < known.starts_at or _is_before(ends_at, known)
    ):
        # The end of an earlier period, overtaken by the firing of this one.
        return Late()
    return Ends(max(ends_at, known.starts_at))


def _is_before(at: datetime, known: KnownEpisode) -> bool:
    """Whether *at* lies in the period before this one.

    Without it a late copy of the last period would pull this one's start back, and
    its late resolve would then end what still fires.
    """
    return known.previous_end is not None and at <= known.previous_end
