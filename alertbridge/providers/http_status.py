"""What an HTTP answer says about the messages of the request, whoever answers.

The rule: a status may say "surely not sent" only where an HTTP server cannot have
acted on the request, and "never" only where the gateway itself said so. Wrong on one
side wakes a person twice; wrong on the other loses the page.

Details name the status and our own words for it, never what the gateway wrote: its
error texts can echo the number, the text or the token.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import assert_never

from alertbridge.core.message import Accepted, Deferred, Outcome, Rejected, Uncertain
from alertbridge.providers.http_request import Answer

MAX_ID = 128
"""Characters in a gateway's id of a message; the known ones have 20 to 40."""

MAX_RETRY_AFTER = 60.0
"""Seconds we let a gateway silence us; the mailbox has its own, longer schedule."""


class Ruling(Enum):
    """What a status says about the messages of the request."""

    NOT_NOW = auto()
    SHUT = auto()
    NOT_THERE = auto()
    REFUSED = auto()
    BAD_REQUEST = auto()
    UNCLEAR = auto()


RULINGS: dict[int, tuple[Ruling, str]] = {
    400: (Ruling.BAD_REQUEST, "it does not take this request"),
    401: (Ruling.SHUT, "the token is refused"),
    402: (Ruling.SHUT, "the account cannot pay"),
    403: (Ruling.SHUT, "the account or our address may not send"),
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


def refusal_of(
    answer: Answer, now: datetime, *, explained: bool, number_is_bad: bool = False
) -> Outcome:
    """Say what an answer other than 2xx means for the message.

    *explained* says whether its body is the gateway's own word: a proxy or a load
    balancer says 400 or 404 for the minute of a deploy, and that must not kill a page.
    """
    ruling, words = rule(answer.status)
    detail = f"HTTP {answer.status}: {words}"
    match ruling:
        case Ruling.NOT_NOW:
            wait = read_retry_after(answer.retry_after, now)
            asked = wait if answer.status in (429, 503) else None
            return Deferred(detail=detail, retry_after=asked)
        case Ruling.SHUT:
            return Deferred(detail=detail, account_is_shut=True)
        case Ruling.NOT_THERE | Ruling.BAD_REQUEST:
            if not explained:
                return Deferred(detail=detail)
            return Rejected(detail=detail, number_is_bad=number_is_bad)
        case Ruling.REFUSED:
            return Rejected(detail=detail)
        case Ruling.UNCLEAR:
            return Uncertain(detail=detail)
        case _:
            assert_never(ruling)


def taken(answer: Answer, provider_id: object, what: str) -> Outcome:
    """Accepted only with an id: a captive portal also says 200."""
    if (
        isinstance(provider_id, str)
        and provider_id.strip()
        and len(provider_id) <= MAX_ID
        and provider_id.isprintable()
    ):
        return Accepted(provider_id=provider_id)
    return Uncertain(detail=f"HTTP {answer.status}, but no {what} in the answer")


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
