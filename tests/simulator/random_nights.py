"""Nights that happen at random: what is posted, how gateways answer, what breaks.

A night is a list of events, and is lived through by the daemon's own parts on a clock
that jumps. What it leaves behind, a story, is what the promises are held against.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from hypothesis import strategies as st

from alertbridge.core.alert import (
    Alert,
    AlertGroup,
    GroupKey,
    PostReason,
    SourceName,
    Status,
    fingerprint_of,
)
from alertbridge.core.interval import TimeInterval
from alertbridge.core.matcher import parse_matcher
from alertbridge.core.message import Accepted, Submission, Uncertain
from alertbridge.core.notification import ProviderName
from alertbridge.core.pace import Limit, Pace
from alertbridge.core.recipient import Msisdn, Receiver, Recipient
from alertbridge.core.recipient import ReceiverName as R
from alertbridge.core.recipient import RecipientName as P
from alertbridge.core.report import Blame
from alertbridge.core.route import Route, RouteTree
from alertbridge.core.rules import Rules
from alertbridge.ports import HistoryRow
from alertbridge.simulator.scripted import (
    Answer,
    Fate,
    Sms,
    accepts,
    arrives,
    defers,
    fails,
    is_down,
    nobody_says,
    rejects,
    uncertain,
)
from alertbridge.simulator.virtual_time import run_virtual
from alertbridge.simulator.world import World

T0 = datetime.fromisoformat("2026-03-14T03:12:00+00:00")
AM = SourceName("am")
SEVERITIES = ("critical", "critical", "warning", "critical", "warning", "info")
TEAMS = ("db", "db", "db", "web", "web", "web")
AUDIENCE = {"db": {"bo", "cid"}, "web": {"anna", "bo"}}
PEOPLE = {
    P("anna"): Recipient(name=P("anna"), phones=(Msisdn("+46701740605"),)),
    P("bo"): Recipient(
        name=P("bo"), phones=(Msisdn("+46701740606"), Msisdn("+46701740607"))
    ),
    P("cid"): Recipient(
        name=P("cid"), phones=(Msisdn("+46701740608"),), send_resolved=False
    ),
}
LIMIT = Limit(limit=4, window=timedelta(minutes=10), kept_for_critical=1)
PACE = Pace((LIMIT,))
COPY = timedelta(minutes=5)
"""Within it the same post is a retry or a peer's, whatever else happened meanwhile."""

SECOND = timedelta(seconds=1)
CLAMP = timedelta(minutes=1)
CAP = 4
"""SMS about one notification at the most, whatever gateways do."""

GATEWAYS: dict[str, Callable[[], Answer]] = {
    "takes": accepts,
    "is slow": lambda: accepts(after=9.0),
    "is busy": lambda: defers(retry_after=20, after=5.0),
    "is down": is_down,
    "is silent, and sent": lambda: uncertain(sent=True),
    "is silent, and did not": lambda: uncertain(sent=False),
    "refuses": rejects,
    "knows no such number": lambda: rejects(number_is_bad=True),
}

FATES: dict[str, Callable[[], Fate]] = {
    "shows it": arrives,
    "shows it late": lambda: arrives(after=400),
    "shows it, if asked": lambda: arrives(told=False),
    "is off": lambda: fails(after=30),
    "is off, if asked": lambda: fails(told=False),
    "is off before the answer": lambda: fails(after=0.1),
    "is nobody's": lambda: fails(blames=Blame.NUMBER),
    "is not paid for": lambda: fails(blames=Blame.ACCOUNT),
    "is never heard of": nobody_says,
}
"""What becomes of an SMS that was taken, by what the phone does."""

Event: TypeAlias = tuple[str, int | str]
"""What happens, and what to or for how many seconds."""

WHICH = st.integers(0, len(SEVERITIES) - 1)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.tuples(st.just("fire"), WHICH),
    st.tuples(st.just("resolve"), WHICH),
    st.tuples(st.just("blip"), WHICH),
    st.tuples(st.just("flap"), WHICH),
    st.tuples(st.just("storm"), st.just(0)),
    st.tuples(st.just("repeat"), WHICH),
    st.tuples(st.just("copy"), st.integers(1, 6)),
    st.tuples(st.just("acknowledge"), WHICH),
    st.tuples(st.just("gateway"), st.sampled_from(sorted(GATEWAYS))),
    st.tuples(st.just("phone"), st.sampled_from(sorted(FATES))),
    st.tuples(st.just("restart"), st.sampled_from([0, 3, 40])),
    st.tuples(st.just("jump"), st.sampled_from([-3600, 3600])),
    st.tuples(st.just("wait"), st.sampled_from([1, 20, 130, 330, 700, 1500, 4000])),
)


