"""What an answer of iP.1 means for our messages: accepted, not sent, unclear, refused.

The rule: a status may say "surely not sent" only where an HTTP server cannot have
acted on the request, and "never" only where the gateway itself said so. Wrong on one
side wakes a person twice; wrong on the other loses the page. The success status and
the error body of `POST /v2/batches` are not documented, so any 2xx with a batch id
counts, and bodies are read leniently.

Details name the status and our own words for it, never what the gateway wrote: its
error texts can echo the number, the text or the token.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto

from alertbridge.core.message import (
    Accepted,
    Deferred,
    Outcome,
    Outcomes,
    Rejected,
    Uncertain,
)
from alertbridge.core.recipient import Msisdn
from alertbridge.providers.ip1_request import refuse

MAX_ID = 128
"""Characters in a batch id (iP.1 shows 24 hex digits; opaque all the same)."""

MAX_RETRY_AFTER = 60.0
"""Seconds we let a gateway silence us; the mailbox has its own, longer schedule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response as far as it could be read; `body` is None if it broke off."""

    status: int
    body: bytes | None
    retry_after: str = ""
    link: str = ""


class Ruling(Enum):
    """What a status says about the messages of the request."""

    NOT_NOW = auto()
    NOT_THERE = auto()
    REFUSED = auto()
    BAD_REQUEST = auto()
    UNCLEAR = auto()


RULINGS: dict[int, tuple[Ruling, str]] = {
    400: (Ruling.BAD_REQUEST, "it does not take this request"),
    401: (Ruling.NOT_NOW, "the token is refused"),
    402: (Ruling.NOT_NOW, "the account cannot pay"),
    403: (Ruling.NOT_NOW, "the account or our address may not send"),
    404: (Ruling.NOT_THERE, "nothing answers there; check base_url"),
    405: (Ruling.NOT_THERE, "that address does not take messages; check base_url"),
    407: (Ruling.NOT_NOW, "a proxy stands in between"),
    # Not in the list of sure ones: the server gave up *reading*, by its own account.
    408: (Ruling.UNCLEAR, "it gave up waiting for our request"),
    413: (Ruling.REFUSED, "the request is too large"),
    415: (Ruling.NOT_THERE, "it does not read JSON there; check base_url"),
    422: (Ruling.BAD_REQUEST, "it does not take this request"),
    429: (Ruling.NOT_NOW, "too many requests"),
    # By its own word it takes nothing now (RFC 9110, 15.6.4): a load balancer without a
    # back end, a deploy. As an uncertain one, forty seconds of it would end every page.
    503: (Ruling.NOT_NOW, "it is away for a while"),
}
"""Statuses that have a meaning of their own; `rule` has the blocks."""


def rule(status: int) -> tuple[Ruling, str]:
    """What a status other than 2xx means, and our words for it."""
    if status in RULINGS:
        return RULINGS[status]
    if 300 <= status < 400:
        return Ruling.NOT_NOW, "it redirects, and we do not follow; check base_url"
    if 500 <= status < 600:
        return Ruling.UNCLEAR, "it failed, before or after taking the message"
    # 409 may mean "I have that reference already": unlisted is never "surely not".
    return Ruling.UNCLEAR, "an answer we do not understand"


def classify(answer: Answer, numbers: Sequence[Msisdn], now: datetime) -> Outcomes:
    """Translate an answer to a submission for *numbers* into what became of each."""
    if 200 <= answer.status < 300:
        return Outcomes(_taken(answer))
    ruling, words = rule(answer.status)
    detail = f"HTTP {answer.status}: {words}"
    match ruling:
        case Ruling.NOT_NOW:
            wait = read_retry_after(answer.retry_after, now)
            asked = wait if answer.status in (429, 503) else None
            return Outcomes(Deferred(detail=detail, retry_after=asked))
        case Ruling.NOT_THERE:
            # A load balancer says so for the minute of a deploy: one must not kill a
            # page. Only the gateway's own words are about this message.
            if _explains(read_json(answer.body)):
                return Outcomes(Rejected(detail=detail))
            return Outcomes(Deferred(detail=detail))
        case Ruling.REFUSED:
            return Outcomes(Rejected(detail=detail))
        case Ruling.BAD_REQUEST:
            bad = blamed(answer.body or b"", numbers)
            if not bad and read_json(answer.body) is None:
                # iP.1 writes JSON: this is a proxy's, and tells nothing of the message.
                return Outcomes(Deferred(detail=detail))
            if not bad or (len(numbers) > 1 and len(bad) == len(numbers)):
                # All of many named is an echo of our request, not blame.
                return Outcomes(Rejected(detail=detail))
            return refuse(numbers, bad, detail)
        case Ruling.UNCLEAR:
            return Outcomes(Uncertain(detail=detail))


def _explains(document: object) -> bool:
    """Whether an error document (RFC 9457) says more than its status does."""
    return isinstance(document, dict) and bool(
        document.get("detail") or document.get("errors")
    )


_DIGITS = re.compile(r"(?<![0-9])[0-9]{7,15}(?![0-9])")
_INDEX = re.compile(r"recipients\[([0-9]{1,4})\]", re.IGNORECASE)


def blamed(body: bytes, numbers: Sequence[Msisdn]) -> frozenset[Msisdn]:
    """Which of *numbers* an error body names, by their digits or as `recipients[2]`.

    The shape of iP.1's validation errors is not documented; problem details with
    field paths is what its platform writes by default.
    """
    text = body.decode("utf-8", errors="replace")
    digits = set(_DIGITS.findall(text))
    indices = {int(index) for index in _INDEX.findall(text)}
    return frozenset(
        number
        for index, number in enumerate(numbers)
        if index in indices or number.removeprefix("+") in digits
    )


def read_retry_after(value: str, now: datetime) -> float | None:
    """Read a Retry-After header: seconds from *now*, 0 to 60; None if it is junk.

    Both forms of RFC 9110 (section 10.2.3) count: whole seconds, and a date.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        # A number too long to be meant is still a wish for "long".
        seconds = float(value) if len(value) < 10 else MAX_RETRY_AFTER
    else:
        try:
            at = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        seconds = (at - now).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _taken(answer: Answer) -> Outcome:
    """Accepted only with an id: a captive portal also says 200."""
    document = read_json(answer.body)
    batch = document.get("id") if isinstance(document, dict) else None
    if isinstance(batch, str) and batch.strip() and _is_opaque_id(batch):
        return Accepted(provider_id=batch)
    return Uncertain(detail=f"HTTP {answer.status}, but no batch id in the answer")


def _is_opaque_id(text: str) -> bool:
    return len(text) <= MAX_ID and text.isprintable()


def read_json(body: bytes | None) -> object:
    """Read a body as JSON; None if it is anything else."""
    try:
        document: object = json.loads(body or b"")
    except (ValueError, RecursionError):
        # RecursionError: a few kilobytes of "[" are enough.
        return None
    return document
