"""The beginning of a body that was too long still pages for every whole alert."""

import json
import re
from collections.abc import Callable
from datetime import datetime

import pytest

from alertbridge.core.alert import AlertGroup, PostReason, SourceName
from alertbridge.sources.oversized import salvage
from alertbridge.sources.reading import MOST_ALERTS

Payload = Callable[[str], bytes]
Salvage = Callable[[bytes], AlertGroup | None]

GROUP500 = "alertmanager/group500.am0.33.1"


@pytest.fixture
def save(now: datetime) -> Salvage:
    """Salvage as for an Alertmanager source."""
    return lambda prefix: salvage(prefix, SourceName("a"), "alertmanager", now=now)


def alerts_in(group: AlertGroup | None) -> int:
    """Count what was saved."""
    return 0 if group is None else len(group.alerts)


def body(**keys: object) -> bytes:
    """Make a body of keys in this order."""
    return json.dumps(keys).encode()


ONE = {"status": "firing", "labels": {"alertname": "A", "n": "1"}}
TWO = {"status": "firing", "labels": {"alertname": "A", "n": "2"}}
OTHER = {"status": "firing", "labels": {"alertname": "B"}}


def test_whole_alerts_are_read_and_the_cut_one_is_not(
    save: Salvage, payload: Payload
) -> None:
    """Every alert that closes before the cut is told, and no other."""
    prefix = payload(GROUP500)[:100_000]

    group = save(prefix)

    ends = re.findall(rb'"fingerprint":"[0-9a-f]{16}"}', prefix)
    assert alerts_in(group) == len(ends) > 100


def test_group_says_that_it_is_oversized(save: Salvage, payload: Payload) -> None:
    """Readers are told that there is more, and nobody knows how much."""
    group = save(payload(GROUP500)[:100_000])

    assert group is not None
    assert (group.oversized, group.receiver) == (True, "sms")


def test_every_cut_is_survived(save: Salvage) -> None:
    """Wherever the body is cut, the whole alerts before the cut are read."""
    whole = body(receiver="sms", alerts=[ONE, {"labels": {"é": "\\"}}], status="x")
    ends = [whole.index(b"}}") + 2, whole.rindex(b"}}") + 2]

    read = [alerts_in(save(whole[:cut])) for cut in range(len(whole) + 1)]

    assert read == [sum(end <= cut for end in ends) for cut in range(len(whole) + 1)]


@pytest.mark.parametrize(
    "prefix",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[", id="array"),
        pytest.param(b'{"receiver":"sms","ale', id="before-alerts"),
        pytest.param(b'{"alerts":[', id="no-alert"),
        pytest.param(b'{"alerts":[]}', id="empty"),
        pytest.param(b'{"alerts":{"labels":{"a":"b"}},', id="not-an-array"),
        pytest.param(b'{"alerts":[1,2,3', id="only-unreadable"),
        pytest.param(b'{"alerts" [{"labels":{"a":"b"}}', id="no-colon"),
        pytest.param(b'{7:[{"labels":{"a":"b"}}', id="key-is-no-string"),
        pytest.param(b'{"alerts":' + b"[" * 100_000, id="depth-bomb"),
        pytest.param(b"\xff\xfe\x00", id="not-text"),
    ],
)
def test_nothing_to_save_is_none(save: Salvage, prefix: bytes) -> None:
    """Without a whole alert the caller must page in its own words."""
    assert save(prefix) is None


@pytest.mark.parametrize("source_type", ["page", "something"])
def test_other_types_have_nothing_to_save(now: datetime, source_type: str) -> None:
    """Only bodies with an alerts array can be read in part."""
    prefix = body(alerts=[ONE])

    assert salvage(prefix, SourceName("a"), source_type, now=now) is None


def test_keys_before_the_alerts_are_kept(save: Salvage) -> None:
    """A sender that sorts its keys otherwise loses less."""
    group = save(
        body(
            groupKey="k",
            notification_reason="first notification",
            truncatedAlerts=5,
            alerts=[ONE],
        )[:-1]
    )

    assert group is not None
    assert (group.group_key, group.reason, group.truncated) == (
        "k",
        PostReason.FIRST,
        5,
    )


def test_number_at_the_cut_is_not_believed(save: Salvage) -> None:
    """`5` at the very end may be the beginning of 5,000."""
    group = save(body(alerts=[ONE], truncatedAlerts=5)[:-1])

    assert group is not None
    assert group.truncated == 0


def test_unreadable_neighbours_are_counted(save: Salvage) -> None:
    """What is whole but makes no sense is set aside, as in any post."""
    group = save(body(alerts=[ONE, None])[:-2])

    assert group is not None
    assert (len(group.alerts), len(group.unreadable)) == (1, 1)


@pytest.mark.parametrize(
    ("alerts", "key"),
    [
        pytest.param([ONE], "oversized:sms:A", id="one"),
        pytest.param([ONE, TWO], "oversized:sms:A", id="one-more"),
        pytest.param([ONE, OTHER], "oversized:sms:", id="mixed"),
    ],
)
def test_lost_group_key_is_made_stable(
    save: Salvage, alerts: list[object], key: str
) -> None:
    """Alerts come and go; what later posts of the group begin with is the key."""
    group = save(body(receiver="sms", alerts=alerts)[:-1])

    assert group is not None
    assert group.group_key == key


def test_reading_ends_at_the_most_alerts(save: Salvage) -> None:
    """A body of millions of alerts costs no more than a page can tell."""
    group = save(body(alerts=[ONE] * (MOST_ALERTS + 7), truncatedAlerts=5))

    assert group is not None
    assert (len(group.alerts), group.truncated) == (MOST_ALERTS, 0)
