"""What Twilio says of a message later: in a status callback, or when it is asked.

Documented: the statuses and the fields of both
(https://www.twilio.com/docs/messaging/api/message-resource), and the codes
(https://www.twilio.com/docs/api/errors). Twilio changes what a code covers, so only
those that name one cause are listed. Not here: 30003, a phone that is off or out of
reach for a while; 30007, a text that was filtered; 30034, a sender that one country
refuses, and codes such as 21606 and 21659 that may mean one.
"""

from collections.abc import Mapping

from alertbridge.core.report import Blame, Delivery, DeliveryReport
from alertbridge.providers.report_fields import make_report, needed, text_of

BAD_NUMBER = frozenset({21211, 21214, 21217, 21265, 21408, 21610, 21612, 21614, 21635})
"""Codes that blame `To`: not a number, no mobile, out of reach, or opted out."""

BLAMED = {
    **{str(code): Blame.NUMBER for code in BAD_NUMBER},
    "21660": Blame.ACCOUNT,  # The sender belongs to another account
    "21661": Blame.ACCOUNT,  # The sender cannot send SMS
    "30002": Blame.ACCOUNT,  # Account suspended, for money or for abuse
    "30004": Blame.NUMBER,  # Message blocked
    "30005": Blame.NUMBER,  # Unknown destination handset
    "30006": Blame.NUMBER,  # Landline or unreachable carrier
}
"""Codes that say more than that this message failed."""

DELIVERIES = {
    "delivered": Delivery.DELIVERED,
    "read": Delivery.DELIVERED,
    "undelivered": Delivery.FAILED,
    "failed": Delivery.FAILED,
    "canceled": Delivery.FAILED,
}
"""What the status says; `queued`, `sent` and what is not known are on the way."""


def callback_report(fields: Mapping[str, object]) -> DeliveryReport:
    """Read the fields of a status callback.

    Raises:
        PayloadError: none.
    """
    return _report(
        needed(fields, "MessageSid", "SmsSid"),
        needed(fields, "MessageStatus", "SmsStatus"),
        text_of(fields, "ErrorCode"),
        text_of(fields, "To"),
    )


def resource_report(members: Mapping[str, object]) -> DeliveryReport:
    """Read a Message resource.

    Raises:
        PayloadError: none.
    """
    return _report(
        needed(members, "sid"),
        needed(members, "status"),
        text_of(members, "error_code"),
        text_of(members, "to"),
    )


def _report(sid: str, status: str, code: str, number: str) -> DeliveryReport:
    return make_report(
        sid,
        DELIVERIES.get(status, Delivery.PENDING),
        code=f"{status} {code}",
        number=number,
        blames=BLAMED.get(code),
    )
