"""Alertmanager's shape, well-formed and not: every alert that can be told is told."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from alertbridge.core.alert import (
    UNREADABLE_ALERTNAME,
    Alert,
    AlertGroup,
    GroupKey,
    PostReason,
    Status,
    fingerprint_of,
)
from alertbridge.ports import PayloadError
from alertbridge.sources.reading import KEY_LIMIT, MOST_ALERTS, RAW_LIMIT

Parse = Callable[[str, object], AlertGroup]

LABELS = {"alertname": "DiskFull", "instance": "db1"}
START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def post(*alerts: object, **more: object) -> dict[str, object]:
    """Make a post of elements."""
    return {"receiver": "sms", "groupKey": "{}:{}", "alerts": list(alerts), **more}


def element(**more: object) -> dict[str, object]:
    """Make one firing element."""
    return {"status": "firing", "labels": LABELS, **more}


def only(group: AlertGroup) -> Alert:
    """Take the one alert of a group."""
    (alert,) = group.alerts
    return alert


def test_alert_is_read_whole(parse: Parse) -> None:
    """Each field of an alert arrives where core expects it."""
    said = element(
        status="resolved",
        annotations={"summary": "97 %"},
        startsAt="2026-11-22T08:00:00Z",
        endsAt="2026-11-22T08:30:00Z",
        generatorURL="http://prometheus.example.org/graph",
        fingerprint="0123456789abcdef",
    )

    group = parse("alertmanager", post(said))

    assert only(group) == Alert(
        status=Status.RESOLVED,
        fingerprint=only(group).fingerprint,
        labels=LABELS,
        annotations={"summary": "97 %"},
        starts_at=START,
        ends_at=START + timedelta(minutes=30),
        generator_url="http://prometheus.example.org/graph",
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({"status": "firing"}, Status.FIRING, id="firing"),
        pytest.param({"status": "resolved"}, Status.RESOLVED, id="resolved"),
        pytest.param(
            {"status": "firing", "endsAt": "2026-11-22T08:00:00Z"},
            Status.FIRING,
            id="said-status-beats-the-end",
        ),
        pytest.param({"status": 5}, Status.FIRING, id="odd-without-end"),
        pytest.param(
            {"status": "?", "endsAt": "2026-11-22T08:00:00Z"},
            Status.RESOLVED,
            id="odd-and-ended",
        ),
        pytest.param(
            {"status": None, "endsAt": "2026-11-22T10:00:00Z"},
            Status.FIRING,
            id="odd-and-ends-later",
        ),
        pytest.param(
            {"status": None, "endsAt": "0001-01-01T00:00:00Z"},
            Status.FIRING,
            id="odd-and-zero-end",
        ),
    ],
)
def test_status_in_doubt_fires(
    parse: Parse, said: dict[str, object], expected: Status
) -> None:
    """Without a status only an end that is past resolves."""
    group = parse("alertmanager", post(element(**said)))

    assert only(group).status is expected


def test_firing_alert_has_no_end(parse: Parse) -> None:
    """An end that a firing alert is posted with means nothing yet."""
    group = parse("alertmanager", post(element(endsAt="2026-11-22T10:00:00Z")))

    assert only(group).ends_at is None


@pytest.mark.parametrize(
    ("quoted", "name"),
    [
        pytest.param("sms", "sms", id="plain"),
        pytest.param(r"team\.a\+sms \(prod\)", "team.a+sms (prod)", id="quoted"),
        pytest.param(r"a\\\.b", r"a\.b", id="backslash"),
        pytest.param(r"\d", r"\d", id="not-quoted-by-go"),
        pytest.param(None, "", id="null"),
        pytest.param(["sms"], "", id="wrong-type"),
    ],
)
def test_receiver_is_unquoted(parse: Parse, quoted: object, name: str) -> None:
    """The receiver is the name in the sender's config, not the pattern it posts."""
    assert parse("alertmanager", post(receiver=quoted)).receiver == name


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        pytest.param(4, 4, id="some"),
        pytest.param(4.0, 4, id="float"),
        pytest.param(-1, 0, id="negative"),
        pytest.param(True, 0, id="truth-value"),
        pytest.param("4", 0, id="string"),
        pytest.param(None, 0, id="null"),
        pytest.param(10**30, 1_000_000, id="huge"),
        pytest.param(float("inf"), 1_000_000, id="infinite"),
        pytest.param(float("nan"), 0, id="not-a-number"),
    ],
)
def test_truncated_is_clamped(parse: Parse, said: object, amount: int) -> None:
    """A silly number of truncated alerts becomes one a text can say."""
    assert parse("alertmanager", post(truncatedAlerts=said)).truncated == amount


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        pytest.param("repeat interval elapsed", PostReason.REPEAT, id="known"),
        pytest.param("moon is full", PostReason.UNKNOWN, id="from-the-future"),
        pytest.param(None, None, id="before-0.32"),
        pytest.param(["none"], None, id="wrong-type"),
    ],
)
def test_reason_is_read(parse: Parse, said: object, reason: PostReason | None) -> None:
    """A reason we do not know is unknown; no reason is none."""
    assert parse("alertmanager", post(notification_reason=said)).reason is reason