@dataclass(frozen=True)
class Night:
    """What happens; `muted` shuts the window of what is low until five o'clock."""

    events: tuple[Event, ...]
    muted: bool = False
    reasons: bool = False
    peer: int | None = None
    gateway: str = "takes"
    phone: str = "shows it"

    @property
    def jumps(self) -> bool:
        """Whether a clock is set; not where a window is asked of that very clock."""
        return not self.muted and any(do == "jump" for do, _ in self.events)


NIGHTS = st.builds(
    Night,
    events=st.lists(EVENTS, min_size=2, max_size=25).map(tuple),
    muted=st.booleans(),
    reasons=st.booleans(),
    peer=st.sampled_from([None, 0, 15, 60]),
    gateway=st.sampled_from(sorted(GATEWAYS)),
    phone=st.sampled_from(sorted(FATES)),
)


def rules_of(night: Night) -> Rules:
    """Two teams, and what is low to its own route."""
    mute = ("night",) if night.muted else ()
    low = Route(
        id="1", receiver=R("sre"), matchers=(parse_matcher("severity=info"),), mute=mute
    )
    database = Route(id="0", receiver=R("dba"), matchers=(parse_matcher("team=db"),))
    sre, dba = (P("anna"), P("bo")), (P("bo"), P("cid"))
    return Rules(
        tree=RouteTree(Route(id="", receiver=R("sre"), children=(database, low))),
        receivers={
            R("sre"): Receiver(name=R("sre"), recipients=sre),
            R("dba"): Receiver(name=R("dba"), recipients=dba),
        },
        recipients=PEOPLE,
        providers=(ProviderName("one"), ProviderName("two")),
        meta_receiver=R("sre"),
        intervals={"night": (TimeInterval(times=((0, 5 * 60),)),)},
        pace=PACE,
    )


@dataclass
class Try:
    """One request to a gateway: what it said, and whether anybody saw that."""

    at: datetime
    submission: Submission
    answer: Answer
    lost: bool = False

    @property
    def may_have_rung(self) -> bool:
        """Taken, or nobody knows."""
        return self.lost or isinstance(self.answer.outcome, Accepted | Uncertain)

    @property
    def unseen(self) -> bool:
        """Nobody knows what became of it."""
        return self.lost or isinstance(self.answer.outcome, Uncertain)


