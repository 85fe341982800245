"""A plan in the making: what each kind of sighting adds to it, with the reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

from alertbridge.core.alert import Alert, PostReason, SourceName
from alertbridge.core.audience import Listener, held_until
from alertbridge.core.episode import KnownEpisode, KnownFact
from alertbridge.core.flapping import is_flapping
from alertbridge.core.kin import kin_of
from alertbridge.core.notification import Kind, PostNote, Reason, State
from alertbridge.core.plan import (
    ChangeFact,
    Keys,
    LeftOut,
    MoveEpisode,
    NewFact,
    OpenEpisode,
    Plan,
    Post,
    ReleaseFact,
    Verdict,
)
from alertbridge.core.recipient import ReceiverName
from alertbridge.core.remind import Remind, remind
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity

SEEN_EVERY = timedelta(minutes=10)
"""How often it is written down that a post named an episode: staleness is a matter of
days, and a storm of copies must not cost a write each."""


@dataclass(slots=True)
class PlanDraft:
    """Collects the changes of one post; each method is one kind of sighting."""

    rules: Rules
    now: datetime
    source: SourceName
    opens: list[OpenEpisode] = field(default_factory=list)
    moves: list[MoveEpisode] = field(default_factory=list)
    facts: list[NewFact] = field(default_factory=list)
    changes: list[ChangeFact] = field(default_factory=list)
    releases: list[ReleaseFact] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    has_news: bool = False

    def open(
        self,
        alert: Alert,
        starts_at: datetime,
        audience: Sequence[Listener],
        flaps: int = 0,
    ) -> None:
        """A firing period begins: everybody it is routed to must hear."""
        self.has_news = True
        severity = self.rules.severity.classify(alert.labels)
        self.opens.append(
            OpenEpisode(
                alert=alert,
                starts_at=starts_at,
                ends_at=None,
                severity=severity,
                flaps=flaps,
                kin=kin_of(self.source, alert.labels, self.rules.severity.label),
            )
        )
        if not audience:
            self.leave_out(alert, Verdict.NOBODY)
        for listener in audience:
            self.facts.append(self._fact(alert, listener, severity))

    def end_unheard(self, alert: Alert, starts_at: datetime, ends_at: datetime) -> None:
        """Record a resolve whose firing never came; nobody heard, nobody is told."""
        severity = self.rules.severity.classify(alert.labels)
        self.opens.append(
            OpenEpisode(
                alert=alert, starts_at=starts_at, ends_at=ends_at, severity=severity
            )
        )
        self.leave_out(alert, Verdict.NEVER_HEARD)

    def close_unseen(self, closes: KnownEpisode | None, ends_at: datetime) -> None:
        """End the period that a later start shows to be over."""
        if closes is None:
            return
        self.moves.append(MoveEpisode(id=closes.id, ends_at=ends_at))
        self._cancel(closes.facts, Reason.ENDED_UNSEEN)

    def supersede(self, known: KnownEpisode | None) -> None:
        """Take back a "resolved" that waits: it fires again, and that is the news."""
        if known is not None and known.ends_at is not None:
            resolved = (fact for fact in known.facts if fact.kind is Kind.RESOLVED)
            self._cancel(resolved, Reason.FIRED_AGAIN)

    def keep(self, alert: Alert, known: KnownEpisode, starts_at: datetime) -> None:
        """Keep the earliest start and the newest annotations; note that it is seen."""
        earlier = starts_at if starts_at < known.starts_at else None
        changed = known.annotations is not None and dict(known.annotations) != dict(
            alert.annotations
        )
        seen = known.stale or (
            known.seen_at is not None and self.now - known.seen_at >= SEEN_EVERY
        )
        settled = known.flaps > 0 and not self._flaps(known)
        if earlier is not None or changed or seen or settled:
            self.moves.append(
                MoveEpisode(
                    id=known.id,
                    starts_at=earlier,
                    annotations=alert.annotations if changed else None,
                    flaps=0 if settled else None,
                    seen=seen,
                )
            )

    def fire_again(
        self,
        alert: Alert,
        known: KnownEpisode,
        starts_at: datetime,
        audience: Sequence[Listener],
    ) -> None:
        """A flapping alert fires again: news to those who do not know that it does.

        A "resolved" that waits for it to settle is taken back; who believes that it is
        over, or never heard of it, hears.
        """
        self.has_news = True
        flaps = known.flaps + 1
        self.moves.append(
            MoveEpisode(id=known.id, refired_at=starts_at, flaps=flaps, seen=True)
        )
        self.supersede(known)
        severity = self.rules.severity.classify(alert.labels)
        for listener in audience:
            facts = [fact for fact in known.facts if listener.is_told_by(fact)]
            if not facts and known.acknowledged:
                self.leave_out(alert, Verdict.ACKNOWLEDGED, listener)
            elif not facts or not _knows_that_it_fires(facts):
                self.facts.append(self._fact(alert, listener, severity, round_=flaps))
            else:
                self.leave_out(alert, Verdict.FLAPPING, listener)
                # What waited to ride along as over is a page again: look at it now.
                self.releases.extend(
                    ReleaseFact(fact.id, fact.held_until)
                    for fact in facts
                    if fact.state is State.WAITING and fact.kind is not Kind.RESOLVED
                )

    def _flaps(self, known: KnownEpisode) -> bool:
        return is_flapping(
            known.flaps, known.changed_seen, self.rules.flapping, self.now
        )

    def end(self, known: KnownEpisode, ends_at: datetime) -> None:
        """The episode is over: tell those, and only those, who heard it fire.

        One that flaps is told as over when it has settled, if it has not fired again.
        """
        self.has_news = True
        flaps = self._flaps(known)
        settled = 0 if known.flaps > 0 and not flaps else None
        self.moves.append(MoveEpisode(id=known.id, ends_at=ends_at, flaps=settled))
        settles_at = self.now + self.rules.flapping.settles if flaps else None
        for recipient in dict.fromkeys(fact.recipient for fact in known.facts):
            facts = [fact for fact in known.facts if fact.recipient == recipient]
            self._end_for(known, facts, settles_at)

    def _end_for(
        self,
        known: KnownEpisode,
        facts: Sequence[KnownFact],
        settles_at: datetime | None,
    ) -> None:
        heard = [f for f in facts if f.heard or f.state is State.IN_FLIGHT]
        for fact in facts:
            if fact.state is State.WAITING and not self._rides_along(fact, heard):
                self._cancel([fact], Reason.RESOLVED_BEFORE_TOLD)
        if not heard or heard[-1].kind is Kind.RESOLVED:
            return
        fact = heard[0]
        recipient = self.rules.recipients.get(fact.recipient)
        receiver = self.rules.receivers.get(ReceiverName(fact.receiver))
        wanted = (recipient is None or recipient.send_resolved) and (
            receiver is None or receiver.send_resolved
        )
        if not wanted:
            self.left_out.append(
                LeftOut(
                    known.fingerprint,
                    fact.recipient,
                    Verdict.RESOLVED_UNWANTED,
                    fact.where,
                )
            )
            return
        # A resolved page is good news: it never takes a place kept for critical.
        severity = max(fact.severity, Severity.HIGH)
        # Good news least of all wakes somebody whose window is shut.
        held = held_until(fact.mutes, fact.actives, self.rules, self.now)
        reason = Reason.NEWS if held is None else Reason.MUTED
        if settles_at is not None and (held is None or held < settles_at):
            held, reason = settles_at, Reason.FLAPPING
        self.facts.append(
            NewFact(
                fingerprint=known.fingerprint,
                kind=Kind.RESOLVED,
                round=known.flaps,
                recipient=fact.recipient,
                numbers=fact.numbers if recipient is None else recipient.phones,
                receiver=fact.receiver,
                route=fact.route,
                where=fact.where,
                severity=severity,
                reason=reason,
                held_until=held,
                mutes=fact.mutes,
                actives=fact.actives,
                expires_at=self._expires_at(severity, held),
            )
        )

    def _rides_along(self, fact: KnownFact, heard: Sequence[KnownFact]) -> bool:
        """A critical that nobody was told of gets one line in the next digest.

        One whose send was uncertain stays too: the resolved text speaks for it.
        """
        if fact.uncertain > 0:
            return True
        return (
            fact.severity is Severity.CRITICAL
            and fact.kind is Kind.FIRING
            and not heard
            and (fact.held_until is None or fact.held_until <= self.now)
        )

    def tell_again(
        self,
        alert: Alert,
        known: KnownEpisode,
        audience: Sequence[Listener],
        *,
        repeats: bool,
    ) -> None:
        """Tell who has not heard; a repeat reminds, a copy changes nothing."""
        severity = self.rules.severity.classify(alert.labels)
        for listener in audience:
            facts = [fact for fact in known.facts if listener.is_told_by(fact)]
            if not facts and known.acknowledged:
                # Somebody has it in hand: who joins now is not woken for it.
                self.leave_out(alert, Verdict.ACKNOWLEDGED, listener)
            elif not facts:
                self.facts.append(self._fact(alert, listener, severity))
            elif repeats:
                self._remind(alert, known, listener, facts, severity)
            else:
                self._already(alert, listener, facts)

    def _already(
        self, alert: Alert, listener: Listener, facts: Sequence[KnownFact]
    ) -> None:
        waiting = [fact for fact in facts if fact.state is State.WAITING]
        for fact in waiting:
            if fact.held_until is None:
                continue
            if listener.held_until is None or listener.held_until < fact.held_until:
                self.releases.append(ReleaseFact(fact.id, listener.held_until))
        self.leave_out(alert, _already(facts), listener)

    def _remind(
        self,
        alert: Alert,
        known: KnownEpisode,
        listener: Listener,
        facts: Sequence[KnownFact],
        severity: Severity,
    ) -> None:
        answer = remind(
            facts,
            acknowledged=known.acknowledged,
            held=listener.held_until is not None,
            repeat_interval=listener.repeat_interval,
            repeat_window=self.rules.repeat_window,
            now=self.now,
        )
        match answer:
            case Remind(round_, kind):
                self.facts.append(
                    self._fact(alert, listener, severity, kind=kind, round_=round_)
                )
            case Verdict.ALREADY_WAITING:
                self._already(alert, listener, facts)
            case Verdict():
                self.leave_out(alert, answer, listener)
            case _:
                assert_never(answer)

    def leave_out(
        self, alert: Alert, verdict: Verdict, listener: Listener | None = None
    ) -> None:
        """Record why nobody, or this listener, hears of *alert* now."""
        recipient = None if listener is None else listener.recipient
        where = "" if listener is None else listener.where
        self.left_out.append(LeftOut(alert.fingerprint, recipient, verdict, where))

    def _cancel(self, facts: Iterable[KnownFact], reason: Reason) -> None:
        self.changes.extend(
            ChangeFact(fact.id, State.CANCELLED, reason)
            for fact in facts
            if fact.state is State.WAITING
        )

    def _fact(
        self,
        alert: Alert,
        listener: Listener,
        severity: Severity,
        *,
        kind: Kind = Kind.FIRING,
        round_: int = 0,
    ) -> NewFact:
        reason = Reason.REPEAT if kind is Kind.REMINDER else Reason.NEWS
        if listener.held_until is not None:
            reason = Reason.MUTED
        return NewFact(
            fingerprint=alert.fingerprint,
            kind=kind,
            round=round_,
            recipient=listener.recipient,
            numbers=listener.numbers,
            receiver=listener.receiver,
            route=listener.route,
            where=listener.where,
            severity=severity,
            reason=reason,
            held_until=listener.held_until,
            mutes=listener.mutes,
            actives=listener.actives,
            expires_at=self._expires_at(severity, listener.held_until),
        )

    def _expires_at(self, severity: Severity, held: datetime | None) -> datetime | None:
        """When a fact is too old; one that is held does not age before it may leave."""
        time_to_live = self.rules.time_to_live.of(severity)
        return None if time_to_live is None else (held or self.now) + time_to_live

    def finish(
        self, keys: Keys, post: Post, note: PostNote, reason: PostReason | None = None
    ) -> Plan:
        """Close the draft: nothing is decided after this."""
        return Plan(
            keys=keys,
            post=post,
            reason=reason,
            note=note,
            opens=tuple(self.opens),
            moves=tuple(self.moves),
            facts=tuple(self.facts),
            changes=tuple(self.changes),
            releases=tuple(self.releases),
            left_out=tuple(self.left_out),
        )


def _knows_that_it_fires(facts: Sequence[KnownFact]) -> bool:
    """Whether the last that a person heard, or is about to hear, is that it fires.

    Facts come in the order they were written, and are told in it.
    """
    # What is uncertain, and no longer under way, counts as untold here (rule 2).
    heard = [f for f in facts if f.state in (State.TOLD, State.IN_FLIGHT)]
    if heard and heard[-1].kind is not Kind.RESOLVED:
        return True
    return any(f.state is State.WAITING and f.kind is not Kind.RESOLVED for f in facts)


def _already(facts: Sequence[KnownFact]) -> Verdict:
    """Name honestly why a copy tells nothing to somebody who has facts of it."""
    if any(fact.heard for fact in facts):
        return Verdict.ALREADY_TOLD
    if any(fact.state in (State.WAITING, State.IN_FLIGHT) for fact in facts):
        return Verdict.ALREADY_WAITING
    if any(fact.reason is Reason.MUTED for fact in facts):
        return Verdict.MUTED
    return Verdict.GIVEN_UP
