"""What Sinch says of messages later: in a callback, or when it is asked for a batch.

Documented (https://developers.sinch.com/docs/sms/api-reference/sms/delivery-reports):
the statuses, the shapes of both reports, and the codes from 400 on. Not confirmed here:
what the codes below 400 come to, which are the carrier's; they blame nobody. Nor does
412: it refuses a region to the account, and not the others.
"""

from collections.abc import Iterator, Mapping

from alertbridge.core.report import Blame, Delivery, DeliveryReport
from alertbridge.ports import PayloadError
from alertbridge.providers.report_fields import make_report, needed, text_of

DELIVERIES = {
    "delivered": Delivery.DELIVERED,
    "expired": Delivery.EXPIRED,
    "aborted": Delivery.FAILED,
    "cancelled": Delivery.FAILED,
    "rejected": Delivery.FAILED,
    "deleted": Delivery.FAILED,
    "failed": Delivery.FAILED,
    # No word from the carrier, and none to come: not delivered, as far as we know.
    "unknown": Delivery.FAILED,
}
"""What `status` says, in any case; all other words mean that it is on the way."""

BLAMED = {"413": Blame.ACCOUNT}  # Blocked: the account is, perhaps out of credit
"""Codes that say more than that this message failed."""


def read_reports(fields: Mapping[str, object]) -> Iterator[DeliveryReport]:
    """Read a report on one recipient, or one on a batch with its recipients.

    Raises:
        PayloadError: neither.
    """
    match text_of(fields, "type").removesuffix("_sms").removesuffix("_mms"):
        case "recipient_delivery_report":
            yield _report(fields, fields, text_of(fields, "recipient"))
        case "delivery_report":
            yield from _of_batch(fields)
        case _:
            raise PayloadError("not a delivery report: another type")


def _of_batch(fields: Mapping[str, object]) -> Iterator[DeliveryReport]:
    statuses = fields.get("statuses")
    for status in statuses if isinstance(statuses, list) else []:
        if not isinstance(status, dict):
            raise PayloadError("not a delivery report: a status that is none")
        recipients = status.get("recipients")
        # A summary counts, and names nobody: it says nothing of any one message.
        for recipient in recipients if isinstance(recipients, list) else []:
            yield _report(fields, status, str(recipient))


def _report(
    fields: Mapping[str, object], said: Mapping[str, object], recipient: str
) -> DeliveryReport:
    status, code = needed(said, "status"), text_of(said, "code")
    return make_report(
        needed(fields, "batch_id"),
        DELIVERIES.get(status.casefold(), Delivery.PENDING),
        code=f"{status} {code}",
        reference=text_of(fields, "client_reference"),
        number=recipient,
        at=text_of(said, "at"),
        blames=BLAMED.get(code),
    )
