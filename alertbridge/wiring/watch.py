"""Watches the store's disk, and what of it an operator has to decide; says both."""

import asyncio

import structlog

from alertbridge.core.trouble_kinds import DISK_FULL, disk_full, store_incident
from alertbridge.engine.troubles import Troubles
from alertbridge.ports import Clock, Store, StoreUnavailable
from alertbridge.web.readiness import Readiness

log = structlog.get_logger()

LOOK_EVERY = 2.0
"""Seconds between two looks at what the store knows of its disk."""


class StoreWatch:
    """Tells log, admins and `/-/ready` when the store is short of room, or held."""

    def __init__(
        self, store: Store, troubles: Troubles, clock: Clock, readiness: Readiness
    ) -> None:
        self._store = store
        self._troubles = troubles
        self._clock = clock
        self._readiness = readiness
        self._short = ""
        self._told: set[str] = set()

    async def keep_watching(self) -> None:
        """Look every few seconds, for as long as the daemon runs."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """Say what has changed since the last look."""
        room = self._store.room()
        if room.short and not self._short:
            log.error("room.short", free=room.free, reason=room.short)
            await self._troubles.tell(disk_full(room.short))
        elif self._short and not room.short:
            log.info("room.enough", free=room.free)
            await self._troubles.is_over(DISK_FULL)
        self._short = room.short
        await self._tell_incidents()
        await self._look_for_restored()

    async def _tell_incidents(self) -> None:
        found = self._store.incidents()
        for one in found:
            if one.subject in self._told:
                continue
            log.error("store.incident", cause=one.cause, summary=one.summary)
            trouble = store_incident(one.cause, one.subject, one.summary)
            if not await self._troubles.tell(trouble):
                return
            self._told.add(one.subject)
        if found:
            self._store.forget_incidents()

    async def _look_for_restored(self) -> None:
        try:
            depth = await self._store.depth(self._clock.now())
        except StoreUnavailable:
            return
        self._readiness.degraded.pop("restored", None)
        if depth.restored:
            self._readiness.degraded["restored"] = (
                f"{depth.restored} pages of a restored copy are held; look at them"
                " (alertbridge outbox list), cancel what is over, then: alertbridge"
                " outbox release"
            )
