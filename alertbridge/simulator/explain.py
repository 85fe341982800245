"""Explain a post: who would get which text, and why anybody is left out.

The same core, on a store in memory that nobody has been told anything in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from alertbridge.core.alert import AlertGroup, is_hidden, labels_for_matching
from alertbridge.core.message import Draft, Reference
from alertbridge.core.notification import ProviderName
from alertbridge.core.plan import LeftOut, NewFact, Plan
from alertbridge.core.route import Route
from alertbridge.core.rules import Rules
from alertbridge.core.stand_in import keys_of_post, plan_post
from alertbridge.engine.current import Current
from alertbridge.stores.memory import open_memory

UNLIMITED = 1_000_000


@dataclass(frozen=True, slots=True)
class Routed:
    """One alert, and the routes it took."""

    alert: str
    status: str
    labels: dict[str, str]
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything a post would do to people who have heard nothing yet."""

    routed: tuple[Routed, ...]
    plan: Plan
    messages: tuple[Draft, ...]
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
        held=tuple(fact for fact in made.facts if fact.held_until is not None),
        left_out=made.left_out,
    )


def _references() -> Iterator[Reference]:
    return (Reference(f"explain-{number}") for number in count(1))
