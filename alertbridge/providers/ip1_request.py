"""The body of `POST /v2/batches`, and what cannot become one."""

from datetime import UTC, datetime

from alertbridge.core.message import DataCoding, Outcomes, Submission
from alertbridge.providers import blame
from alertbridge.providers.ip1_options import Ip1Options

MAX_BODY = 2000
"""Characters in a text; counted here as UTF-16 units, the stricter reading."""


def batch_request(
    submission: Submission, options: Ip1Options, report_url: str | None = None
) -> dict[str, object]:
    """Write *submission* as iP.1 wants it.

    Recipients are always an array: as an object they would make every `{…}` in the
    text a template. The window ends the SMS upstream, where it could otherwise
    wait for a switched-off phone for days. *report_url* is where its reports go.
    """
    urgent = submission.urgent and options.priority_for_critical
    gsm = submission.text.coding is DataCoding.GSM
    request: dict[str, object] = {
        "sender": options.sender,
        "recipients": [number.removeprefix("+") for number in submission.numbers],
        "body": submission.text.body,
        "type": "sms",
        "datacoding": "gsm" if gsm else "ucs",
        "priority": 2 if urgent else 1,
        "deliveryWindows": [
            {"opens": _iso(submission.began_at), "closes": _iso(submission.closes_at)}
        ],
        "reference": submission.reference,
    }
    if report_url is not None:
        request["deliveryReportUrl"] = report_url
    return request


def refuse_unsendable(submission: Submission) -> Outcomes | None:
    """Say what iP.1 would refuse, without asking; None if it may go out."""
    return blame.refuse_unsendable(submission, longest=MAX_BODY)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
