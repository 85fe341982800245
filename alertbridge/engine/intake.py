"""Intake: write down who must hear what, then say yes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import structlog

from alertbridge.core.alert import (
    Alert,
    AlertGroup,
    GroupKey,
    SourceName,
    Status,
    fingerprint_of,
)
from alertbridge.core.audience import listeners_of_receiver
from alertbridge.core.meta import test_page
from alertbridge.core.plan import Keys, Known, Plan
from alertbridge.core.planning import plan_past_routes
from alertbridge.core.recipient import RecipientName
from alertbridge.core.stand_in import keys_of_post, plan_post
from alertbridge.core.trouble_kinds import source_unreadable
from alertbridge.engine.current import Current
from alertbridge.engine.troubles import Troubles
from alertbridge.ports import Clock, Recorded, Store, StoreUnavailable

log = structlog.get_logger()

MAX_KEPT = 10
"""Unreadable elements kept of one post; all of them are counted."""

OVERSIZED_AGAIN = timedelta(hours=1)
"""Least time between two pages about unreadably large bodies of one source."""


class Intake:
    """Takes groups; what it returns from is on disk."""

    def __init__(
        self, store: Store, current: Current, clock: Clock, wake: Callable[[], None]
    ) -> None:
        self._store = store
        self._current = current
        self._clock = clock
        self._wake = wake
        self._troubles = Troubles(store, current, clock, wake)
        self.on_stored: Callable[[AlertGroup], None] = _nobody

    async def accept(self, group: AlertGroup) -> Recorded:
        """Record *group*; every notification it causes is fsynced on return.

        Raises:
            StoreUnavailable: it could not be kept; the sender must come again.
        """
        now, rules = self._clock.now(), self._current.rules
        recorded = await self._store.record(
            keys_of_post(group),
            lambda known: plan_post(group, rules, known, now),
            now,
        )
        self.on_stored(group)
        self._report(recorded.plan, len(group.alerts))
        if group.oversized:
            log.warning("group.oversized", source=group.source)
        if group.unreadable:
            log.warning(
                "alert.unreadable", source=group.source, amount=len(group.unreadable)
            )
            for element in group.unreadable[:MAX_KEPT]:
                await self._keep(group.source, element.reason, element.raw.encode())
        return recorded

    async def accept_oversized(self, source: SourceName, size: int) -> Recorded:
        """Page the root receiver about a body too large to read, once an hour.

        Raises:
            StoreUnavailable: it could not be kept.
        """
        now, rules = self._clock.now(), self._current.rules
        labels = {"alertname": "OversizedGroup", "source": source}
        alert = Alert(
            status=Status.FIRING,
            fingerprint=fingerprint_of(labels),
            labels=labels,
            annotations={
                "summary": f"oversized group: {size // 1048576} MiB from {source},"
                " no alert in it could be read; look at the source"
            },
            starts_at=now,
        )
        receiver = rules.tree.root.receiver
        keys = Keys(source, receiver, GroupKey("oversized"), (alert.fingerprint,))
        listeners = listeners_of_receiver(receiver, rules)

        def decide(known: Known) -> Plan:
            told = known.episodes.get(alert.fingerprint)
            recent = told is not None and now - told.starts_at < OVERSIZED_AGAIN
            # The start it is known by makes it the same episode, and tells nobody.
            starts_at = told.starts_at if told is not None and recent else now
            again = replace(alert, starts_at=starts_at)
            return plan_past_routes(again, keys, listeners, rules, known, now)

        recorded = await self._store.record(keys, decide, now)
        log.warning("group.oversized", source=source)
        self._report(recorded.plan, 0)
        return recorded

    async def test(
        self, recipient: RecipientName, *, followed: bool = False
    ) -> Recorded:
        """Page one person with a text that says it is a test.

        *followed*: somebody will ask whether it arrived.

        Raises:
            StoreUnavailable: it could not be kept.
        """
        now, rules = self._clock.now(), self._current.rules
        person = rules.recipients[recipient]
        made = test_page(person, rules, now, followed=followed)
        recorded = await self._store.record(made.keys, lambda _: made, now)
        self._report(made, 1)
        return recorded

    async def refuse(self, source: SourceName, reason: str, body: bytes) -> None:
        """Keep a body that is not of the source's shape, and tell the admins.

        The source will not post it again, and whatever it held pages nobody.
        """
        log.warning("webhook.refused", source=source, reason=reason)
        await self._keep(source, reason, body)
        await self._troubles.tell(source_unreadable(source, reason))

    async def _keep(self, source: SourceName, reason: str, body: bytes) -> None:
        try:
            await self._store.quarantine(source, reason, body, self._clock.now())
        except StoreUnavailable as exc:
            # The alerts are safe; losing a sample must not turn their 2xx into a 503.
            log.error("store.failed", reason=f"quarantine: {exc}")

    def _report(self, made: Plan, alerts: int) -> None:
        log.info(
            "group.planned",
            source=made.keys.source,
            post=made.post.value,
            alerts=alerts,
            opened=len(made.opens),
            ended=sum(1 for move in made.moves if move.ends_at is not None),
            notifications=len(made.facts),
            left_out=len(made.left_out),
        )
        if made.facts or made.changes or made.releases:
            self._wake()


def _nobody(_: AlertGroup) -> None:
    """Nobody listens for watchdogs."""
