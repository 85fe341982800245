"""Builders that the tests of more than one floor share: rules, posts, and a round trip.

`post`, `claim` and `answer` drive whatever store the `store` fixture of a test is, with
core's own decisions in between, as the engine does but without its waits.
"""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent / "shared"))
from round_trip import references, steps_of

from alertbridge.core.alert import (
    Alert,
    AlertGroup,
    GroupKey,
    PostReason,
    SourceName,
    Status,
    fingerprint_of,
)
from alertbridge.core.interval import TimeInterval
from alertbridge.core.message import Accepted, Outcome, Outcomes, Submission
from alertbridge.core.meta import dead_notifications
from alertbridge.core.notification import ProviderName
from alertbridge.core.pace import Limit, Pace
from alertbridge.core.plan import Plan
from alertbridge.core.recipient import (
    Msisdn,
    Receiver,
    ReceiverName,
    Recipient,
    RecipientName,
)
from alertbridge.core.route import Route, RouteTree
from alertbridge.core.rules import Rules, TimeToLive
from alertbridge.core.settlement import Settlement
from alertbridge.core.stand_in import keys_of_post, plan_post
from alertbridge.engine.current import Current
from alertbridge.ports import Recorded, Store
from alertbridge.stores.memory import open_memory

# A busy machine is no failure; a test that hangs has a time limit of its own.
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")

AT_ONCE = Pace((Limit(limit=6, window=timedelta(minutes=10), kept_for_critical=2),))
"""What tests that are not about the pace run with: no minute between two SMS."""

T0 = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
ANNA = {"anna": ("+46701740605",)}


@pytest.fixture
def start() -> datetime:
    """The moment at which a test begins."""
    return T0


@pytest.fixture
def alert() -> Callable[..., Alert]:
    """Build one alert; `starts` and `ends` are seconds from the start of the test."""

    def build(
        name: str = "DiskFull",
        *,
        starts: float | None = 0,
        ends: float | None = None,
        resolved: bool = False,
        severity: str = "critical",
        **labels: str,
    ) -> Alert:
        own = {"alertname": name, "severity": severity, **labels}
        return Alert(
            status=Status.RESOLVED if resolved or ends is not None else Status.FIRING,
            fingerprint=fingerprint_of(own),
            labels=own,
            annotations={"summary": f"{name} is wrong"},
            starts_at=None if starts is None else T0 + timedelta(seconds=starts),
            ends_at=None if ends is None else T0 + timedelta(seconds=ends),
        )

    return build


@pytest.fixture
def group() -> Callable[..., AlertGroup]:
    """Build one post of these alerts."""

    def build(
        *alerts: Alert,
        source: str = "alertmanager",
        receiver: str = "hook",
        key: str = "{}:{}",
        reason: PostReason | None = None,
        truncated: int = 0,
    ) -> AlertGroup:
        return AlertGroup(
            source=SourceName(source),
            receiver=receiver,
            group_key=GroupKey(key),
            alerts=alerts,
            truncated=truncated,
            reason=reason,
        )

    return build


@pytest.fixture
def make_rules() -> Callable[..., Rules]:
    """Build rules: one root route to everybody, unless told otherwise."""

    def build(
        people: Mapping[str, Sequence[str]] | None = None,
        *,
        routes: Sequence[Route] = (),
        receivers: Mapping[str, Sequence[str]] | None = None,
        providers: Sequence[str] = ("one",),
        unwanted: Sequence[str] = (),
        quiet_receivers: Sequence[str] = (),
        mute: Sequence[str] = (),
        intervals: Mapping[str, TimeInterval] | None = None,
        pace: Pace | None = None,
    ) -> Rules:
        people = ANNA if people is None else people
        named = {"sre": tuple(people), **(receivers or {})}
        return Rules(
            tree=RouteTree(
                Route(
                    id="",
                    receiver=ReceiverName("sre"),
                    mute=tuple(mute),
                    children=tuple(routes),
                )
            ),
            receivers={
                ReceiverName(name): Receiver(
                    name=ReceiverName(name),
                    recipients=tuple(RecipientName(who) for who in members),
                    send_resolved=name not in quiet_receivers,
                )
                for name, members in named.items()
            },
            recipients={
                RecipientName(name): Recipient(
                    name=RecipientName(name),
                    phones=tuple(Msisdn(phone) for phone in phones),
                    send_resolved=name not in unwanted,
                )
                for name, phones in people.items()
            },
            providers=tuple(ProviderName(name) for name in providers),
            meta_receiver=ReceiverName("sre"),
            time_to_live=TimeToLive(high=timedelta(hours=1)),
            intervals={
                name: (interval,) for name, interval in (intervals or {}).items()
            },
            pace=AT_ONCE if pace is None else pace,
        )

    return build


