"""What a gateway says later about a message it took: the delivery report.

Reports come late, twice, out of order, and against each other. What is known of a
message is therefore the strongest word so far, never the last one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from alertbridge.core.recipient import Msisdn


class Delivery(StrEnum):
    """What became of a message that was accepted."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"


class Blame(StrEnum):
    """Who is to blame for a failure, where the gateway says so.

    `number`: nothing reaches it. `account`: nothing leaves it (out of money, a sender
    that is not ours), whatever the number.
    """

    NUMBER = "number"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """One word of a gateway about one message to one number.

    `provider_id` is the id that the gateway gave; `reference` is ours, "" where the
    gateway does not send it back; `number` is None where it does not say whose phone.
    `final` says that a failure will not be taken back, as far as the gateway knows.
    `code` is the gateway's own word, for people. `at` is its clock, not ours.
    """

    provider_id: str
    reference: str
    number: Msisdn | None
    delivery: Delivery
    final: bool
    code: str
    at: datetime | None
    blames: Blame | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the phone has it, as far as the gateway knows."""
        return self.delivery is Delivery.DELIVERED

    @property
    def is_final_failure(self) -> bool:
        """Whether it never will."""
        return self.final and self.delivery in (Delivery.FAILED, Delivery.EXPIRED)


@dataclass(frozen=True, slots=True)
class Reported:
    """A gateway was asked, and said this; nothing, if it has nothing to say yet."""

    reports: tuple[DeliveryReport, ...]


@dataclass(frozen=True, slots=True)
class NotReported:
    """A gateway was asked and did not answer, or not clearly; *detail* says why."""

    detail: str


Answer = Reported | NotReported


def fold(known: DeliveryReport | None, new: DeliveryReport) -> DeliveryReport:
    """Say what is known of a message after one more report about it.

    Monotone: *delivered* beats everything, a failure that is final beats one that is
    not, and any failure beats *pending*; so a late pending overwrites nothing, and a
    delivery that comes after a failure is believed. Between equals the later one
    counts. The result is the greatest of all reports: neither their order nor how
    often each came changes it.

    A failure on which somebody acted is not undone by a delivery that comes after it;
    that is the caller's affair.
    """
    return new if known is None else max(known, new, key=_strength)


_WEIGHT = {
    Delivery.PENDING: 0,
    Delivery.EXPIRED: 1,
    Delivery.FAILED: 1,
    Delivery.DELIVERED: 3,
}

_NEVER = datetime.min.replace(tzinfo=UTC)


def _strength(report: DeliveryReport) -> tuple[object, ...]:
    """Order reports; every field takes part, so that no two different ones are equal.

    Without that, `max` would keep whichever came first.
    """
    weight = _WEIGHT[report.delivery]
    if weight == 1 and report.final:
        weight = 2
    return (
        weight,
        report.at or _NEVER,
        report.delivery.value,
        report.final,
        report.code,
        report.provider_id,
        report.reference,
        report.number or "",
        report.blames or "",
        # None and the beginning of time, "" and None, are different reports.
        report.at is not None,
        report.number is not None,
    )
