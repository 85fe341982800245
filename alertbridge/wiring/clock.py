"""The clock: wall time that no step shows in, until the store has followed it."""

import time
from datetime import UTC, datetime, timedelta


def _wall() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the one place that reads the time


def _boot() -> float:
    # Counts through a suspended machine, as people's nights do.
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class SystemClock:
    """Wall time at the start, plus what has passed since by a clock nobody sets."""

    def __init__(self) -> None:
        self._wall = _wall()
        self._boot = _boot()

    def now(self) -> datetime:
        """The time, aware, UTC; it never jumps by itself."""
        return self._wall + timedelta(seconds=_boot() - self._boot)

    def step(self) -> timedelta:
        """How far the wall clock has moved away: forward is positive."""
        return _wall() - self.now()

    def follow(self, by: timedelta) -> None:
        """Take a step over, once every pending time has been moved along."""
        self._wall += by
