"""What leaves a mailbox now: sort it out, keep the pace, choose the way, compose."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from alertbridge.core.compose import compose
from alertbridge.core.delivery import choose_way
from alertbridge.core.mailbox import Mailbox, sort_out
from alertbridge.core.message import Draft, Idle
from alertbridge.core.notification import Fact
from alertbridge.core.pace import Go, Until, may_send
from alertbridge.core.recipient import Msisdn, RecipientName
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity
from alertbridge.core.style import style_of, writing_of

LONGEST_WINDOW = timedelta(hours=12)
"""How long a provider may keep trying a page that has no time to live of its own.

Operators hold an SMS for a phone that is off for up to two days; a page of yesterday
night helps nobody, and arrives as a storm with its like.
"""


def draft(mailbox: Mailbox, rules: Rules, now: datetime) -> Draft | Idle:
    """Compose the next message of *mailbox*, or say when to look again."""
    found = sort_out(mailbox, now)
    letter = found.letter
    if not letter.leads:
        return Idle(until=found.next_change, drops=found.drops)
    match may_send(mailbox.sent, letter.severity, rules.pace, now):
        case Until(at):
            until = at if found.next_change is None else min(at, found.next_change)
            return Idle(until=until, drops=found.drops)
        case Go():
            pass
    person = rules.recipients.get(mailbox.recipient)
    style = style_of(letter, person, rules)
    composed = compose(letter, style, now)
    numbers = numbers_of(mailbox.recipient, letter.facts, rules)
    return Draft(
        recipient=mailbox.recipient,
        way=choose_way(letter.facts, numbers, rules.providers, mailbox.skipped),
        text=composed.text,
        tells=letter.facts,
        urgent=letter.severity is Severity.CRITICAL,
        closes_at=_closes_at(letter.leads, now),
        drops=found.drops,
        replaces=tuple(
            dict.fromkeys(f.replaces for f in letter.facts if f.replaces is not None)
        ),
        template_error=composed.template_error,
        writing=writing_of(letter, person, rules),
        closing=composed.closing,
    )


def numbers_of(
    recipient: RecipientName, facts: Iterable[Fact], rules: Rules
) -> tuple[Msisdn, ...]:
    """Where *recipient* is reached now.

    The config's numbers are the newest; a person it no longer has is still told, on
    the numbers stored when the facts were written (rule 9).
    """
    person = rules.recipients.get(recipient)
    if person is not None:
        return person.phones
    return tuple(dict.fromkeys(number for fact in facts for number in fact.numbers))


def _closes_at(leads: tuple[Fact, ...], now: datetime) -> datetime:
    """When the provider must stop trying: the last time to live of what it tells.

    Rounded up to a whole minute, so that people who are told the same within one
    still share a submission.
    """
    ends = [
        now + LONGEST_WINDOW if fact.expires_at is None else fact.expires_at
        for fact in leads
    ]
    closes_at = max(ends)
    rounded = closes_at.replace(second=0, microsecond=0)
    return rounded + timedelta(minutes=1)
