"""What a deliver_sm says of a message: a receipt (SMPP 3.4, 5.2.12 and appendix B).

Parameters are believed before the text, whose form is up to each SMSC. Times in the
text have no zone, and are left out. Nothing but an `esm_class` or a parameter makes a
receipt: a person who writes "id:1 stat:UNDELIV" has written an SMS.
"""

import re
from typing import Literal

from alertbridge.core.report import Delivery, DeliveryReport
from alertbridge.providers.http_status import MAX_ID
from alertbridge.providers.report_fields import make_report
from alertbridge.providers.smpp_options import INTERNATIONAL
from alertbridge.providers.smpp_pdu import (
    MESSAGE_STATE,
    NETWORK_ERROR_CODE,
    RECEIPTED_MESSAGE_ID,
    Incoming,
)

MESSAGE_TYPE = 0x3C
"""The bits of `esm_class` that say what a deliver_sm is."""

RECEIPT, ON_ITS_WAY = 0x04, 0x20

STATES = {
    1: ("ENROUTE", Delivery.PENDING),
    2: ("DELIVRD", Delivery.DELIVERED),
    3: ("EXPIRED", Delivery.EXPIRED),
    4: ("DELETED", Delivery.FAILED),
    5: ("UNDELIV", Delivery.FAILED),
    6: ("ACCEPTD", Delivery.PENDING),
    # "In an invalid state": the SMSC does not know, and so we do not.
    7: ("UNKNOWN", Delivery.PENDING),
    8: ("REJECTD", Delivery.FAILED),
}
"""Values of `message_state` (5.2.28), and as the text abbreviates them."""

_BY_WORD = {word: (word, delivery) for word, delivery in STATES.values()}
# Some write the words of 5.2.28 in full. None is guessed from how it begins.
_BY_WORD |= {
    "DELIVERED": STATES[2],
    "UNDELIVERABLE": STATES[5],
    "ACCEPTED": STATES[6],
    "REJECTED": STATES[8],
}

_FIELD = re.compile(rb"(?:^|\s)(id|stat|err):\s*([!-~]{1,128})", re.IGNORECASE)

Ids = Literal["same", "hex_in_answers", "hex_in_receipts"]


def is_receipt(incoming: Incoming) -> bool:
    """Whether it is about a message of ours; if not, a person has written."""
    kind = incoming.esm_class & MESSAGE_TYPE
    return kind in (RECEIPT, ON_ITS_WAY) or RECEIPTED_MESSAGE_ID in incoming.parameters


def read_receipt(incoming: Incoming, ids: Ids) -> DeliveryReport | None:
    """Read a receipt; None if it does not say which message it is about."""
    # What follows is the beginning of our own text, and might look like a field.
    head = re.split(rb"\stext:", incoming.text, maxsplit=1, flags=re.IGNORECASE)[0]
    said = {
        name.decode().lower(): value.decode("ascii")
        for name, value in _FIELD.findall(head)
    }
    parameters = incoming.parameters
    told = parameters.get(RECEIPTED_MESSAGE_ID, b"").partition(b"\0")[0]
    named = told.decode("latin-1").strip() or said.get("id", "")
    if not named.isascii() or not named.isprintable() or not 0 < len(named) <= MAX_ID:
        return None
    word, delivery = _state(parameters.get(MESSAGE_STATE), said.get("stat", ""))
    if incoming.esm_class & MESSAGE_TYPE == ON_ITS_WAY:
        # An intermediate notification, whatever state it tells.
        delivery = Delivery.PENDING
    return make_report(
        id_in_receipt(named, ids),
        delivery,
        code=f"{word} {_error(parameters.get(NETWORK_ERROR_CODE), said)}",
        number=_number(incoming),
    )


def _number(incoming: Incoming) -> str:
    """The phone, where it is written as ours are; "" if not: the id has to do.

    Some SMSCs put a national number there, or none. It would not be found, and the
    message has gone to one number only.
    """
    digits = incoming.source
    international = incoming.source_ton == INTERNATIONAL and not digits.startswith("0")
    return digits if international and digits.isascii() else ""


def id_in_answer(text: str, ids: Ids) -> str:
    """The id of a submit_sm_resp, as both places are to have it."""
    return _decimal(text, 16) if ids == "hex_in_answers" else _same(text, ids)


def id_in_receipt(text: str, ids: Ids) -> str:
    """The id of a receipt, as both places are to have it."""
    return _decimal(text, 16) if ids == "hex_in_receipts" else _same(text, ids)


def _same(text: str, ids: Ids) -> str:
    return text if ids == "same" else _decimal(text, 10)


def _decimal(text: str, base: int) -> str:
    """Write a number in decimal and without zeros in front; what is none as it is."""
    digits = "0123456789abcdef"[:base]
    return str(int(text, base)) if set(text.lower()) <= set(digits) else text


def _state(told: bytes | None, word: str) -> tuple[str, Delivery]:
    if told is not None and len(told) == 1 and told[0] in STATES:
        return STATES[told[0]]
    word = word.upper()[:20]
    return _BY_WORD.get(word, (word, Delivery.PENDING))


def _error(told: bytes | None, said: dict[str, str]) -> str:
    """The network's error (5.3.2.31: its kind, and 16 bits), or that of the text."""
    if told is not None and len(told) == 3:
        return f"err {int.from_bytes(told[1:], 'big')}"
    error = said.get("err", "")[:8]
    return f"err {error}" if error.strip("0") else ""
