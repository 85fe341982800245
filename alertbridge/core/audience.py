"""Who listens to an alert: the people its routes name, and until when each is held."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from alertbridge.core.interval import HORIZON, TimeInterval, is_open, next_open
from alertbridge.core.recipient import (
    Msisdn,
    ReceiverName,
    Recipient,
    RecipientName,
)
from alertbridge.core.route import Route
from alertbridge.core.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One recipient of an alert, and the rule that made him one.

    `held_until` is when the route's time intervals let him hear (rule 10);
    `never_opens` says that they do not within a year.
    """

    recipient: RecipientName
    numbers: tuple[Msisdn, ...]
    receiver: str
    where: str = ""
    held_until: datetime | None = None
    never_opens: bool = False
    mutes: tuple[str, ...] = ()
    actives: tuple[str, ...] = ()

    def sooner_than(self, other: "Listener") -> bool:
        """Whether this rule lets the same person hear earlier than *other* does."""
        if self.never_opens or (other.held_until is None and not other.never_opens):
            return False
        if other.never_opens or self.held_until is None:
            return True
        return other.held_until is not None and self.held_until < other.held_until


def listeners_of_routes(
    routes: Iterable[Route], rules: Rules, now: datetime
) -> tuple[Listener, ...]:
    """Everybody these routes name, each once, by the rule that tells him first.

    Two receivers that name the same person make one fact (rule 6).
    """
    found: dict[RecipientName, Listener] = {}
    for route in routes:
        held_until, never_opens = _held(route, rules, now)
        for recipient in rules.receivers[route.receiver].recipients:
            candidate = Listener(
                recipient=recipient,
                numbers=rules.recipients[recipient].phones,
                receiver=route.receiver,
                where=route.where,
                held_until=held_until,
                never_opens=never_opens,
                mutes=route.mute,
                actives=route.active,
            )
            known = found.get(recipient)
            if known is None or candidate.sooner_than(known):
                found[recipient] = candidate
    return tuple(found.values())


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
    mute, active = _intervals(mutes, rules), _intervals(actives, rules)
    if is_open(mute, active, now):
        return None
    return next_open(mute, active, now) or now + HORIZON


def _held(route: Route, rules: Rules, now: datetime) -> tuple[datetime | None, bool]:
    if not route.mute and not route.active:
        return None, False
    mute, active = _intervals(route.mute, rules), _intervals(route.active, rules)
    if is_open(mute, active, now):
        return None, False
    opens = next_open(mute, active, now)
    return opens, opens is None


def _intervals(names: Sequence[str], rules: Rules) -> tuple[TimeInterval, ...]:
    return tuple(
        interval for name in names for interval in rules.intervals.get(name, ())
    )
