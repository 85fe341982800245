"""Tells the admins of troubles; how often is core's to say, and known to the store."""

import asyncio
from collections.abc import Callable

import structlog

from alertbridge.core.plan import Known, Plan
from alertbridge.core.trouble import Cause, Trouble
from alertbridge.core.trouble_plan import end_trouble, is_known, raise_trouble
from alertbridge.engine.current import Current
from alertbridge.ports import Clock, Store, StoreUnavailable

log = structlog.get_logger()

PAUSE = 10.0
"""Seconds between tries while the store is away, or a page is kept back."""


class Troubles:
    """Writes down what the admins must hear of alertbridge itself.

    Keeps nothing itself: any number of these, and of processes one after the other,
    page nobody twice. Nothing here may cost the caller his own work: if the store is
    away, that is logged.
    """

    def __init__(
        self, store: Store, current: Current, clock: Clock, wake: Callable[[], None]
    ) -> None:
        self._store = store
        self._current = current
        self._clock = clock
        self._wake = wake

    async def tell(self, trouble: Trouble) -> bool:
        """Page the admins, unless they have heard; while it lasts, say it again.

        False if it lasts and they have not: they heard of the last time just now, or
        the store is away.
        """
        now, rules = self._clock.now(), self._current.rules
        held_back = False

        def decide(known: Known) -> Plan:
            nonlocal held_back
            made = raise_trouble(trouble, rules, known, now)
            held_back = (
                trouble.lasts and not made.opens and not is_known(trouble, known)
            )
            return made

        made = await self._record(trouble.cause, decide)
        if made is not None and made.opens:
            log.error("meta.raised", cause=trouble.cause.name)
        return made is not None and not held_back

    async def is_over(self, cause: Cause) -> bool:
        """Tell those who heard of it that it is over; nothing if it is not open.

        False if the store is away.
        """
        now, rules = self._clock.now(), self._current.rules

        def decide(known: Known) -> Plan:
            return end_trouble(cause, rules, known, now)

        made = await self._record(cause, decide)
        if made is not None and made.moves:
            log.info("meta.ended", cause=cause.name)
        return made is not None

    async def _record(
        self, cause: Cause, decide: Callable[[Known], Plan]
    ) -> Plan | None:
        try:
            recorded = await self._store.record(cause.keys, decide, self._clock.now())
        except StoreUnavailable as exc:
            log.error("store.failed", reason=f"meta: {exc}")
            return None
        if recorded.plan.facts or recorded.plan.changes:
            self._wake()
        return recorded.plan


class Teller:
    """Tells later, from a worker: whoever finds a trouble neither waits nor retries.

    Of one cause the latest word counts. What a full disk keeps from being written down,
    or the last page about the same holds back, is tried until it is told, or is over.
    """

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles
        self._unsaid: dict[Cause, Trouble | None] = {}
        self._wake = asyncio.Event()

    def tell(self, trouble: Trouble) -> None:
        """Have the admins paged."""
        self._unsaid[trouble.cause] = trouble
        self._wake.set()

    def is_over(self, cause: Cause) -> None:
        """Have those who heard told that it is over."""
        self._unsaid[cause] = None
        self._wake.set()

    async def run(self, pause: float = PAUSE) -> None:
        """Say what there is to say, until cancelled; *pause* is between tries."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not await self.say():
                await asyncio.sleep(pause)
                self._wake.set()

    async def say(self) -> bool:
        """Try it all once; False if something is left unsaid."""
        done = True
        for cause, trouble in tuple(self._unsaid.items()):
            if trouble is None:
                said = await self._troubles.is_over(cause)
            else:
                said = await self._troubles.tell(trouble)
            done = done and said
            # Something newer may have come meanwhile.
            if said and self._unsaid.get(cause) is trouble:
                del self._unsaid[cause]
        return done
