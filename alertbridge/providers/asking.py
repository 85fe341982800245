"""Requests that only ask, at the pace that is left for them.

An account's limit counts every request, and sending uses nine tenths of it. A list of
ten pages asked for at once would take the place of pages that ring.
"""

import asyncio
from collections.abc import Awaitable, Callable

from alertbridge.ports import SHARE


class Asking:
    """Lets questions to one account begin, one after the other."""

    def __init__(
        self,
        per_second: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._spacing = 1.1 / max(1, per_second - int(per_second * SHARE))
        self._sleep = sleep
        self._free_at = float("-inf")

    async def turn(self) -> None:
        """Wait until the next question may begin."""
        now = asyncio.get_running_loop().time()
        begin = max(now, self._free_at)
        self._free_at = begin + self._spacing
        if begin > now:
            await self._sleep(begin - now)
