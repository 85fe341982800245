"""What goes on beside the pages: retention, proof of progress, a stepped clock."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import monotonic

import structlog

from alertbridge.engine.dispatcher import Dispatcher
from alertbridge.ports import Clock, Store, StoreUnavailable

log = structlog.get_logger()

PROBE_EVERY = 5.0
PRUNE_EVERY = 3600.0
PRUNE_BITE = 100
"""Rows of each kind deleted at once. With three people told of each episode a bite of
500 kept the writer for 0.2 s on a busy machine, and a page waits for that."""

PRUNE_PAUSE = 0.2
"""Seconds between two bites of a long clean-up: the writer is everybody's."""

SILENCE_EVERY = 300.0
"""Seconds between two looks for alerts that no post names any more."""

STUCK = 20.0
"""Seconds without progress after which intake or dispatcher counts as stuck. Longer
than any wait of theirs, shorter than the unit's WatchdogSec."""

CLOCK_EVERY = 1.0
CLOCK_STEP = timedelta(seconds=2)


class Pulse:
    """Knows when intake and dispatcher last made progress.

    `answered` is when the store last answered at all, `stored` when it last kept
    something: a full disk must not look like a stuck process, nor like health.
    """

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self.answered = monotonic()
        self.stored = monotonic()

    def moves(self) -> bool:
        """Neither is stuck: what the watchdog is fed on."""
        oldest = min(self.answered, self._dispatcher.progress)
        return monotonic() - oldest < STUCK

    def works(self) -> bool:
        """Pages are kept and looked after: what the heartbeat is sent on."""
        return self.moves() and monotonic() - self.stored < STUCK


async def keep_probing(store: Store, clock: Clock, pulse: Pulse) -> None:
    """Write something durable now and then, and note that it went."""
    while True:
        try:
            await store.probe(clock.now())
            pulse.stored = monotonic()
        except StoreUnavailable as exc:
            log.error("store.failed", reason=f"probe: {exc}")
        pulse.answered = monotonic()
        await asyncio.sleep(PROBE_EVERY)


async def keep_pruning(
    store: Store, clock: Clock, retention: Callable[[], timedelta]
) -> None:
    """Delete what ended longer ago than the retention, in small bites."""
    while True:
        try:
            pruned = PRUNE_BITE
            while pruned >= PRUNE_BITE:
                pruned = await store.prune(clock.now() - retention(), PRUNE_BITE)
                await asyncio.sleep(PRUNE_PAUSE)
        except StoreUnavailable as exc:
            log.error("store.failed", reason=f"retention: {exc}")
        await asyncio.sleep(PRUNE_EVERY)


async def keep_noticing_silence(
    store: Store, clock: Clock, stale_after: Callable[[], timedelta]
) -> None:
    """Note which alerts no post names any more: they may be over, nobody says so."""
    bite = 500
    while True:
        try:
            found = bite
            while found >= bite:
                now = clock.now()
                found = await store.mark_stale(now - stale_after(), now, bite)
                if found:
                    log.warning("episode.stale", amount=found)
                await asyncio.sleep(PRUNE_PAUSE)
        except StoreUnavailable as exc:
            log.error("store.failed", reason=f"silence: {exc}")
        await asyncio.sleep(SILENCE_EVERY)


async def keep_beating(
    ping: Callable[[], Awaitable[bool]], every: timedelta, pulse: Pulse
) -> None:
    """Tell the outside that we work, for as long as we do: its silence is the alarm."""
    while True:
        if pulse.works():
            log.info("heartbeat.sent", success=await ping())
        await asyncio.sleep(every.total_seconds())


async def keep_feeding(
    feed: Callable[[], None], every: timedelta, pulse: Pulse
) -> None:
    """Feed the service manager's watchdog while nothing is stuck."""
    while True:
        if pulse.moves():
            feed()
        else:
            log.critical("watchdog.starved")
        await asyncio.sleep(every.total_seconds())


async def keep_time(
    step: Callable[[], timedelta], follow: Callable[[timedelta], None], store: Store
) -> None:
    """Move pending times along when the wall clock is stepped.

    Nobody waits longer, and nothing leaves earlier or twice, because a clock was set.
    """
    while True:
        await follow_step(step, follow, store)
        await asyncio.sleep(CLOCK_EVERY)


async def follow_step(
    step: Callable[[], timedelta], follow: Callable[[timedelta], None], store: Store
) -> None:
    """Look at the wall clock once; the store follows before our own time does."""
    by = step()
    if abs(by) < CLOCK_STEP:
        return
    try:
        await store.shift(by)
    except StoreUnavailable as exc:
        log.error("store.failed", reason=f"clock: {exc}")
        return
    follow(by)
    log.warning("clock.stepped", seconds=by.total_seconds())
