"""What a post changes: who must hear what, and why anybody is left out.

`core.planning` decides it; the store applies it in the transaction that gathered
what the decision was made from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alertbridge.core.alert import (
    Alert,
    AlertGroup,
    Fingerprint,
    GroupKey,
    Labels,
    PostReason,
    SourceName,
)
from alertbridge.core.episode import KnownEpisode
from alertbridge.core.notification import (
    EpisodeId,
    Kind,
    NotificationId,
    PostNote,
    Reason,
    State,
)
from alertbridge.core.recipient import Msisdn, RecipientName
from alertbridge.core.severity import Severity


@dataclass(frozen=True, slots=True)
class Keys:
    """What a decision about a post asks the store for.

    `after_unreadable` and `after_truncated` are looked up only if the group's previous
    post held something unreadable, or did not show everything; nearly every post is
    spared them.
    """

    source: SourceName
    receiver: str
    group_key: GroupKey
    fingerprints: tuple[Fingerprint, ...]
    others: bool = False
    after_unreadable: Fingerprint | None = None
    after_truncated: Fingerprint | None = None


@dataclass(frozen=True, slots=True)
class LastPost:
    """The previous post of the same (source, receiver, group key).

    `repeated_at` is when one of them last was a repeat; `truncated` is how many alerts
    the source did not show in it.
    """

    at: datetime
    repeated_at: datetime | None = None
    truncated: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store holds about a post's keys.

    `others` are the open episodes of the group that the post does not name; they are
    gathered only if the keys ask for them. `open` counts the open episodes of the
    source, and `flood` is the one that stands for too many of them, while it is open.
    """

    episodes: Mapping[Fingerprint, KnownEpisode] = field(default_factory=dict)
    others: Sequence[KnownEpisode] = ()
    last_post: LastPost | None = None
    open: int = 0
    flood: KnownEpisode | None = None


class Post(StrEnum):
    """What a post as a whole is (rule 5)."""

    NEWS = "news"
    REPEAT = "repeat"
    COPY = "copy"


class Verdict(StrEnum):
    """Why somebody hears nothing about an alert of this post.

    `given_up` is not `already_told`: what he was to hear died, expired or was
    cancelled, and a copy is no reason to try again (a repeat is). `only_counted`: its
    source has more open alerts than are told one by one. `watchdog`: it shows that its
    source works, and only its silence is told.
    """

    ALREADY_TOLD = "already_told"
    ALREADY_WAITING = "already_waiting"
    REMINDED_LATELY = "reminded_lately"
    FLAPPING = "flapping"
    GIVEN_UP = "given_up"
    LATE_COPY = "late_copy"
    NEVER_HEARD = "never_heard"
    RESOLVED_UNWANTED = "resolved_unwanted"
    RESOLVED_BEFORE_TOLD = "resolved_before_told"
    ACKNOWLEDGED = "acknowledged"
    MUTED = "muted"
    ONLY_COUNTED = "only_counted"
    WATCHDOG = "watchdog"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEpisode:
    """A row to write: a firing period begins (and, if unheard, has already ended).

    `kin` is the same for alerts that differ in their severity only, '' if it has none.
    """

    alert: Alert
    starts_at: datetime
    ends_at: datetime | None
    severity: Severity
    flaps: int = 0
    kin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveEpisode:
    """A row to change: an earlier start, the end, newer annotations.

    `refired_at` takes an end back: it fires again. `flaps` replaces their number.
    `seen` notes that a post has named it now: it is not stale.
    """

    id: EpisodeId
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    refired_at: datetime | None = None
    flaps: int | None = None
    annotations: Labels | None = None
    seen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFact:
    """A notification to write. Its episode is the latest of `fingerprint`."""

    fingerprint: Fingerprint
    kind: Kind
    round: int
    recipient: RecipientName
    numbers: tuple[Msisdn, ...]
    receiver: str
    route: str | None = None
    where: str
    severity: Severity
    state: State = State.WAITING
    reason: Reason = Reason.NEWS
    held_until: datetime | None = None
    mutes: tuple[str, ...] = ()
    actives: tuple[str, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChangeFact:
    """A waiting notification whose state the post changes."""

    id: NotificationId
    state: State
    reason: Reason


@dataclass(frozen=True, slots=True)
class ReleaseFact:
    """A held notification that an unmuted route now wants: it no longer waits."""

    id: NotificationId
    held_until: datetime | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Somebody who hears nothing about an alert, the reason, and the rule's place."""

    fingerprint: Fingerprint
    recipient: RecipientName | None
    verdict: Verdict
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one post changes; written in one transaction, before the 2xx."""

    keys: Keys
    post: Post
    reason: PostReason | None
    note: PostNote
    opens: tuple[OpenEpisode, ...] = ()
    moves: tuple[MoveEpisode, ...] = ()
    facts: tuple[NewFact, ...] = ()
    changes: tuple[ChangeFact, ...] = ()
    releases: tuple[ReleaseFact, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def keys_of(
    group: AlertGroup,
    *also: Fingerprint,
    after_unreadable: Fingerprint | None = None,
    after_truncated: Fingerprint | None = None,
) -> Keys:
    """Name what the store must gather before *group* can be decided."""
    return Keys(
        group.source,
        group.receiver,
        group.group_key,
        tuple(dict.fromkeys([*(a.fingerprint for a in group.alerts), *also])),
        group.ends_others,
        after_unreadable,
        after_truncated,
    )
