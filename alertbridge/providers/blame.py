"""What surely cannot be sent, and whose number it is that a gateway refuses.

Gateways would refuse these too, but an answer costs a request, and a line break in a
header or a blank page should be stopped by us, not by luck.
"""

import re
from collections.abc import Sequence

from alertbridge.core.message import (
    MAX_NUMBERS,
    Deferred,
    Outcome,
    Outcomes,
    Rejected,
    Submission,
)
from alertbridge.core.recipient import Msisdn

MAX_REFERENCE = 40


def refuse_unsendable(submission: Submission, *, longest: int) -> Outcomes | None:
    """Say what would be refused, without asking; None if it may go out.

    *longest* is the gateway's limit, in characters of a text.
    """
    numbers = submission.numbers
    bad = frozenset(number for number in numbers if not is_number(number))
    if bad:
        return refuse(numbers, bad, "not a phone number")
    outcome = refuse_message(submission, longest=longest)
    return None if outcome is None else Outcomes(outcome)


def refuse_message(submission: Submission, *, longest: int) -> Outcome | None:
    """Say what would be refused whoever gets it; None if nothing would.

    Characters are counted as UTF-16 units, the stricter reading of a limit.
    """
    body, reference = submission.text.body, submission.reference
    if not body.strip():
        return Rejected(detail="the text is blank")
    if len(body.encode("utf-16-le", "surrogatepass")) // 2 > longest:
        return Rejected(detail=f"the text has more than {longest} characters")
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


def refuse(numbers: Sequence[Msisdn], bad: frozenset[Msisdn], detail: str) -> Outcomes:
    """Put a refusal on the *bad* ones of *numbers*.

    The request is refused whole, so the others surely got nothing: they may be sent
    again without the bad ones.
    """
    blame = blame_number(detail)
    if bad >= set(numbers):
        return Outcomes(blame)
    return Outcomes(
        Deferred(detail=f"{detail} (because of another number)"),
        {number: blame for number in numbers if number in bad},
    )


def blame_number(detail: str) -> Rejected:
    """Refuse one message because of its number."""
    return Rejected(detail=f"{detail} (this number)", number_is_bad=True)


def is_number(number: Msisdn) -> bool:
    """Whether it has the digits of E.164: 1 to 15 of them."""
    digits = number.removeprefix("+")
    return digits.isascii() and digits.isdigit() and 1 <= len(digits) <= 15


_DIGITS = re.compile(r"(?<![0-9])[0-9]{7,15}(?![0-9])")
_INDEX = re.compile(r"(?:recipients|(?<![a-z])to)\[([0-9]{1,4})\]", re.IGNORECASE)


def blamed(body: bytes, numbers: Sequence[Msisdn]) -> frozenset[Msisdn]:
    """Which of *numbers* an error body names: by digits, `recipients[2]` or `to[2]`."""
    text = body.decode("utf-8", errors="replace")
    digits = set(_DIGITS.findall(text))
    indices = {int(index) for index in _INDEX.findall(text)}
    return frozenset(
        number
        for index, number in enumerate(numbers)
        if index in indices or number.removeprefix("+") in digits
    )
