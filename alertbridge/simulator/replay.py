"""Replay a timeline, or what a store remembers, and note what every phone showed."""

import heapq
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import assert_never

from alertbridge.config.duration import format_duration
from alertbridge.config.timeline_steps import (
    Acknowledge,
    ClockStep,
    Fire,
    GatewayTurns,
    Mood,
    PostBody,
    Repeat,
    Resolve,
    Restart,
    Step,
    Timeline,
)
from alertbridge.core.alert import (
    AlertGroup,
    Fingerprint,
    Labels,
    SourceName,
    Status,
    fingerprint_of,
)
from alertbridge.core.notification import ProviderName
from alertbridge.core.past import PastEpisode
from alertbridge.core.rules import Rules
from alertbridge.ports import HistoryRow, PayloadError
from alertbridge.simulator.account import Account, account_for
from alertbridge.simulator.alertmanager import Alertmanager
from alertbridge.simulator.past_posts import PastAck, PastPost
from alertbridge.simulator.scripted import (
    Answer,
    Sms,
    accepts,
    defers,
    is_down,
    rejects,
    uncertain,
)
from alertbridge.simulator.virtual_time import run_virtual
from alertbridge.simulator.world import World
from alertbridge.sources import SOURCES

Action = Callable[[], Awaitable[None]]

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
LONG_AFTER = timedelta(days=3653)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something else that a reader of the night must know of."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What happened: every SMS that rang, every episode, and the account of it all.

    `notes` are what the replay came upon and went on from, for its author.
    """

    start: datetime
    end: datetime
    posts: int
    phones: tuple[Sms, ...]
    episodes: tuple[PastEpisode, ...]
    rows: tuple[HistoryRow, ...]
    account: Account
    notes: tuple[str, ...]
    happenings: tuple[Happening, ...] = ()


def replay(
    timeline: Timeline,
    rules: Rules,
    sources: Mapping[str, str],
    per_second: Mapping[ProviderName, int] | None = None,
) -> Replayed:
    """Live through *timeline*, in milliseconds.

    *sources* maps names to types, *per_second* providers to the requests that their
    accounts allow. Not to be called from within an event loop.
    """

    async def live() -> Replayed:
        async with World(rules, timeline.start, per_second=per_second) as world:
            stage = _Stage(world, sources, Alertmanager(timeline.posting))
            for step in timeline.steps:
                stage.at(step.at, stage.action(step))
            replayed = await stage.play(timeline.end)
            return replace(replayed, happenings=tuple(_happenings(timeline)))

    return run_virtual(live())


def replay_past(
    steps: tuple[PastPost | PastAck, ...],
    rules: Rules,
    start: datetime,
    end: datetime,
    per_second: Mapping[ProviderName, int] | None = None,
) -> Replayed:
    """Post again what came in once, at the times it came in."""

    async def live() -> Replayed:
        async with World(rules, start, per_second=per_second) as world:
            stage = _Stage(world, {}, None)
            for step in steps:
                stage.at(step.at, stage.past_action(step))
            return await stage.play(end)

    return run_virtual(live())


class _Stage:
    """A world with a plan of what is to happen in it."""

    def __init__(
        self, world: World, sources: Mapping[str, str], sender: Alertmanager | None
    ) -> None:
        self._world = world
        self._sources = sources
        self._sender = sender
        self._plan: list[tuple[datetime, int, Action]] = []
        self._order = count()
        self._kept: list[AlertGroup] = []
        self._posted: dict[tuple[SourceName, Fingerprint], Labels] = {}
        self._posts = 0
        self._notes: list[str] = []

    def at(self, when: datetime, action: Action) -> None:
        """Let something happen; of one moment, in the order it was planned."""
        heapq.heappush(self._plan, (when, next(self._order), action))

    async def play(self, end: datetime) -> Replayed:
        """Let it all happen, until *end*."""
        world = self._world
        start = world.now
        while (due := self._next()) is not None and due <= end:
            await world.advance_to(due)
            while self._plan and self._plan[0][0] <= world.now:
                _, _, action = heapq.heappop(self._plan)
                await action()
            await self._send_due()
        await world.advance_to(end)
        self._note_waiting()
        past = await world.store.recall(LONG_AGO, end + LONG_AFTER)
        rows = tuple(await world.history())
        return Replayed(
            start=start,
            end=end,
            posts=self._posts,
            phones=tuple(world.phones),
            episodes=past.episodes,
            rows=rows,
            account=account_for(self._posted, past.episodes, rows, world.phones),
            notes=tuple(self._notes),
        )

    def _next(self) -> datetime | None:
        times = [self._plan[0][0]] if self._plan else []
        due = self._sender.next_due() if self._sender is not None else None
        return min([*times, due] if due is not None else times, default=None)

    async def _send_due(self) -> None:
        if self._sender is not None:
            for source, body in self._sender.posts(self._world.now):
                await self._receive(source, body)

    async def _receive(self, source: SourceName, body: bytes) -> None:
        now = self._world.clock.now()
        try:
            group = SOURCES[self._sources[source]](body, source, now=now)
        except PayloadError as exc:
            at = self._world.now
            self._notes.append(f"{at:%Y-%m-%d %H:%M:%S} {source} refuses: {exc}")
            return
        await self._take(group)

    async def _take(self, group: AlertGroup) -> None:
        if not self._world.runs:
            # The source retries until somebody answers.
            self._kept.append(group)
            return
        self._posts += 1
        for alert in group.alerts:
            if alert.status is Status.FIRING:
                self._posted[group.source, alert.fingerprint] = alert.labels
        await self._world.post(group)

    def past_action(self, step: PastPost | PastAck) -> Action:
        """What a step of the past does."""
        match step:
            case PastPost(group=group):
                return lambda: self._take(group)
            case PastAck():
                return lambda: self._acknowledge(step.source, step.fingerprint, step.by)
            case _:
                assert_never(step)

    def action(self, step: Step) -> Action:
        """What a step of a timeline does."""

        async def act() -> None:
            match step:
                case Fire() | Resolve() | Repeat():
                    self._tell_sender(step)
                case PostBody():
                    await self._receive(SourceName(step.source), step.body)
                case GatewayTurns():
                    for name in step_providers(step, self._world):
                        self._world.providers[name].answer = answer_of(step)
                case Acknowledge():
                    await self._acknowledge_all(step)
                case Restart():
                    await self._world.kill()
                    self.at(self._world.now + step.away, self._begin_again)
                case ClockStep():
                    await self._world.shift_wall_clock(step.by)
                case _:
                    assert_never(step)

        return act

    def _note_waiting(self) -> None:
        if self._kept:
            amount = len(self._kept)
            self._notes.append(f"posts that wait for a daemon at the end: {amount}")

    def _tell_sender(self, step: Fire | Resolve | Repeat) -> None:
        assert self._sender is not None
        match step:
            case Fire():
                self._sender.fire(
                    step.alerts, step.annotations, step.source, step.receiver, step.at
                )
            case Resolve():
                self._sender.resolve(step.alerts, step.source, step.at)
            case Repeat():
                self._sender.repeat(step.alerts, step.at)
            case _:
                assert_never(step)

    async def _begin_again(self) -> None:
        if self._world.runs:
            # Killed twice, and the second time it was there again sooner.
            return
        await self._world.begin()
        kept, self._kept = self._kept, []
        for group in kept:
            await self._take(group)

    async def _acknowledge_all(self, step: Acknowledge) -> None:
        assert self._sender is not None
        for source, labels in list(self._sender.firing(step.alerts)):
            await self._acknowledge(source, fingerprint_of(labels), step.by)

    async def _acknowledge(
        self, source: SourceName, fingerprint: Fingerprint, by: str
    ) -> None:
        if not self._world.runs:
            self._notes.append(f"{by} acknowledged, and no daemon was there")
        elif not await self._world.acknowledge(source, fingerprint, by):
            self._notes.append(f"{by} acknowledged what had not come in yet")


def _happenings(timeline: Timeline) -> Iterator[Happening]:
    for step in timeline.steps:
        match step:
            case GatewayTurns(provider=name, mood=mood, seconds=seconds):
                after = f" {seconds:g} s" if seconds else ""
                yield Happening(step.at, f"{name or 'gateway'} {mood}{after}")
            case Restart():
                yield Happening(step.at, "restart")
            case ClockStep(by=by):
                sign = "+" if by > timedelta(0) else "-"
                yield Happening(step.at, f"clock {sign}{format_duration(abs(by))}")
            case Acknowledge(by=by):
                yield Happening(step.at, f"ack by {by}")
            case _:
                pass


def step_providers(step: GatewayTurns, world: World) -> tuple[ProviderName, ...]:
    """Whose gateway turns."""
    if step.provider is None:
        return tuple(world.providers)
    return (ProviderName(step.provider),)


def answer_of(step: GatewayTurns) -> Answer:
    """How a gateway answers in its mood."""
    match step.mood:
        case Mood.UP:
            return accepts()
        case Mood.DOWN:
            return is_down()
        case Mood.SLOW:
            return accepts(after=step.seconds)
        case Mood.BUSY:
            return defers()
        case Mood.REJECTS:
            return rejects()
        case Mood.UNCERTAIN:
            return uncertain(sent=True)
        case Mood.SILENT:
            return uncertain(sent=False)
        case _:
            assert_never(step.mood)
