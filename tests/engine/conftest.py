"""What the engine's tests share: a store that is taken over by a new process."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from alertbridge.ports import Store


@pytest.fixture
def store_restart(store: Store, start: datetime) -> Callable[[float], Awaitable[int]]:
    """Recover the store, as a process does that finds what a killed one left."""

    async def recover(at: float) -> int:
        return await store.recover(start + timedelta(seconds=at), timedelta(seconds=15))

    return recover
