"""How many requests fell into any one second."""

from collections import deque
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=1)


class RollingSecond:
    """Counts arrivals over the last second, and remembers the worst.

    `limit` are let through; iP.1's limit is per account and second, and what it does
    above is not documented, so we take the strictest reading: any window, GETs too.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._arrived: deque[datetime] = deque()
        self._admitted: deque[datetime] = deque()
        self.total = 0
        self.maximum = 0

    def admit(self, now: datetime) -> bool:
        """Count an arrival, and say whether it is within the limit."""
        self.total += 1
        self.maximum = max(self.maximum, _push(self._arrived, now))
        _forget(self._admitted, now)
        if len(self._admitted) >= self._limit:
            return False
        self._admitted.append(now)
        return True


def _push(times: deque[datetime], now: datetime) -> int:
    _forget(times, now)
    times.append(now)
    return len(times)


def _forget(times: deque[datetime], now: datetime) -> None:
    while times and times[0] <= now - WINDOW:
        times.popleft()
