"""Legacy Grafana: a rule and the tags of a series are an alert; `ok` ends them all."""

from collections.abc import Callable

import pytest

from alertbridge.core.alert import AlertGroup, Status

Parse = Callable[[str, object], AlertGroup]
Payload = Callable[[str], bytes]


def rule(**more: object) -> dict[str, object]:
    """Make the post of one rule."""
    return {
        "orgId": 1,
        "ruleId": 37,
        "ruleName": "High CPU",
        "state": "alerting",
        "evalMatches": [{"metric": "cpu", "tags": {"instance": "web1"}, "value": 9.5}],
        **more,
    }


def match(metric: str, **tags: str) -> dict[str, object]:
    """Make one matching series."""
    return {"metric": metric, "tags": tags or None, "value": 1}


def test_series_becomes_an_alert(parse: Parse, payload: Payload) -> None:
    """Name, tags of rule and series, title, message and value are all told."""
    group = parse("grafana_legacy", payload("grafana/legacy_v7_alerting"))

    alert = group.alerts[0]
    assert alert.labels == {
        "alertname": "High CPU alert",
        "severity": "critical",
        "team": "ops",
        "instance": "web1",
        "job": "node",
        "metric": "cpu {instance=web1}",
    }
    assert alert.annotations == {
        "summary": "[Alerting] High CPU alert",
        "description": "CPU usage is above 90%",
        "value": "97.53246753246754",
    }


def test_start_is_when_we_first_see_it(parse: Parse, payload: Payload) -> None:
    """There is no time in the post to take for a start."""
    group = parse("grafana_legacy", payload("grafana/legacy_v7_alerting"))

    assert {alert.starts_at for alert in group.alerts} == {None}


@pytest.mark.parametrize(
    ("state", "fires", "ends"),
    [
        pytest.param("alerting", 1, False, id="alerting"),
        pytest.param("no_data", 1, False, id="no-data"),
        pytest.param("ok", 0, True, id="ok"),
        pytest.param("paused", 0, True, id="paused"),
        pytest.param("pending", 0, False, id="pending"),
        pytest.param("unknown", 1, False, id="in-doubt-it-fires"),
        pytest.param(None, 1, False, id="no-state"),
    ],
)
def test_state_decides(parse: Parse, state: object, fires: int, *, ends: bool) -> None:
    """Alerting and no data fire, ok and paused end, pending says nothing yet."""
    group = parse("grafana_legacy", rule(state=state))

    assert (len(group.alerts), group.ends_others) == (fires, ends)


def test_end_finds_the_group_that_fired(parse: Parse, payload: Payload) -> None:
    """The ok of a rule has the group key of its firing."""
    fired = parse("grafana_legacy", payload("grafana/legacy_v7_alerting"))
    ended = parse("grafana_legacy", payload("grafana/legacy_v7_ok"))

    assert fired.group_key == ended.group_key


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        pytest.param(
            match("cpu", instance="web1"),
            match("cpu (avg)", instance="web1"),
            True,
            id="renamed-series",
        ),
        pytest.param(
            match("cpu", instance="web1"),
            match("cpu", instance="web2"),
            False,
            id="other-tags",
        ),
        pytest.param(match("A"), match("B"), False, id="no-tags-other-name"),
        pytest.param(match("A"), match("A"), True, id="no-tags-same-name"),
    ],
)
def test_series_is_identified_by_its_tags(
    parse: Parse, first: object, second: object, *, same: bool
) -> None:
    """Tags identify; the name only where there are none."""
    group = parse("grafana_legacy", rule(evalMatches=[first, second]))

    fingerprints = {alert.fingerprint for alert in group.alerts}
    assert (len(fingerprints) == 1) is same


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"ruleId": 38}, id="rule"),
        pytest.param({"orgId": 2}, id="organisation"),
        pytest.param({"ruleId": None, "ruleUrl": "http://g.example.org/1"}, id="url"),
        pytest.param({"ruleId": None}, id="name-only"),
    ],
)
def test_rules_are_told_apart(parse: Parse, other: dict[str, object]) -> None:
    """The same series under another rule is another alert, in another group."""
    here = parse("grafana_legacy", rule())
    there = parse("grafana_legacy", rule(**other))

    assert here.alerts[0].fingerprint != there.alerts[0].fingerprint
    assert here.group_key != there.group_key


def test_tags_of_the_rule_win(parse: Parse) -> None:
    """What the operator wrote on the rule is not changed by a tag of the data."""
    matches = [{"metric": "cpu", "tags": {"severity": "info"}}]

    group = parse(
        "grafana_legacy", rule(tags={"severity": "critical"}, evalMatches=matches)
    )

    assert group.alerts[0].labels["severity"] == "critical"


@pytest.mark.parametrize(
    "matches",
    [
        pytest.param([], id="empty"),
        pytest.param(None, id="null"),
        pytest.param({}, id="object"),
        pytest.param([7], id="unreadable-only"),
    ],
)
def test_rule_without_series_fires_all_the_same(parse: Parse, matches: object) -> None:
    """A rule whose query fails names no series, and pages."""
    group = parse("grafana_legacy", rule(evalMatches=matches))

    assert [alert.labels for alert in group.alerts] == [{"alertname": "High CPU"}]


def test_unreadable_series_does_not_cost_the_others(parse: Parse) -> None:
    """One bad element is set aside."""
    group = parse("grafana_legacy", rule(evalMatches=[None, match("A")]))

    assert (len(group.alerts), len(group.unreadable)) == (1, 1)


def test_rule_without_a_name_is_still_told(parse: Parse) -> None:
    """A nameless rule gets a name to page with."""
    group = parse("grafana_legacy", {"evalMatches": []})

    assert [(alert.status, alert.labels) for alert in group.alerts] == [
        (Status.FIRING, {"alertname": "Grafana alert"})
    ]
