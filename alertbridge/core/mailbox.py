"""What one person does not know yet, and what of it is still worth telling.

*A mailbox holds what this person does not know yet.* Deduplication, storm collapse,
cancellation, freshness and fail-over are this one rule, applied at the moment a
message can leave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeGuard, assert_never

from alertbridge.core.message import Dropped
from alertbridge.core.notification import EpisodeId, Fact, Kind, Reason, State
from alertbridge.core.recipient import Msisdn, RecipientName
from alertbridge.core.severity import Severity
from alertbridge.core.spend import Period, Spent

MAX_FACTS = 2000
"""Facts told by one message at the most: bounds one transaction, not the mailbox."""

OVER_KEPT = timedelta(hours=1)
"""How long a critical that came and went untold waits for a digest to ride with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A recipient's waiting facts, and what bears on letting them leave.

    `facts` are at most `MAX_FACTS`, chosen worst first, and among equals each source in
    turn, its oldest first; what can make a message leave before what only rides along
    or is held. `more` counts those that may leave and found no room.
    Facts of episodes whose last message is uncertain are not among them (rule 4).
    `sent` are the times of SMS that may have left within the pace's window.
    `skipped` are numbers that recently gave a permanent error. `spent` is what the
    periods of the budgets that bear on it have cost.
    """

    recipient: RecipientName
    facts: tuple[Fact, ...]
    more: int = 0
    sent: Sequence[datetime] = ()
    skipped: frozenset[Msisdn] = frozenset()
    spent: Mapping[Period, Spent] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one SMS tells, sorted out.

    `firing`, `reminders`, `escalated` and `resolved` are what makes it leave; `over`
    rides along: it fired and ended before this person was told. `also` are facts that
    another fact of the letter speaks for (the firing that its own end overtook while
    its send was uncertain); they are told with it, and counted with nothing.
    """

    firing: tuple[Fact, ...] = ()
    reminders: tuple[Fact, ...] = ()
    escalated: tuple[Fact, ...] = ()
    resolved: tuple[Fact, ...] = ()
    over: tuple[Fact, ...] = ()
    also: tuple[Fact, ...] = ()
    more: int = 0

    @property
    def leads(self) -> tuple[Fact, ...]:
        """What makes it leave."""
        return self.firing + self.escalated + self.reminders + self.resolved

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All of it, in the order of what matters."""
        return self.leads + self.over + self.also

    @property
    def fires(self) -> bool:
        """Whether it tells of something that fires: there is something to take."""
        return bool(self.firing or self.escalated or self.reminders)

    @property
    def severity(self) -> Severity:
        """The worst that makes it leave."""
        return min((fact.severity for fact in self.leads), default=Severity.LOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class SortedOut:
    """A mailbox sorted: what to tell, what to drop, and when the rest changes."""

    letter: Letter
    drops: tuple[Dropped, ...] = ()
    next_change: datetime | None = None


def sort_out(mailbox: Mailbox, now: datetime) -> SortedOut:
    """Keep what is still true and worth an SMS; name the rule for what is not."""
    ends = {
        fact.episode.id: fact.held_until
        for fact in mailbox.facts
        if fact.kind is Kind.RESOLVED and not _expired(fact, now)
    }
    piles: dict[str, list[Fact]] = {}
    drops: list[Dropped] = []
    changes: list[datetime] = []
    for fact in mailbox.facts:
        place = _place(fact, ends, now)
        match place:
            case Dropped():
                drops.append(place)
            case datetime():
                changes.append(place)
            case str():
                piles.setdefault(place, []).append(fact)
                if place == "over":
                    changes.append(_kept_until(fact))
                elif fact.expires_at is not None:
                    changes.append(fact.expires_at)
            case _:
                assert_never(place)
    letter = Letter(
        **{name: tuple(facts) for name, facts in piles.items()}, more=mailbox.more
    )
    return SortedOut(
        letter=letter, drops=tuple(drops), next_change=min(changes, default=None)
    )


_Ends = Mapping[EpisodeId, datetime | None]
"""The episodes whose end is to be told, and until when that is held."""

_PILE = {
    Kind.FIRING: "firing",
    Kind.REMINDER: "reminders",
    Kind.ESCALATED: "escalated",
}


def _place(fact: Fact, ends: _Ends, now: datetime) -> str | datetime | Dropped:
    """Name the pile a fact belongs to, until when it is held, or why it goes."""
    if fact.kind is Kind.RESOLVED:
        if not fact.episode.ended:
            # It flaps, and fires again: that it was over is no longer true.
            return Dropped(fact.id, State.CANCELLED, Reason.FIRED_AGAIN)
        if not fact.heard:
            return Dropped(fact.id, State.CANCELLED, Reason.NEVER_HEARD)
        if _is_held(fact.held_until, now):
            return fact.held_until
        if _expired(fact, now):
            return _too_old(fact)
        return "resolved"
    if fact.episode.ended:
        return _place_ended(fact, ends, now)
    if fact.only_asks:
        # Somebody took it while this was under way, and it was surely not sent.
        return Dropped(fact.id, State.CANCELLED, Reason.ACKNOWLEDGED)
    if _is_held(fact.held_until, now):
        return fact.held_until
    if _expired(fact, now):
        return _too_old(fact)
    return _PILE[fact.kind]


def _place_ended(fact: Fact, ends: _Ends, now: datetime) -> str | datetime | Dropped:
    gone = Dropped(fact.id, State.CANCELLED, Reason.RESOLVED_BEFORE_TOLD)
    if fact.maybe_heard:
        # Maybe heard: the resolved text stands alone and speaks for it. Where the
        # person wants no resolved texts, a stale firing must not be sent either.
        if fact.episode.id not in ends:
            return gone
        held_until = ends[fact.episode.id]
        return held_until if _is_held(held_until, now) else "also"
    if fact.heard or fact.kind is not Kind.FIRING:
        return gone
    if fact.severity is not Severity.CRITICAL:
        return gone
    return gone if now >= _kept_until(fact) else "over"


def _kept_until(fact: Fact) -> datetime:
    ended = fact.episode.ended_seen or fact.episode.ends_at
    assert ended is not None
    return ended + OVER_KEPT


def _is_held(until: datetime | None, now: datetime) -> TypeGuard[datetime]:
    return until is not None and until > now


def _expired(fact: Fact, now: datetime) -> bool:
    return fact.expires_at is not None and fact.expires_at <= now


def _too_old(fact: Fact) -> Dropped:
    """Expired by its time to live, or while a budget held it back."""
    reason = Reason.OVER_BUDGET if fact.over_budget else Reason.TIME_TO_LIVE
    return Dropped(fact.id, State.EXPIRED, reason)
