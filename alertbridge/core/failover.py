"""What follows the end of an accepted message: told, another way, or the end of it.

A failure returns what is still to be told to the mailbox, which sorts out what is still
true, by the next number, then the next provider. Where no way is left it is dead: the
admins hear of it, and the next people are told instead.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from alertbridge.core.alert import OURSELVES
from alertbridge.core.audience import listeners_of_receiver
from alertbridge.core.delivery import SKIP_NUMBER
from alertbridge.core.dispatch import numbers_of
from alertbridge.core.ended import Delivered, Ended, Missed
from alertbridge.core.message import Message
from alertbridge.core.meta import dead_notifications, name_of
from alertbridge.core.next_people import next_people
from alertbridge.core.notification import (
    Fact,
    Kind,
    NotificationId,
    ProviderName,
    Reason,
    Way,
)
from alertbridge.core.recipient import RecipientName
from alertbridge.core.report import Blame, Delivery, DeliveryReport
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity
from alertbridge.core.trouble import Trouble
from alertbridge.core.trouble_kinds import page_unconfirmed
from alertbridge.core.way import ways_left

MOST_SENDS: Mapping[Severity, int] = {
    Severity.CRITICAL: 4,
    Severity.HIGH: 3,
    Severity.LOW: 2,
}
"""SMS about one fact at the most, those nobody answered for included."""


def end_of(
    message: Message,
    provider: ProviderName,
    known: DeliveryReport | None,
    rules: Rules,
    now: datetime,
) -> Ended:
    """Say what follows for *message*, which *provider* took.

    Its `tells` are the facts that it alone still speaks for. *known* is what its
    reports come to; None, or nothing final, means that it was waited for long enough.
    """
    if known is not None and known.is_delivered:
        return Delivered()
    failed = known is not None and known.is_final_failure
    refused = Way(message.number, provider)
    ways = rules.ways_to(numbers_of(message.recipient, message.tells, rules))
    onward: list[NotificationId] = []
    stuck: list[Fact] = []
    for fact in message.tells:
        if fact.acknowledged or _is_too_old(fact, now):
            continue
        may = sends_of(fact) < MOST_SENDS[fact.severity]
        if may and ways_left(fact, refused, ways):
            onward.append(fact.id)
        elif fact.kind is not Kind.RESOLVED and not fact.episode.ended:
            stuck.append(fact)
    detail = _detail(known)
    if not failed:
        # It was taken, and may be on the phone: not dead, but somebody should know.
        worst = [fact for fact in stuck if fact.severity is Severity.CRITICAL]
        return Missed(
            reason=Reason.UNCONFIRMED,
            refused=refused,
            onward=tuple(onward),
            trouble=_unconfirmed(worst, message.recipient, detail, rules),
        )
    blamed = known is not None and known.blames is Blame.NUMBER
    return Missed(
        reason=Reason.UNDELIVERED,
        refused=refused,
        onward=tuple(onward),
        dead=tuple(fact.id for fact in stuck),
        skip_number_until=now + SKIP_NUMBER if blamed else None,
        meta=dead_notifications(stuck, message.recipient, detail, rules, now),
        next_people=next_people(stuck, message.recipient, rules, now),
    )


def sends_of(fact: Fact) -> int:
    """How many SMS told it, or may have, the one that just ended included."""
    return 1 + fact.fail_overs + fact.uncertain


def _unconfirmed(
    facts: Sequence[Fact], recipient: RecipientName, detail: str, rules: Rules
) -> Trouble | None:
    """What the admins hear of pages that nobody vouches for.

    Nothing of a page about ourselves, and nothing if nobody else would hear of it: that
    text would go the way of the first.
    """
    names = sorted({name_of(f) for f in facts if f.episode.source != OURSELVES})
    others = any(
        listener.recipient != recipient
        for listener in listeners_of_receiver(rules.meta_receiver, rules)
    )
    return page_unconfirmed(recipient, names, detail) if names and others else None


def _is_too_old(fact: Fact, now: datetime) -> bool:
    """Whether its time to live is over: a phone that was off for it missed nothing."""
    return fact.expires_at is not None and fact.expires_at <= now


def _detail(known: DeliveryReport | None) -> str:
    if known is None or known.delivery is Delivery.PENDING:
        return "no report that it was delivered"
    return f"{known.delivery} ({known.code})" if known.code else known.delivery
