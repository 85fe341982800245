"""What comes in is read with suspicion, and what goes out is what the paper says."""

import struct
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.secret import Secret
from alertbridge.providers.smpp_options import SmppOptions
from alertbridge.providers.smpp_pdu import (
    DELIVER_SM,
    LONGEST_PDU,
    Unreadable,
    cut,
    message_id_of,
    read_pdu,
    write_bind,
    write_validity,
)

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


def frame(command: int, body: bytes, status: int = 0) -> bytes:
    """Write a PDU by hand."""
    return struct.pack(">IIII", 16 + len(body), command, status, 7) + body


@given(st.lists(st.binary(max_size=40), max_size=5), st.integers(1, 30))
def test_pdus_are_cut_wherever_the_network_cuts(bodies: list[bytes], size: int) -> None:
    """They arrive in pieces, and several at once."""
    frames = [frame(0x15, body) for body in bodies]
    octets, buffer, found = b"".join(frames), bytearray(), []

    for start in range(0, len(octets), size):
        buffer += octets[start : start + size]
        while (one := cut(buffer)) is not None:
            found.append(one)

    assert found == frames


@pytest.mark.parametrize("length", [0, 15, LONGEST_PDU + 1, 0xFFFFFFFF])
def test_a_length_that_is_none_ends_the_connection(length: int) -> None:
    """Nobody waits for four gigabytes, and no PDU is shorter than its header."""
    with pytest.raises(Unreadable):
        cut(bytearray(struct.pack(">IIII", length, 0x15, 0, 1)))


@given(st.binary(max_size=120), st.integers(0, 0xFFFFFFFF))
def test_any_octets_are_read(body: bytes, command: int) -> None:
    """Never an exception: what makes no sense has no content."""
    assert read_pdu(frame(command, body)).sequence == 7
    read_pdu(frame(DELIVER_SM, body))
    message_id_of(body)


@given(st.data())
def test_a_broken_deliver_sm_is_read_or_not(data: st.DataObject) -> None:
    """A true one with some octets changed, and its end cut off."""
    whole = bytearray(
        b"\0\1\x0146701740605\0\5\0Bridge\0\4\0\0\0\0\0\0\0\0\5hello"
        b"\x00\x1e\x00\x05abcd\0\x04\x27\x00\x01\2"
    )
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(
            st.integers(0, 255)
        )
    end = data.draw(st.integers(0, len(whole)))

    pdu = read_pdu(frame(DELIVER_SM, bytes(whole[:end])))

    assert (pdu.command, pdu.sequence) == (DELIVER_SM, 7)


def test_a_long_receipt_is_read_from_its_payload() -> None:
    """With parameters whose octets are no text."""
    head = b"\0\1\x0146701740605\0\5\0Bridge\0\4\0\0\0\0\0\0\0\0\0"
    tlvs = b"\x04\x23\x00\x03\x03\x00\xfa\x04\x24\x00\x05hello\x14\x00\x00\x02\xff\xff"

    incoming = read_pdu(frame(DELIVER_SM, head + tlvs)).incoming

    assert incoming is not None
    assert incoming.text == b"hello"
    assert incoming.parameters[0x0423] == b"\3\0\xfa"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"1A2b\0", "1A2b"),
        (b"1A2b", "1A2b"),
        (b"1A2b\0\x02\x10\x00\x01\x34", "1A2b"),
        (b" 7 \0", "7"),
        (b"\0", ""),
        (b"", ""),
        (b"a\nb\0", ""),
        (b"\xe5\0", ""),
    ],
)
def test_a_message_id_is_short_text_or_none(body: bytes, expected: str) -> None:
    """With and without the NUL that some forget, and parameters after it."""
    assert message_id_of(body) == expected


def test_a_bind_is_what_the_specification_says() -> None:
    """4.1.5: three strings, the version, and a range of addresses."""
    options = SmppOptions(
        host="smsc.example.org",
        system_id="bridge",
        password=Secret("canary-5d20"),
        system_type="VMA",
        sender="Bridge",
    )

    assert write_bind(options, 1) == bytes.fromhex("0000002b00000009" + "0" * 8) + (
        b"\0\0\0\1bridge\0canary-5d20\0VMA\0\x34\0\0\0"
    )


@pytest.mark.parametrize(
    ("span", "how", "expected"),
    [
        (timedelta(hours=1), "relative", "000000010000000R"),
        (timedelta(days=2, minutes=3, seconds=4), "relative", "000002000304000R"),
        (timedelta(days=400), "relative", "000030000000000R"),
        (timedelta(milliseconds=3), "relative", "000000000001000R"),
        (timedelta(hours=1), "absolute", "260115103000000+"),
        (timedelta(hours=1), "none", ""),
    ],
)
def test_a_text_says_until_when_it_is_worth_something(
    span: timedelta, how: Literal["relative", "absolute", "none"], expected: str
) -> None:
    """In sixteen characters (7.1.1), or not at all."""
    assert write_validity(NOW + span, NOW, how) == expected
