"""How fast one account is used: requests begun in any window stay below its limit."""

from collections import deque
from collections.abc import Iterable

from alertbridge.ports import SHARE

WINDOW = 1.1
"""Seconds one request counts for. Longer than the provider's second: two requests a
second apart here can arrive closer together there."""


class Rate:
    """Counts the requests to one account; times are monotonic seconds."""

    def __init__(self, per_second: int, begun: Iterable[float] = ()) -> None:
        self._begun = deque(sorted(begun))
        self.allow(per_second)

    def allow(self, per_second: int) -> None:
        """Follow a changed limit; what has begun still counts."""
        self._limit = max(1, int(per_second * SHARE))

    def places(self, now: float) -> int:
        """How many requests may begin now."""
        while self._begun and self._begun[0] <= now - WINDOW:
            self._begun.popleft()
        return max(0, self._limit - len(self._begun))

    def wait(self, now: float) -> float:
        """Seconds until at least one may begin; 0 if one may now."""
        if self.places(now) > 0:
            return 0.0
        return self._begun[len(self._begun) - self._limit] + WINDOW - now

    def take(self, now: float) -> None:
        """Note that a request begins."""
        self._begun.append(now)
