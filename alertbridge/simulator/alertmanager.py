"""An Alertmanager in process: groups what fires, and writes the bodies it posts."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from alertbridge.config.timeline_model import Posting
from alertbridge.core.alert import Labels, SourceName, fingerprint_of

NO_END = "0001-01-01T00:00:00Z"
"""Go's zero time: the `endsAt` of what fires."""

LabelKey = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Alert:
    labels: Labels
    annotations: Labels
    starts_at: datetime
    ends_at: datetime | None = None
    posted: bool = False


@dataclass(slots=True, eq=False)
class Group:
    """Alerts that are posted together, and when they were and will be."""

    source: SourceName
    receiver: str
    labels: Labels
    alerts: dict[LabelKey, _Alert] = field(default_factory=dict)
    posted_at: datetime | None = None
    due: datetime | None = None

    @property
    def fires(self) -> bool:
        """Whether anything in it does."""
        return any(alert.ends_at is None for alert in self.alerts.values())


class Alertmanager:
    """Keeps groups as Alertmanager does; *posting* says how."""

    def __init__(self, posting: Posting) -> None:
        self._posting = posting
        self._groups: dict[tuple[str, str, LabelKey], Group] = {}

    def fire(
        self,
        alerts: Sequence[Labels],
        annotations: Labels,
        source: str,
        receiver: str,
        at: datetime,
    ) -> None:
        """These begin to fire; what fires already goes on."""
        for labels in alerts:
            group = self._group(source, receiver, labels)
            known = group.alerts.get(_key(labels))
            if known is None or known.ends_at is not None:
                group.alerts[_key(labels)] = _Alert(labels, annotations, at)
                self._touch(group, at)

    def resolve(self, wanted: Sequence[Labels], source: str, at: datetime) -> None:
        """Everything of *source* that has one of these label sets is over."""
        for group, alert in self._firing(wanted):
            if group.source == source:
                alert.ends_at = at
                self._touch(group, at)

    def repeat(self, wanted: Sequence[Labels], at: datetime) -> None:
        """The groups of what has one of these label sets are posted now."""
        for group, _ in self._firing(wanted):
            group.due = at

    def firing(self, wanted: Sequence[Labels]) -> Iterator[tuple[SourceName, Labels]]:
        """What fires and has one of these label sets, with its source."""
        for group, alert in self._firing(wanted):
            yield group.source, alert.labels

    def next_due(self) -> datetime | None:
        """When the next group is to be posted."""
        times = (group.due for group in self._groups.values())
        return min((due for due in times if due is not None), default=None)

    def posts(self, now: datetime) -> Iterator[tuple[SourceName, bytes]]:
        """The bodies that are due, once for each peer; what is over is forgotten.

        What was over before anybody heard of it is not posted, as in Alertmanager.
        """
        for key, group in list(self._groups.items()):
            if group.due is None or group.due > now:
                continue
            if any(one.posted or one.ends_at is None for one in group.alerts.values()):
                body = json.dumps(_document(group, now), ensure_ascii=False).encode()
                for _ in range(self._posting.peers):
                    yield group.source, body
            for alert in group.alerts.values():
                alert.posted = True
            ended = [k for k, a in group.alerts.items() if a.ends_at is not None]
            for over in ended:
                del group.alerts[over]
            group.posted_at, group.due = now, self._repeat_at(group, now)
            if not group.alerts:
                del self._groups[key]

    def _group(self, source: str, receiver: str, labels: Labels) -> Group:
        names = self._posting.group_by
        by = labels if "..." in names else {n: labels[n] for n in names if n in labels}
        key = (source, receiver, _key(by))
        if key not in self._groups:
            self._groups[key] = Group(SourceName(source), receiver, dict(by))
        return self._groups[key]

    def _firing(self, wanted: Sequence[Labels]) -> Iterator[tuple[Group, _Alert]]:
        for group in self._groups.values():
            for alert in group.alerts.values():
                if alert.ends_at is None and any(
                    one.items() <= alert.labels.items() for one in wanted
                ):
                    yield group, alert

    def _touch(self, group: Group, at: datetime) -> None:
        """Something changed: post it after the waits that Alertmanager keeps."""
        if group.posted_at is None:
            due = at + self._posting.group_wait
        else:
            due = max(at, group.posted_at + self._posting.group_interval)
        group.due = due if group.due is None else min(group.due, due)

    def _repeat_at(self, group: Group, now: datetime) -> datetime | None:
        after: timedelta | None = self._posting.repeat_interval
        return now + after if after is not None and group.fires else None


def _key(labels: Labels) -> LabelKey:
    return tuple(sorted(labels.items()))


def _document(group: Group, now: datetime) -> dict[str, object]:
    pairs = ", ".join(f"{k}={json.dumps(v)}" for k, v in sorted(group.labels.items()))
    alerts = list(group.alerts.values())
    return {
        "version": "4",
        "groupKey": f"{{}}:{{{pairs}}}",
        "truncatedAlerts": 0,
        "status": "firing" if group.fires else "resolved",
        "receiver": group.receiver,
        "groupLabels": group.labels,
        "commonLabels": _common([alert.labels for alert in alerts]),
        "commonAnnotations": _common([alert.annotations for alert in alerts]),
        "externalURL": "http://alertmanager.example.org",
        "alerts": [_element(alert, now) for alert in alerts],
    }


def _common(maps: Sequence[Labels]) -> dict[str, str]:
    first, *rest = maps
    return {k: v for k, v in first.items() if all(m.get(k) == v for m in rest)}


def _element(alert: _Alert, now: datetime) -> dict[str, object]:
    over = alert.ends_at is not None and alert.ends_at <= now
    return {
        "status": "resolved" if over else "firing",
        "labels": alert.labels,
        "annotations": alert.annotations,
        "startsAt": _time(alert.starts_at),
        "endsAt": NO_END if alert.ends_at is None else _time(alert.ends_at),
        "generatorURL": "",
        "fingerprint": fingerprint_of(alert.labels),
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
