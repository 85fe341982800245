"""Listens for the watchdogs of the sources, and tells the admins of their silence."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from time import monotonic

import structlog

from alertbridge.core.alert import AlertGroup, SourceName
from alertbridge.core.trouble_kinds import silent, source_silent
from alertbridge.core.watchdog import Silences, after_listening, silent_ones
from alertbridge.engine.current import Current
from alertbridge.engine.troubles import Teller
from alertbridge.ports import Notes, StoreUnavailable

log = structlog.get_logger()

TICK = timedelta(seconds=30)
"""How often the silences are counted, and written down."""

LONGEST_TICK = 2 * TICK
"""What counts of a longer one: a machine that stood still did not listen."""

NOTE = "silences"

NONE = timedelta(0)


class Watchdogs:
    """Counts how long each expected watchdog is silent, beyond the process's life."""

    def __init__(
        self,
        notes: Notes,
        current: Current,
        teller: Teller,
        *,
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        self._notes = notes
        self._current = current
        self._teller = teller
        self._monotonic = monotonic
        self._silences: dict[SourceName, timedelta] = {}
        self._heard: set[SourceName] = set()
        self._told: set[SourceName] = set()
        self._changed = asyncio.Event()
        self._began = monotonic()

    @property
    def silences(self) -> Silences:
        """How long each expected watchdog has been silent, in time we listened."""
        return {name: max(NONE, span) for name, span in self._silences.items()}

    def listen(self, group: AlertGroup) -> None:
        """Take a post into account that has been stored."""
        source = group.source
        watchdog = self._current.rules.watchdogs.get(source)
        if watchdog is None or not watchdog.barks_in(group):
            return
        if source not in self._heard or source in self._told:
            # Whatever we, or a process before us, said of it.
            self._teller.is_over(silent(source))
        self._heard.add(source)
        self._told.discard(source)
        # What of the tick under way was before it does not count.
        self._silences[source] = -timedelta(seconds=self._monotonic() - self._began)

    def look_again(self) -> None:
        """Follow changed rules: another set of watchdogs is expected."""
        self._changed.set()

    async def run(self) -> None:
        """Count until cancelled; without any that is expected nothing is done."""
        await self._remember()
        while True:
            if not self._current.rules.watchdogs and not self._silences:
                self._changed.clear()
                await self._changed.wait()
                self._began = self._monotonic()
            await asyncio.sleep(TICK.total_seconds())
            passed = timedelta(seconds=self._monotonic() - self._began)
            self._began = self._monotonic()
            await self.count(min(passed, LONGEST_TICK))

    async def count(self, listened: timedelta) -> None:
        """Count so much time; none of it, if what came in could not have been kept."""
        expected = self._current.rules.watchdogs
        counted = after_listening(self._silences, expected, listened)
        counted = {name: max(NONE, span) for name, span in counted.items()}
        line = {name: span.total_seconds() for name, span in counted.items()}
        before = self._silences
        # Now, not after the write: who is heard meanwhile is silent no more.
        self._silences = counted
        try:
            await self._notes.write(NOTE, json.dumps(line) if line else None)
        except StoreUnavailable as exc:
            log.error("store.failed", reason=f"watchdogs: {exc}")
            for name in before.keys() & self._silences.keys():
                self._silences[name] = min(self._silences[name], before[name])
            return
        for name in self._told - expected.keys():
            self._told.discard(name)
            self._teller.is_over(silent(name))
        for name in silent_ones(self._silences, expected):
            self._told.add(name)
            self._teller.tell(source_silent(name, expected[name].within))

    async def _remember(self) -> None:
        """Take over what was counted before us, however long it takes."""
        read = False
        while not read:
            try:
                line = (await self._notes.read(NOTE)).get("")
                read = True
            except StoreUnavailable as exc:
                log.error("store.failed", reason=f"watchdogs: {exc}")
                await asyncio.sleep(TICK.total_seconds())
                continue
            for name, seconds in _counted(line).items():
                self._silences.setdefault(name, seconds)


def _counted(line: str | None) -> dict[SourceName, timedelta]:
    """Read a note of ours; of one that is not, nothing is known."""
    try:
        document = json.loads(line or "{}")
        return {
            SourceName(name): timedelta(seconds=float(seconds))
            for name, seconds in document.items()
        }
    except (ValueError, TypeError, AttributeError, OverflowError):
        return {}
