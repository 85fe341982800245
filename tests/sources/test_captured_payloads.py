"""Every captured body is read as its row in `payloads/expected.json` says."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from alertbridge.core.alert import SourceName, Status, fingerprint_of, is_hidden
from alertbridge.ports import PayloadError
from alertbridge.sources import SOURCES

PAYLOADS = Path(__file__).parent.parent / "payloads"
EXPECTED: dict[str, dict[str, Any]] = json.loads(
    (PAYLOADS / "expected.json").read_text(encoding="utf-8")
)
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HERE = SourceName("here")


@dataclass
class Row:
    """One line of the table."""

    firing: int
    resolved: int
    receiver: str
    truncated: int
    reason: str | None = None
    ends_others: bool = field(default=False)


def bodies() -> Iterator[str]:
    """Name every captured body."""
    for path in sorted(PAYLOADS.glob("*/*.json")):
        if not path.name.endswith(".headers.json"):
            yield f"{path.parent.name}/{path.name}"


READABLE = [name for name in EXPECTED if "error" not in EXPECTED[name]]
REFUSED = [name for name in EXPECTED if "error" in EXPECTED[name]]
SHARED_SHAPE = [name for name in READABLE if not name.startswith("grafana/legacy")]
FROM_ALERTMANAGER = [name for name in READABLE if name.startswith("alertmanager/")]


def test_every_captured_body_has_an_expected_outcome() -> None:
    """A body that is added without a row is noticed."""
    assert list(bodies()) == sorted(EXPECTED)


@pytest.mark.parametrize("name", READABLE)
def test_body_is_read_as_expected(name: str) -> None:
    """Alerts, states, receiver, truncation and reason are what the table says."""
    parse = SOURCES[name.split("/", maxsplit=1)[0]]

    group = parse((PAYLOADS / name).read_bytes(), HERE, now=NOW)

    statuses = [alert.status for alert in group.alerts]
    assert Row(
        firing=statuses.count(Status.FIRING),
        resolved=statuses.count(Status.RESOLVED),
        receiver=group.receiver,
        truncated=group.truncated,
        reason=group.reason,
        ends_others=group.ends_others,
    ) == Row(**EXPECTED[name])


@pytest.mark.parametrize("name", READABLE)
def test_nothing_real_is_unreadable(name: str) -> None:
    """No element of a real body goes to the quarantine."""
    parse = SOURCES[name.split("/", maxsplit=1)[0]]

    group = parse((PAYLOADS / name).read_bytes(), HERE, now=NOW)

    assert group.unreadable == ()


@pytest.mark.parametrize("name", REFUSED)
def test_custom_payload_is_refused_with_a_reason(name: str) -> None:
    """What is not our shape is refused in one line that says why."""
    parse = SOURCES[name.split("/", maxsplit=1)[0]]

    with pytest.raises(PayloadError, match=EXPECTED[name]["error"]) as refused:
        parse((PAYLOADS / name).read_bytes(), HERE, now=NOW)

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", FROM_ALERTMANAGER)
def test_our_fingerprint_equals_alertmanagers(name: str) -> None:
    """The hash of the labels we read is the fingerprint Alertmanager sent."""
    group = SOURCES["alertmanager"]((PAYLOADS / name).read_bytes(), HERE, now=NOW)

    ours = [fingerprint_of(alert.labels) for alert in group.alerts]
    assert ours == [alert.fingerprint for alert in group.alerts]


@pytest.mark.parametrize("name", SHARED_SHAPE)
def test_source_type_does_not_change_what_is_read(name: str) -> None:
    """A body of the shared shape is read alike by either type of source."""
    body = (PAYLOADS / name).read_bytes()

    groups = [
        SOURCES[kind](body, HERE, now=NOW) for kind in ("alertmanager", "grafana")
    ]

    assert groups[0] == groups[1]


def test_hidden_labels_are_kept_for_routing() -> None:
    """What Grafana sends through an external Alertmanager keeps its `__x__` labels."""
    name = "grafana_managed_alert_via_external_alertmanager.am0.33.1.json"

    group = SOURCES["alertmanager"](
        (PAYLOADS / "alertmanager" / name).read_bytes(), HERE, now=NOW
    )

    assert any(is_hidden(label) for label in group.alerts[0].labels)
