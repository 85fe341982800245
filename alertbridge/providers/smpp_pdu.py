"""The PDUs we write and read (SMPP 3.4, chapter 4), over the codec of smpp34.

Its sessions are not used: they confirm a receipt before it can be written down, and do
not say of a lost request whether it had left.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, assert_never

import smpp34

from alertbridge.providers.smpp_options import Address, SmppOptions
from alertbridge.providers.smpp_text import Part

RESPONSE = 0x80000000
GENERIC_NACK = 0x80000000
SUBMIT_SM = 0x00000004
DELIVER_SM = 0x00000005
UNBIND = 0x00000006
BIND_TRANSCEIVER = 0x00000009
ENQUIRE_LINK = 0x00000015
ALERT_NOTIFICATION = 0x00000102
"""Values of `command_id` (5.1.2.1); an answer has the same with the first bit set."""

RECEIPTED_MESSAGE_ID = 0x001E
NETWORK_ERROR_CODE = 0x0423
MESSAGE_PAYLOAD = 0x0424
MESSAGE_STATE = 0x0427
"""Tags of optional parameters (5.3.2)."""

VERSION = 0x34
HEADER = struct.Struct(">IIII")
LONGEST_PDU = 128 * 1024
"""Octets of a PDU; a `message_payload` has up to 64 KiB."""

LAST_SEQUENCE = 0x7FFFFFFF


class Unreadable(Exception):
    """What came in is no SMPP: where the next PDU begins cannot be known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A deliver_sm: a receipt, or what a person wrote; nothing of it shows in a log."""

    source: str = field(repr=False)
    source_ton: int
    esm_class: int
    text: bytes = field(repr=False)
    parameters: Mapping[int, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pdu:
    """One PDU that came in; `incoming` is set for a deliver_sm that can be read."""

    command: int
    status: int
    sequence: int
    body: bytes = field(repr=False)
    incoming: Incoming | None = None


def cut(buffer: bytearray) -> bytes | None:
    """Take one PDU off the front of *buffer*; None if it has not arrived whole.

    Raises:
        Unreadable: the length is none that a PDU can have.
    """
    if len(buffer) < HEADER.size:
        return None
    length = int.from_bytes(buffer[:4], "big")
    if not HEADER.size <= length <= LONGEST_PDU:
        raise Unreadable
    if len(buffer) < length:
        return None
    frame = bytes(buffer[:length])
    del buffer[:length]
    return frame


def read_pdu(frame: bytes) -> Pdu:
    """Read one PDU, as far as it can be read."""
    _, command, status, sequence = HEADER.unpack_from(frame)
    return Pdu(
        command=command,
        status=status,
        sequence=sequence,
        body=frame[HEADER.size :],
        incoming=_incoming(frame) if command == DELIVER_SM else None,
    )


def _incoming(frame: bytes) -> Incoming | None:
    try:
        read = smpp34.decode(frame)
    except smpp34.SmppError:
        return None
    if not isinstance(read, smpp34.DeliverSm):
        return None
    parameters = {one.tag: one.value for one in read.tlvs}
    return Incoming(
        source=read.source_addr,
        source_ton=read.source_addr_ton,
        esm_class=read.esm_class,
        text=read.short_message or parameters.get(MESSAGE_PAYLOAD, b""),
        parameters=parameters,
    )


def message_id_of(body: bytes) -> str:
    """Read the id in the body of a submit_sm_resp; "" if it has none that is usable."""
    text = body.partition(b"\0")[0].decode("latin-1")
    return text.strip() if text.isascii() and text.isprintable() else ""


def write_plain(command: int, sequence: int, status: int = 0) -> bytes:
    """Write a PDU without a body."""
    return HEADER.pack(HEADER.size, command, status, sequence)


def write_delivered(sequence: int, status: int = 0) -> bytes:
    """Write the answer to a deliver_sm; its body is an id that is always empty."""
    return HEADER.pack(
        HEADER.size + 1, DELIVER_SM | RESPONSE, status, sequence
    ) + bytes(1)


def write_bind(options: SmppOptions, sequence: int) -> bytes:
    """Write a bind_transceiver."""
    password = options.password.reveal()
    texts = (options.system_id, password, options.system_type)
    body = b"".join(text.encode("ascii") + b"\0" for text in texts)
    # Any address that the account may hear of: no range.
    body += bytes((VERSION, 0, 0, 0))
    return HEADER.pack(HEADER.size + len(body), BIND_TRANSCEIVER, 0, sequence) + body


def write_submit(
    part: Part,
    source: Address,
    destination: Address,
    *,
    sequence: int,
    service_type: str,
    validity: str,
) -> bytes:
    """Write a submit_sm that asks for a receipt, whatever becomes of the message.

    Of optional parameters only a payload is sent. Our reference would fit none: the 16
    bits of `user_message_reference` name nothing, and an SMSC that does not know the
    parameter may refuse the page for it.
    """
    payload = [smpp34.Tlv(MESSAGE_PAYLOAD, part.octets)] if part.payload else []
    return smpp34.SubmitSm(
        source.digits,
        destination.digits,
        b"" if part.payload else part.octets,
        service_type=service_type,
        source_addr_ton=source.ton,
        source_addr_npi=source.npi,
        dest_addr_ton=destination.ton,
        dest_addr_npi=destination.npi,
        esm_class=part.esm_class,
        validity_period=validity,
        registered_delivery=1,
        data_coding=part.data_coding,
        tlvs=payload,
        sequence_number=sequence,
    ).encode()


def write_validity(
    closes_at: datetime, now: datetime, how: Literal["relative", "absolute", "none"]
) -> str:
    """Write until when a message is worth delivering (7.1.1); "": as the SMSC likes.

    A span needs no clock that agrees with ours. It has whole days of 24 hours, so that
    no month of another length stretches it; 30 of them at the most.
    """
    match how:
        case "relative":
            seconds = max(1, int((closes_at - now).total_seconds()))
            days, rest = divmod(min(seconds, 30 * 86_400), 86_400)
            hours, rest = divmod(rest, 3600)
            return f"0000{days:02}{hours:02}{rest // 60:02}{rest % 60:02}000R"
        case "absolute":
            return closes_at.astimezone(UTC).strftime("%y%m%d%H%M%S000+")
        case "none":
            return ""
        case _:
            assert_never(how)