class Story:
    """A night as it is lived through, and all that bears on the promises."""

    def __init__(self, night: Night, world: World, *, jumps: bool) -> None:
        self.night = night
        self.world = world
        self.jumps = jumps
        self.gateway = night.gateway
        self.phone = night.phone
        self.fates: list[Fate] = []
        self.tries: list[Try] = []
        self.posts: list[tuple[datetime, AlertGroup]] = []
        self.firing: dict[int, datetime] = {}
        self.ended: dict[int, tuple[datetime, datetime]] = {}
        self.last_end: dict[int, datetime] = {}
        self.repeated: dict[str, datetime] = {}
        self.open: Sequence[tuple[str, int, int]] = ()
        self.rows: Sequence[HistoryRow] = ()
        for provider in world.providers.values():
            provider.answer = self.answer
            provider.fate = self.fate

    @property
    def phones(self) -> list[Sms]:
        """What rang, or would have."""
        return self.world.phones

    @property
    def rang(self) -> list[tuple[Sms, Fate]]:
        """What rang, each with what became of it."""
        return list(zip(self.phones, self.fates, strict=True))

    def answer(self, submission: Submission) -> Answer:
        """Let the gateways answer as they are, and take note."""
        made = GATEWAYS[self.gateway]()
        self.tries.append(Try(self.world.now, submission, made))
        return made

    def fate(self, _: Sms) -> Fate:
        """Let the phones be as they are; one for each of `phones`, in order."""
        made = FATES[self.phone]()
        self.fates.append(made)
        return made

    async def live(self) -> None:
        """Let it all happen; then faults stop, and the day comes."""
        for do, what in self.night.events:
            match do, what:
                case "fire", int(which):
                    self.begin(which)
                    await self.post(TEAMS[which])
                case "resolve", int(which):
                    self.end(which)
                    await self.post(TEAMS[which])
                case "blip", int(which):
                    await self.turn(which, self.begin, self.end)
                case "flap", int(which):
                    await self.turn(which, self.begin, self.end, self.begin)
                case "storm", _:
                    for which in range(len(SEVERITIES)):
                        self.begin(which)
                        await self.post(TEAMS[which])
                        await self.pass_time(1)
                case "repeat", int(which):
                    await self.repeat(TEAMS[which])
                case "copy", int(ago) if ago <= len(self.posts):
                    await self.copy(*self.posts[-ago])
                case "acknowledge", int(which):
                    mark = fingerprint_of(labels(which))
                    await self.world.acknowledge(AM, mark, "anna")
                case "gateway", str(name):
                    self.gateway = name
                case "phone", str(name):
                    self.phone = name
                case "restart", int(away):
                    await self.world.restart(timedelta(seconds=away))
                case "jump", int(seconds):
                    # Steady, it is no step; the daemon looks at its clock all the same.
                    by = timedelta(seconds=seconds if self.jumps else 0)
                    await self.world.shift_wall_clock(by)
                case "wait", int(seconds):
                    await self.pass_time(seconds)
                case _:
                    # A copy of what is not there yet.
                    continue
        self.gateway, self.phone = "takes", "shows it"
        await self.pass_time(12 * 3600)
        self.open = await self.world.store._lane.read(
            lambda db: db.execute(_OPEN).fetchall()
        )
        self.rows = [r for r in await self.world.history() if r.notification]

    async def turn(self, which: int, *turns: Callable[[int], None]) -> None:
        """Begin and end an alert, two seconds apart: sooner than some answers come."""
        for turn in turns:
            turn(which)
            await self.post(TEAMS[which])
            await self.pass_time(2)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        await self.world.advance(timedelta(seconds=seconds))

    def begin(self, which: int) -> None:
        """An alert fires, unless it does."""
        self.ended.pop(which, None)
        if which not in self.firing:
            # A source looks again some time after its alert ended, never at once.
            last = self.last_end.get(which, T0 - SECOND)
            self.firing[which] = max(self.world.now, last + SECOND)

    def end(self, which: int) -> None:
        """An alert is over, if it fired."""
        if which in self.firing:
            since = self.firing.pop(which)
            self.last_end[which] = max(self.world.now, since)
            self.ended[which] = (since, self.last_end[which])

    async def post(self, team: str, reason: PostReason | None = None) -> None:
        """Post a group as it stands, and its peer's copy a little later."""
        alerts = [
            *(made(n, since) for n, since in self.firing.items() if TEAMS[n] == team),
            *(made(n, *span) for n, span in self.ended.items() if TEAMS[n] == team),
        ]
        if not alerts:
            return
        group = AlertGroup(
            source=AM,
            receiver="hook",
            group_key=GroupKey(f"{{}}:{team}"),
            alerts=tuple(alerts),
            reason=reason if self.night.reasons else None,
        )
        self.ended = {n: span for n, span in self.ended.items() if TEAMS[n] != team}
        at = self.world.now
        await self.world.post(group)
        self.posts.append((at, group))
        if self.night.peer is not None:
            await self.pass_time(self.night.peer)
            await self.copy(at, group)

    async def repeat(self, team: str) -> None:
        """Post a group again; no source says "repeat interval elapsed" within ten."""
        now = self.world.now
        again = now - self.repeated.get(team, T0 - 2 * COPY) >= 2 * COPY
        if again:
            self.repeated[team] = now
        await self.post(team, PostReason.REPEAT if again else PostReason.NONE)

    async def copy(self, at: datetime, group: AlertGroup) -> None:
        """I15: the same post again within the window makes no new notification."""
        recorded = await self.world.post(group)
        if self.world.now - at <= COPY:
            promise(not recorded.plan.facts, "I15", "a copy made a notification")


_OPEN = (
    "SELECT o.source, o.open, (SELECT count(*) FROM episode e WHERE e.source = o.source"
    " AND e.ends_at IS NULL AND e.stale_at IS NULL) FROM source_open o"
)
"""What is counted as open of each source, and what is."""


class Killed(World):
    """A world that notes what was under way when its process was killed."""

    story: Story | None = None

    async def kill(self) -> None:
        """End the process; nobody sees what it waited for."""
        await super().kill()
        for one in [] if self.story is None else self.story.tries:
            if one.at + timedelta(seconds=one.answer.after) > self.now:
                one.lost = True


def labels(which: int) -> dict[str, str]:
    """What an alert is called, how bad it is, and whose."""
    return {
        "alertname": f"Alert{which}",
        "severity": SEVERITIES[which],
        "team": TEAMS[which],
    }


def made(which: int, since: datetime, until: datetime | None = None) -> Alert:
    """An alert as its source posts it."""
    return Alert(
        status=Status.FIRING if until is None else Status.RESOLVED,
        fingerprint=fingerprint_of(labels(which)),
        labels=labels(which),
        starts_at=since,
        ends_at=until,
    )


def promise(holds: bool, which: str, what: str) -> None:
    """Say which promise is broken."""
    assert holds, f"{which}: {what}"


def live_through(night: Night, *, jumps: bool = True) -> Story:
    """Live through a night on a clock that jumps to whatever comes next."""

    async def lived() -> Story:
        async with Killed(rules_of(night), T0) as world:
            story = world.story = Story(night, world, jumps=jumps and night.jumps)
            await story.live()
            return story

    return run_virtual(lived())
