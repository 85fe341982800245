"""What a command_status says about the message, and about a bind.

Unlike a status of HTTP it comes from the SMSC itself, over a session that stands: no
proxy answers in between, so an error says that the message was not taken. Whether it
may be taken later is what the table knows. A status without a row is not believed to
say even that, unless it lies in the block that SMPP leaves to each SMSC for errors of
its own.

Details name the status and our own words for it, never what the SMSC wrote.
"""

from enum import Enum, auto
from typing import assert_never

from alertbridge.core.message import Deferred, Rejected, Uncertain
from alertbridge.providers.blame import blame_number

OK = 0x00
INVALID_LENGTH = 0x02
INVALID_COMMAND = 0x03
WRONG_STATE = 0x04
INVALID_PARAMETER = 0xC2
TEMPORARY = 0x64
"""What we answer when a receipt could not be written down (ESME_RX_T_APPN)."""

WRONG_CREDENTIALS = frozenset({0x0E, 0x0F, 0x53})
"""What only a person can mend: asking often would lock the account."""


class Ruling(Enum):
    """What a status says about the message."""

    NOT_NOW = auto()
    BAD_NUMBER = auto()
    REFUSED = auto()
    UNCLEAR = auto()


STATUSES: dict[int, tuple[str, Ruling, str]] = {
    0x01: ("ESME_RINVMSGLEN", Ruling.REFUSED, "the text is too long for it"),
    0x02: ("ESME_RINVCMDLEN", Ruling.NOT_NOW, "it cannot read our request"),
    0x03: ("ESME_RINVCMDID", Ruling.NOT_NOW, "it takes no messages here"),
    0x04: ("ESME_RINVBNDSTS", Ruling.NOT_NOW, "it takes us for not bound"),
    0x05: ("ESME_RALYBND", Ruling.NOT_NOW, "the account is bound already"),
    0x06: ("ESME_RINVPRTFLG", Ruling.REFUSED, "it does not take the priority"),
    0x07: ("ESME_RINVREGDLVFLG", Ruling.REFUSED, "it gives no receipts"),
    0x08: ("ESME_RSYSERR", Ruling.NOT_NOW, "it has trouble of its own"),
    0x0A: ("ESME_RINVSRCADR", Ruling.REFUSED, "it does not take the sender"),
    0x0B: ("ESME_RINVDSTADR", Ruling.BAD_NUMBER, "it does not take the number"),
    0x0D: ("ESME_RBINDFAIL", Ruling.NOT_NOW, "it does not let us bind"),
    0x0E: ("ESME_RINVPASWD", Ruling.NOT_NOW, "the password is refused"),
    0x0F: ("ESME_RINVSYSID", Ruling.NOT_NOW, "the system_id is refused"),
    0x14: ("ESME_RMSGQFUL", Ruling.NOT_NOW, "its queue is full"),
    0x15: ("ESME_RINVSERTYP", Ruling.REFUSED, "it does not take the service_type"),
    0x43: ("ESME_RINVESMCLASS", Ruling.REFUSED, "it does not take the esm_class"),
    0x45: ("ESME_RSUBMITFAIL", Ruling.NOT_NOW, "it could not take the message"),
    0x48: ("ESME_RINVSRCTON", Ruling.REFUSED, "it does not take the sender_ton"),
    0x49: ("ESME_RINVSRCNPI", Ruling.REFUSED, "it does not take the sender_npi"),
    # Ours is the same for every number, so no number is to blame.
    0x50: ("ESME_RINVDSTTON", Ruling.REFUSED, "it takes no international numbers"),
    0x51: ("ESME_RINVDSTNPI", Ruling.REFUSED, "it takes no E.164 numbers"),
    0x53: ("ESME_RINVSYSTYP", Ruling.NOT_NOW, "the system_type is refused"),
    0x58: ("ESME_RTHROTTLED", Ruling.NOT_NOW, "we ask more often than it allows"),
    0x61: ("ESME_RINVSCHED", Ruling.REFUSED, "it does not take the time"),
    0x62: ("ESME_RINVEXPIRY", Ruling.REFUSED, "it does not take the validity"),
    0x64: ("ESME_RX_T_APPN", Ruling.NOT_NOW, "it cannot for the moment"),
    0x65: ("ESME_RX_P_APPN", Ruling.REFUSED, "it never will"),
    0x66: ("ESME_RX_R_APPN", Ruling.REFUSED, "it refuses the message"),
    0xC0: ("ESME_RINVOPTPARSTREAM", Ruling.REFUSED, "it cannot read a parameter"),
    0xC1: ("ESME_ROPTPARNOTALLWD", Ruling.REFUSED, "it does not take a parameter"),
    0xC2: ("ESME_RINVPARLEN", Ruling.REFUSED, "a parameter is too long for it"),
    0xC3: ("ESME_RMISSINGOPTPARAM", Ruling.REFUSED, "it wants one more parameter"),
    0xC4: ("ESME_RINVOPTPARAMVAL", Ruling.REFUSED, "it does not take a value"),
    0xFE: ("ESME_RDELIVERYFAILURE", Ruling.UNCLEAR, "it failed to deliver"),
    0xFF: ("ESME_RUNKNOWNERR", Ruling.UNCLEAR, "it does not know what is wrong"),
}
"""Errors of SMPP 3.4, 5.1.3, that an answer to a bind or to a submit_sm can have."""

VENDOR = range(0x400, 0x500)
"""The block for errors of the SMSC's own: not taken, and whether for good only its
manual says. Tried again, a page is late at worst; given up, it would be lost."""


def rule(status: int) -> tuple[Ruling, str]:
    """What an error means, and how it is said."""
    if status in STATUSES:
        name, ruling, words = STATUSES[status]
        return ruling, f"{name} (0x{status:02X}): {words}"
    if status in VENDOR:
        return Ruling.NOT_NOW, f"error 0x{status:03X} of the SMSC's own"
    return Ruling.UNCLEAR, f"status 0x{status:08X}, which we do not understand"


def refusal_of(status: int) -> Deferred | Uncertain | Rejected:
    """Say what an error means for the message."""
    ruling, detail = rule(status)
    match ruling:
        case Ruling.NOT_NOW:
            return Deferred(detail=detail)
        case Ruling.BAD_NUMBER:
            return blame_number(detail)
        case Ruling.REFUSED:
            return Rejected(detail=detail)
        case Ruling.UNCLEAR:
            return Uncertain(detail=detail)
        case _:
            assert_never(ruling)
