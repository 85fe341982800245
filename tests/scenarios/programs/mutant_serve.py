"""`alertbridge`, with one promise broken on purpose: `mutant_serve.py MUTANT serve …`.

A checker that no mutant can fail checks nothing. Each mutant here is a mistake that a
real daemon could have, and names the checker that has to catch it. The last ones are
no mistakes: they shorten waits, and set the clock and the room that a test cannot.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from sqlite3 import Connection

from aiohttp import ClientTimeout

from alertbridge.cli import main
from alertbridge.core import delivery, dispatch, inquiry, reception
from alertbridge.core.alert import AlertGroup
from alertbridge.core.mailbox import Letter
from alertbridge.core.notification import ProviderName
from alertbridge.core.plan import Known
from alertbridge.core.planning import plan
from alertbridge.engine import caretaker, disk_room, dispatcher, watchdogs
from alertbridge.engine.dispatcher import Dispatcher
from alertbridge.engine.intake import Intake
from alertbridge.ports import Recorded
from alertbridge.providers import ip1
from alertbridge.stores import sqlite_operator, sqlite_schema
from alertbridge.stores.sqlite import SqliteStore
from alertbridge.wiring import clock, running


def answer_before_commit() -> None:
    """Say 2xx first and write later: the kill harness must find what was lost."""
    accept = Intake.accept
    later: set[asyncio.Task[object]] = set()

    async def accept_later(self: Intake, group: AlertGroup) -> Recorded:
        async def write() -> None:
            # A real mistake has this gap too, only shorter: here a few kills must do.
            await asyncio.sleep(0.1)
            await accept(self, group)

        task: asyncio.Task[object] = asyncio.get_running_loop().create_task(write())
        later.add(task)
        task.add_done_callback(later.discard)
        now, rules = self._clock.now(), self._current.rules
        return Recorded(plan(group, rules, Known(), now), {})

    Intake.accept = accept_later  # type: ignore[method-assign]


def no_fsync() -> None:
    """Commit without an fsync: the system-call checker must see none."""
    sqlite_schema.SYNCHRONOUS = "OFF"
    sqlite_schema._FULL = 0  # the start-up check would refuse


def after_recover(*statements: str) -> None:
    """Once a start has made what was in flight uncertain, do this to it."""
    recover = sqlite_operator.recover

    def spoil(
        db: Connection,
        now: datetime,
        retry_after: timedelta,
        listers: Collection[ProviderName] = (),
        died_at: Collection[int] = (),
    ) -> tuple[int, int]:
        found = recover(db, now, retry_after, listers, died_at)
        for statement in statements:
            db.execute(statement)
        return found

    vars(sqlite_operator)["recover"] = spoil


def stuck_waits() -> None:
    """Let what was in flight at a kill wait again: the kill harness hears it twice."""
    after_recover(
        "UPDATE submission SET state = 'settled', retry_at = NULL, look_at = NULL"
        " WHERE state = 'uncertain'",
        "UPDATE message SET state = 'dissolved' WHERE state = 'uncertain'",
        "UPDATE notification SET state = 'waiting', message = NULL"
        " WHERE state = 'in_flight'",
        "UPDATE mailbox SET busy = NULL, due_at = 0, not_before = 0",
    )


def stuck_is_failed() -> None:
    """Give up what was in flight at a kill: the kill harness must miss it."""
    after_recover(
        "UPDATE submission SET state = 'settled', retry_at = NULL, look_at = NULL"
        " WHERE state = 'uncertain'",
        "UPDATE message SET state = 'dead' WHERE state = 'uncertain'",
        "UPDATE notification SET state = 'dead', settled_at = 0"
        " WHERE state = 'in_flight'",
    )


def no_grace() -> None:
    """Ask the list once and at once: a request still on its way is sent twice."""
    after_recover("UPDATE submission SET look_at = 0 WHERE state = 'uncertain'")
    vars(inquiry)["LOOKS"] = 1


def forget_requests() -> None:
    """Begin with a full bucket after each start: the gateway must see the burst."""

    async def nothing(*_: object) -> tuple[datetime, ...]:
        return ()

    SqliteStore.recent_attempts = nothing  # type: ignore[method-assign,assignment]


def hang_dispatcher() -> None:
    """Never come back from a round: the watchdog must starve, the heartbeat stop."""

    async def hang(self: Dispatcher, requests: asyncio.TaskGroup) -> float:
        await asyncio.Event().wait()
        return 0.0

    Dispatcher._round = hang  # type: ignore[method-assign]
    # As it is, only sooner.
    caretaker.STUCK = 1.0
    caretaker.PROBE_EVERY = 0.2


def task_dies() -> None:
    """Let a worker die: the process must end with it."""

    async def die(*_: object) -> None:
        await asyncio.sleep(0.2)
        raise RuntimeError("a worker died of a bug")

    vars(running)["keep_pruning"] = die


def block_loop() -> None:
    """Compute for ever on the loop, soon after the start: the watchdog must starve."""

    async def block(*_: object) -> None:
        await asyncio.sleep(1)
        sys.stderr.write("the loop is blocked\n")
        while True:
            pass

    vars(running)["keep_pruning"] = block


def short_life() -> None:
    """No mistake: a request lives for two seconds, and a look-up waits for three."""
    defaults = ip1.Ip1.__init__.__kwdefaults__
    assert defaults is not None
    defaults["timeout"] = ClientTimeout(
        total=1.5, connect=1, sock_connect=1, ceil_threshold=10
    )
    dispatcher.LONGEST_REQUEST = 2.0
    vars(delivery)["UNCERTAIN_WAIT"] = timedelta(seconds=3)


def abort_at_poison() -> None:
    """End the process, as a bug in a library in C does, where `Poison` is composed."""
    compose = vars(dispatch)["compose"]

    def fatal(letter: Letter, *rest: object, **more: object) -> object:
        for fact in letter.facts:
            if fact.episode.labels.get("alertname") == "Poison":
                os.abort()
        return compose(letter, *rest, **more)

    vars(dispatch)["compose"] = fatal


def set_clock() -> None:
    """Let the wall clock differ by the seconds in a file: the host's clock is set."""
    path, wall = Path(os.environ["TEST_CLOCK_OFFSET"]), clock._wall

    def moved() -> datetime:
        return wall() + timedelta(seconds=float(path.read_text("utf-8") or "0"))

    clock._wall = moved


