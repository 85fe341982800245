"""Sends the test pages of the schedule, and tells the admins whom one did not reach."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from alertbridge.core.drill import Drill, Heard, is_due, missed, next_turn
from alertbridge.core.notification import EpisodeId
from alertbridge.core.recipient import RecipientName
from alertbridge.core.trouble_kinds import drill_missed, drill_of
from alertbridge.engine.current import Current
from alertbridge.engine.intake import Intake
from alertbridge.engine.troubles import Teller
from alertbridge.ports import Clock, Notes, Store, StoreUnavailable

log = structlog.get_logger()

LOOK_EVERY = timedelta(hours=1)
"""Longest between two looks at the clock: it may be set."""

PAUSE = timedelta(seconds=30)
"""Between tries while the store is away."""

NOTE = "drill"


@dataclass(frozen=True, slots=True)
class _Open:
    """A test page whose reports are waited for until `check_at`."""

    check_at: datetime
    episodes: tuple[tuple[RecipientName, EpisodeId], ...]


class Drills:
    """Keeps the schedule beyond the process's life: neither twice, nor forgotten."""

    def __init__(
        self,
        notes: Notes,
        store: Store,
        intake: Intake,
        current: Current,
        teller: Teller,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self._notes = notes
        self._store = store
        self._intake = intake
        self._current = current
        self._teller = teller
        self._clock = clock
        self._wake_dispatcher = wake
        self._changed = asyncio.Event()

    def look_again(self) -> None:
        """Follow changed rules."""
        self._changed.set()

    async def run(self) -> None:
        """Work until cancelled; without a schedule nothing is done."""
        while True:
            self._changed.clear()
            drill = self._current.rules.drill
            if drill is None:
                await self._changed.wait()
                continue
            try:
                wait = await self.look(drill)
            except StoreUnavailable as exc:
                log.error("store.failed", reason=f"test pages: {exc}")
                wait = PAUSE
            try:
                async with asyncio.timeout(wait.total_seconds()):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def look(self, drill: Drill) -> timedelta:
        """Do what is due, and say how long nothing is."""
        now = self._clock.now()
        done, waiting = _read((await self._notes.read(NOTE)).get(""))
        if done is None:
            # The first look: what was before the schedule is not made up for.
            done = now
            await self._write(done, waiting)
        if waiting is not None and now >= waiting.check_at:
            await self._judge(waiting)
            waiting = None
            await self._write(done, waiting)
        if is_due(drill, done, now):
            # Noted first: a page that is lost to a crash is missed, and said to be.
            people = self._current.rules.receivers[drill.receiver].recipients
            waiting = _Open(now + drill.within, ())
            await self._write(now, waiting)
            waiting = _Open(waiting.check_at, await self._send(people))
            await self._write(now, waiting)
        ends = [next_turn(drill, now)]
        if waiting is not None:
            ends.append(waiting.check_at)
        return min(LOOK_EVERY, max(timedelta(0), min(ends) - self._clock.now()))

    async def _send(
        self, people: tuple[RecipientName, ...]
    ) -> tuple[tuple[RecipientName, EpisodeId], ...]:
        sent: list[tuple[RecipientName, EpisodeId]] = []
        for recipient in people:
            recorded = await self._intake.test(recipient, followed=True)
            sent += [(recipient, episode) for episode in recorded.episodes.values()]
        self._wake_dispatcher()
        return tuple(sent)

    async def _judge(self, waiting: _Open) -> None:
        heard = [await self._heard(*one) for one in waiting.episodes]
        failed = {one.recipient: one for one in missed(heard)}
        for one in heard:
            log.info(
                "drill.ended",
                result="missed" if one.recipient in failed else "delivered",
                reason=one.reason,
            )
            if one.recipient in failed:
                self._teller.tell(drill_missed(one))
            else:
                self._teller.is_over(drill_of(one.recipient))

    async def _heard(self, recipient: RecipientName, episode: EpisodeId) -> Heard:
        row = await self._store.show(episode)
        for line in () if row is None else row.rows:
            if line.recipient == recipient and line.notification is not None:
                return Heard(recipient, line.state, line.reason)
        return Heard(recipient, "gone", "gone")

    async def _write(self, done: datetime, waiting: _Open | None) -> None:
        line: dict[str, object] = {"done": done.isoformat()}
        if waiting is not None:
            line["check_at"] = waiting.check_at.isoformat()
            line["episodes"] = list(waiting.episodes)
        await self._notes.write(NOTE, json.dumps(line))


def _read(line: str | None) -> tuple[datetime | None, _Open | None]:
    """Read a note of ours; of one that is not, nothing is known."""
    try:
        fields = json.loads(line or "{}")
        done = datetime.fromisoformat(fields["done"]) if "done" in fields else None
        if "check_at" not in fields:
            return done, None
        episodes = tuple(
            (RecipientName(name), EpisodeId(int(episode)))
            for name, episode in fields["episodes"]
        )
        return done, _Open(datetime.fromisoformat(fields["check_at"]), episodes)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None, None
