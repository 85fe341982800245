"""A gateway on a clock that stands still, and a client that knows the token."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession

from alertbridge.simulator.gateway import Gateway

# The random nights: a module of this folder's own.
sys.path.insert(0, str(Path(__file__).parent))

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


@pytest.fixture
def batch() -> dict[str, object]:
    """The smallest request that is taken."""
    return {"sender": "iP1", "recipients": ["46701740605"], "body": "Disk full"}
