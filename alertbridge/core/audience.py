"""Who listens to an alert: the people its routes name, and until when each is held."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alertbridge.core.alert import Labels
from alertbridge.core.episode import KnownFact
from alertbridge.core.interval import HORIZON, TimeInterval, is_open, next_open
from alertbridge.core.recipient import (
    Msisdn,
    ReceiverName,
    Recipient,
    RecipientName,
)
from alertbridge.core.route import REPEAT_INTERVAL, Route
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One recipient of an alert, and the rule that made him one.

    `held_until` is when the route's time intervals let him hear (rule 10); intervals
    that do not open within a year hold for one, and a reload asks again.
    """

    recipient: RecipientName
    numbers: tuple[Msisdn, ...]
    receiver: str
    route: str | None = None
    where: str = ""
    held_until: datetime | None = None
    mutes: tuple[str, ...] = ()
    actives: tuple[str, ...] = ()
    repeat_interval: timedelta = REPEAT_INTERVAL

    def is_told_by(self, fact: KnownFact) -> bool:
        """Whether a fact is this person's: by name, or by a phone he has it on.

        A recipient who was renamed is still the same phone on the same table.
        """
        return fact.recipient == self.recipient or not set(self.numbers).isdisjoint(
            fact.numbers
        )

    def sooner_than(self, other: "Listener") -> bool:
        """Whether this rule lets the same person hear earlier than *other* does."""
        if other.held_until is None:
            return False
        return self.held_until is None or self.held_until < other.held_until


def listeners_of_routes(
    routes: Iterable[Route], severity: Severity | None, rules: Rules, now: datetime
) -> tuple[Listener, ...]:
    """Everybody these routes name, each once, by the rule that tells him first.

    Two receivers that name the same person make one fact (rule 6). *severity* is that
    of the alert, which may break through a route's intervals; None: nothing may (a
    resolved text).
    """
    found: dict[RecipientName, Listener] = {}
    for route in routes:
        held = None
        if not route.lets_through(severity):
            held = held_until(route.mute, route.active, rules, now)
        for recipient in rules.receivers[route.receiver].recipients:
            candidate = Listener(
                recipient=recipient,
                numbers=rules.recipients[recipient].phones,
                receiver=route.receiver,
                route=route.id,
                where=route.where,
                held_until=held,
                mutes=route.mute,
                actives=route.active,
                repeat_interval=route.repeat_interval,
            )
            known = found.get(recipient)
            if known is None or _better(candidate, known, rules):
                found[recipient] = candidate
    return tuple(found.values())


def _better(candidate: Listener, known: Listener, rules: Rules) -> bool:
    """Whether a person is better told by *candidate*: sooner, or to the end.

    Of two receivers that name him the one that wants resolved texts counts, whatever
    the order of the routes.
    """
    if candidate.sooner_than(known):
        return True
    if known.sooner_than(candidate):
        return False
    return (
        rules.receivers[ReceiverName(candidate.receiver)].send_resolved
        and not rules.receivers[ReceiverName(known.receiver)].send_resolved
    )


def listeners_of_receiver(name: ReceiverName, rules: Rules) -> tuple[Listener, ...]:
    """Everybody a receiver names, in the order of the config."""
    receiver = rules.receivers[name]
    return tuple(
        Listener(
            recipient=recipient,
            numbers=rules.recipients[recipient].phones,
            receiver=name,
            where=receiver.where,
        )
        for recipient in receiver.recipients
    )


def listener_of(recipient: Recipient) -> Listener:
    """One person, named by himself (a test page)."""
    return Listener(
        recipient=recipient.name,
        numbers=recipient.phones,
        receiver="",
        where=recipient.where,
    )


def held_until(
    mutes: Sequence[str], actives: Sequence[str], rules: Rules, now: datetime
) -> datetime | None:
    """Until when a fact with these interval names is held; None: it may leave.

    Names that the config no longer has do not hold anything. Intervals that do not
    open within a year hold for one.
    """
    if not mutes and not actives:
        return None
    mute, active = _intervals(mutes, rules), _intervals(actives, rules)
    if is_open(mute, active, now):
        return None
    return next_open(mute, active, now) or now + HORIZON


def held_after_reload(
    labels: Labels,
    held: Listener,
    severity: Severity | None,
    rules: Rules,
    now: datetime,
) -> datetime | None:
    """Until when new rules hold what was recorded for *held*; None: it may leave.

    *labels* are those its alert was routed by, and is routed by again: a mute taken off
    its route no longer holds it. *severity* is the alert's, None for a resolved text.
    Who is not named any more keeps his intervals.
    """
    routes = rules.tree.match(labels)
    for listener in listeners_of_routes(routes, severity, rules, now):
        if listener.recipient == held.recipient or not set(held.numbers).isdisjoint(
            listener.numbers
        ):
            return listener.held_until
    return held_until(held.mutes, held.actives, rules, now)


def _intervals(names: Sequence[str], rules: Rules) -> tuple[TimeInterval, ...]:
    return tuple(
        interval for name in names for interval in rules.intervals.get(name, ())
    )
