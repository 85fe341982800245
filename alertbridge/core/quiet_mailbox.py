"""A mailbox in its person's quiet hours: what is held, and what does not grow old.

Rules of a person's hours, as `mailbox.sort_out` sees them: a fact that must not ring
now is held until the hours end.

* A *resolved* text never rings, whatever breaks through. If a text leaves anyway it
  rides along: that costs no ring, and who is awake may know what of it is over.
* A page that a person asked for himself (a test) is never held.
* Time within the hours does not make a fact older.
"""

from dataclasses import replace
from datetime import datetime

from alertbridge.core.mailbox import Mailbox, SortedOut, sort_out
from alertbridge.core.notification import Fact, Kind
from alertbridge.core.quiet import QuietHours, ages_at, ends_of
from alertbridge.core.recipient import RecipientName
from alertbridge.core.rules import Rules


def sort_out_in_hours(mailbox: Mailbox, rules: Rules, now: datetime) -> SortedOut:
    """Sort *mailbox* out, within the hours of its person."""
    hours = hours_of(mailbox.recipient, rules)
    if not (hours.quiet or hours.working):
        return sort_out(mailbox, now)
    hushing = _Hushing(hours, rules, now)
    found = sort_out(hushing.of(mailbox), now)
    if found.letter.leads and hushing.spared is not None:
        return sort_out(hushing.of(mailbox, rides=True), now)
    return found


def hours_of(recipient: RecipientName, rules: Rules) -> QuietHours:
    """The hours of one person; whom the config no longer has is never left alone."""
    person = rules.recipients.get(recipient)
    return QuietHours() if person is None else person.hours


def rings(fact: Fact, hours: QuietHours) -> bool:
    """Say whether *fact* is told at once, also while its person is left alone."""
    if fact.asked_for:
        return True
    return fact.kind is not Kind.RESOLVED and hours.let_through(fact.severity)


class _Hushing:
    """Holds and ages the facts of one mailbox, all at the same moment."""

    def __init__(self, hours: QuietHours, rules: Rules, now: datetime) -> None:
        self._hours = hours
        self._time_to_live = rules.time_to_live
        self._now = now
        self._ends = ends_of(hours)
        self.spared = hours.spare(now)

    def of(self, mailbox: Mailbox, *, rides: bool = False) -> Mailbox:
        """The mailbox, held and aged; with *rides*, good news is not held."""
        facts = tuple(self._fact(fact, rides=rides) for fact in mailbox.facts)
        return replace(mailbox, facts=facts)

    def _fact(self, fact: Fact, *, rides: bool) -> Fact:
        if rings(fact, self._hours):
            return fact
        expires_at = self._expires_at(fact)
        too_old = expires_at is not None and expires_at <= self._now
        if self.spared is None or too_old or (rides and fact.kind is Kind.RESOLVED):
            held_until = fact.held_until
        else:
            held_until = max(self.spared.until, fact.held_until or self.spared.until)
        if (held_until, expires_at) == (fact.held_until, fact.expires_at):
            return fact
        return replace(fact, held_until=held_until, expires_at=expires_at)

    def _expires_at(self, fact: Fact) -> datetime | None:
        if fact.expires_at is None:
            return None
        born = max(fact.created_at, fact.held_until or fact.created_at)
        lasts = self._time_to_live.of(fact.severity)
        if lasts is None:
            # A reload took the time to live away; this fact keeps the one it had.
            lasts = fact.expires_at - born
        return ages_at(self._ends, born, fact.expires_at, lasts, self._now)
