"""A lost answer, looked up in a real list that lags behind (C15)."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from round_trip import Answer, Claim, MakeAlert, MakeGroup, Post, States

from alertbridge.core.message import Submission, Uncertain
from alertbridge.core.notification import ProviderName
from alertbridge.core.rules import Rules
from alertbridge.core.secret import Secret
from alertbridge.engine.inquirer import Inquirer
from alertbridge.ports import Store
from alertbridge.providers.http_session import new_session
from alertbridge.providers.ip1 import Ip1
from alertbridge.providers.ip1_options import Ip1Options
from alertbridge.simulator.gateway import Gateway
from alertbridge.simulator.gateway_faults import Fault, FaultKind, FaultPlan

NAME = ProviderName("one")
TOKEN = "canary-token-5d20"
LOST = (Fault(kind=FaultKind.ACCEPT_THEN_RESET),)


class Moved:
    """A time that moves when told, for us and for the gateway."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.seconds = 0.0

    def now(self) -> datetime:
        """What time it is."""
        return self.start + timedelta(seconds=self.seconds)


@pytest.fixture
def clock(start: datetime) -> Moved:
    """Everybody's clock."""
    return Moved(start)


@pytest.fixture
def gateway(clock: Moved) -> Gateway:
    """An account whose clock is ours."""
    return Gateway(token=TOKEN, now=clock.now)


@pytest.fixture
async def provider(gateway: Gateway) -> AsyncIterator[Ip1]:
    """A provider for the account."""
    async with gateway.serving() as url, new_session() as session:
        options = Ip1Options(base_url=url, token=Secret(TOKEN), sender="iP1")
        yield Ip1(NAME, options, session)


@pytest.fixture
async def lost(
    provider: Ip1,
    gateway: Gateway,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
) -> Submission:
    """A critical page that the gateway took, and whose answer was cut off."""
    gateway.set_faults(FaultPlan(script=LOST))
    await post(group(alert()))
    (submission,) = await claim()
    outcomes = await provider.submit(submission)
    assert isinstance(outcomes.all, Uncertain)
    await answer(submission, outcomes, 1, lists=True)
    return submission


@pytest.mark.parametrize(
    ("lag", "looked"),
    [
        pytest.param(5, [15.5], id="five-seconds"),
        pytest.param(20, [15.5, 26], id="twenty-seconds"),
    ],
)
async def test_a_list_that_lags_is_looked_at_again_before_anything_is_sent(
    lost: Submission,
    provider: Ip1,
    gateway: Gateway,
    store: Store,
    clock: Moved,
    claim: Claim,
    states: States,
    rules: Rules,
    lag: int,
    looked: list[float],
) -> None:
    """Not there at the first look is no answer; it is found, and rings once."""
    gateway.set_faults(FaultPlan(lag=timedelta(seconds=lag)))
    inquirer = Inquirer(store, lambda: {NAME: provider}, clock, lambda: None)

    for seconds in looked:
        assert not await claim(seconds)
        clock.seconds = seconds
        await inquirer.look()

    assert rules.providers == (NAME,)
    assert await states() == [("DiskFull", "firing", "told", "accepted")]
    assert not await claim(600)
    assert [sms.reference for sms in gateway.messages] == [lost.reference]
