"""The reporter: takes delivery reports in, asks for those that are late, acts on both.

What a report says is written down before anybody is answered; what follows from it is
decided a moment later, and found again if the process dies in between.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol, assert_never

import structlog

from alertbridge.core.ended import Delivered, Ended, Missed
from alertbridge.core.failover import end_of
from alertbridge.core.following import (
    GONE,
    Abilities,
    ActOn,
    AskNow,
    Due,
    Followed,
    LetGo,
    TooLate,
    Wait,
    due,
    next_look,
)
from alertbridge.core.message import Message
from alertbridge.core.notification import ProviderName, State
from alertbridge.core.report import (
    Answer,
    Blame,
    DeliveryReport,
    NotReported,
    Reported,
)
from alertbridge.core.trouble import Trouble
from alertbridge.engine.current import Current
from alertbridge.ports import (
    Clock,
    DeliveryTeller,
    Provider,
    ReportAsker,
    ReportFeed,
    ReportReader,
    Store,
    StoreUnavailable,
)

log = structlog.get_logger()

IDLE = 5.0
"""Seconds between looks into the store when nobody wakes us."""

BREATH = 0.05
"""Least seconds between two looks: a storm of reports is acted on in one."""

LONGEST_ASKING = 12.0
"""Seconds after which we stop waiting for an answer that breaks its promise."""

BETWEEN_ASKS = 0.25
"""Seconds between two questions to one provider: at most four of the requests that its
account allows in a second are ours, and pages take the others."""

ASKED_AT_ONCE = 16
"""Questions to one provider before it is looked again: a critical page that is taken
while thousands of others are asked about must not wait for the last of them."""

ENDED_AT_ONCE = 100
"""Ends written before it is looked again, for the same reason."""


class Distrust(Protocol):
    """Hears that a provider does not do its work."""

    async def __call__(
        self, provider: ProviderName, detail: str, *, sure: bool
    ) -> None:
        """Take it into account; *sure*: no second sign is needed."""
        ...


class Reporter:
    """Follows accepted messages to their end, until cancelled.

    *tell* has the admins hear of pages that nobody vouches for; *distrust* hears of a
    provider whose reports blame its account, or that is silent.
    """

    def __init__(
        self,
        store: Store,
        current: Current,
        providers: Callable[[], Mapping[ProviderName, Provider]],
        clock: Clock,
        settled: Callable[[], None],
        distrust: Distrust,
        tell: Callable[[Trouble], None],
        *,
        idle: float = IDLE,
    ) -> None:
        self._store = store
        self._current = current
        self._providers = providers
        self._clock = clock
        self._settled = settled
        self._distrust = distrust
        self._tell = tell
        self._idle = idle
        self._wake = asyncio.Event()
        self._asking: set[ProviderName] = set()
        self._mute: set[ProviderName] = set()

    def wake(self) -> None:
        """Look again soon: a message was accepted, or something was reported."""
        self._wake.set()

    async def hear(
        self,
        provider: ProviderName,
        reports: Sequence[DeliveryReport],
        *,
        vouched: bool = False,
    ) -> None:
        """Write down what was reported; returns after the fsync.

        *vouched*: it surely comes from the gateway. Else one that can be asked is,
        before a critical page counts as delivered.

        Raises:
            StoreUnavailable: nothing is written; it must be sent again.
        """
        asker = isinstance(self._providers().get(provider), ReportAsker)
        matched = await self._store.fold_reports(
            provider, reports, self._clock.now(), cautious=asker and not vouched
        )
        for report in reports:
            log.info(
                "report.heard",
                provider=provider,
                delivery=report.delivery.value,
                code=report.code,
                final=report.final,
            )
        if matched.parked:
            log.info("report.parked", provider=provider, amount=matched.parked)
        if matched.messages:
            self.wake()

    async def run(self) -> None:
        """Work until cancelled; the store being away is waited out."""
        async with asyncio.TaskGroup() as asking:
            while True:
                self._wake.clear()
                try:
                    wait = await self.look(asking)
                except StoreUnavailable as exc:
                    log.error("store.failed", reason=f"reports: {exc}")
                    wait = IDLE
                await asyncio.sleep(BREATH)
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._wake.wait()

    async def look(self, asking: asyncio.TaskGroup) -> float:
        """Act on all that is due, and say for how many seconds nothing is."""
        now = self._clock.now()
        abilities = {n: abilities_of(p) for n, p in self._providers().items()}
        found = [
            (one, due(one, abilities.get(one.provider, GONE), now))
            for one in await self._store.followed()
        ]
        ends: list[Followed] = []
        ask: list[Followed] = []
        gone: list[Followed] = []
        for one, what in found:
            match what:
                case ActOn() | TooLate():
                    ends.append(one)
                case AskNow(late=True) if one.provider in self._mute:
                    ends.append(one)
                case AskNow():
                    ask.append(one)
                case LetGo():
                    gone.append(one)
                case Wait():
                    pass
                case _:
                    assert_never(what)
        if gone:
            await self._store.let_go([one.message for one in gone])
        self._ask_all(ask, asking)
        for one in ends[:ENDED_AT_ONCE]:
            await self._end(one)
        if len(ends) > ENDED_AT_ONCE:
            return BREATH
        return self._until(what for _, what in found)

    def _until(self, found: Iterable[Due]) -> float:
        at = next_look(found)
        if at is None:
            return self._idle
        seconds = (at - self._clock.now()).total_seconds()
        return min(max(seconds, BREATH), self._idle)

    async def _end(self, one: Followed) -> None:
        now, rules = self._clock.now(), self._current.rules

        def decide(
            message: Message, provider: ProviderName, known: DeliveryReport | None
        ) -> Ended:
            return end_of(message, provider, known, rules, now)

        ended = await self._store.end(one.message, decide, now)
        if ended is None:
            return
        _report_end(one, ended, (self._clock.now() - one.accepted_at).total_seconds())
        if isinstance(ended, Missed):
            await self._blame(one, ended)
            if ended.trouble is not None:
                self._tell(ended.trouble)
        self._settled()

    async def _blame(self, one: Followed, missed: Missed) -> None:
        known = one.known
        if known is None and not missed.sure:
            await self._distrust(one.provider, "no delivery report", sure=False)
        elif known is not None and known.blames is Blame.ACCOUNT:
            detail = f"it refuses the account ({known.code})"
            await self._distrust(one.provider, detail, sure=True)

    def _ask_all(self, due: Sequence[Followed], asking: asyncio.TaskGroup) -> None:
        """Ask beside the look: a gateway that hangs keeps no bad report waiting.

        In the order of *due*: what is urgent first.
        """
        batches: dict[ProviderName, dict[str, list[Followed]]] = {}
        for one in due:
            by_id = batches.setdefault(one.provider, {})
            by_id.setdefault(one.provider_id, []).append(one)
        for name, by_id in batches.items():
            asker = self._providers().get(name)
            if name not in self._asking and isinstance(asker, ReportAsker):
                self._asking.add(name)
                groups = tuple(by_id.values())[:ASKED_AT_ONCE]
                asking.create_task(
                    self._ask_one_by_one(name, asker, groups), name=f"ask {name}"
                )

    async def _ask_one_by_one(
        self, name: ProviderName, asker: ReportAsker, due: Sequence[Sequence[Followed]]
    ) -> None:
        try:
            for group in due:
                await self._ask(name, asker, group)
                await asyncio.sleep(BETWEEN_ASKS)
        except StoreUnavailable as exc:
            log.error("store.failed", reason=f"asking for reports: {exc}")
        finally:
            self._asking.discard(name)
            self.wake()

    async def _ask(
        self, name: ProviderName, asker: ReportAsker, group: Sequence[Followed]
    ) -> None:
        first = group[0]
        messages = [one.message for one in group]
        await self._store.note_asked(messages, self._clock.now())
        answer = await _answer(asker, first)
        self._mute.discard(name)
        match answer:
            case Reported(reports):
                await self.hear(name, reports, vouched=True)
            case NotReported(detail):
                self._mute.add(name)
                log.warning(
                    "report.not_answered",
                    provider=name,
                    reference=first.reference,
                    reason=detail,
                )
            case _:
                assert_never(answer)


def abilities_of(provider: Provider) -> Abilities:
    """Say what *provider* can tell of a message later."""
    posts = isinstance(provider, ReportReader) and provider.reports_here
    feeds = isinstance(provider, ReportFeed)
    if isinstance(provider, DeliveryTeller):
        feeds = feeds and provider.tells_deliveries
    return Abilities(
        reports=posts or feeds,
        answers=isinstance(provider, ReportAsker),
    )


def _report_end(one: Followed, ended: Ended, seconds: float) -> None:
    match ended:
        case Delivered():
            log.info(
                "message.delivered",
                provider=one.provider,
                reference=one.reference,
                seconds=seconds,
            )
        case Missed():
            log.warning(
                "message.missed",
                provider=one.provider,
                reference=one.reference,
                reason=ended.reason.value,
                code="" if one.known is None else one.known.code,
                onward=len(ended.onward),
                dead=len(ended.dead),
            )
            if ended.dead:
                log.warning(
                    "fact.ended",
                    state=State.DEAD.value,
                    reason=ended.reason.value,
                    amount=len(ended.dead),
                )
            for plan in ended.meta:
                log.error("meta.raised", cause=plan.keys.group_key)
        case _:
            assert_never(ended)


async def _answer(asker: ReportAsker, one: Followed) -> Answer:
    try:
        async with asyncio.timeout(LONGEST_ASKING):
            return await asker.ask_reports(one.reference, one.provider_id)
    except Exception as exc:  # noqa: BLE001
        # The bulkhead, as for a submission: a bug here must not end the process.
        return NotReported(f"{type(exc).__name__} in provider")