@pytest.mark.parametrize(
    "fingerprint",
    [
        pytest.param(None, id="missing"),
        pytest.param("", id="empty"),
        pytest.param(7, id="number"),
        pytest.param("f" * 65, id="too-long"),
    ],
)
def test_fingerprint_is_made_of_the_labels(parse: Parse, fingerprint: object) -> None:
    """Without a usable fingerprint the labels identify the alert."""
    group = parse("alertmanager", post(element(fingerprint=fingerprint)))

    assert only(group).fingerprint == fingerprint_of(LABELS)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(None, id="null"),
        pytest.param(7, id="number"),
        pytest.param([], id="array"),
        pytest.param({}, id="nothing-in-it"),
        pytest.param({"status": "firing", "labels": {}}, id="no-labels"),
        pytest.param({"labels": [{"name": "a"}]}, id="labels-in-an-array"),
    ],
)
def test_unreadable_alert_does_not_cost_the_others(parse: Parse, bad: object) -> None:
    """One bad element is set aside, and the alerts around it are read."""
    group = parse("alertmanager", post(element(), bad, element(fingerprint="b")))

    assert (len(group.alerts), len(group.unreadable)) == (2, 1)


def test_labels_may_be_missing_if_there_is_a_fingerprint(parse: Parse) -> None:
    """An alert that can be identified can be told, however little it says."""
    group = parse("alertmanager", post({"fingerprint": "a", "labels": None}))

    assert only(group).labels == {}


def test_unreadable_keeps_a_bounded_sample(parse: Parse) -> None:
    """The raw text of a bad element is kept, but not all of a huge one."""
    group = parse("alertmanager", post(["x" * 100_000]))

    assert len(group.unreadable[0].raw) == RAW_LIMIT


def test_post_of_unreadable_alerts_pages_somebody(parse: Parse, now: datetime) -> None:
    """If nothing can be told, an alert of ours says so, routed as the group is."""
    body = post(
        None, 7, commonLabels={"team": "db"}, groupLabels={"alertname": "DiskFull"}
    )

    alert = only(parse("alertmanager", body))

    assert (alert.status, alert.labels, alert.annotations, alert.starts_at) == (
        Status.FIRING,
        {"alertname": UNREADABLE_ALERTNAME, "team": "db"},
        {"summary": "2 alerts of DiskFull could not be read"},
        now,
    )


def test_resolved_neighbours_do_not_hide_an_unreadable_alert(parse: Parse) -> None:
    """Nobody would be paged for a resolve, so the stand-in fires beside it."""
    group = parse("alertmanager", post(element(status="resolved"), None))

    assert [alert.status for alert in group.alerts] == [Status.RESOLVED, Status.FIRING]


def test_stand_in_is_the_same_alert_for_every_copy(parse: Parse) -> None:
    """Two peers that post the same unreadable group page once."""
    once = parse("alertmanager", post(None, externalURL="http://a.example.org"))
    again = parse("alertmanager", post(None, externalURL="http://b.example.org"))

    assert only(once).fingerprint == only(again).fingerprint


def test_alerts_beyond_the_cap_are_counted_as_truncated(parse: Parse) -> None:
    """A post of a million is cut, and says by how much."""
    alerts = [element(fingerprint=f"{n}") for n in range(MOST_ALERTS + 7)]

    group = parse("alertmanager", post(*alerts, truncatedAlerts=5))

    assert (len(group.alerts), group.truncated) == (MOST_ALERTS, 12)


def test_group_key_is_made_of_the_group_labels(parse: Parse) -> None:
    """Without a group key the group labels stand in, as Alertmanager writes them."""
    body = post(groupKey=None, groupLabels={"b": 'say "x"', "alertname": "DiskFull"})

    group = parse("alertmanager", body)

    assert group.group_key == r'{}:{alertname="DiskFull", b="say \"x\""}'


def test_long_group_keys_stay_different(parse: Parse) -> None:
    """A key is bounded for the index, without making two groups one."""
    keys = {
        parse("alertmanager", post(groupKey="k" * 5_000 + end)).group_key
        for end in "ab"
    }

    assert {len(key) for key in keys} == {KEY_LIMIT}
    assert len(keys) == 2


def test_empty_group_is_fine(parse: Parse) -> None:
    """No alerts is nothing to tell, and nothing to refuse."""
    group = parse("alertmanager", {"alerts": []})

    assert group == AlertGroup(
        source=group.source, receiver="", group_key=GroupKey("{}:{}"), alerts=()
    )


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param(b"", "the body is empty", id="empty"),
        pytest.param(b" \n", "the body is empty", id="blank"),
        pytest.param(b"ALERT", "not JSON: Expecting value, line 1 column 1", id="text"),
        pytest.param(b'{"alerts": [', "not JSON", id="cut-off"),
        pytest.param(b"[]", "not a JSON object but an array", id="array"),
        pytest.param(b'"x"', "not a JSON object but a string", id="string"),
        pytest.param(b"null", "not a JSON object but null", id="null"),
        pytest.param(b"7", "not a JSON object but a number", id="number"),
        pytest.param(b"{}", "webhook_config.payload", id="no-alerts"),
        pytest.param(b'{"alerts": {}}', "alerts is not an array", id="object"),
        pytest.param(b'{"alerts": null}', "alerts is not an array", id="null-alerts"),
        pytest.param(b'{"ruleId": 1}', "legacy", id="legacy"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="depth-bomb"),
        pytest.param(
            b'{"alerts": ' + b"[" * 100_000, "nested too deeply", id="inner-depth-bomb"
        ),
    ],
)
def test_other_shapes_are_refused_in_one_line(
    parse: Parse, body: bytes, why: str
) -> None:
    """What is not our shape is refused with the reason, in a line fit for a log."""
    with pytest.raises(PayloadError, match=why) as refused:
        parse("alertmanager", body)

    assert "\n" not in str(refused.value)