@pytest.fixture
def rules(make_rules: Callable[..., Rules]) -> Rules:
    """Anna alone, who hears everything."""
    return make_rules()


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    """An empty store in memory."""
    opened = open_memory(references())
    await opened.recover(T0, timedelta(seconds=15))
    yield opened
    await opened.close()


@pytest.fixture
def post(store: Store, rules: Rules) -> Callable[..., Awaitable[Recorded]]:
    """Record a post, `at` seconds after the start."""

    async def record(
        group: AlertGroup, at: float = 0, *, by: Rules | None = None
    ) -> Recorded:
        now, known_rules = T0 + timedelta(seconds=at), by or rules
        return await store.record(
            keys_of_post(group),
            lambda known: plan_post(group, known_rules, known, now),
            now,
        )

    return record


@pytest.fixture
def claim(store: Store, rules: Rules) -> Callable[..., Awaitable[Sequence[Submission]]]:
    """Claim what may leave, `at` seconds after the start."""

    async def take(
        at: float = 0,
        *,
        by: Rules | None = None,
        ready: Mapping[str, int] | None = None,
    ) -> Sequence[Submission]:
        current = Current(by or rules)
        places = ready or dict.fromkeys(current.rules.providers, 100)
        claimed = await store.claim(
            {ProviderName(name): n for name, n in places.items()},
            current,
            T0 + timedelta(seconds=at),
        )
        return claimed.submissions

    return take


@pytest.fixture
def answer(store: Store, rules: Rules) -> Callable[..., Awaitable[bool]]:
    """Settle a submission with an outcome for all, or some of their own."""

    async def settle(
        submission: Submission,
        outcome: Outcome | Outcomes | None = None,
        at: float = 0,
        *,
        by: Rules | None = None,
        lists: bool = False,
    ) -> bool:
        now, known_rules = T0 + timedelta(seconds=at), by or rules
        if not isinstance(outcome, Outcomes):
            outcome = Outcomes(Accepted() if outcome is None else outcome)
        steps = steps_of(submission, outcome, known_rules, now, lists=lists)
        meta: list[Plan] = []
        for message in submission.messages:
            ended: Sequence[int] = getattr(steps[message.id], "dead", ())
            dead = [fact for fact in message.tells if fact.id in ended]
            meta += dead_notifications(dead, message.recipient, "no", known_rules, now)
        settlement = Settlement(
            outcome,
            steps,
            tuple(meta),
            lambda spent: Current(known_rules).crossed(spent, now),
        )
        return await store.settle(submission, settlement, now)

    return settle


@pytest.fixture
def states(store: Store) -> Callable[..., Awaitable[list[tuple[str, str, str, str]]]]:
    """Read every notification: (alert, kind, state, reason), the oldest first."""

    async def read(recipient: str | None = None) -> list[tuple[str, str, str, str]]:
        rows = await store.history(limit=10_000, recipient=recipient)
        found = sorted(
            (row for row in rows if row.notification is not None),
            key=lambda row: row.notification or 0,
        )
        return [(row.alert, row.kind, row.state, row.reason) for row in found]

    return read
