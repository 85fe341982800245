"""Who hears: people, their phones, and the receivers that name them."""

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import NewType

from alertbridge.core.language import Language
from alertbridge.core.quiet import QuietHours
from alertbridge.core.script import Script
from alertbridge.core.spend import SpendBudget

Msisdn = NewType("Msisdn", str)
"""A phone number in E.164 with its `+`; never a bare `str`."""

RecipientName = NewType("RecipientName", str)
"""One person. A bare number that belongs to nobody is its own recipient."""

ReceiverName = NewType("ReceiverName", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One person: a name, one or more phones in the order to try, own rules.

    The zone of `spend` is their own.
    """

    name: RecipientName
    phones: tuple[Msisdn, ...]
    timezone: tzinfo = UTC
    language: Language = Language.ENGLISH
    script: Script = Script.AUTO
    send_resolved: bool = True
    hours: QuietHours = field(default_factory=QuietHours)
    spend: SpendBudget = field(default_factory=SpendBudget)
    template: str | None = None
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A named set of recipients that routes point to.

    `fallback` is the receiver that is told instead of those that nothing reaches.
    """

    name: ReceiverName
    recipients: tuple[RecipientName, ...]
    fallback: ReceiverName | None = None
    send_resolved: bool = True
    template: str | None = None
    where: str = ""


def mask(number: str) -> str:
    """Hide a number's middle: enough to recognise it, too little to call it.

    >>> mask("+46701740605")
    '+467*****605'
    """
    if len(number) <= 7:
        return "*" * len(number)
    return number[:4] + "*" * (len(number) - 7) + number[-3:]


def shown_recipient(recipient: RecipientName) -> str:
    """A person's name; a bare number that is its own recipient is masked."""
    return mask(recipient) if recipient.startswith("+") else recipient
