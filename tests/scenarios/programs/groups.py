"""Configs and webhooks for scenarios: people, and what they are paged about."""

from collections.abc import Mapping
from datetime import UTC, datetime

AT_ONCE = [{"limit": 6, "window": "10m", "kept_for_critical": 2}]
"""A pace without a minute between two SMS: scenarios do not wait for it."""

NEVER = "0001-01-01T00:00:00Z"


def number(index: int) -> str:
    """The phone of the person of that index: 0 to 94."""
    return f"+467017406{index + 5:02}"


def now() -> datetime:
    """The time, for what a test says about itself."""
    return datetime.now(UTC)  # noqa: TID251 - the test's own clock


def config(gateway: str, *people: str, **more: object) -> dict[str, object]:
    """Make a config that pages everybody about everything."""
    people = people or ("anna",)
    return {
        "sources": [{"name": "alertmanager", "type": "alertmanager"}],
        "providers": [
            {
                "name": "simulated",
                "type": "ip1",
                "base_url": gateway,
                "token": {"file": "gateway.token"},
                "sender": "iP1",
            }
        ],
        "recipients": {
            name: {"phones": [number(index)]} for index, name in enumerate(people)
        },
        "route": {"receiver": "everybody"},
        "receivers": [{"name": "everybody", "recipients": list(people)}],
        "pace": AT_ONCE,
        **more,
    }


def alert(
    name: str,
    labels: Mapping[str, str] | None = None,
    *,
    severity: str = "critical",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> dict[str, object]:
    """One alert as Alertmanager posts it; firing unless it has an end."""
    return {
        "status": "firing" if ends_at is None else "resolved",
        "labels": {"alertname": name, "severity": severity, **(labels or {})},
        "annotations": {},
        "startsAt": (starts_at or now()).isoformat(),
        "endsAt": NEVER if ends_at is None else ends_at.isoformat(),
        "generatorURL": "",
    }


def group(*alerts: Mapping[str, object], key: str = "{}:{}") -> dict[str, object]:
    """A webhook of Alertmanager's, version 4."""
    firing = any(alert["status"] == "firing" for alert in alerts)
    return {
        "version": "4",
        "groupKey": key,
        "truncatedAlerts": 0,
        "status": "firing" if firing else "resolved",
        "receiver": "alertbridge",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://127.0.0.1:9093",
        "alerts": list(alerts),
    }
