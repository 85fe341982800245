"""After a start or a reload: hold what the rules mute, and let go what they do not."""

import asyncio
from datetime import datetime

import structlog

from alertbridge.core.alert import RECEIVER_LABEL, SOURCE_LABEL
from alertbridge.core.audience import Listener, held_after_reload
from alertbridge.core.notification import Kind
from alertbridge.core.rules import Rules
from alertbridge.engine.current import Current
from alertbridge.ports import Clock, Held, Store, StoreUnavailable
from alertbridge.web.readiness import Readiness

log = structlog.get_logger()

RETRY_EVERY = 5.0
"""Seconds between tries while the store is away; each may take as long itself."""


class Holds:
    """Brings what waits in line with the rules in force, however long it takes.

    A store that cannot write (a full disk, somebody's lock) must not end the process:
    the rules are in force for all that comes, and what waits is held as it was.
    """

    def __init__(
        self, store: Store, current: Current, clock: Clock, readiness: Readiness
    ) -> None:
        self._store = store
        self._current = current
        self._clock = clock
        self._readiness = readiness
        self._one_at_a_time = asyncio.Lock()
        self._behind = asyncio.Event()

    async def follow(self) -> bool:
        """Ask again what is held; False if `keep_following` has to."""
        # Else an older try that ends well would hide a newer one that did not.
        async with self._one_at_a_time:
            now, rules = self._clock.now(), self._current.rules
            try:
                await self._store.rehold(lambda held: hold_of(held, rules, now), now)
            except StoreUnavailable as exc:
                log.error("store.failed", reason=f"reload: {exc}")
                self._readiness.degraded["holds"] = (
                    "what is muted waits by the rules before the reload; tried again"
                )
                self._behind.set()
                return False
            self._readiness.degraded.pop("holds", None)
            self._behind.clear()
            return True

    async def keep_following(self, every: float = RETRY_EVERY) -> None:
        """Ask at the start; try again every so many seconds when a try has failed.

        The config may be another than the one the last process stopped with.
        """
        await self.follow()
        while True:
            await self._behind.wait()
            await asyncio.sleep(every)
            if self._behind.is_set():
                await self.follow()


def hold_of(held: Held, rules: Rules, now: datetime) -> datetime | None:
    """Until when *rules* hold a waiting notification."""
    labels = {**held.labels, SOURCE_LABEL: held.source, RECEIVER_LABEL: held.receiver}
    listener = Listener(
        recipient=held.recipient,
        numbers=held.numbers,
        receiver="",
        mutes=held.mutes,
        actives=held.actives,
    )
    severity = None
    if held.kind is not Kind.RESOLVED:
        severity = rules.severity.classify(held.labels)
    return held_after_reload(labels, listener, severity, rules, now)
