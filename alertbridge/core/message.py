"""The SMS as composed, and the request that carries it to a provider."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from alertbridge.core.notification import (
    Fact,
    MessageId,
    NotificationId,
    ProviderName,
    Reason,
    State,
    Way,
)
from alertbridge.core.recipient import Msisdn, RecipientName
from alertbridge.core.spend import Limit
from alertbridge.core.writing import Writing

Reference = NewType("Reference", str)
"""Our own id of a submission, at most 40 characters (iP.1's `reference`)."""


class DataCoding(StrEnum):
    """How the text is carried (3GPP TS 23.038)."""

    GSM = "gsm"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class Text:
    """A text with its cost: data coding, and how many segments it takes."""

    body: str
    coding: DataCoding
    segments: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """A fact that leaves the mailbox without an SMS, and the rule that says so."""

    id: NotificationId
    state: State
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One recipient's next message, ready to leave.

    `closes_at` is the time to live: the provider must not deliver it later.
    `template_error` says why a template of the config was not used; `writing` is what
    the config said of template and budget. `closing` is how the text ends, with a blank
    for the code and the link it gets when it is written. `over_budget` are facts that a
    spend budget keeps in the mailbox; `says_used_up` are the limits of which this
    message says, once, that they are.
    """

    recipient: RecipientName
    way: Way
    text: Text
    tells: tuple[Fact, ...]
    urgent: bool
    closes_at: datetime
    writing: Writing
    drops: tuple[Dropped, ...] = ()
    replaces: tuple[MessageId, ...] = ()
    template_error: str | None = None
    over_budget: tuple[NotificationId, ...] = ()
    says_used_up: tuple[Limit, ...] = ()
    closing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """Nothing leaves this mailbox now; look again at `until` (None: when it fills).

    `over_budget` are facts that a budget holds back.
    """

    until: datetime | None = None
    drops: tuple[Dropped, ...] = ()
    over_budget: tuple[NotificationId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A composed SMS to one recipient, as part of a submission.

    `deferrals` counts the attempts in a row that surely did not send to them.
    """

    id: MessageId
    recipient: RecipientName
    number: Msisdn
    tells: tuple[Fact, ...]
    deferrals: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One request to a provider: equal messages, to numbers of which none is twice.

    `attempt` counts from 1; a second attempt is the same text to the same numbers
    under the same reference.
    """

    reference: Reference
    provider: ProviderName
    text: Text
    urgent: bool
    closes_at: datetime
    messages: tuple[Message, ...]
    attempt: int = 1
    began_at: datetime

    @property
    def numbers(self) -> tuple[Msisdn, ...]:
        """Whom the request names, in order."""
        return tuple(message.number for message in self.messages)


MAX_NUMBERS = 1000
"""Numbers in one submission (iP.1's v1 documentation recommends this maximum)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider took it. Not delivered, and not acknowledged."""

    provider_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Surely not sent: it may be sent again. `retry_after` is the provider's wish.

    `account_is_shut`: nobody's message is taken on this account, until somebody sees to
    it (a token revoked, no money left).
    """

    detail: str
    retry_after: float | None = None
    account_is_shut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """It may have been sent: the answer was not seen, or not understood."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The provider will not take this; sending the same again cannot help.

    `number_is_bad` blames the number rather than the message or the account.
    """

    detail: str
    number_is_bad: bool = False


Outcome = Accepted | Deferred | Uncertain | Rejected


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of a submission: one outcome for all, or some of their own."""

    all: Outcome
    by_number: dict[Msisdn, Outcome] = field(default_factory=dict)

    def of(self, number: Msisdn) -> Outcome:
        """The outcome for one number."""
        return self.by_number.get(number, self.all)
