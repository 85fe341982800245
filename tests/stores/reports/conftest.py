"""A page that left by the first of two providers, and what becomes of it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from reporting import ONE, OTHER, PHONE, End, Fold, Leave
from round_trip import Answer, Claim, MakeAlert, MakeGroup, MakeRules, Post

from alertbridge.core.ended import Ended
from alertbridge.core.failover import end_of
from alertbridge.core.message import (
    Accepted,
    Message,
    Submission,
)
from alertbridge.core.notification import ProviderName
from alertbridge.core.report import DeliveryReport
from alertbridge.core.rules import Rules
from alertbridge.ports import Matched, Store


@pytest.fixture
def rules(make_rules: MakeRules) -> Rules:
    """Anna with two phones, and two providers."""
    return make_rules({"anna": [PHONE, OTHER]}, providers=("one", "two"))


@pytest.fixture
def fold(store: Store, start: datetime) -> Fold:
    """Hand reports in, `at` seconds after the start."""

    async def hand(
        *reports: DeliveryReport,
        by: ProviderName = ONE,
        at: float = 5,
        cautious: bool = False,
    ) -> Matched:
        now = start + timedelta(seconds=at)
        return await store.fold_reports(by, reports, now, cautious=cautious)

    return hand


@pytest.fixture
def end(store: Store, rules: Rules, start: datetime) -> End:
    """Act on the first message that is followed, as the reporter does."""

    async def act(at: float = 6, *, by: Rules | None = None) -> Ended | None:
        now = start + timedelta(seconds=at)

        def decide(
            message: Message, provider: ProviderName, known: DeliveryReport | None
        ) -> Ended:
            return end_of(message, provider, known, by or rules, now)

        found = await store.followed()
        return await store.end(found[0].message, decide, now) if found else None

    return act


@pytest.fixture
def leave(
    post: Post, claim: Claim, alert: MakeAlert, group: MakeGroup
) -> Callable[..., Awaitable[Submission]]:
    """Let one page leave: it is on its way to the first provider."""

    async def go(**more: Rules) -> Submission:
        await post(group(alert()), **more)
        (submission,) = await claim(**more)
        return submission

    return go


@pytest.fixture
async def sent(leave: Leave, answer: Answer) -> Submission:
    """One page, taken by the first provider."""
    submission = await leave()
    await answer(submission, Accepted(provider_id="batch"), 1)
    return submission
