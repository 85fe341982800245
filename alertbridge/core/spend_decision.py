"""What of a letter may be paid for: all of it, a last digest, or only what is critical.

A budget that is used up never stops a critical page, nor a page about alertbridge
itself. What else waits leaves once more, in a message that says so; from then on it
stays in the mailbox until the period ends, visible, for as long as it is worth telling.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alertbridge.core.alert import OURSELVES
from alertbridge.core.mailbox import Letter, Mailbox
from alertbridge.core.notification import Fact, NotificationId, ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity
from alertbridge.core.spend import (
    NOTHING,
    Limit,
    Period,
    Scope,
    Spent,
    is_used_up,
    is_used_up_for_sure,
)
from alertbridge.core.spend_payers import limits_on, recipient_payer, routes_paying
from alertbridge.core.spend_words import notice_of
from alertbridge.core.way import choose_way

ANSWERED = timedelta(seconds=5)
"""After so long it is asked again what is used up only by what is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """Every budget has something left: the letter may leave as it is."""

    letter: Letter
    used_up: frozenset[ProviderName] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class LastDigest:
    """The letter leaves, and says in `notice` that `limits` are used up.

    `held` stays behind.
    """

    letter: Letter
    notice: str
    limits: tuple[Limit, ...]
    held: tuple[NotificationId, ...] = ()
    used_up: frozenset[ProviderName] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlyCritical:
    """Only `letter` may leave, maybe nothing; `held` waits for the end of `limits`.

    `until` is when the first of them ends, or may turn out not to be used up.
    """

    letter: Letter
    limits: tuple[Limit, ...]
    held: tuple[NotificationId, ...]
    until: datetime
    used_up: frozenset[ProviderName] = frozenset()


Verdict = Spend | LastDigest | OnlyCritical


def may_spend(
    letter: Letter,
    mailbox: Mailbox,
    numbers: Sequence[Msisdn],
    rules: Rules,
    now: datetime,
) -> Verdict:
    """Say what of *letter* the budgets let leave, given what *mailbox* has spent.

    *numbers* are those its recipient can be reached on, in order.
    """
    limits = [
        limit
        for limit in limits_on(mailbox.recipient, letter.facts, rules, now)
        if is_used_up(limit, mailbox.spent)
    ]
    if not limits:
        return Spend(letter=letter)
    bars = _Bars(limits, mailbox, rules)
    # By themselves: a critical page beside them may have been refused a cheaper way.
    paid_for = [
        fact for fact in letter.leads if not is_exempt(fact) and not bars.on(fact)
    ]
    if paid_for and bars.providers:
        way = choose_way(
            paid_for, rules.ways_to(numbers), mailbox.skipped, bars.providers
        )
        if way.provider in bars.providers:
            bars.bar_provider(way.provider)
    return _verdict(letter, bars, mailbox, rules, now)


def is_exempt(fact: Fact) -> bool:
    """Whether a fact leaves whatever it costs: critical, or about ourselves.

    Pages about ourselves are few: one for each happening, and of budgets one for each
    mark and period. Good news is never critical.
    """
    return fact.severity is Severity.CRITICAL or fact.episode.source == OURSELVES


class _Bars:
    """Which used-up limits keep which facts from leaving."""

    def __init__(self, limits: Sequence[Limit], mailbox: Mailbox, rules: Rules) -> None:
        self._rules = rules
        self._limits = limits
        own = recipient_payer(mailbox.recipient)
        self._for_all = [limit for limit in limits if limit.period.payer == own]
        self.providers = frozenset(
            ProviderName(limit.period.payer.name)
            for limit in limits
            if limit.period.payer.scope is Scope.PROVIDER
        )

    def bar_provider(self, name: ProviderName) -> None:
        """No cheaper provider is left: its account's limits bear on everything."""
        self._for_all += [
            limit
            for limit in self._limits
            if limit.period.payer.scope is Scope.PROVIDER
            and limit.period.payer.name == name
        ]

    def on(self, fact: Fact) -> tuple[Limit, ...]:
        """The limits that keep *fact*; none if it may leave."""
        if is_exempt(fact):
            return ()
        routes = routes_paying(fact, self._rules)
        return (
            *self._for_all,
            *(limit for limit in self._limits if limit.period.payer in routes),
        )


def _verdict(
    letter: Letter, bars: _Bars, mailbox: Mailbox, rules: Rules, now: datetime
) -> Verdict:
    spent = mailbox.spent
    barred = {fact.id: limits for fact in letter.leads if (limits := bars.on(fact))}
    if not barred:
        return Spend(letter=letter, used_up=bars.providers)
    last = {
        ident: limits
        for ident, limits in barred.items()
        if all(_may_be_said(limit, spent) for limit in limits)
    }
    held = tuple(ident for ident in barred if ident not in last)
    left = _keep(letter, lambda fact: fact.id not in barred or fact.id in last)
    if last:
        said = tuple(dict.fromkeys(limit for found in last.values() for limit in found))
        person = rules.recipients.get(mailbox.recipient)
        notice = notice_of(said, letter.more, person, now)
        return LastDigest(
            letter=replace(left, more=0),
            notice=notice,
            limits=said,
            held=held,
            used_up=bars.providers,
        )
    limits = tuple(dict.fromkeys(limit for found in barred.values() for limit in found))
    return OnlyCritical(
        letter=left,
        limits=limits,
        held=held,
        until=min(_changes_at(limit, spent, now) for limit in limits),
        used_up=bars.providers,
    )


def _may_be_said(limit: Limit, spent: Mapping[Period, Spent]) -> bool:
    """Whether *limit* is used up for sure, and this person was not told so.

    What is under way may be given back: who was told too early would not be told when
    it is so.
    """
    so_far = spent.get(limit.period, NOTHING)
    return is_used_up_for_sure(limit, spent) and so_far.said_of != limit.segments


def _changes_at(limit: Limit, spent: Mapping[Period, Spent], now: datetime) -> datetime:
    return limit.until if is_used_up_for_sure(limit, spent) else now + ANSWERED


def _keep(letter: Letter, wanted: Callable[[Fact], bool]) -> Letter:
    """The part of *letter* whose leads are *wanted*, with what rides along with it.

    A firing that its own end speaks for stays behind with that end. What did not fit
    is announced for the next text only if all of this one leaves.
    """
    resolved = tuple(filter(wanted, letter.resolved))
    ended = {fact.episode.id for fact in resolved}
    kept = replace(
        letter,
        firing=tuple(filter(wanted, letter.firing)),
        reminders=tuple(filter(wanted, letter.reminders)),
        escalated=tuple(filter(wanted, letter.escalated)),
        resolved=resolved,
        also=tuple(fact for fact in letter.also if fact.episode.id in ended),
    )
    return kept if kept.leads == letter.leads else replace(kept, more=0)
