"""Make posts again of what a store remembers of them.

The store keeps episodes, not posts: what fired or ended in one group at one moment is
taken for one post. Repeats, and counts of alerts that the source cut, are not kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from alertbridge.core.alert import (
    OURSELVES,
    Alert,
    AlertGroup,
    Fingerprint,
    GroupKey,
    SourceName,
    Status,
)
from alertbridge.core.past import Past, PastEpisode


@dataclass(frozen=True, slots=True)
class PastPost:
    """A post, when it came in."""

    at: datetime
    group: AlertGroup


@dataclass(frozen=True, slots=True)
class PastAck:
    """An acknowledgement, when it came in."""

    at: datetime
    source: SourceName
    fingerprint: Fingerprint
    by: str


def steps_of(past: Past) -> tuple[PastPost | PastAck, ...]:
    """Everything that came in, in order; our own meta-alerts are made anew."""
    episodes = [one for one in past.episodes if one.source != OURSELVES]
    steps: list[PastPost | PastAck] = [*_posts(episodes), *_acks(episodes)]
    return tuple(sorted(steps, key=attrgetter("at")))


def _posts(episodes: list[PastEpisode]) -> Iterator[PastPost]:
    together: dict[tuple[datetime, SourceName, str, GroupKey], list[Alert]] = {}
    opened = {(one.source, one.fingerprint, one.opened_seen) for one in episodes}
    for one in episodes:
        seen: list[tuple[datetime, Status]] = []
        if one.ended_seen != one.opened_seen:
            # Else the one post that told of it said that it was over already.
            seen.append((one.opened_seen, Status.FIRING))
        follower = (one.source, one.fingerprint, one.ended_seen)
        if one.ended_seen is not None and (
            one.ended_seen == one.opened_seen or follower not in opened
        ):
            # Else it ended unseen: the next one's beginning was its end.
            seen.append((one.ended_seen, Status.RESOLVED))
        for receiver in one.receivers:
            for at, status in seen:
                key = (at, one.source, receiver, one.group_key)
                together.setdefault(key, []).append(_alert(one, status))
    for (at, source, receiver, group_key), alerts in together.items():
        group = AlertGroup(
            source=source,
            receiver=receiver,
            group_key=group_key,
            alerts=tuple(alerts),
        )
        yield PastPost(at, group)


def _alert(one: PastEpisode, status: Status) -> Alert:
    return Alert(
        status=status,
        fingerprint=one.fingerprint,
        labels=one.labels,
        annotations=one.annotations,
        starts_at=one.starts_at,
        ends_at=one.ends_at if status is Status.RESOLVED else None,
        generator_url=one.generator_url,
    )


def _acks(episodes: list[PastEpisode]) -> Iterator[PastAck]:
    for one in episodes:
        if one.acknowledged_at is not None:
            by = one.acknowledged_by or "somebody"
            yield PastAck(one.acknowledged_at, one.source, one.fingerprint, by)
