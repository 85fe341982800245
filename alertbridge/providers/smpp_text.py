"""A text as the octets of its short messages: alphabet, parts, and their header.

The GSM alphabet travels unpacked, one septet an octet, which is what SMSCs mean by
`data_coding` 0; an SMSC whose default alphabet is another must be set to it. UCS-2 is
UTF-16 in big-endian order, so that what lies beyond the basic plane arrives, too.

A text of several segments is cut by us, and each part says so in a header of its own
(3GPP TS 23.040, 9.2.3.24.1), because every SMSC passes that on unread. The `sar_*`
parameters would say the same to an SMSC that knows them, and to no other.
"""

from dataclasses import dataclass
from typing import Literal
from zlib import crc32

from alertbridge.core.encoding import split
from alertbridge.core.gsm import DEFAULT_ALPHABET, EXTENSION_TABLE, is_gsm

GSM, UCS2 = 0x00, 0x08
"""Values of `data_coding` (SMPP 3.4, 5.2.19)."""

UDHI = 0x40
"""In `esm_class`: the user data begins with a header."""

ESCAPE = 0x1B

_EXTENDED = dict(
    zip(
        EXTENSION_TABLE,
        (0x0A, 0x14, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65),
        strict=True,
    )
)
# The table leaves out the escape, so what stands behind it moves up by one.
_CODES = {
    character: bytes([index if index < ESCAPE else index + 1])
    for index, character in enumerate(DEFAULT_ALPHABET)
} | {character: bytes([ESCAPE, code]) for character, code in _EXTENDED.items()}


@dataclass(frozen=True, slots=True)
class Part:
    """The content of one submit_sm; `payload` if it is too long for a short message."""

    octets: bytes
    data_coding: int
    esm_class: int = 0
    payload: bool = False


def parts_of(
    body: str, reference: str, how: Literal["parts", "payload"]
) -> tuple[Part, ...]:
    """Cut *body* into what is submitted, in order.

    The number that ties the parts together is made of *reference*: when an uncertain
    text is sent again, a phone that has one half of it takes the other from the repeat.
    It has 8 bits, as the 153 and 67 characters of a part assume.
    """
    data_coding = GSM if is_gsm(body) else UCS2
    texts = split(body)
    if len(texts) == 1:
        return (Part(_octets(body, data_coding), data_coding),)
    if how == "payload":
        return (Part(_octets(body, data_coding), data_coding, payload=True),)
    tie = crc32(reference.encode("utf-8", "replace")) & 0xFF
    return tuple(
        Part(
            bytes((5, 0, 3, tie, len(texts), index)) + _octets(text, data_coding),
            data_coding,
            UDHI,
        )
        for index, text in enumerate(texts, start=1)
    )


def _octets(text: str, data_coding: int) -> bytes:
    if data_coding == UCS2:
        # Half a surrogate pair has no place in UTF-16, and becomes a "?".
        return text.encode("utf-16-be", "replace")
    return b"".join(_CODES[character] for character in text)
