"""Real bodies, mutated: a group or a `PayloadError`, and no alert unaccounted for."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertbridge.core.alert import (
    UNREADABLE_ALERTNAME,
    AlertGroup,
    SourceName,
    labels_for_matching,
)
from alertbridge.ports import PayloadError
from alertbridge.sources import SOURCES
from alertbridge.sources.oversized import salvage

PAYLOADS = Path(__file__).parent.parent / "payloads"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HERE = SourceName("here")

PAGE = b"""{"summary": "x", "key": "k", "labels": {"a": "b"}, "severity": "critical",
"starts_at": "2026-11-22T08:00:00Z"}"""

SEEDS = [PAGE] + [
    (PAYLOADS / name).read_bytes()
    for name in (
        "alertmanager/mixed_firing_and_resolved.am0.33.1.json",
        "alertmanager/startsat_with_offsets.am0.25.0.json",
        "alertmanager/utf8_label_names.am0.33.1.json",
        "grafana/unified_group3_firing.json",
        "grafana/unified_odd_values.json",
        "grafana/legacy_v7_alerting.json",
        "grafana/legacy_v7_no_data.json",
    )
]

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "\ud800",
            "\0",
            "9999-12-31T23:59:59-08:00",
            "0001-01-01T00:00:00+14:00",
            "x" * 9_000,
        ]
    ),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(st.text(max_size=9), children, max_size=4)
    ),
    max_leaves=8,
)


def places(document: object) -> list[tuple[Any, Any]]:
    """List every (container, key) of a JSON document."""
    found: list[tuple[Any, Any]] = []
    todo = [document]
    while todo:
        container = todo.pop()
        if isinstance(container, dict):
            found += [(container, key) for key in container]
            todo += container.values()
        elif isinstance(container, list):
            found += [(container, at) for at in range(len(container))]
            todo += container
    return found


@st.composite
def mutated(draw: st.DrawFn) -> object:
    """Replace, remove or repeat a few values of a real body."""
    document: object = json.loads(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(min_value=0, max_value=4))):
        found = places(document)
        if not found:
            break
        container, key = draw(st.sampled_from(found))
        action = draw(st.sampled_from(["replace", "remove", "repeat"]))
        if action == "remove":
            del container[key]
        elif action == "repeat" and isinstance(container, list):
            container.append(container[key])
        else:
            container[key] = draw(ANYTHING)
    return document


def parsed(source_type: str, body: bytes) -> AlertGroup | None:
    """Parse; None if the body is refused. Any other exception fails the test."""
    with suppress(PayloadError):
        return SOURCES[source_type](body, HERE, now=NOW)
    return None


def assert_storable(group: AlertGroup) -> None:
    """Everything of a group can be written to any store."""
    said = [group.receiver, group.group_key]
    for alert in group.alerts:
        matched = labels_for_matching(alert, group)
        said += [alert.fingerprint, alert.generator_url, *matched, *matched.values()]
        said += [*alert.annotations, *alert.annotations.values()]
    for element in group.unreadable:
        said += [element.reason, element.raw]
    for value in said:
        assert b"\0" not in value.encode("utf-8")


@pytest.mark.parametrize("source_type", list(SOURCES))
@settings(max_examples=300, deadline=None)
@given(document=mutated())
def test_mutated_body_is_a_group_or_refused(source_type: str, document: object) -> None:
    """Whatever a sender changes, there is no third outcome."""
    group = parsed(source_type, json.dumps(document).encode())

    if group is not None:
        assert_storable(group)


@pytest.mark.parametrize("source_type", list(SOURCES))
@settings(max_examples=200, deadline=None)
@given(seed=st.sampled_from(SEEDS), data=st.data())
def test_mutated_bytes_are_a_group_or_refused(
    source_type: str, seed: bytes, data: st.DataObject
) -> None:
    """Flipped, cut and doubled bytes have no third outcome either."""
    body = bytearray(seed)
    for _ in range(data.draw(st.integers(min_value=1, max_value=5))):
        at = data.draw(st.integers(min_value=0, max_value=len(body)))
        body[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))

    group = parsed(source_type, bytes(body))

    if group is not None:
        assert_storable(group)


@settings(max_examples=300, deadline=None)
@given(alerts=st.lists(ANYTHING | mutated(), max_size=12))
def test_no_element_is_unaccounted_for(alerts: list[object]) -> None:
    """Alerts read and elements set aside add up to what was posted."""
    group = parsed("alertmanager", json.dumps({"alerts": alerts}).encode())

    assert group is not None
    told = [
        alert
        for alert in group.alerts
        if alert.labels.get("alertname") != UNREADABLE_ALERTNAME
    ]
    assert len(told) + len(group.unreadable) == len(alerts)


@settings(max_examples=300, deadline=None)
@given(seed=st.sampled_from(SEEDS), cut=st.integers(min_value=0, max_value=8_000))
def test_any_beginning_can_be_salvaged(seed: bytes, cut: int) -> None:
    """A cut anywhere yields a group with alerts, or nothing."""
    group = salvage(seed[:cut], HERE, "grafana", now=NOW)

    assert group is None or (group.oversized and group.alerts)
