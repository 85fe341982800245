"""Whether a webhook would be kept: asked of the disk, not guessed."""

import asyncio
from dataclasses import dataclass, field
from time import monotonic

from alertbridge.ports import Clock, Store, StoreUnavailable

CACHED = 1.0
"""Seconds one answer serves: a probe is an fsync, and anybody may ask."""

PATIENCE = 5.0
"""Seconds a probe may take. A sender of webhooks waits some 10 s for its answer."""


@dataclass(slots=True)
class Readiness:
    """Answers `/-/ready` with a real durable write, at most one a second.

    `degraded` holds what is wrong though webhooks are kept (a config that could not
    be read, with the last good one in its place): not ready, so that somebody looks.
    """

    store: Store
    clock: Clock
    degraded: dict[str, str] = field(default_factory=dict)
    stopping: bool = False
    patience: float = PATIENCE
    _asked: float = float("-inf")
    _store: str = ""
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def problems(self) -> dict[str, str]:
        """Say what is wrong, by part; empty when ready."""
        # Who comes while a probe runs waits for it: the answer before it may be "ready"
        # of a disk that hangs now.
        async with self._asking:
            if monotonic() - self._asked >= CACHED:
                self._store = await self._probe()
                self._asked = monotonic()
        found = dict(self.degraded)
        if self._store:
            found["store"] = self._store
        if self.stopping:
            found["process"] = "shutting down"
        return found

    async def _probe(self) -> str:
        """Say what is wrong with the store; empty if it kept something."""
        try:
            async with asyncio.timeout(self.patience):
                await self.store.probe(self.clock.now())
        except TimeoutError:
            return f"nothing could be written in {self.patience:.0f} s"
        except StoreUnavailable as exc:
            return str(exc)
        return ""
