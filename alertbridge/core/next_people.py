"""Who is told instead of somebody that nothing reaches: the receiver's fallback."""

from collections.abc import Sequence
from datetime import datetime

from alertbridge.core.alert import OURSELVES
from alertbridge.core.audience import listeners_of_receiver
from alertbridge.core.dispatch import numbers_of
from alertbridge.core.next_person import NextPerson
from alertbridge.core.notification import Fact, Kind
from alertbridge.core.recipient import ReceiverName, RecipientName
from alertbridge.core.rules import Rules


def next_people(
    dead: Sequence[Fact], recipient: RecipientName, rules: Rules, now: datetime
) -> tuple[NextPerson, ...]:
    """Name everybody who is told instead of *recipient*, for each fact.

    Nobody is where nothing fires any more, or a human has taken it. Whether one of them
    has heard of it already, the store knows.
    """
    phones = frozenset(numbers_of(recipient, dead, rules))
    found: list[NextPerson] = []
    for fact in dead:
        if not _needs_somebody(fact):
            continue
        receiver = rules.receivers.get(ReceiverName(fact.receiver))
        if receiver is None or receiver.fallback is None:
            continue
        time_to_live = rules.time_to_live.of(fact.severity)
        found += [
            NextPerson(
                instead_of=fact.id,
                recipient=listener.recipient,
                numbers=listener.numbers,
                receiver=receiver.fallback,
                where=listener.where,
                expires_at=None if time_to_live is None else now + time_to_live,
            )
            for listener in listeners_of_receiver(receiver.fallback, rules)
            if listener.recipient != recipient and phones.isdisjoint(listener.numbers)
        ]
    return tuple(found)


def _needs_somebody(fact: Fact) -> bool:
    return (
        fact.kind is not Kind.RESOLVED
        and not fact.episode.ended
        and not fact.acknowledged
        and fact.episode.source != OURSELVES
    )
