"""What is said of budgets: to the person whose pages wait, and to the admins."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from alertbridge.core.cleaning import clean
from alertbridge.core.language import WORDS, Language
from alertbridge.core.recipient import Recipient, mask
from alertbridge.core.script import to_gsm
from alertbridge.core.spend import FULL, Crossing, Limit, Payer, Scope, Span
from alertbridge.core.wording import Wording
from alertbridge.core.wording_place import shorten

_LONGEST_NAME = 40
"""Characters of a payer's name in a text."""


def notice_of(
    limits: Sequence[Limit], more: int, person: Recipient | None, now: datetime
) -> str:
    """Say to *person* that *limits* are used up, and when the last of them ends.

    *more* facts wait beside those that the text tells.
    """
    last = max(limits, key=lambda limit: limit.until)
    wording = Wording(
        now=now,
        timezone=UTC if person is None else person.timezone,
        language=Language.ENGLISH if person is None else person.language,
    )
    words = wording.words
    until = wording.clock(last.until).removesuffix(" 00:00")
    payer = last.period.payer
    said = words.used_up.format(until)
    if payer.scope is Scope.ROUTE:
        name = shorten(to_gsm(clean(payer.name)), _LONGEST_NAME)
        said = words.used_up_of.format(name, until)
    return f"{said}; {words.wait.format(more)}" if more else said


def crossing_words(crossing: Crossing) -> str:
    """Say to the admins how much of a budget is spent."""
    limit = crossing.limit
    who = shown_payer(limit.period.payer)
    span = "today" if limit.period.span is Span.DAY else "this month"
    if crossing.percent < FULL:
        share = f"{crossing.percent} % of {_segments(limit.segments)}"
        return f"{who} has used {share} {span}"
    follows = {
        Scope.RECIPIENT: "only critical alerts are sent",
        Scope.ROUTE: "only its critical alerts are sent",
        Scope.PROVIDER: "it sends only critical alerts",
    }[limit.period.payer.scope]
    until = _day(limit.period.next_date)
    used = f"{who} has used {_segments(limit.segments)}, all there is {span}"
    return f"{used}: {follows} until {until}"


def shown_payer(payer: Payer) -> str:
    """Name a payer to people; a bare number that is its own recipient is masked."""
    match payer.scope:
        case Scope.RECIPIENT:
            return mask(payer.name) if payer.name.startswith("+") else payer.name
        case Scope.ROUTE | Scope.PROVIDER:
            return f"{payer.scope} {shorten(payer.name, _LONGEST_NAME)}"


def _segments(amount: int) -> str:
    return "1 segment" if amount == 1 else f"{amount} segments"


def _day(day: date) -> str:
    return f"{day.day} {WORDS[Language.ENGLISH].months[day.month - 1]}"
