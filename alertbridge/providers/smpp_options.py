"""What the config says about an SMSC, and how its numbers are typed on the wire."""

import ipaddress
import re
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from alertbridge.core.recipient import Msisdn
from alertbridge.core.secret import Secret
from alertbridge.providers.options import ProviderOptions, Sender, is_loopback

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")

INTERNATIONAL, NETWORK_SPECIFIC, ALPHANUMERIC, UNKNOWN = 1, 3, 5, 0
"""Types of number (SMPP 3.4, 5.2.5)."""

ISDN = 1
"""The numbering plan of telephones, E.164 (SMPP 3.4, 5.2.6)."""

LONGEST_SHORT_CODE = 8


def _host(host: str) -> str:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        known = _NAME.fullmatch(host) is not None
    else:
        # The zone of an address may be anything, to the parser.
        known = host.isprintable()
    if not known:
        raise ValueError("is not a host; write its name or address, without a port")
    return host


def _octets(longest: int) -> AfterValidator:
    """Make the check of a C-octet string; *longest* is without its NUL."""

    def check(text: str) -> str:
        if len(text) > longest or not (text.isascii() and text.isprintable()):
            raise ValueError(f"is not up to {longest} printable ASCII characters")
        return text

    return AfterValidator(check)


def _password(secret: Secret) -> Secret:
    value = secret.reveal()
    if not 1 <= len(value) <= 64 or not (value.isascii() and value.isprintable()):
        raise ValueError(
            "is empty, or has more than 64 or other than printable ASCII characters;"
            " copy it again from what the SMSC's operator gave you"
        )
    return secret


@dataclass(frozen=True, slots=True)
class Address:
    """A number or a name as SMPP writes it: without `+`, with its type beside it."""

    digits: str
    ton: int
    npi: int


class SmppOptions(ProviderOptions):
    """An account at an SMSC that speaks SMPP 3.4; needs `alertbridge[smpp]`."""

    host: Annotated[str, AfterValidator(_host)] = Field(
        description="The SMSC's host name or address."
    )
    port: int = Field(
        default=2775, ge=1, le=65535, description="Its port; 3550 is common with TLS."
    )
    tls: bool = Field(
        default=True,
        description="Whether the line is encrypted, and its certificate verified.",
    )
    allow_plain: bool = Field(
        default=False,
        description="With `tls: false`: let password and texts leave this machine in"
        " clear. For a VPN or a line of your own.",
    )
    system_id: Annotated[str, _octets(15)] = Field(
        min_length=1, description="The account's name at the SMSC."
    )
    password: Annotated[Secret, AfterValidator(_password)] = Field(
        description="The account's password. SMPP has 8 characters; many take more."
    )
    system_type: Annotated[str, _octets(12)] = Field(
        default="", description="What the operator says it is; mostly nothing."
    )
    sender: Sender = Field(
        description="What the handset shows: a number of the account with its `+`, a"
        " short code, or up to 11 letters and digits."
    )
    sender_ton: int | None = Field(
        default=None,
        ge=0,
        le=6,
        description="The sender's type of number; null: 1 with `+`, 3 for a short code,"
        " 5 for letters.",
    )
    sender_npi: int | None = Field(
        default=None,
        ge=0,
        le=18,
        description="The sender's numbering plan; null: 1 for a number, else 0.",
    )
    service_type: Annotated[str, _octets(5)] = Field(
        default="", description="What the operator says it is; mostly nothing."
    )
    long_texts: Literal["parts", "payload"] = Field(
        default="parts",
        description="How a text of several segments travels: as parts that every SMSC"
        " takes, or whole in `message_payload`, which some do not know.",
    )
    validity: Literal["relative", "absolute", "none"] = Field(
        default="relative",
        description="How the SMSC is told when a text is stale: as a span, as a time in"
        " UTC, or not at all.",
    )
    message_ids: Literal["same", "hex_in_answers", "hex_in_receipts"] = Field(
        default="same",
        description="Where the SMSC writes in hexadecimal an id that is decimal in the"
        " other place.",
    )
    requests_per_second: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="How many segments the account takes in any second.",
    )
    window: int = Field(
        default=10, ge=1, le=100, description="Segments on the way without an answer."
    )
    enquire_link_interval: int = Field(
        default=30,
        ge=5,
        le=600,
        description="Seconds of silence after which we ask whether the SMSC is there.",
    )

    @model_validator(mode="after")
    def _is_installed(self) -> "SmppOptions":
        if find_spec("smpp34") is None:
            raise ValueError(
                "type smpp needs a package that is not installed;"
                " run: pip install 'alertbridge[smpp]'"
            )
        return self

    @model_validator(mode="after")
    def _keeps_the_password(self) -> "SmppOptions":
        if not (self.tls or self.allow_plain or is_loopback(self.host)):
            raise ValueError(
                "would send the password in clear; write tls: true,"
                " or allow_plain: true if the line is your own"
            )
        return self

    @property
    def source(self) -> Address:
        """The sender, with the type that its form says unless the config does."""
        digits, ton, npi = self.sender.removeprefix("+"), ALPHANUMERIC, 0
        if self.sender.startswith("+"):
            ton, npi = INTERNATIONAL, ISDN
        elif digits.isdigit():
            short = len(digits) <= LONGEST_SHORT_CODE
            ton, npi = (NETWORK_SPECIFIC, 0) if short else (UNKNOWN, ISDN)
        return Address(
            digits,
            ton if self.sender_ton is None else self.sender_ton,
            npi if self.sender_npi is None else self.sender_npi,
        )


def destination(number: Msisdn) -> Address:
    """A recipient's number: always international, as the config has them."""
    return Address(number.removeprefix("+"), INTERNATIONAL, ISDN)
