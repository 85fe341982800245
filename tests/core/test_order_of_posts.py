"""Rule 1: in whatever order and number posts come, the same people are told.

"State never goes back": a peer's copy, a retry or an overtaken resolve leaves the
same facts waiting as the posts in order would.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alertbridge.core.alert import Alert, AlertGroup
from alertbridge.core.message import Reference
from alertbridge.core.plan import Known, Plan, keys_of
from alertbridge.core.planning import plan
from alertbridge.core.rules import Rules
from alertbridge.stores.memory import open_memory

NOW = datetime(2026, 3, 14, 3, 30, tzinfo=UTC)
FIXTURES = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
Told = set[tuple[str, str, str]]


def deciding(post: AlertGroup, rules: Rules) -> Callable[[Known], Plan]:
    """Core's decision about one post."""
    return lambda known: plan(post, rules, known, NOW)


async def waiting_after(posts: Sequence[AlertGroup], rules: Rules) -> Told:
    """Record these posts in this order; say what is left to tell."""
    store = open_memory(Reference(f"r{n}") for n in count())
    for post in posts:
        await store.record(keys_of(post), deciding(post, rules), NOW)
    rows = await store.outbox()
    await store.close()
    return {(row.alert, row.kind, row.state) for row in rows}


@FIXTURES
@given(st.data())
def test_any_order_of_one_periods_posts_tells_the_same(
    alert: Callable[..., Alert],
    group: Callable[..., AlertGroup],
    rules: Rules,
    data: st.DataObject,
) -> None:
    """Copies, drifting starts and a resolve, shuffled and doubled."""
    posts = [
        group(alert("Over", severity="warning", starts=0)),
        group(alert("Over", severity="warning", starts=-200)),
        group(alert("Over", severity="warning", starts=60, ends=300)),
        group(alert("Fires", severity="warning", starts=0)),
        group(alert("Fires", severity="warning", starts=240)),
    ]
    twice = data.draw(st.lists(st.sampled_from(posts), max_size=6))
    shuffled = data.draw(st.permutations(posts + twice))

    assert asyncio.run(waiting_after(shuffled, rules)) == {
        ("Fires", "firing", "waiting")
    }


@FIXTURES
@given(st.data())
def test_late_copies_of_a_former_period_change_nothing(
    alert: Callable[..., Alert],
    group: Callable[..., AlertGroup],
    rules: Rules,
    data: st.DataObject,
) -> None:
    """It fired, ended, and fires again: what is old stays old."""
    former = [group(alert(starts=0)), group(alert(starts=0, ends=300))]
    present = group(alert(starts=600))
    late = data.draw(st.lists(st.sampled_from([*former, present]), max_size=8))
    found = asyncio.run(waiting_after([*former, present, *late], rules))

    assert ("DiskFull", "firing", "waiting") in found
    assert not any(kind == "resolved" for _, kind, _ in found)
