"""Our own format: a page is raised and resolved by its key, and misspelling is told."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from alertbridge.core.alert import Alert, AlertGroup, Status, fingerprint_of
from alertbridge.ports import PayloadError

Parse = Callable[[str, object], AlertGroup]


def only(group: AlertGroup) -> Alert:
    """Take the one alert of a group."""
    (alert,) = group.alerts
    return alert


def test_page_becomes_an_alert(parse: Parse) -> None:
    """Summary, description, severity and labels are told as of any alert."""
    group = parse(
        "page",
        {
            "summary": "Backup failed",
            "description": "exit status 1",
            "severity": "critical",
            "labels": {"alertname": "Backup", "host": "db1"},
            "key": "backup/db1",
            "starts_at": "2026-11-22T08:30:00+01:00",
        },
    )

    assert only(group) == Alert(
        status=Status.FIRING,
        fingerprint=fingerprint_of({"key": "backup/db1"}),
        labels={"alertname": "Backup", "host": "db1", "severity": "critical"},
        annotations={"summary": "Backup failed", "description": "exit status 1"},
        starts_at=datetime(2026, 11, 22, 7, 30, tzinfo=UTC),
    )


def test_summary_is_enough(parse: Parse) -> None:
    """The shortest page has a name, and no start of its own."""
    alert = only(parse("page", {"summary": "Help"}))

    assert (alert.labels, alert.starts_at) == ({"alertname": "Page"}, None)


def test_group_key_is_the_key(parse: Parse) -> None:
    """Reminders of a page are paced by its key."""
    assert parse("page", {"summary": "Help", "key": "k"}).group_key == "k"


@pytest.mark.parametrize(
    ("raised", "resolved"),
    [
        pytest.param(
            {"summary": "Help", "key": "k"}, {"key": "k", "resolve": True}, id="by-key"
        ),
        pytest.param(
            {"summary": "Help", "labels": {"a": "b"}, "severity": "critical"},
            {"summary": "Help", "labels": {"a": "b"}, "resolve": True},
            id="by-summary-and-labels",
        ),
    ],
)
def test_resolve_finds_the_page(
    parse: Parse, raised: dict[str, object], resolved: dict[str, object]
) -> None:
    """A page is resolved by its key, or by saying the same again."""
    fired = only(parse("page", raised))
    ended = only(parse("page", resolved))

    assert (ended.status, ended.fingerprint) == (Status.RESOLVED, fired.fingerprint)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"summary": "Help!"}, id="summary"),
        pytest.param({"summary": "Help", "labels": {"a": "b"}}, id="labels"),
        pytest.param({"summary": "Help", "key": "k"}, id="key"),
    ],
)
def test_pages_that_say_otherwise_are_others(
    parse: Parse, other: dict[str, object]
) -> None:
    """Without a key, a page is what it says."""
    one = only(parse("page", {"summary": "Help"}))

    assert only(parse("page", other)).fingerprint != one.fingerprint


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"summary": "a\\ud800b"}', id="lone-surrogate"),
        pytest.param(b'{"summary": "a\xffb"}', id="bad-utf-8"),
        pytest.param(b'{"summary": "' + b"x" * 1_000_000 + b'"}', id="long"),
    ],
)
def test_odd_text_pages_all_the_same(parse: Parse, body: bytes) -> None:
    """Strict is for mistakes, not for text that can be mended."""
    assert only(parse("page", body)).annotations["summary"].encode()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param({}, 'a page needs a "summary"', id="nothing"),
        pytest.param({"key": "k"}, 'a page needs a "summary"', id="key-only"),
        pytest.param({"resolve": True}, '"resolve" needs the "key"', id="what"),
        pytest.param({"summary": " "}, "summary: .* at least 1", id="blank"),
        pytest.param({"summary": 5}, "summary: .* valid string", id="number"),
        pytest.param(
            {"summary": "x", "labels": {"port": 80}}, "labels.port: ", id="label"
        ),
        pytest.param({"summary": "x", "resolve": "no"}, "resolve: ", id="truth-value"),
        pytest.param(
            {"summary": "x", "resolved": True},
            "unknown key 'resolved'; the known keys are summary, severity, labels, key",
            id="misspelt",
        ),
        pytest.param(
            {"summary": "x", "starts_at": "2026-11-22T08:00:00"},
            "starts_at: .* timezone",
            id="no-zone",
        ),
        pytest.param(
            {"summary": "x", "starts_at": "9999-11-22T08:00:00Z"},
            "starts_at: before 1970, or more than a year ahead",
            id="end-of-days",
        ),
        pytest.param(b"Help", "not JSON", id="not-json"),
        pytest.param(b'{"summary": ' + b"[" * 100_000, "nested", id="depth-bomb"),
    ],
)
def test_mistake_is_refused_with_its_place(
    parse: Parse, body: object, why: str
) -> None:
    """The format is ours: what is wrong is said, in one line."""
    with pytest.raises(PayloadError, match=why) as refused:
        parse("page", body)

    assert "\n" not in str(refused.value)


def test_every_depth_is_refused(parse: Parse) -> None:
    """Reading and writing give up at different depths; neither gets out."""
    for depth in range(1, 1_200):
        with pytest.raises(PayloadError):
            parse("page", b'{"summary": ' + b"[" * depth + b"]" * depth + b"}")
