"""Grafana's unified alerting, and how its two generations are told apart."""

from collections.abc import Callable

import pytest

from alertbridge.core.alert import AlertGroup, Status, fingerprint_of
from alertbridge.ports import PayloadError
from alertbridge.sources import SOURCES

Parse = Callable[[str, object], AlertGroup]
Payload = Callable[[str], bytes]


def test_no_data_keeps_both_names(parse: Parse, payload: Payload) -> None:
    """A rule without data is told as such, with the rule's own name beside it."""
    group = parse("grafana", payload("grafana/unified_datasource_nodata"))

    labels = group.alerts[0].labels
    assert labels["alertname"] == "DatasourceNoData"
    assert labels["rulename"]


def test_grafanas_own_fingerprint_is_kept(parse: Parse, payload: Payload) -> None:
    """It covers hidden labels, so it cannot be made again from what we see."""
    (alert,) = parse("grafana", payload("grafana/unified_single_firing")).alerts

    assert alert.fingerprint != fingerprint_of(alert.labels)


def test_annotations_stay_as_they_are(parse: Parse, payload: Payload) -> None:
    """Title, message and values of the post add nothing to an alert."""
    (alert,) = parse("grafana", payload("grafana/unified_single_firing")).alerts

    assert sorted(alert.annotations) == ["description", "runbook_url", "summary"]


@pytest.mark.parametrize("source_type", ["grafana", "grafana_legacy"])
@pytest.mark.parametrize("name", ["unified_single_firing", "legacy_v7_test"])
def test_shape_decides_between_generations(
    parse: Parse, payload: Payload, source_type: str, name: str
) -> None:
    """An upgrade of Grafana changes the shape of a source, which still pages."""
    group = parse(source_type, payload(f"grafana/{name}"))

    assert {alert.status for alert in group.alerts} == {Status.FIRING}


def test_alerts_make_it_unified(parse: Parse) -> None:
    """A template that adds a legacy key to a unified body does not change its shape."""
    group = parse("grafana", {"alerts": [], "ruleId": 1, "state": "ok"})

    assert not group.ends_others


def test_other_shapes_are_refused(parse: Parse) -> None:
    """A body of neither shape is refused with what to do about it."""
    with pytest.raises(PayloadError, match="custom payload"):
        parse("grafana", {"text": "firing"})


def test_registry_holds_what_a_config_may_name() -> None:
    """There are four types of source."""
    assert sorted(SOURCES) == ["alertmanager", "grafana", "grafana_legacy", "page"]
