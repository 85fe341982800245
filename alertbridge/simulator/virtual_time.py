"""Time that jumps: a loop that never waits, and the daemon's clock on it.

When nothing is ready to run, the loop moves its own time to the next timer instead of
sleeping until then. Whatever waits by asyncio (`sleep`, `timeout`, events) needs no
change and costs no time; what happens, and in which order, is the same each run.
"""

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")


class NothingLeft(Exception):
    """Everybody waits, and no timer will ever end it: in reality this would hang."""


class _Jumping(selectors.BaseSelector):
    """A selector that moves the time on instead of waiting."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.time = 0.0

    def register(
        self,
        fileobj: Any,  # noqa: ANN401 - the stdlib's
        events: int,
        data: Any = None,  # noqa: ANN401
    ) -> selectors.SelectorKey:
        """As it is: the loop's own pipe, by which signals wake it."""
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401
        """As it is."""
        return self._real.unregister(fileobj)

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; if nothing is, *timeout* has passed."""
        ready = self._real.select(0)
        if ready:
            return ready
        if timeout is None:
            raise NothingLeft("every task waits, and no timer is set")
        self.time += max(0.0, timeout)
        return []

    def close(self) -> None:
        """Let go of the pipe."""
        self._real.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """As it is."""
        return self._real.get_map()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time begins at 0 and passes only by its timers.

    For what runs in one thread and waits for nobody outside: no sockets, no threads.
    """

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds since the loop began."""
        return self._jumping.time


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run *main* as `asyncio.run` does, without any of its waiting.

    Raises:
        NothingLeft: it would have waited for ever.
    """
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


class VirtualClock:
    """The daemon's clock on a virtual loop, with a wall clock that can be set."""

    def __init__(self, start: datetime, loop: asyncio.AbstractEventLoop) -> None:
        self._start = start - timedelta(seconds=loop.time())
        self._loop = loop
        self._set = timedelta(0)
        self._followed = timedelta(0)

    @property
    def true(self) -> datetime:
        """What everybody else's clock shows: the senders', the phones'."""
        return self._start + timedelta(seconds=self._loop.time())

    def now(self) -> datetime:
        """The daemon's time; a step shows once the store has followed it."""
        return self.true + self._followed

    def set_wall(self, by: timedelta) -> None:
        """Step the wall clock of the daemon's machine."""
        self._set += by

    def step(self) -> timedelta:
        """How far the wall clock has moved away."""
        return self._set - self._followed

    def follow(self, by: timedelta) -> None:
        """Take a step over."""
        self._followed += by
