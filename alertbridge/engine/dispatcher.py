"""The dispatcher: claims what may leave, submits it, and settles what became of it.

Decisions are core's; this file waits, calls, and writes down.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import assert_never

import structlog

from alertbridge.core.delivery import (
    UNCERTAIN_WAIT,
    AnotherWay,
    GiveUp,
    Step,
    Told,
    next_step,
)
from alertbridge.core.dispatch import numbers_of
from alertbridge.core.message import (
    Accepted,
    Deferred,
    Message,
    Outcome,
    Outcomes,
    Rejected,
    Submission,
    Uncertain,
)
from alertbridge.core.meta import (
    SPEND_WARNING,
    dead_notifications,
    removed_recipient,
)
from alertbridge.core.notification import (
    Kind,
    MessageId,
    NotificationId,
    ProviderName,
    Reason,
)
from alertbridge.core.plan import Plan
from alertbridge.core.settlement import Settlement
from alertbridge.core.spend import Crossing, Period, Spent
from alertbridge.engine.current import Current
from alertbridge.engine.rate import WINDOW, Rate
from alertbridge.engine.template_faults import TemplateFaults
from alertbridge.ports import Claimed, Clock, Provider, Store, StoreUnavailable

log = structlog.get_logger()

IN_PROGRESS = 16
"""Requests under way at one provider: a gateway that takes 10 s for each still takes
1.6 a second, and one that takes 200 ms all that its account allows."""

IDLE = 5.0
"""Seconds after which an idle dispatcher looks again, whatever it was told: the
watchdog lives on this, and so does a due time that nobody announced."""

BREATH = 0.01
"""Seconds between a look that found nothing and the next: a storm wakes us for every
alert, and looking each time would cost it half its speed. Nobody's page notices."""

STORE_PAUSE = 1.0
"""Seconds between tries to write down what became of an attempt."""

LONGEST_REQUEST = UNCERTAIN_WAIT.total_seconds() - 1
"""Seconds after which we stop waiting for a provider that breaks its promise to return:
a request that hangs must not keep its people silent."""


@dataclass(slots=True)
class _Lane:
    provider: Provider
    rate: Rate
    in_progress: int = 0

    def places(self, now: float) -> int:
        return min(self.rate.places(now), IN_PROGRESS - self.in_progress)


