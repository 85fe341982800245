"""Alertmanager's webhook, version "4" (fields of 0.25 to 0.34).

The shape that Grafana's unified alerting shares. Each alert's own status counts: the
group's is computed over the alerts that `max_alerts` left in. What cannot be read of
one alert never costs the others.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from alertbridge.core.alert import (
    UNREADABLE_ALERTNAME,
    Alert,
    AlertGroup,
    GroupKey,
    PostReason,
    SourceName,
    Status,
    Unreadable,
    fingerprint_of_stand_in,
)
from alertbridge.ports import PayloadError
from alertbridge.sources.reading import (
    ANNOTATION_LIMIT,
    KEY_LIMIT,
    LABEL_LIMIT,
    MOST_ALERTS,
    json_text,
    raw_text,
    read_count,
    read_fingerprint,
    read_object,
    read_time,
    text,
    text_map,
)

_REASONS = {reason.value: reason for reason in PostReason}

# Go's regexp.QuoteMeta puts a backslash before exactly these.
_QUOTED = re.compile(r"\\([\\.+*?()|\[\]{}^$])")


def parse(body: bytes, source: SourceName, *, now: datetime) -> AlertGroup:
    """Read a body as Alertmanager (or Grafana's unified alerting) posts it.

    Raises:
        PayloadError: no JSON object, or none with an `alerts` array.
    """
    return read_group(read_object(body), source, now=now)


def read_group(
    document: Mapping[str, object],
    source: SourceName,
    *,
    now: datetime,
    oversized: bool = False,
) -> AlertGroup:
    """Read a post that has been taken out of its JSON.

    Raises:
        PayloadError: it has no `alerts` array.
    """
    elements = document.get("alerts")
    if not isinstance(elements, list):
        raise PayloadError(_why_no_alerts(document))
    receiver = read_receiver(document.get("receiver"))
    group_key = _read_group_key(document)
    alerts, unreadable = _read_elements(elements[:MOST_ALERTS], now)
    if unreadable and not any(alert.status is Status.FIRING for alert in alerts):
        alerts.append(_stand_in(document, group_key, len(unreadable), now))
    beyond = max(0, len(elements) - MOST_ALERTS)
    return AlertGroup(
        source=source,
        receiver=receiver,
        group_key=group_key,
        alerts=tuple(alerts),
        truncated=read_count(document.get("truncatedAlerts")) + beyond,
        unreadable=tuple(unreadable),
        oversized=oversized,
        reason=_read_reason(document.get("notification_reason")),
    )


def read_receiver(value: object) -> str:
    """Read a receiver's name, which arrives quoted for a regular expression."""
    name = text(value, KEY_LIMIT) if isinstance(value, str) else ""
    return _QUOTED.sub(r"\1", name) if "\\" in name else name


def read_alert(element: object, now: datetime) -> Alert | Unreadable:
    """Read one element of `alerts[]`; it needs labels or a fingerprint, no more."""
    if not isinstance(element, dict):
        return Unreadable("not an object", raw_text(element))
    labels = text_map(element.get("labels"), LABEL_LIMIT)
    given = element.get("fingerprint")
    if not labels and not (isinstance(given, str) and given):
        return Unreadable("neither labels nor a fingerprint", raw_text(element))
    ends_at = read_time(element.get("endsAt"), now)
    status = _read_status(element.get("status"), ends_at, now)
    url = element.get("generatorURL")
    return Alert(
        status=status,
        fingerprint=read_fingerprint(given, labels),
        labels=labels,
        annotations=text_map(element.get("annotations"), ANNOTATION_LIMIT),
        starts_at=read_time(element.get("startsAt"), now),
        ends_at=ends_at if status is Status.RESOLVED else None,
        generator_url=text(url, LABEL_LIMIT) if isinstance(url, str) else "",
    )


def _read_elements(
    elements: Sequence[object], now: datetime
) -> tuple[list[Alert], list[Unreadable]]:
    alerts: list[Alert] = []
    unreadable: list[Unreadable] = []
    for element in elements:
        read = read_alert(element, now)
        if isinstance(read, Alert):
            alerts.append(read)
        else:
            unreadable.append(read)
    return alerts, unreadable


def _read_status(value: object, ends_at: datetime | None, now: datetime) -> Status:
    if value == "firing":
        return Status.FIRING
    if value == "resolved":
        return Status.RESOLVED
    # Neither: only an end that is past says that it is over. In doubt it fires, as a
    # page too many is better than one too few.
    if ends_at is not None and ends_at <= now:
        return Status.RESOLVED
    return Status.FIRING


def _read_reason(value: object) -> PostReason | None:
    if value is None:
        return None
    # A reason that a later release invents must not stop the post.
    return _REASONS.get(value, PostReason.UNKNOWN) if isinstance(value, str) else None


def _read_group_key(document: Mapping[str, object]) -> GroupKey:
    """Take the sender's key, or make one of the group labels as Alertmanager would."""
    key = document.get("groupKey")
    if isinstance(key, str) and key:
        return GroupKey(text(key, KEY_LIMIT))
    labels = text_map(document.get("groupLabels"), LABEL_LIMIT)
    pairs = ", ".join(f"{name}={json_text(labels[name])}" for name in sorted(labels))
    return GroupKey(text(f"{{}}:{{{pairs}}}", KEY_LIMIT))


def _stand_in(
    document: Mapping[str, object], group_key: GroupKey, amount: int, now: datetime
) -> Alert:
    """Make the alert that pages somebody when no readable one would.

    It starts now: nothing will ever resolve it, and the sender posts again only for a
    change or a repeat, each of which deserves its own page. Copies of one post are
    minutes apart at most, and so are one episode.
    """
    labels = {
        **text_map(document.get("commonLabels"), LABEL_LIMIT),
        **text_map(document.get("groupLabels"), LABEL_LIMIT),
    }
    was = labels.get("alertname")
    noun = "alert" if amount == 1 else "alerts"
    about = f" of {was}" if was else ""
    return Alert(
        status=Status.FIRING,
        fingerprint=fingerprint_of_stand_in(group_key),
        labels={**labels, "alertname": UNREADABLE_ALERTNAME},
        annotations={"summary": f"{amount} {noun}{about} could not be read"},
        starts_at=now,
    )


def _why_no_alerts(document: Mapping[str, object]) -> str:
    if "alerts" in document:
        return "alerts is not an array"
    if "evalMatches" in document or "ruleId" in document:
        return (
            "no alerts array: this is Grafana's legacy alerting; "
            "give the source the type grafana"
        )
    return (
        "no alerts array: is webhook_config.payload (Alertmanager) or a custom payload "
        "(Grafana) in use? Remove it, or post to a source of type page"
    )
