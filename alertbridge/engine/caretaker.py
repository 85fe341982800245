"""What goes on beside the pages: retention, proof of progress, a stepped clock."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import monotonic

import structlog

from alertbridge.core.trouble_kinds import clock_stepped
from alertbridge.engine.dispatcher import Dispatcher
from alertbridge.engine.troubles import Troubles
from alertbridge.ports import Clock, Store, StoreUnavailable

log = structlog.get_logger()

PROBE_EVERY = 5.0
PRUNE_EVERY = 3600.0
PRUNE_PAUSE = 0.2
"""Seconds between two bites of a long clean-up: the writer is everybody's."""

SILENCE_EVERY = 300.0
"""Seconds between two looks for alerts that no post names any more."""

STUCK = 20.0
"""Seconds without progress after which intake or dispatcher counts as stuck. Longer
than any wait of theirs, shorter than the unit's WatchdogSec."""

CLOCK_EVERY = 1.0
CLOCK_STEP = timedelta(seconds=2)
TOLD_STEP = timedelta(minutes=1)
"""What time synchronisation sets after a start is less, and nobody's trouble."""


class Pulse:
    """Knows when intake and dispatcher last made progress.

    `answered` is when the store last answered at all, `stored` when it last kept
    something: a full disk must not look like a stuck process, nor like health.
    """

    def __init__(self, dispatcher: Dispatcher, *, stuck: float | None = None) -> None:
        self._dispatcher = dispatcher
        self._stuck = STUCK if stuck is None else stuck
        self.answered = monotonic()
        self.stored = monotonic()

    def moves(self) -> bool:
        """Neither is stuck: what the watchdog is fed on."""
        oldest = min(self.answered, self._dispatcher.progress)
        return monotonic() - oldest < self._stuck

    def ails(self) -> str:
        """Say what keeps pages from being kept, looked after or sent.

        Empty if nothing does: what the heartbeat is sent on.
        """
        now = monotonic()
        if now - self.stored >= self._stuck:
            return "store: nothing was written"
        if now - self._dispatcher.progress >= self._stuck:
            return "dispatcher: no progress"
        if not self._dispatcher.circuits.reachable():
            return "providers: none can be reached"
        return ""


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
    bite = 500
    while True:
        try:
            pruned = bite
            while pruned >= bite:
                pruned = await store.prune(clock.now() - retention(), bite)
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
        ails = pulse.ails()
        if ails:
            log.warning("heartbeat.withheld", reason=ails)
        else:
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
    step: Callable[[], timedelta],
    follow: Callable[[timedelta], None],
    store: Store,
    troubles: Troubles,
) -> None:
    """Move pending times along when the wall clock is stepped.

    Nobody waits longer, and nothing leaves earlier or twice, because a clock was set.
    """
    while True:
        by = await follow_step(step, follow, store)
        if abs(by) > TOLD_STEP:
            await troubles.tell(clock_stepped(by))
        await asyncio.sleep(CLOCK_EVERY)


async def follow_step(
    step: Callable[[], timedelta], follow: Callable[[timedelta], None], store: Store
) -> timedelta:
    """Look at the wall clock once; the store follows before our own time does.

    Says how far everything was moved along.
    """
    by = step()
    if abs(by) < CLOCK_STEP:
        return timedelta(0)
    try:
        await store.shift(by)
    except StoreUnavailable as exc:
        log.error("store.failed", reason=f"clock: {exc}")
        return timedelta(0)
    follow(by)
    log.warning("clock.stepped", seconds=by.total_seconds())
    return by
