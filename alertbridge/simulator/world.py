"""The daemon without its doors: intake, dispatcher and store on a clock that jumps.

    async def night() -> None:
        async with World(rules, start) as world:
            await world.post(group)
            await world.advance(timedelta(hours=8))
            print(world.phones)

    run_virtual(night())

What runs is what `serve` runs. Only the clock, the gateways and the disk are ours.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from types import TracebackType
from typing import Self

from alertbridge.core.alert import AlertGroup, Fingerprint, SourceName
from alertbridge.core.message import Reference
from alertbridge.core.notification import EpisodeId, ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.rules import Rules
from alertbridge.engine.caretaker import follow_step
from alertbridge.engine.circuits import keep_probing_providers
from alertbridge.engine.current import Current
from alertbridge.engine.dispatcher import Dispatcher
from alertbridge.engine.drills import Drills
from alertbridge.engine.inquirer import Inquirer
from alertbridge.engine.intake import Intake
from alertbridge.engine.report_feeds import ReportFeeds
from alertbridge.engine.reporter import Reporter
from alertbridge.engine.troubles import Teller, Troubles
from alertbridge.engine.watchdogs import Watchdogs
from alertbridge.ports import HistoryRow, Recorded
from alertbridge.simulator.scripted import ScriptedProvider, Sms
from alertbridge.simulator.virtual_time import VirtualClock
from alertbridge.stores.memory import open_memory

LOOKS_AGAIN = 3600.0
"""Seconds after which an idle dispatcher looks again for no reason. `serve` does so
every 5 s: a due time that nobody announced is healed there, and shows here."""

USUAL_LIMIT = 30
"""Requests a second that an account allows, if nobody says: iP.1's."""

EVERYTHING = 10_000_000
"""Rows of history: all of them."""


