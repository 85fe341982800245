"""Narrowing: whatever a sender writes becomes text, maps and times we can rely on."""

from datetime import UTC, datetime, timedelta

import pytest

from alertbridge.core.alert import fingerprint_of
from alertbridge.sources.reading import (
    LABEL_LIMIT,
    MOST_LABELS,
    decode,
    read_fingerprint,
    read_object,
    read_time,
    text,
    text_map,
)

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SIX = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param("2026-11-22T06:00:00Z", SIX, id="utc"),
        pytest.param(
            "2026-11-22T06:00:00.5Z", SIX + timedelta(milliseconds=500), id="one-digit"
        ),
        pytest.param(
            "2026-11-22T06:00:00.123456789Z",
            SIX + timedelta(microseconds=123456),
            id="nanoseconds",
        ),
        pytest.param("2026-11-22T09:30:00+03:30", SIX, id="east"),
        pytest.param("2026-11-21T22:00:00-08:00", SIX, id="west"),
        pytest.param("2026-11-22T06:00:00", SIX, id="no-zone"),
        pytest.param("2026-11-23T06:00:00Z", SIX + timedelta(days=1), id="future"),
        pytest.param("0001-01-01T00:00:00Z", None, id="zero"),
        pytest.param("0001-01-01T00:00:00+03:30", None, id="zero-in-the-east"),
        pytest.param("1969-12-31T23:59:59Z", None, id="before-1970"),
        pytest.param("9999-12-31T23:59:59Z", None, id="end-of-days"),
        pytest.param("9999-12-31T23:59:59-08:00", None, id="beyond-the-end-of-days"),
        pytest.param("2026-11-22T06:00:60Z", None, id="leap-second"),
        pytest.param("yesterday", None, id="words"),
        pytest.param("\ud800", None, id="surrogate"),
        pytest.param("", None, id="empty"),
        pytest.param(1795332814, None, id="number"),
        pytest.param(None, None, id="null"),
    ],
)
def test_time_is_read_or_absent(said: object, expected: datetime | None) -> None:
    """A time is UTC, or absent: never an error, never one that cannot be added to."""
    assert read_time(said, NOW) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param("db1", "db1", id="string"),
        pytest.param("دیسک 💾", "دیسک 💾", id="not-ascii"),
        pytest.param("a\ud800b", "a?b", id="lone-surrogate"),
        pytest.param("a\0b", "a\ufffdb", id="nul"),
        pytest.param("a\x1b\nb", "a\x1b\nb", id="control"),
        pytest.param(8080, "8080", id="number"),
        pytest.param(97.5, "97.5", id="fraction"),
        pytest.param(float("nan"), "NaN", id="not-a-number"),
        pytest.param(True, "true", id="truth-value"),
        pytest.param({"a": [1, None]}, '{"a":[1,null]}', id="nested"),
    ],
)
def test_text_is_what_was_said(said: object, expected: str) -> None:
    """Strings stay, other values become their JSON text; all can be stored."""
    assert text(said, LABEL_LIMIT) == expected


def test_cut_texts_stay_different() -> None:
    """Two values that differ only beyond the limit are not made one."""
    cut = {text("x" * 5_000 + end, LABEL_LIMIT) for end in "ab"}

    assert {len(value) for value in cut} == {LABEL_LIMIT}
    assert len(cut) == 2


def test_null_label_is_absent() -> None:
    """A label without a value is no label, as in Prometheus."""
    assert text_map({"a": None, "b": "c"}, LABEL_LIMIT) == {"b": "c"}


@pytest.mark.parametrize("said", [None, [], "x", 5], ids=["null", "array", "text", "5"])
def test_map_of_another_type_is_empty(said: object) -> None:
    """What is not an object holds no labels."""
    assert text_map(said, LABEL_LIMIT) == {}


def test_too_many_labels_keep_what_a_page_needs() -> None:
    """Of a thousand labels the name and the severity are not cut away."""
    said = {f"l{n:04}": "x" for n in range(1_000)} | {"severity": "critical"}

    labels = text_map(said, LABEL_LIMIT)

    assert (len(labels), labels["severity"]) == (MOST_LABELS, "critical")


def test_senders_fingerprint_is_kept() -> None:
    """The sender knows labels that it does not show us."""
    assert read_fingerprint("682d58fee8b56776", {"a": "b"}) == "682d58fee8b56776"


def test_missing_fingerprint_is_hashed() -> None:
    """Without one, the labels are the identity."""
    assert read_fingerprint(None, {"a": "b"}) == fingerprint_of({"a": "b"})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param('{"a": "é"}'.encode(), "é", id="utf-8"),
        pytest.param('{"a": "é"}'.encode("utf-8-sig"), "é", id="byte-order-mark"),
        pytest.param('{"a": "é"}'.encode("utf-16"), "é", id="utf-16"),
        pytest.param(b'{"a": "\xe9"}', "\ufffd", id="latin-1"),
        pytest.param(b'{"a": "\xc0\xaf"}', "\ufffd\ufffd", id="overlong"),
        pytest.param(b'{"a": "1\n2"}', "1\n2", id="raw-line-break"),
        pytest.param(b'{"a": 1, "a": "2"}', "2", id="last-duplicate-counts"),
        pytest.param(b'{"a": ' + b"9" * 5_000 + b"}", "9" * 5_000, id="5000-digits"),
        pytest.param(b'{"a": 1e999}', float("inf"), id="infinite"),
    ],
)
def test_object_is_read_in_spite_of(body: bytes, expected: object) -> None:
    """Odd bytes and numbers do not cost the post."""
    assert read_object(body)["a"] == expected


def test_bytes_that_are_not_text_are_replaced() -> None:
    """Half a UTF-16 body is still text, if a strange one."""
    assert decode(b"\xff\xfea\x00b") == "a\ufffd"


def test_large_label_sets_are_told_apart() -> None:
    """Beyond what Alertmanager's hash is quick for, identity is as exact."""
    labels = {f"l{n}": "x" * 4_000 for n in range(100)}

    one, again, other = (
        read_fingerprint(None, said)
        for said in (labels, dict(reversed(labels.items())), labels | {"l99": "y"})
    )

    assert one == again != other


def test_value_too_deep_to_write_is_named() -> None:
    """Nesting that can be read but not written costs its own value only."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    assert text(deep, LABEL_LIMIT) == "(nested too deeply)"
