"""Receipts in the forms that SMSCs write, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.report import Delivery
from alertbridge.providers.smpp_pdu import Incoming
from alertbridge.providers.smpp_receipts import (
    Ids,
    id_in_answer,
    id_in_receipt,
    is_receipt,
    read_receipt,
)

APPENDIX_B = (
    "id:0123456789 sub:001 dlvrd:001 submit date:2601150930 done date:2601150931"
    " stat:DELIVRD err:000 text:CRITICAL DiskFull"
)


def incoming(
    text: str = "",
    *,
    esm_class: int = 4,
    source: str = "46701740605",
    source_ton: int = 1,
    parameters: dict[int, bytes] | None = None,
) -> Incoming:
    """Make a deliver_sm."""
    return Incoming(
        source=source,
        source_ton=source_ton,
        esm_class=esm_class,
        text=text.encode("latin-1"),
        parameters=parameters or {},
    )


def test_a_receipt_as_the_specification_shows_it() -> None:
    """Appendix B: id, state, and the number it went to."""
    report = read_receipt(incoming(APPENDIX_B), "same")

    assert report is not None
    assert report.provider_id == "0123456789"
    assert report.delivery is Delivery.DELIVERED
    assert report.final
    assert report.number == "+46701740605"
    assert report.code == "DELIVRD"
    assert report.at is None
    assert report.reference == ""


@pytest.mark.parametrize(
    ("word", "number", "delivery"),
    [
        ("ENROUTE", 1, Delivery.PENDING),
        ("DELIVRD", 2, Delivery.DELIVERED),
        ("EXPIRED", 3, Delivery.EXPIRED),
        ("DELETED", 4, Delivery.FAILED),
        ("UNDELIV", 5, Delivery.FAILED),
        ("ACCEPTD", 6, Delivery.PENDING),
        ("UNKNOWN", 7, Delivery.PENDING),
        ("REJECTD", 8, Delivery.FAILED),
    ],
)
def test_a_state_means_the_same_as_word_and_as_number(
    word: str, number: int, delivery: Delivery
) -> None:
    """5.2.28; only what ends is final."""
    by_word = read_receipt(incoming(f"id:7 stat:{word} err:034"), "same")
    told = {0x1E: b"7\0", 0x0427: bytes([number])}
    by_number = read_receipt(incoming("id:7 err:034", parameters=told), "same")

    assert by_word is not None
    assert by_word == by_number
    assert by_word.delivery is delivery
    assert by_word.final is (delivery is not Delivery.PENDING)
    assert by_word.code == f"{word} err 034"


@pytest.mark.parametrize(
    ("text", "code", "delivery"),
    [
        ("id:a stat:delivrd", "DELIVRD", Delivery.DELIVERED),
        ("id:a Stat:Delivered Err:0", "DELIVRD", Delivery.DELIVERED),
        ("stat:UNDELIV id:a err:1f text:", "UNDELIV err 1f", Delivery.FAILED),
        ("id: a stat: REJECTED", "REJECTD", Delivery.FAILED),
        ("id:a stat:DELIVERY_FAILED", "DELIVERY_FAILED", Delivery.PENDING),
        ("id:a", "", Delivery.PENDING),
    ],
)
def test_forms_that_smscs_write(text: str, code: str, delivery: Delivery) -> None:
    """Appendix B calls its form vendor specific, and it is; no word is guessed."""
    report = read_receipt(incoming(text), "same")

    assert report is not None
    assert (report.provider_id, report.code) == ("a", code)
    assert report.delivery is delivery


def test_the_text_at_the_end_says_nothing() -> None:
    """It is the beginning of our own, and alerts may write what they like."""
    report = read_receipt(incoming("id:7 stat:ENROUTE text:id:8 stat:DELIVRD"), "same")

    assert report is not None
    assert (report.provider_id, report.delivery) == ("7", Delivery.PENDING)


def test_parameters_are_believed_before_the_text() -> None:
    """They have one form; the network's error is a number in them."""
    told = {0x1E: b"f00\0", 0x0427: b"\5", 0x0423: b"\3\0\xfa"}

    report = read_receipt(incoming(APPENDIX_B, parameters=told), "same")

    assert report is not None
    assert report.provider_id == "f00"
    assert report.delivery is Delivery.FAILED
    assert report.code == "UNDELIV err 250"