class World:
    """One daemon, its gateways and its people's phones, between two awaits of time.

    `phones` is every SMS that really rang, in order. Use it as a context manager, on a
    loop of virtual time.
    """

    def __init__(
        self,
        rules: Rules,
        start: datetime,
        *,
        idle: float = LOOKS_AGAIN,
        seed: int = 0,
        per_second: Mapping[ProviderName, int] | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._idle = idle
        # Spreads retries; not for secrets, and the same in every run.
        self._dice = Random(seed)  # noqa: S311
        self._dispatching: asyncio.Task[None] | None = None
        self._beside: list[asyncio.Task[None]] = []
        self.clock = VirtualClock(start, self._loop)
        self.current = Current(rules)
        self.store = open_memory(_references(), self._dice.getrandbits)
        self.phones: list[Sms] = []
        self.providers: dict[ProviderName, ScriptedProvider] = {
            name: ScriptedProvider(
                name,
                self.phones.append,
                lambda: self.clock.true,
                requests_per_second=(per_second or {}).get(name, USUAL_LIMIT),
            )
            for name in rules.providers
        }
        self.episodes: dict[tuple[SourceName, Fingerprint], EpisodeId] = {}
        self.dispatcher = self._new_dispatcher()
        self.intake = Intake(self.store, self.current, self.clock, self._wake)

    async def __aenter__(self) -> Self:
        """Start the dispatcher."""
        await self.begin()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything at once; what is still to come never comes."""
        try:
            if kind is None:
                self._still_runs()
        finally:
            await self.kill()
            await self.store.close()

    @property
    def now(self) -> datetime:
        """The true time: what the phones and the senders show."""
        return self.clock.true

    async def post(self, group: AlertGroup) -> Recorded:
        """Take a post in, as the webhook does once it is read."""
        recorded = await self.intake.accept(group)
        for fingerprint, episode in recorded.episodes.items():
            self.episodes[group.source, fingerprint] = episode
        return recorded

    async def acknowledge(
        self, source: SourceName, fingerprint: Fingerprint, by: str
    ) -> bool:
        """A human takes the latest episode of an alert; False if there is none."""
        episode = self.episodes.get((source, fingerprint))
        return episode is not None and await self.store.acknowledge(
            episode, by, self.clock.now()
        )

    async def advance(self, by: timedelta) -> None:
        """Let time pass, and everything happen that is due until then.

        Raises:
            Exception: whatever ended the dispatcher; `serve` would have exited.
        """
        await asyncio.sleep(by.total_seconds())
        self._still_runs()

    async def advance_to(self, at: datetime) -> None:
        """Let time pass until *at*; not at all if that is past."""
        await self.advance(max(timedelta(0), at - self.now))

    async def restart(self, away: timedelta = timedelta(0)) -> None:
        """Kill the process, and start another on the same store after *away*.

        What was in flight is uncertain to the new one.
        """
        await self.kill()
        await asyncio.sleep(away.total_seconds())
        await self.begin()

    @property
    def runs(self) -> bool:
        """Whether there is a process; without one, nobody takes posts."""
        return self._dispatching is not None

    async def kill(self) -> None:
        """End the process, wherever it is; the store is as it left it."""
        if self._dispatching is not None:
            tasks = [self._dispatching, *self._beside]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            self._dispatching = None
            self._beside = []

    async def begin(self) -> None:
        """Start a process on the store, on the time that the wall clock shows now."""
        # Two dispatchers on one store would page everybody twice.
        await self.kill()
        self.clock.follow(self.clock.step())
        self.dispatcher = self._new_dispatcher()
        # Looked at after each stretch of time, so that it cannot die unseen.
        self._dispatching = self._loop.create_task(self.dispatcher.run())
        inquirer = Inquirer(
            self.store,
            self.dispatcher.listers,
            self.clock,
            self._wake,
            idle=self._idle,
        )
        self.dispatcher.on_uncertain = inquirer.wake
        teller = Teller(Troubles(self.store, self.current, self.clock, self._wake))
        watchdogs = Watchdogs(
            self.store.notes, self.current, teller, monotonic=self._loop.time
        )
        self.intake.on_stored = watchdogs.listen
        probing = keep_probing_providers(
            self.dispatcher.circuits, self.dispatcher.providers, self._wake
        )
        reporter = self._new_reporter(teller)
        self.dispatcher.on_told = reporter.wake
        feeds = ReportFeeds(
            self.dispatcher.providers, partial(reporter.hear, vouched=True)
        )
        drills = Drills(
            self.store.notes,
            self.store,
            self.intake,
            self.current,
            teller,
            self.clock,
            self._wake,
        )
        self._beside = [
            self._loop.create_task(drills.run()),
            self._loop.create_task(inquirer.run()),
            self._loop.create_task(reporter.run()),
            self._loop.create_task(feeds.run()),
            self._loop.create_task(probing),
            self._loop.create_task(teller.run()),
            self._loop.create_task(watchdogs.run()),
        ]
        await asyncio.sleep(0)

    async def shift_wall_clock(self, by: timedelta) -> None:
        """Step the clock of the daemon's machine; the daemon notices at once."""
        self.clock.set_wall(by)
        if self.runs:
            await follow_step(self.clock.step, self.clock.follow, self.store)
            self._wake()

    def sms_to(self, number: Msisdn | str) -> Sequence[Sms]:
        """What rang on one phone, in order."""
        return [sms for sms in self.phones if sms.number == number]

    async def history(self) -> Sequence[HistoryRow]:
        """Every notification, and every reason for none, newest first."""
        return await self.store.history(limit=EVERYTHING)

    def _new_dispatcher(self) -> Dispatcher:
        providers: Mapping[ProviderName, ScriptedProvider] = self.providers
        return Dispatcher(
            self.store,
            self.current,
            providers,
            self.clock,
            self._dice.random,
            monotonic=self._loop.time,
            idle=self._idle,
        )

    def _new_reporter(self, teller: Teller) -> Reporter:
        providers: Mapping[ProviderName, ScriptedProvider] = self.providers
        return Reporter(
            self.store,
            self.current,
            lambda: providers,
            self.clock,
            self._wake,
            self.dispatcher.distrust,
            teller.tell,
            idle=self._idle,
        )

    def _wake(self) -> None:
        self.dispatcher.wake()

    def _still_runs(self) -> None:
        if self._dispatching is not None and self._dispatching.done():
            self._dispatching.result()
            raise AssertionError("the dispatcher has ended")
        for task in self._beside:
            if task.done():
                task.result()
                raise AssertionError("what runs beside the dispatcher has ended")


def _references() -> Iterator[Reference]:
    return (Reference(f"sim-{number}") for number in count(1))
