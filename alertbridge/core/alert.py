"""What a source told us: alerts, and the group they came in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

SourceName = NewType("SourceName", str)
"""A configured source: two clusters are two sources."""

Fingerprint = NewType("Fingerprint", str)
"""The source's identity of an alert: stable while labels are the same."""

GroupKey = NewType("GroupKey", str)
"""The source's identity of a group. It paces reminders; it never identifies."""

Labels = Mapping[str, str]

OURSELVES = SourceName("alertbridge")
"""The source of meta-alerts: pages about alertbridge itself."""

PAGE = "Page"
"""The name of a page that says what it is in its summary alone."""

SOURCE_LABEL = "__source__"
RECEIVER_LABEL = "__receiver__"

_FNV_OFFSET = 14695981039346656037
_FNV_PRIME = 1099511628211
_U64 = 0xFFFFFFFFFFFFFFFF


class Status(StrEnum):
    """An alert's own state; the group's is not to be trusted (truncation)."""

    FIRING = "firing"
    RESOLVED = "resolved"


class PostReason(StrEnum):
    """Why the source says it posts (Alertmanager 0.32 `notification_reason`)."""

    FIRST = "first notification"
    NEW_ALERTS = "new alerts added"
    SOME_RESOLVED = "some alerts resolved"
    ALL_RESOLVED = "all alerts resolved"
    REPEAT = "repeat interval elapsed"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert of one post.

    `starts_at` is None where the source has no start time of its own (the `page`
    source, Grafana legacy): the time we first saw it stands in.
    `ends_at` is None while it fires, and where a resolve came without a time.
    """

    status: Status
    fingerprint: Fingerprint
    labels: Labels
    annotations: Labels = field(default_factory=dict)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    generator_url: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An element of `alerts[]` that could not be read: kept, counted and told."""

    reason: str
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertGroup:
    """One post: the alerts of one group, as one receiver of the source got them.

    `ends_others` says that every open episode of this group that is not among
    `alerts` has ended (Grafana legacy `ok` names no match).
    """

    source: SourceName
    receiver: str
    group_key: GroupKey
    alerts: tuple[Alert, ...]
    truncated: int = 0
    unreadable: tuple[Unreadable, ...] = ()
    oversized: bool = False
    reason: PostReason | None = None
    ends_others: bool = False


def fingerprint_of(labels: Labels) -> Fingerprint:
    """Hash a label set as Alertmanager does.

    FNV-1a 64 over `name 0xFF value 0xFF`, names sorted; 16 hex digits
    (prometheus/common model.LabelSet.Fingerprint).
    """
    digest = _FNV_OFFSET
    for name in sorted(labels):
        for part in (name, labels[name]):
            for byte in part.encode("utf-8", "replace"):
                digest = ((digest ^ byte) * _FNV_PRIME) & _U64
            digest = ((digest ^ 0xFF) * _FNV_PRIME) & _U64
    return Fingerprint(f"{digest:016x}")


UNREADABLE_ALERTNAME = "UnreadableAlerts"
"""The alert that stands for what could not be read of a post, whoever makes it."""


def fingerprint_of_stand_in(group_key: GroupKey) -> Fingerprint:
    """Identify the alert that stands for what could not be read of a group."""
    return Fingerprint(f"unreadable {group_key}")


def labels_for_matching(alert: Alert, group: AlertGroup) -> dict[str, str]:
    """Add what only matchers may see: which source posted, for which receiver."""
    return {
        **alert.labels,
        SOURCE_LABEL: group.source,
        RECEIVER_LABEL: group.receiver,
    }


def is_hidden(label: str) -> bool:
    """Say whether a label is internal (`__x__`): matchable, but not for a text."""
    return label.startswith("__") and label.endswith("__")
