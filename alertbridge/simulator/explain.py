"""Explain a post: who would get which text, and why anybody is left out.

The same core, on a store in memory that nobody has been told anything in.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from alertbridge.core.alert import Alert, AlertGroup, is_hidden, labels_for_matching
from alertbridge.core.compose import compose
from alertbridge.core.delivery import UNCERTAIN_WAIT
from alertbridge.core.mailbox import Mailbox, sort_out
from alertbridge.core.message import Draft, Reference, Text
from alertbridge.core.notification import Kind, ProviderName, Reason
from alertbridge.core.plan import LeftOut, NewFact, Plan
from alertbridge.core.quiet_mailbox import hours_of
from alertbridge.core.recipient import RecipientName
from alertbridge.core.route import Route
from alertbridge.core.rules import Rules
from alertbridge.core.stand_in import keys_of_post, plan_post
from alertbridge.core.style import style_of
from alertbridge.engine.current import Current
from alertbridge.stores.memory import open_memory

UNLIMITED = 1_000_000

ALL_THE_ROOM = 255
"""Segments that a concatenated SMS may have at all (3GPP TS 23.040, 9.2.3.24.1)."""


@dataclass(frozen=True, slots=True)
class Routed:
    """One alert, and the routes it took."""

    alert: str
    status: str
    labels: dict[str, str]
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Who hears later: until when, by a muted route or by quiet hours, and which line.

    `reason` is `Reason.MUTED` or `Reason.QUIET_HOURS`: what holds longer.
    """

    recipient: RecipientName
    until: datetime
    reason: Reason
    where: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything a post would do to people who have heard nothing yet.

    `whole` are the texts of `messages` as they would be with all the room there is.
    """

    routed: tuple[Routed, ...]
    plan: Plan
    messages: tuple[Draft, ...]
    whole: tuple[Text, ...]
    held: tuple[HeldBack, ...]
    left_out: tuple[LeftOut, ...]


async def explain(group: AlertGroup, rules: Rules, now: datetime) -> Explanation:
    """Take *group* in, and compose what leaves at once."""
    # Links that cannot be opened: nothing is sent.
    tokens = count()
    store = open_memory(_references(), lambda _: next(tokens))
    try:
        recorded = await store.record(
            keys_of_post(group), lambda known: plan_post(group, rules, known, now), now
        )
        await store.recover(now, retry_after=UNCERTAIN_WAIT)
        ready = dict.fromkeys(
            (ProviderName(name) for name in rules.providers), UNLIMITED
        )
        claimed = await store.claim(ready, Current(rules), now)
    finally:
        await store.close()
    made = recorded.plan
    return Explanation(
        routed=tuple(
            Routed(
                alert.labels.get("alertname", ""),
                alert.status,
                {k: v for k, v in alert.labels.items() if not is_hidden(k)},
                _routes(alert, group, rules),
            )
            for alert in group.alerts
        ),
        plan=made,
        messages=claimed.drafts,
        whole=tuple(_whole(draft, rules, now) for draft in claimed.drafts),
        held=tuple(
            held for fact in made.facts if (held := _held_back(fact, rules, now))
        ),
        left_out=made.left_out,
    )


def _routes(alert: Alert, group: AlertGroup, rules: Rules) -> tuple[Route, ...]:
    """The routes an alert takes; a watchdog takes none."""
    watchdog = rules.watchdogs.get(group.source)
    if watchdog is not None and watchdog.matches(alert.labels):
        return ()
    return rules.tree.match(labels_for_matching(alert, group))


def _held_back(fact: NewFact, rules: Rules, now: datetime) -> HeldBack | None:
    hours = hours_of(fact.recipient, rules)
    through = fact.kind is not Kind.RESOLVED and hours.let_through(fact.severity)
    spared = None if through else hours.spare(now)
    muted = fact.held_until
    if spared is not None and (muted is None or muted < spared.until):
        until, why, where = spared.until, Reason.QUIET_HOURS, spared.where
        return HeldBack(fact.recipient, until, why, where)
    if muted is None:
        return None
    return HeldBack(fact.recipient, muted, Reason.MUTED, fact.where)


def _whole(draft: Draft, rules: Rules, now: datetime) -> Text:
    """Compose what *draft* tells once more, with nothing to cut it."""
    letter = sort_out(Mailbox(recipient=draft.recipient, facts=draft.tells), now).letter
    style = style_of(letter, rules.recipients.get(draft.recipient), rules)
    # The draft has its code and link by now; neither of these two does.
    given = compose(letter, style, now).text
    whole = compose(letter, replace(style, budget=ALL_THE_ROOM), now).text
    return draft.text if whole == given else whole


def _references() -> Iterator[Reference]:
    return (Reference(f"explain-{number}") for number in count(1))