@pytest.mark.parametrize(
    ("esm_class", "parameters", "expected"),
    [
        pytest.param(0x04, {}, True, id="receipt"),
        pytest.param(0x44, {}, True, id="with-a-header"),
        pytest.param(0x20, {}, True, id="intermediate"),
        pytest.param(0x00, {0x1E: b"7\0"}, True, id="by-its-parameter"),
        pytest.param(0x00, {}, False, id="person"),
        pytest.param(0x40, {}, False, id="persons-long-text"),
        pytest.param(0x08, {}, False, id="acknowledgement-of-a-person"),
        pytest.param(0x10, {}, False, id="answer-of-a-person"),
    ],
)
def test_only_the_smsc_can_say_that_it_is_a_receipt(
    esm_class: int, parameters: dict[int, bytes], expected: bool
) -> None:
    """A person who writes "id:1 stat:UNDELIV" has written an SMS."""
    one = incoming("id:1 stat:UNDELIV", esm_class=esm_class, parameters=parameters)

    assert is_receipt(one) is expected


@pytest.mark.parametrize(
    ("source", "source_ton", "number"),
    [
        pytest.param("46701740605", 1, "+46701740605", id="international"),
        pytest.param("+46701740605", 1, "+46701740605", id="with-its-plus"),
        pytest.param("0701740605", 2, None, id="national"),
        pytest.param("0701740605", 1, None, id="national-in-disguise"),
        pytest.param("0046701740605", 1, None, id="double-zero"),
        pytest.param("46701740605", 0, None, id="unknown-type"),
        pytest.param("", 0, None, id="none"),
        pytest.param("Bridge", 5, None, id="name"),
    ],
)
def test_a_number_is_told_only_if_it_is_written_as_ours_are(
    source: str, source_ton: int, number: str | None
) -> None:
    """Else the report would be about nobody's message; its id says enough."""
    one = incoming("id:7 stat:DELIVRD", source=source, source_ton=source_ton)

    report = read_receipt(one, "same")

    assert report is not None
    assert report.number == number


def test_an_intermediate_notification_is_never_the_end() -> None:
    """Whatever state it tells."""
    report = read_receipt(incoming("id:7 stat:UNDELIV", esm_class=0x20), "same")

    assert report is not None
    assert (report.delivery, report.final) == (Delivery.PENDING, False)


@pytest.mark.parametrize("text", ["", "stat:DELIVRD", "hello", "id: \xe5", "id:\x01"])
def test_what_names_no_message_is_no_report(text: str) -> None:
    """There is nothing to do with it."""
    assert read_receipt(incoming(text), "same") is None


@pytest.mark.parametrize(
    ("ids", "answer", "receipt"),
    [
        ("same", "1A2B", "1A2B"),
        ("hex_in_answers", "0001A2B3", "107187"),
        ("hex_in_answers", "1a2b3", "0000107187"),
        ("hex_in_receipts", "0000107187", "1a2b3"),
        ("hex_in_receipts", "107187", "0001A2B3"),
        ("hex_in_answers", "no-number", "no-number"),
    ],
)
def test_an_id_in_hexadecimal_here_and_decimal_there_is_one_id(
    ids: Ids, answer: str, receipt: str
) -> None:
    """Zeros in front and the size of letters do not matter, once they are numbers."""
    assert id_in_answer(answer, ids) == id_in_receipt(receipt, ids)


def test_ids_are_kept_as_they_are_unless_the_config_says_otherwise() -> None:
    """Zeros in front and the size of letters may be all that tells two apart."""
    assert id_in_answer("001A", "same") == "001A"
    assert id_in_receipt("001a", "same") == "001a"


@given(
    st.binary(max_size=200),
    st.integers(0, 255),
    st.dictionaries(st.sampled_from([0x1E, 0x0423, 0x0427]), st.binary(max_size=70)),
    st.text(max_size=30),
)
def test_any_octets_are_a_report_or_none(
    text: bytes, esm_class: int, parameters: dict[int, bytes], source: str
) -> None:
    """And what is kept of them is short and prints."""
    one = Incoming(
        source=source,
        source_ton=1,
        esm_class=esm_class,
        text=text,
        parameters=parameters,
    )
    for ids in ("same", "hex_in_answers", "hex_in_receipts"):
        report = read_receipt(one, ids)
        if report is not None:
            assert 0 < len(report.provider_id) <= 160
            assert report.provider_id.isprintable()
            assert report.code.isprintable()
            assert len(report.code) < 40
