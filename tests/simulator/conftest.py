"""A gateway on a clock that stands still, and a client that knows the token."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession

from alertbridge.core.rules import Rules
from alertbridge.simulator.gateway import Gateway
from alertbridge.simulator.scripted import Sms

TOKEN = "canary-token-5d20"


class StandingClock:
    """A time that moves only when told."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        """What `now` is."""
        return self.time

    def forward(self, seconds: float) -> None:
        """Move on."""
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> StandingClock:
    """The gateway's clock."""
    return StandingClock()


@pytest.fixture
def gateway(clock: StandingClock) -> Gateway:
    """A gateway as it is by default."""
    return Gateway(token=TOKEN, now=clock)


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., object]]:
    """Serve a gateway and open a client to it."""
    async with AsyncExitStack() as stack:

        async def start(gateway: Gateway, *, token: str = TOKEN) -> ClientSession:
            url = await stack.enter_async_context(gateway.serving())
            headers = {"Authorization": f"Bearer {token}"}
            return await stack.enter_async_context(ClientSession(url, headers=headers))

        yield start


def most_in_a_window(phones: Sequence[Sms], window: timedelta) -> int:
    """The most SMS that any window held; its end is exclusive."""
    times = [sms.at for sms in phones]
    return max(
        (sum(begin <= at < begin + window for at in times) for begin in times),
        default=0,
    )


@pytest.fixture
def floods() -> Callable[[Sequence[Sms], Rules], list[str]]:
    """Who got more SMS than the pace in force allows; empty if nobody did."""

    def find(phones: Sequence[Sms], rules: Rules) -> list[str]:
        found = []
        for limit in (rules.pace,):
            for who in sorted({sms.recipient for sms in phones}):
                own = [sms for sms in phones if sms.recipient == who]
                most = most_in_a_window(own, limit.window)
                if most > limit.limit:
                    found.append(f"{who}: {most} SMS in {limit.window}")
        return found

    return find


@pytest.fixture
def batch() -> dict[str, object]:
    """The smallest request that is taken."""
    return {"sender": "iP1", "recipients": ["46701740605"], "body": "Disk full"}
