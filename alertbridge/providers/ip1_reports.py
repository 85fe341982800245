"""What iP.1 posts to `deliveryReportUrl`: one JSON object for each change of a message.

Documented at https://docs.ip1sms.com (delivery reports, status codes): the first digit
is the block, and codes may be added, so unknown ones are read by block. The trap: 2xx
is "ended", and only 201 is "delivered". Not confirmed here: whether the message's id
is called `messageId` or `id` (both are documented, both are read), and whether `id`
could ever be another document's. The answer must be 200; anything else comes again
every ten minutes, ten times.
"""

from alertbridge.core.report import Blame, Delivery, DeliveryReport
from alertbridge.ports import PayloadError, ReportRequest
from alertbridge.providers.report_fields import (
    needed,
    number_of,
    read_object,
    text_of,
    time_of,
)

DELIVERED, EXPIRED = 201, 202

BLAMED = {
    402: Blame.ACCOUNT,  # InsufficientFunds
    403: Blame.ACCOUNT,  # SenderRejected
    405: Blame.NUMBER,  # RecipientRejected
    407: Blame.ACCOUNT,  # InvalidSender
}
"""Codes that say more than that this message failed."""


def read_report(request: ReportRequest) -> DeliveryReport:
    """Read one report.

    `provider_id` is the batch's: that is what an accepted submission has.

    Raises:
        PayloadError: no report of v2.
    """
    fields = read_object(request)
    message = needed(fields, "messageId", "id")
    report = report_of(
        text_of(fields, "batchId") or message,
        text_of(fields, "reference"),
        text_of(fields, "recipient"),
        fields.get("code"),
        fields.get("duration"),
        text_of(fields, "created"),
    )
    if report is None:
        raise PayloadError("not a delivery report: no code from 100 to 599")
    return report


def report_of(
    batch: str,
    reference: str,
    recipient: str,
    code: object,
    duration: object,
    created: str,
) -> DeliveryReport | None:
    """Make a report of a status, posted or asked for; None if it has no code of v2.

    Below 100 are codes of the older API, where 22 is "delivered".
    """
    if not isinstance(code, int) or isinstance(code, bool) or not 100 <= code < 600:
        return None
    return DeliveryReport(
        provider_id=batch,
        reference=reference,
        number=number_of(recipient),
        delivery=delivery_of(code),
        final=_is_final(code, duration),
        code=str(code),
        at=time_of(created),
        blames=BLAMED.get(code),
    )


def delivery_of(code: int) -> Delivery:
    """What a status code says, by its block where it is not known."""
    if code == DELIVERED:
        return Delivery.DELIVERED
    if code == EXPIRED:
        return Delivery.EXPIRED
    # Every other end is no delivery: cancelled (203), and whatever 2xx comes to mean.
    return Delivery.FAILED if code // 100 in {2, 4, 5} else Delivery.PENDING


def _is_final(code: int, duration: object) -> bool:
    """`duration` 1 is iP.1's word for final; the block where it does not say so.

    Its own examples have a 201 with duration 0, so 0 is believed of errors only: a 5xx
    may pass, a rejection does not.
    """
    match code // 100:
        case 2 | 4:
            return True
        case 5:
            return duration != 0 or isinstance(duration, bool)
        case _:
            return False
