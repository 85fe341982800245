"""Which requests the simulated gateway takes: the rules of the documentation."""

import pytest

from alertbridge.simulator.gateway_batches import BadBatch, BatchRequest, read_batch

NINE = "2026-01-15T09:00:00Z"

VALID: dict[str, object] = {
    "sender": "iP1",
    "recipients": ["46701740605"],
    "body": "Disk full",
}


def read(document: object) -> BatchRequest | BadBatch:
    """Check a document for an account with the two trial senders."""
    return read_batch(document, {"iP1", "iP1sms"})


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="smallest"),
        pytest.param({"type": "FLASH", "datacoding": "GSM"}, id="upper-case"),
        pytest.param({"body": "x" * 2000}, id="2000-characters"),
        pytest.param({"recipients": ["1", "123456789012345"]}, id="1-and-15-digits"),
        pytest.param({"recipients": {"46701740605": {"a": "b"}}}, id="template"),
        pytest.param({"priority": 2}, id="priority-2"),
        pytest.param({"reference": "r" * 40}, id="40-characters"),
        pytest.param({"deliveryWindows": [{"opens": NINE}]}, id="open-end"),
        pytest.param({"deliveryReportUrl": "https://example.org/r"}, id="report-url"),
        pytest.param({"unknown": 1}, id="unknown-field"),
    ],
)
def test_requests_that_are_taken(changes: dict[str, object]) -> None:
    """Limits are inclusive, words have no case."""
    assert isinstance(read(VALID | changes), BatchRequest)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"sender": "AB"}, "sender", id="short-sender"),
        pytest.param({"sender": None}, "sender", id="no-sender"),
        pytest.param({"sender": ["iP1"]}, "sender", id="sender-array"),
        pytest.param({"sender": "Acme"}, "sender", id="unregistered"),
        pytest.param({"recipients": None}, "recipients", id="no-recipients"),
        pytest.param({"recipients": 7}, "recipients", id="recipients-a-number"),
        pytest.param({"recipients": []}, "recipients", id="empty-array"),
        pytest.param({"recipients": {}}, "recipients", id="empty-object"),
        pytest.param({"recipients": {"default": {}}}, "recipients", id="only-default"),
        pytest.param(
            {"recipients": {"1": {"a": 2}}}, "recipients", id="value-a-number"
        ),
        pytest.param({"recipients": ["1"] * 1001}, "recipients", id="1001-recipients"),
        pytest.param({"recipients": ["1", "+46"]}, "recipients[1]", id="plus"),
        pytest.param({"recipients": ["1" * 16]}, "recipients[0]", id="16-digits"),
        pytest.param({"recipients": [46]}, "recipients[0]", id="a-number"),
        pytest.param(
            {"recipients": ["default"]}, "recipients[0]", id="default-in-array"
        ),
        pytest.param({"body": " \n"}, "body", id="blank-body"),
        pytest.param({"body": "x" * 2001}, "body", id="2001-characters"),
        pytest.param({"body": None}, "body", id="null-body"),
        pytest.param({"type": "mms"}, "type", id="type"),
        pytest.param({"datacoding": "utf8"}, "datacoding", id="datacoding"),
        pytest.param(
            {"datacoding": "gsm", "body": "дискъ"}, "datacoding", id="gsm-needs-ucs"
        ),
        pytest.param({"priority": 3}, "priority", id="priority-3"),
        pytest.param({"priority": True}, "priority", id="priority-a-flag"),
        pytest.param({"priority": []}, "priority", id="priority-an-array"),
        pytest.param({"deliveryWindows": None}, "deliveryWindows", id="null-windows"),
        pytest.param({"deliveryWindows": [1]}, "deliveryWindows", id="window-a-number"),
        pytest.param(
            {"deliveryWindows": [{"opens": "soon"}]}, "deliveryWindows", id="not-a-time"
        ),
        pytest.param(
            {"deliveryWindows": [{"opens": NINE, "closes": NINE}]},
            "deliveryWindows",
            id="closes-at-once",
        ),
        pytest.param(
            {"deliveryReportUrl": "example"}, "deliveryReportUrl", id="not-a-url"
        ),
        pytest.param(
            {"deliveryReportUrl": "http://x/" + "x" * 2047},
            "deliveryReportUrl",
            id="long-url",
        ),
        pytest.param({"reference": ""}, "reference", id="empty-reference"),
        pytest.param({"reference": "r" * 41}, "reference", id="41-characters"),
        pytest.param({"tags": "x"}, "tags", id="tags-a-string"),
        pytest.param({"tags": [1]}, "tags", id="tag-a-number"),
    ],
)
def test_requests_that_are_refused(changes: dict[str, object], field: str) -> None:
    """The field at fault is named, and it alone."""
    bad = read(VALID | changes)

    assert isinstance(bad, BadBatch)
    assert list(bad.errors) == [field]


@pytest.mark.parametrize("document", [None, [], "x", 7])
def test_only_an_object_is_a_request(document: object) -> None:
    """Anything else is refused as a whole."""
    assert isinstance(read(document), BadBatch)