class Dispatcher:
    """Drains the mailboxes, critical first, until stopped.

    *monotonic* paces requests: a loop that jumps over its waits hands in its own time,
    and an *idle* of hours, so that nothing is looked at but for a reason.
    """

    def __init__(
        self,
        store: Store,
        current: Current,
        providers: Mapping[ProviderName, Provider],
        clock: Clock,
        jitter: Callable[[], float],
        *,
        monotonic: Callable[[], float] = monotonic,
        idle: float = IDLE,
    ) -> None:
        self._store = store
        self._current = current
        self._clock = clock
        self._jitter = jitter
        self._monotonic = monotonic
        self._idle = idle
        self._lanes = {
            name: _Lane(provider, Rate(provider.requests_per_second))
            for name, provider in providers.items()
        }
        self._wake = asyncio.Event()
        self._faults = TemplateFaults(store, current, clock, self.wake)
        self._stopping = False
        self.progress = self._monotonic()

    def wake(self) -> None:
        """Look again soon: a mailbox has filled."""
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more; what is under way is finished."""
        self._stopping = True
        self._wake.set()

    def replace_providers(self, providers: Mapping[ProviderName, Provider]) -> None:
        """Use these from now on; an account keeps the count of its requests."""
        lanes: dict[ProviderName, _Lane] = {}
        for name, provider in providers.items():
            lane = self._lanes.get(name)
            if lane is None:
                lane = _Lane(provider, Rate(provider.requests_per_second))
            else:
                # The same lane: requests under way must give their places back to it.
                lane.provider = provider
                lane.rate.allow(provider.requests_per_second)
            lanes[name] = lane
        self._lanes = lanes
        self.wake()

    async def run(self) -> None:
        """Work until stopped; requests under way are finished before it returns."""
        await self._recover_when_possible()
        async with asyncio.TaskGroup() as requests:
            while not self._stopping:
                self._wake.clear()
                wait = await self._round(requests)
                self.progress = self._monotonic()
                if wait > 0:
                    await asyncio.sleep(BREATH)
                    await self._sleep(wait)

    async def _recover_when_possible(self) -> None:
        """Take stock of what a process before us left, however long the store is away.

        Nothing may be claimed before it is done; webhooks are answered meanwhile.
        """
        while not self._stopping:
            try:
                await self._recover()
            except StoreUnavailable as exc:
                log.error("store.failed", reason=f"recover: {exc}")
                self.progress = self._monotonic()
                await self._sleep(STORE_PAUSE)
            else:
                return

    async def _recover(self) -> None:
        now = self._clock.now()
        await self._store.recover(now, UNCERTAIN_WAIT)
        window = timedelta(seconds=WINDOW)
        for name, lane in self._lanes.items():
            begun = await self._store.recent_attempts(name, now - window)
            for at in begun:
                age = max(0.0, (now - at).total_seconds())
                lane.rate.take(self._monotonic() - age)

    async def _round(self, requests: asyncio.TaskGroup) -> float:
        """Claim and start what may leave; say how long nothing more will."""
        lanes = self._lanes
        at = self._monotonic()
        ready = {name: lane.places(at) for name, lane in lanes.items()}
        if not any(places > 0 for places in ready.values()):
            return min(
                (lane.rate.wait(at) or self._idle for lane in lanes.values()),
                default=self._idle,
            )
        try:
            claimed = await self._store.claim(ready, self._current, self._clock.now())
        except StoreUnavailable as exc:
            log.error("store.failed", reason=f"claim: {exc}")
            return STORE_PAUSE
        for submission in claimed.submissions:
            lane = lanes[submission.provider]
            lane.rate.take(self._monotonic())
            lane.in_progress += 1
            requests.create_task(
                self._attempt(lane, submission), name=f"submit {submission.reference}"
            )
        self._report_claimed(claimed)
        for fault in self._faults.note(claimed.drafts):
            requests.create_task(
                self._faults.page(fault), name=f"meta {fault.template}"
            )
        if claimed.submissions:
            return 0.0
        return self._until(claimed)

    def _until(self, claimed: Claimed) -> float:
        if claimed.next_due is None:
            return self._idle
        due = (claimed.next_due - self._clock.now()).total_seconds()
        if due <= 0:
            # Due, but its provider has no place: one frees with time or an answer.
            waits = [lane.rate.wait(self._monotonic()) for lane in self._lanes.values()]
            return max(0.05, min((wait for wait in waits if wait > 0), default=0.05))
        return min(due, self._idle)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _attempt(self, lane: _Lane, submission: Submission) -> None:
        began = self._monotonic()
        try:
            async with asyncio.timeout(LONGEST_REQUEST):
                outcomes = await lane.provider.submit(submission)
        except Exception as exc:  # noqa: BLE001
            # The bulkhead: a provider must not raise, and if one does it may have sent.
            # Anything but Uncertain would lose the page or double it.
            outcomes = Outcomes(Uncertain(detail=f"{type(exc).__name__} in provider"))
        finally:
            lane.in_progress -= 1
        await self._settle(submission, outcomes, self._monotonic() - began)
        self.wake()

    async def _settle(
        self, submission: Submission, outcomes: Outcomes, seconds: float
    ) -> None:
        now, rules = self._clock.now(), self._current.rules
        steps = {
            message.id: next_step(
                outcomes.of(message.number),
                message,
                attempt=submission.attempt,
                provider=submission.provider,
                providers=rules.providers,
                numbers=numbers_of(message.recipient, message.tells, rules),
                shared=len(submission.messages) > 1,
                # Not the row's: the clock may have been set since it was written.
                began_at=now - timedelta(seconds=seconds),
                now=now,
                jitter=self._jitter(),
            )
            for message in submission.messages
        }
        meta = tuple(
            plan
            for message in submission.messages
            for plan in self._meta(message, steps[message.id], outcomes)
        )
        crossed: list[Crossing] = []

        def watch(spent: Mapping[Period, Spent]) -> Sequence[tuple[Crossing, Plan]]:
            found = self._current.crossed(spent, now)
            # Asked again if the transaction is: only what is written last is so.
            crossed[:] = [crossing for crossing, _ in found]
            return found

        settlement = Settlement(outcomes, steps, meta, watch)
        if await self._write_down(submission, settlement):
            self._report_settled(submission, outcomes, steps, seconds)
            for plan in meta:
                log.error("meta.raised", cause=plan.keys.group_key)
            for crossing in crossed:
                log.error("meta.raised", cause=SPEND_WARNING)
                _report_crossed(crossing)

    async def _write_down(self, submission: Submission, settlement: Settlement) -> bool:
        """Settle, however long the store is away.

        The answer must not be forgotten while we live: unwritten, the next process
        would have to take the attempt for uncertain.
        """
        while True:
            try:
                return await self._store.settle(
                    submission, settlement, self._clock.now()
                )
            except StoreUnavailable as exc:
                log.error("store.failed", reason=f"settle: {exc}")
                await asyncio.sleep(STORE_PAUSE)

    def _meta(
        self, message: Message, step: Step, outcomes: Outcomes
    ) -> tuple[Plan, ...]:
        rules, now = self._current.rules, self._clock.now()
        number = message.number
        dead: tuple[NotificationId, ...] = ()
        if isinstance(step, AnotherWay | GiveUp):
            dead = step.dead
        if dead:
            facts = [fact for fact in message.tells if fact.id in dead]
            # What was unclear twice is in the log; a text has no room for its class.
            own = "" if isinstance(step, GiveUp) else detail_of(outcomes.of(number))
            detail = own or "no clear answer"
            return dead_notifications(facts, message.recipient, detail, rules, now)
        pages = any(fact.kind is not Kind.RESOLVED for fact in message.tells)
        removed = message.recipient not in rules.recipients
        if isinstance(step, Told) and removed and pages:
            return (removed_recipient(message.recipient, message.id, rules, now),)
        return ()

    def _report_claimed(self, claimed: Claimed) -> None:
        dropped = Counter((drop.state, drop.reason) for drop in claimed.drops)
        for (state, why), amount in dropped.items():
            log.info("fact.ended", state=state.value, reason=why.value, amount=amount)
        for submission in claimed.submissions:
            log.info(
                "submission.claimed",
                provider=submission.provider,
                reference=submission.reference,
                numbers=len(submission.messages),
                segments=submission.text.segments,
                attempt=submission.attempt,
            )

    def _report_settled(
        self,
        submission: Submission,
        outcomes: Outcomes,
        steps: Mapping[MessageId, Step],
        seconds: float,
    ) -> None:
        facts = [fact for message in submission.messages for fact in message.tells]
        oldest = min((fact.created_at for fact in facts), default=submission.began_at)
        log.info(
            "submission.settled",
            provider=submission.provider,
            reference=submission.reference,
            outcome=type(outcomes.all).__name__.lower(),
            reason=detail_of(outcomes.all),
            numbers=len(submission.messages),
            notifications=len(facts),
            segments=submission.text.segments,
            seconds=round(seconds, 3),
            waited=round((self._clock.now() - oldest).total_seconds(), 3),
        )
        for kind, reason in (
            (AnotherWay, Reason.NO_WAY_LEFT),
            (GiveUp, Reason.UNCERTAIN_TWICE),
        ):
            dead = sum(
                len(step.dead) for step in steps.values() if isinstance(step, kind)
            )
            if dead:
                log.info("fact.ended", state="dead", reason=reason.value, amount=dead)


def _report_crossed(crossing: Crossing) -> None:
    limit = crossing.limit
    log.warning(
        "spend.crossed",
        scope=limit.period.payer.scope.value,
        name=limit.period.payer.name,
        period=limit.period.span.value,
        percent=crossing.percent,
        segments=crossing.segments,
        budget=limit.segments,
    )


def detail_of(outcome: Outcome) -> str:
    """What the provider said, for people; never a secret, never a number."""
    match outcome:
        case Accepted():
            return ""
        case (
            Deferred(detail=detail) | Uncertain(detail=detail) | Rejected(detail=detail)
        ):
            return detail
        case _:
            assert_never(outcome)
