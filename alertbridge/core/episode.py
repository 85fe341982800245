"""One firing period of one alert of one source: is this news, a copy, or the end?

Rule 1. Senders post copies (HA peers, retries, group re-sends), move
`startsAt` earlier while an alert fires, and may post a firing copy after the resolve
(a retried POST keeps its old snapshot). Only the recorded state decides; it never
goes back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alertbridge.core.alert import Alert, Fingerprint, Labels, Status
from alertbridge.core.flapping import (
    NEVER,
    Flapping,
    flaps_at_opening,
    is_flapping,
)
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
    """A fact the store holds about an episode; `told_at` is when it was accepted.

    `uncertain` counts sends that a phone may have shown, or not.
    """

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
    told_at: datetime | None = None
    held_until: datetime | None = None
    mutes: tuple[str, ...] = ()
    actives: tuple[str, ...] = ()

    @property
    def heard(self) -> bool:
        """Told, or maybe told: enough for "may the resolve be sent".

        Not what a gateway took and surely did not deliver.
        """
        told = self.state is State.TOLD and self.reason is not Reason.UNDELIVERED
        return told or self.uncertain > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEpisode:
    """The latest episode the store holds for a fingerprint, and who knows of it.

    `previous_end` is when the episode before it ended, if there was one; `opened` is
    when it and those before it were opened, the latest of them. `flaps` counts how
    often it fired while it flapped (0: it does not), `refired_at` is the start of its
    latest firing if that is not its first, `changed_seen` when we heard of the latest
    change. `seen_at` is when a post last named it, as far as that is written down.
    """

    id: EpisodeId
    fingerprint: Fingerprint
    starts_at: datetime
    ends_at: datetime | None = None
    ended_seen: datetime | None = None
    previous_end: datetime | None = None
    acknowledged: bool = False
    annotations: Labels | None = None
    opened: Sequence[datetime] = ()
    flaps: int = 0
    refired_at: datetime | None = None
    changed_seen: datetime | None = None
    seen_at: datetime | None = None
    stale: bool = False
    facts: Sequence[KnownFact] = ()

    @property
    def fires_since(self) -> datetime:
        """When its latest firing began."""
        return self.starts_at if self.refired_at is None else self.refired_at


@dataclass(frozen=True, slots=True)
class Opens:
    """News: a firing period begins.

    `closes` is the episode that ended without anybody telling us; `flaps` is how often
    the alert fired lately, if that is often enough to be told as flapping.
    """

    starts_at: datetime
    closes: KnownEpisode | None = None
    flaps: int = 0


@dataclass(frozen=True, slots=True)
class FiresAgain:
    """A flapping alert fires again: within its episode, and no news by itself."""

    starts_at: datetime


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


Sighting = Opens | FiresAgain | Same | Ends | Late | EndsUnheard


def sight(
    known: KnownEpisode | None,
    alert: Alert,
    now: datetime,
    flapping: Flapping = NEVER,
) -> Sighting:
    """Say what *alert* means, given the latest episode *known* for its fingerprint."""
    starts_at = now if alert.starts_at is None else alert.starts_at
    if alert.status is Status.RESOLVED:
        return _sight_resolved(known, alert, starts_at, now)
    if known is None:
        return Opens(starts_at)
    if known.ends_at is None:
        return _sight_open(known, alert, starts_at, now, flapping)
    if (
        alert.starts_at is None
        or starts_at > known.ends_at
        or (known.ended_seen is not None and now - known.ended_seen > LATE_COPY)
    ):
        return _opens(known, starts_at, now, flapping)
    return Late()


def _sight_open(
    known: KnownEpisode,
    alert: Alert,
    starts_at: datetime,
    now: datetime,
    flapping: Flapping,
) -> Sighting:
    if alert.starts_at is None:
        return Same(known.starts_at)
    if starts_at > known.fires_since + DRIFT:
        again = _opens(known, starts_at, now, flapping)
        return replace(again, closes=known) if isinstance(again, Opens) else again
    if starts_at < known.starts_at and _is_before(starts_at, known):
        return Late()
    return Same(min(starts_at, known.starts_at))


def _opens(
    known: KnownEpisode, starts_at: datetime, now: datetime, flapping: Flapping
) -> Opens | FiresAgain:
    """Open an episode, unless the last one flaps and has not settled."""
    if is_flapping(known.flaps, known.changed_seen, flapping, now):
        return FiresAgain(starts_at)
    return Opens(starts_at, flaps=flaps_at_opening(known.opened, flapping, now))


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
        ends_at < known.fires_since or _is_before(ends_at, known)
    ):
        # The end of an earlier period, overtaken by the firing of this one.
        return Late()
    return Ends(max(ends_at, known.fires_since))


def _is_before(at: datetime, known: KnownEpisode) -> bool:
    """Whether *at* lies in the period before this one.

    Without it a late copy of the last period would pull this one's start back, and
    its late resolve would then end what still fires.
    """
    return known.previous_end is not None and at <= known.previous_end
