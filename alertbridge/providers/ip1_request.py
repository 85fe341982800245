"""The body of `POST /v2/batches`, and what cannot become one.

iP.1 would refuse these too, but an answer costs a request, and a line break in a
header or a blank page should be stopped by us, not by luck.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from alertbridge.core.message import (
    MAX_NUMBERS,
    DataCoding,
    Deferred,
    Outcome,
    Outcomes,
    Rejected,
    Submission,
)
from alertbridge.core.recipient import Msisdn
from alertbridge.providers.ip1_options import Ip1Options

MAX_BODY = 2000
"""Characters in a text; counted here as UTF-16 units, the stricter reading."""

MAX_REFERENCE = 40


def batch_request(submission: Submission, options: Ip1Options) -> dict[str, object]:
    """Write *submission* as iP.1 wants it.

    Recipients are always an array: as an object they would make every `{…}` in the
    text a template. The window ends the SMS upstream, where it could otherwise
    wait for a switched-off phone for days.
    """
    urgent = submission.urgent and options.priority_for_critical
    gsm = submission.text.coding is DataCoding.GSM
    return {
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


def refuse_unsendable(submission: Submission) -> Outcomes | None:
    """Say what iP.1 would refuse, without asking; None if it may go out."""
    numbers = submission.numbers
    bad = frozenset(number for number in numbers if not _is_number(number))
    if bad:
        return refuse(numbers, bad, "not a phone number")
    outcome = _refusal(submission)
    return None if outcome is None else Outcomes(outcome)


def refuse(numbers: Sequence[Msisdn], bad: frozenset[Msisdn], detail: str) -> Outcomes:
    """Put a refusal on the *bad* ones of *numbers*.

    The request is refused whole, so the others surely got nothing: they may be sent
    again without the bad ones.
    """
    blame = Rejected(detail=f"{detail} (this number)", number_is_bad=True)
    if bad >= set(numbers):
        return Outcomes(blame)
    return Outcomes(
        Deferred(detail=f"{detail} (because of another number)"),
        {number: blame for number in numbers if number in bad},
    )


def _refusal(submission: Submission) -> Outcome | None:
    body, reference = submission.text.body, submission.reference
    if not body.strip():
        return Rejected(detail="the text is blank")
    if len(body.encode("utf-16-le", "surrogatepass")) // 2 > MAX_BODY:
        return Rejected(detail=f"the text has more than {MAX_BODY} characters")
    if not 1 <= len(reference) <= MAX_REFERENCE or not reference.isprintable():
        return Rejected(
            detail=f"the reference is not 1 to {MAX_REFERENCE} printable characters"
        )
    if not 1 <= len(submission.numbers) <= MAX_NUMBERS:
        return Rejected(detail=f"not between 1 and {MAX_NUMBERS} numbers")
    if submission.closes_at <= submission.began_at:
        # Surely not sent; composed anew, the facts meet their own time to live.
        return Deferred(detail="its delivery window closed before it could leave")
    return None


def _is_number(number: Msisdn) -> bool:
    digits = number.removeprefix("+")
    return digits.isascii() and digits.isdigit() and 1 <= len(digits) <= 15


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