def hurry() -> None:
    """Let seconds stand for minutes, where a test cannot wait for those."""
    reception.PATIENCE = timedelta(seconds=1)
    # A tick counts for what it would, only sooner.
    watchdogs.TICK = timedelta(seconds=0.5)
    count = watchdogs.Watchdogs.count

    async def count_more(self: watchdogs.Watchdogs, listened: timedelta) -> None:
        await count(self, listened * 10)

    watchdogs.Watchdogs.count = count_more  # type: ignore[method-assign]


def set_room() -> None:
    """Let as many bytes be free as a file says: no test may fill the host's disk."""
    said = Path(os.environ["TEST_DISK_FREE"])

    async def free(path: Path) -> int:
        del path
        return int(await asyncio.to_thread(said.read_text, "utf-8"))

    running._free = free
    vars(running)["keep_measuring"] = partial(disk_room.keep_measuring, every=0.1)


MUTANTS: dict[str, Callable[[], None]] = {
    "answer-before-commit": answer_before_commit,
    "no-fsync": no_fsync,
    "stuck-waits": stuck_waits,
    "stuck-is-failed": stuck_is_failed,
    "no-grace": no_grace,
    "forget-requests": forget_requests,
    "hang-dispatcher": hang_dispatcher,
    "task-dies": task_dies,
    "block-loop": block_loop,
    "short-life": short_life,
    "abort-at-poison": abort_at_poison,
    "set-clock": set_clock,
    "hurry": hurry,
    "set-room": set_room,
}

if __name__ == "__main__":
    MUTANTS[sys.argv.pop(1)]()
    main()
