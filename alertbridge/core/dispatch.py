"""What leaves a mailbox now: sort it out, keep the pace, choose the way, compose."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from alertbridge.core.compose import compose
from alertbridge.core.mailbox import Mailbox
from alertbridge.core.message import Draft, Idle
from alertbridge.core.notification import Fact, ProviderName
from alertbridge.core.pace import Go, Until, may_send
from alertbridge.core.quiet_mailbox import sort_out_in_hours
from alertbridge.core.recipient import Msisdn, RecipientName
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity
from alertbridge.core.spend_decision import LastDigest, OnlyCritical, Spend, may_spend
from alertbridge.core.style import style_of, writing_of
from alertbridge.core.way import choose_way

LONGEST_WINDOW = timedelta(hours=12)
"""How long a provider may keep trying a page that has no time to live of its own.

Operators hold an SMS for a phone that is off for up to two days; a page of yesterday
night helps nobody, and arrives as a storm with its like.
"""


def draft(
    mailbox: Mailbox,
    rules: Rules,
    now: datetime,
    resting: frozenset[ProviderName] = frozenset(),
) -> Draft | Idle:
    """Compose the next message of *mailbox*, or say when to look again.

    Others are preferred to the providers that are *resting*.
    """
    found = sort_out_in_hours(mailbox, rules, now)
    letter = found.letter
    if not letter.leads:
        # What was dropped makes room for the next of those that were not looked at.
        until = now if mailbox.more and found.drops else found.next_change
        return Idle(until=until, drops=found.drops)
    match may_send(mailbox.sent, letter.severity, rules.pace, now):
        case Until(at=at):
            until = at if found.next_change is None else min(at, found.next_change)
            return Idle(until=until, drops=found.drops)
        case Go():
            pass
    numbers = numbers_of(mailbox.recipient, letter.facts, rules)
    spend = may_spend(letter, mailbox, numbers, rules, now)
    letter = spend.letter
    if isinstance(spend, OnlyCritical) and not letter.leads:
        ends = [at for at in (spend.until, found.next_change) if at is not None]
        return Idle(until=min(ends), drops=found.drops, over_budget=spend.held)
    person = rules.recipients.get(mailbox.recipient)
    style = style_of(letter, person, rules)
    notice = spend.notice if isinstance(spend, LastDigest) else ""
    composed = compose(letter, style, now, notice=notice)
    return Draft(
        recipient=mailbox.recipient,
        way=choose_way(
            letter.facts,
            rules.ways_to(numbers),
            mailbox.skipped,
            spend.used_up,
            resting,
        ),
        text=composed.text,
        tells=letter.facts,
        urgent=letter.severity is Severity.CRITICAL,
        closes_at=_closes_at(letter.leads, now),
        drops=found.drops,
        replaces=tuple(
            dict.fromkeys(f.replaces for f in letter.facts if f.replaces is not None)
        ),
        template_error=composed.template_error,
        over_budget=() if isinstance(spend, Spend) else spend.held,
        says_used_up=spend.limits if isinstance(spend, LastDigest) else (),
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
