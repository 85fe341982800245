"""What the demo shows: posts as Alertmanager makes them, and what is to be seen."""

from dataclasses import dataclass
from datetime import datetime, timedelta

HOSTS = 12
"""Hosts of the storm: more than one text has room for."""

CONFIG = """\
# What the demo runs on. Yours looks like this, with real numbers and a real token.
server:
  listen: {listen}
storage:
  url: sqlite://{folder}/alertbridge.db
sources:
  - {{name: alertmanager, type: alertmanager}}
  - {{name: grafana, type: grafana}}
providers:
  - name: simulated
    type: ip1
    base_url: {gateway}
    token: {{file: gateway.token}}
    sender: iP1
recipients:
  anna: {{phones: ["+46701740605"]}}
  bo: {{phones: ["+46701740607"], send_resolved: false}}
route:
  receiver: everybody
  routes:
    - matchers: [severity="info"]
      receiver: anna
receivers:
  - {{name: everybody, recipients: [anna, bo]}}
  - {{name: anna, recipients: [anna]}}
# Four scenes in some seconds; yours needs no line of this.
pace: [{{limit: 20, window: 1m}}]
log: {{level: warning}}
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """A post, what it shows, and how many SMS it is to bring."""

    title: str
    body: dict[str, object]
    messages: int


def scenes(now: datetime) -> tuple[Scene, ...]:
    """Tell one night in four posts: the disk filled up eight minutes ago."""
    began = now - timedelta(minutes=8)
    disk = _alert(
        "DiskFull", "critical", "db1.example.org", "Disk /var is 97% full", began
    )
    storm = [
        _alert("HighLoad", "high", f"web{n}.example.org", "Load is 42", now)
        for n in range(1, HOSTS + 1)
    ]
    over = {**disk, "status": "resolved", "endsAt": now.isoformat()}
    return (
        Scene("1. A critical alert: anna and bo are told", _post(disk), 2),
        Scene(
            "2. A second Alertmanager posts the same: nobody is told twice",
            _post(disk),
            0,
        ),
        Scene("3. Twelve hosts at once: one text each, not twelve", _post(*storm), 2),
        Scene(
            "4. The disk is fine again: anna hears it; bo has `send_resolved: false`",
            _post(over),
            1,
        ),
    )


def _post(*alerts: dict[str, object]) -> dict[str, object]:
    first = alerts[0]
    labels = first["labels"]
    assert isinstance(labels, dict)
    name = labels["alertname"]
    return {
        "version": "4",
        "receiver": "alertbridge",
        "groupKey": f'{{}}:{{alertname="{name}"}}',
        "groupLabels": {"alertname": name},
        "status": first["status"],
        "alerts": list(alerts),
    }


def _alert(
    name: str, severity: str, host: str, summary: str, began: datetime
) -> dict[str, object]:
    return {
        "status": "firing",
        "labels": {
            "alertname": name,
            "severity": severity,
            "instance": f"{host}:9100",
            "job": "node",
        },
        "annotations": {"summary": summary},
        "startsAt": began.isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
    }
