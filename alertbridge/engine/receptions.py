"""Notices a source that is not let in any more, and tells the admins.

Told about every post from within its request, so nothing here waits or writes: the
store is asked by a worker, beside them.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic

import structlog

from alertbridge.core.alert import SourceName
from alertbridge.core.reception import (
    Reception,
    after_let_in,
    after_refused,
    is_locked_out,
)
from alertbridge.core.trouble_kinds import refused, source_refused
from alertbridge.engine.troubles import Teller
from alertbridge.ports import Clock, Notes, StoreUnavailable

log = structlog.get_logger()

NOTE = "let_in "
"""The note that a source was let in once; a restart with the wrong token finds it."""

AGAIN = 60.0
"""Seconds between two tries to say the same: each is a write that strangers cause."""

PAUSE = 5.0
"""Seconds between tries while the store is away."""


class Receptions:
    """Knows how each source is received."""

    def __init__(
        self,
        notes: Notes,
        teller: Teller,
        clock: Clock,
        *,
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        self._notes = notes
        self._teller = teller
        self._clock = clock
        self._monotonic = monotonic
        self._receptions: dict[SourceName, Reception] = {}
        self._said: dict[SourceName, float] = {}
        self._seen: set[SourceName] = set()
        self._arrived: set[SourceName] = set()
        self._wake = asyncio.Event()

    def let_in(self, source: SourceName) -> None:
        """Note a post that showed what it must; nearly all of them change nothing."""
        known = self._receptions.get(source, Reception())
        if source in self._seen and not known.refused:
            return
        if source not in self._seen:
            self._seen.add(source)
            self._arrived.add(source)
            self._wake.set()
            # Whatever a process before us said of it.
            self._teller.is_over(refused(source))
        elif is_locked_out(known):
            self._teller.is_over(refused(source))
        self._receptions[source] = after_let_in(known, self._clock.now())
        self._said.pop(source, None)

    def refused(self, source: SourceName) -> None:
        """Note a post that did not; *source* is one of the config's."""
        now = self._clock.now()
        reception = after_refused(self._receptions.get(source, Reception()), now)
        self._receptions[source] = reception
        if not is_locked_out(reception):
            return
        said = self._said.get(source)
        if said is None or self._monotonic() - said >= AGAIN:
            self._said[source] = self._monotonic()
            since = reception.since or now
            self._teller.tell(source_refused(source, since, now))

    async def run(self) -> None:
        """Learn who was let in before us, and note who is, until cancelled."""
        await self._remember()
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not await self.write_down():
                await asyncio.sleep(PAUSE)
                self._wake.set()

    async def write_down(self) -> bool:
        """Note who was let in; False if the store is away: it must be tried again."""
        for source in tuple(self._arrived):
            try:
                await self._notes.write(NOTE + source, "")
            except StoreUnavailable as exc:
                log.error("store.failed", reason=f"reception: {exc}")
                return False
            self._arrived.discard(source)
        return True

    async def _remember(self) -> None:
        """Find out who was let in before this process, however long it takes."""
        names: Mapping[str, str] | None = None
        while names is None:
            try:
                names = await self._notes.read(NOTE)
            except StoreUnavailable as exc:
                log.error("store.failed", reason=f"reception: {exc}")
                await asyncio.sleep(PAUSE)
        for source in map(SourceName, names):
            reception = self._receptions.get(source, Reception())
            self._receptions[source] = replace(reception, known=True)
