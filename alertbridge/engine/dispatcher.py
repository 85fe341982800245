"""The dispatcher: claims what may leave, submits it, and settles what became of it.

Decisions are core's; this file waits, calls, and writes down.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from time import monotonic

import structlog

from alertbridge.core.delivery import (
    UNCERTAIN_WAIT,
    AnotherWay,
    GiveUp,
    LookLater,
    Step,
    Told,
    next_step,
)
from alertbridge.core.dispatch import numbers_of
from alertbridge.core.message import (
    Message,
    Outcomes,
    Submission,
    Uncertain,
)
from alertbridge.core.meta import SPEND_WARNING, dead_notifications
from alertbridge.core.notification import (
    Fact,
    Kind,
    MessageId,
    ProviderName,
)
from alertbridge.core.plan import Plan
from alertbridge.core.settlement import Settlement
from alertbridge.core.spend import Crossing, Period, Spent
from alertbridge.core.trouble import Trouble
from alertbridge.core.trouble_kinds import provider_down, removed_recipient
from alertbridge.engine.circuits import Circuits
from alertbridge.engine.current import Current
from alertbridge.engine.dispatch_log import (
    detail_of,
    report_claimed,
    report_crossed,
    report_settled,
)
from alertbridge.engine.lanes import Lane, Lanes
from alertbridge.engine.rate import WINDOW
from alertbridge.engine.template_faults import TemplateFaults
from alertbridge.engine.troubles import Troubles
from alertbridge.ports import (
    Claimed,
    Clock,
    Lister,
    Provider,
    Store,
    StoreUnavailable,
)

log = structlog.get_logger()

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
        self._lanes = Lanes(providers)
        self._current.widest = self._lanes.widest()
        self.circuits = Circuits(current)
        self.on_uncertain: Callable[[], None] = _nobody
        self.on_told: Callable[[], None] = _nobody
        self._wake = asyncio.Event()
        self._faults = TemplateFaults(store, current, clock, self.wake)
        self._troubles = Troubles(store, current, clock, self.wake)
        self._stopping = False
        self.progress = self._monotonic()

    def wake(self) -> None:
        """Look again soon: a mailbox has filled."""
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more; what is under way is finished."""
        self._stopping = True
        self._wake.set()

    def listers(self) -> Mapping[ProviderName, Lister]:
        """The providers that can be asked what they have taken."""
        return self._lanes.listers()

    def providers(self) -> Mapping[ProviderName, Provider]:
        """The providers in force."""
        return self._lanes.providers()

    def replace_providers(self, providers: Mapping[ProviderName, Provider]) -> None:
        """Use these from now on; an account keeps the count of its requests."""
        self._lanes.replace(providers)
        self._current.widest = self._lanes.widest()
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
        if await self._store.recover(now, UNCERTAIN_WAIT, tuple(self.listers())):
            self.on_uncertain()
        window = timedelta(seconds=WINDOW)
        for name in self._lanes.names():
            begun = await self._store.recent_attempts(name, now - window)
            for at in begun:
                age = max(0.0, (now - at).total_seconds())
                self._lanes.of(name).rate.take(self._monotonic() - age)

    async def _round(self, requests: asyncio.TaskGroup) -> float:
        """Claim and start what may leave; say how long nothing more will."""
        at = self._monotonic()
        ready = self._lanes.ready(at)
        if not any(places > 0 for places in ready.values()):
            waits = (wait or self._idle for wait in self._lanes.waits(at))
            return min(waits, default=self._idle)
        # A reload may take a lane away while the store claims for it.
        lanes = {name: self._lanes.of(name) for name in ready}
        try:
            claimed = await self._store.claim(ready, self._current, self._clock.now())
        except StoreUnavailable as exc:
            log.error("store.failed", reason=f"claim: {exc}")
            return STORE_PAUSE
        for submission in claimed.submissions:
            lane = lanes[submission.provider]
            lane.begin(self._monotonic())
            requests.create_task(
                self._attempt(lane, submission), name=f"submit {submission.reference}"
            )
        report_claimed(claimed)
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
            waits = (wait for wait in self._lanes.waits(self._monotonic()) if wait > 0)
            return max(0.05, min(waits, default=0.05))
        return min(due, self._idle)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _attempt(self, lane: Lane, submission: Submission) -> None:
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
        lists = submission.provider in self.listers()
        steps = {
            message.id: next_step(
                outcomes.of(message.number),
                message,
                attempt=submission.attempt,
                provider=submission.provider,
                ways=rules.ways_to(numbers_of(message.recipient, message.tells, rules)),
                shared=len(submission.messages) > 1,
                # Not the row's: the clock may have been set since it was written.
                began_at=now - timedelta(seconds=seconds),
                now=now,
                jitter=self._jitter(),
                lists=lists,
            )
            for message in submission.messages
        }
        meta = tuple(
            plan
            for message in submission.messages
            for plan in self._meta(message, steps[message.id], outcomes)
        )
        troubles: list[Trouble] = []
        if self.circuits.note(submission.provider, outcomes.all):
            troubles += self._down(submission.provider, detail_of(outcomes.all))
        troubles += self._removed(submission, steps)
        crossed: list[Crossing] = []

        def watch(spent: Mapping[Period, Spent]) -> Sequence[tuple[Crossing, Plan]]:
            found = self._current.crossed(spent, now)
            # Asked again if the transaction is: only what is written last is so.
            crossed[:] = [crossing for crossing, _ in found]
            return found

        instead = tuple(
            person
            for message in submission.messages
            for person in self._current.instead(
                dead_of(message, steps[message.id]), message.recipient, now
            )
        )
        settlement = Settlement(outcomes, steps, meta, watch, instead)
        if await self._write_down(submission, settlement):
            report_settled(submission, outcomes, steps, seconds, self._clock.now())
            if any(isinstance(step, LookLater) for step in steps.values()):
                self.on_uncertain()
            if any(isinstance(step, Told) for step in steps.values()):
                self.on_told()
            for plan in meta:
                log.error("meta.raised", cause=plan.keys.group_key)
            for crossing in crossed:
                log.error("meta.raised", cause=SPEND_WARNING)
                report_crossed(crossing)
        for trouble in troubles:
            await self._troubles.tell(trouble)

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

    async def distrust(
        self, provider: ProviderName, detail: str, *, sure: bool
    ) -> None:
        """Take into account that *provider* took SMS that did not arrive.

        *sure*: no second sign is needed, as when its account is out of money.
        """
        if sure:
            opened = self.circuits.open(provider)
        else:
            opened = self.circuits.note(provider, Uncertain(detail=detail))
        for trouble in self._down(provider, detail) if opened else ():
            await self._troubles.tell(trouble)

    def _down(self, provider: ProviderName, detail: str) -> Iterator[Trouble]:
        """The page about a provider whose circuit has opened, if there is another.

        By whom should it be told? It would leave when it is no longer true.
        """
        if len(self._current.rules.providers) > 1:
            yield provider_down(provider, detail)

    def _removed(
        self, submission: Submission, steps: Mapping[MessageId, Step]
    ) -> Iterator[Trouble]:
        """The page about people who were told though the config has them no more."""
        for message in submission.messages:
            pages = any(fact.kind is not Kind.RESOLVED for fact in message.tells)
            removed = message.recipient not in self._current.rules.recipients
            if isinstance(steps[message.id], Told) and removed and pages:
                yield removed_recipient(message.recipient)

    def _meta(
        self, message: Message, step: Step, outcomes: Outcomes
    ) -> tuple[Plan, ...]:
        rules, now = self._current.rules, self._clock.now()
        number = message.number
        facts = dead_of(message, step)
        if facts:
            # What was unclear twice is in the log; a text has no room for its class.
            own = "" if isinstance(step, GiveUp) else detail_of(outcomes.of(number))
            detail = own or "no clear answer"
            return dead_notifications(facts, message.recipient, detail, rules, now)
        return ()


def dead_of(message: Message, step: Step) -> tuple[Fact, ...]:
    """The facts of *message* that no way is left for."""
    dead = step.dead if isinstance(step, AnotherWay | GiveUp) else ()
    return tuple(fact for fact in message.tells if fact.id in dead)


def _nobody() -> None:
    """Nobody looks up what is uncertain, or follows what was accepted."""
