"""Explain a post: who would get which text, and why anybody is left out.

The same core, on a store in memory that nobody has been told anything in.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from alertbridge.core.alert import AlertGroup, is_hidden, labels_for_matching
from alertbridge.core.compose import compose
from alertbridge.core.mailbox import Mailbox, sort_out
from alertbridge.core.message import Draft, Reference, Text
from alertbridge.core.notification import ProviderName
from alertbridge.core.plan import LeftOut, NewFact, Plan
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
class Explanation:
    """Everything a post would do to people who have heard nothing yet.

    `whole` are the texts of `messages` as they would be with all the room there is.
    """

    routed: tuple[Routed, ...]
    plan: Plan
    messages: tuple[Draft, ...]
    whole: tuple[Text, ...]
    held: tuple[NewFact, ...]
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
        await store.recover(now, retry_after=rules.pace.window)
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
                rules.tree.match(labels_for_matching(alert, group)),
            )
            for alert in group.alerts
        ),
        plan=made,
        messages=claimed.drafts,
        whole=tuple(_whole(draft, rules, now) for draft in claimed.drafts),
        held=tuple(fact for fact in made.facts if fact.held_until is not None),
        left_out=made.left_out,
    )


def _whole(draft: Draft, rules: Rules, now: datetime) -> Text:
    """Compose what *draft* tells once more, with nothing to cut it."""
    letter = sort_out(Mailbox(recipient=draft.recipient, facts=draft.tells), now).letter
    style = style_of(letter, rules.recipients.get(draft.recipient), rules)
    return compose(letter, replace(style, budget=ALL_THE_ROOM), now).text


def _references() -> Iterator[Reference]:
    return (Reference(f"explain-{number}") for number in count(1))
