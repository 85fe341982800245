"""Tells the admins of troubles; how often is core's to say, and known to the store."""

from collections.abc import Callable

import structlog

from alertbridge.core.plan import Known, Plan
from alertbridge.core.trouble import Cause, Trouble, end_trouble, raise_trouble
from alertbridge.engine.current import Current
from alertbridge.ports import Clock, Store, StoreUnavailable

log = structlog.get_logger()


class Troubles:
    """Writes down what the admins must hear of alertbridge itself.

    Keeps nothing itself: any number of these, and of processes one after the other,
    page nobody twice. Nothing here may cost the caller his own work: if the store is
    away it is logged, and True says that it was written down.
    """

    def __init__(
        self, store: Store, current: Current, clock: Clock, wake: Callable[[], None]
    ) -> None:
        self._store = store
        self._current = current
        self._clock = clock
        self._wake = wake

    async def tell(self, trouble: Trouble) -> bool:
        """Page the admins, unless they have heard; while it lasts, say it again."""
        now, rules = self._clock.now(), self._current.rules

        def decide(known: Known) -> Plan:
            return raise_trouble(trouble, rules, known, now)

        made = await self._record(trouble.cause, decide)
        if made is not None and made.opens:
            log.error("meta.raised", cause=trouble.cause.name)
        return made is not None

    async def is_over(self, cause: Cause) -> bool:
        """Tell those who heard of it that it is over; nothing if it is not open."""
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
