"""What a process does until it is cut off, and what must be true of what it left.

A trial is three functions. To add one (a path of its own to the file): write them, and
put it into `TRIALS`; the sweep and its tests find it there.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from migration_trial import act_migrate, judge_migrate, prepare_migrate
from small_world import (
    RULES,
    SINK,
    START,
    Sink,
    StandingClock,
    post,
    references,
    until_sent,
)
from survivor import in_file, look_at

from alertbridge.core.notification import EpisodeId
from alertbridge.engine.current import Current
from alertbridge.engine.dispatcher import Dispatcher
from alertbridge.engine.intake import Intake
from alertbridge.stores import sqlite_claim, sqlite_schema
from alertbridge.stores.sqlite import open_file

PAGES = 4
OVER_AT_ONCE, OVER_LATER = 1, 3
OVER = (OVER_AT_ONCE, OVER_LATER)

Say = Callable[[str], None]
"""Tell the world outside, with one `write`: what was said cannot be taken back."""

Gate = Callable[[str], None]
"""A place of this name is reached; who traces the process may let it wait there."""


@dataclass(frozen=True, slots=True)
class Trial:
    """`prepare` makes the files, `act` is the process, `judge` says what is wrong.

    `act` gets the folder, its ways to the world, and a word if it is to be a mutant;
    `judge` gets the folder and what was said. `details` pick one of several stories,
    `gates` are the threads that write.
    """

    prepare: Callable[[Path, str], None]
    act: Callable[[Path, Say, Gate, str], None]
    judge: Callable[[Path, list[str]], Iterable[str]]
    details: tuple[str, ...] = ("",)
    gates: tuple[str, ...] = ("main", "writer")


def _nothing(folder: Path, detail: str) -> None:
    """Begin without a file: the first start of all."""


def _a_file(folder: Path, detail: str) -> None:
    """Begin with an empty store of today's schema."""
    in_file(folder / "store.db", lambda _: None)


async def _take_posts(intake: Intake, say: Say, mutant: str) -> None:
    for page in range(PAGES):
        if mutant == "early-ack":
            say(f"ACK {page}")
        await intake.accept(post(page))
        say(f"ACK {page}")
        if page == OVER_AT_ONCE:
            await intake.accept(post(page, over=True))


def _act_intake(folder: Path, say: Say, gate: Gate, mutant: str) -> None:
    async def run() -> None:
        store = open_file(folder / "store.db", references(seed=1))
        gate("writer")
        clock = StandingClock()
        await store.recover(START, timedelta(seconds=15))
        intake = Intake(store, Current(RULES), clock, _nobody_waits)
        await _take_posts(intake, say, mutant)
        await intake.accept(post(OVER_LATER, over=True))
        await store.close()

    _set_up(mutant)
    gate("main")
    asyncio.run(run())


def _act_send(folder: Path, say: Say, gate: Gate, mutant: str) -> None:
    async def run() -> None:
        store = open_file(folder / "store.db", references(seed=1))
        gate("writer")
        clock, current = StandingClock(), Current(RULES)
        sink = {SINK: Sink(folder / "ledger")}
        if mutant == "no-mark":
            vars(sqlite_claim)["write_attempt"] = _write_nothing
        dispatcher = Dispatcher(store, current, sink, clock, lambda: 0.5)
        sending = asyncio.get_running_loop().create_task(dispatcher.run())
        intake = Intake(store, current, clock, dispatcher.wake)
        await _take_posts(intake, say, mutant)
        await until_sent(store)
        await intake.accept(post(OVER_LATER, over=True))
        await until_sent(store)
        dispatcher.stop()
        await sending
        await store.close()

    _set_up(mutant)
    gate("main")
    asyncio.run(run())


def _act_upkeep(folder: Path, say: Say, gate: Gate, mutant: str) -> None:
    """What happens beside intake and sending: a human takes it, old rows go."""

    async def run() -> None:
        store = open_file(folder / "store.db", references(seed=1))
        gate("writer")
        await store.recover(START, timedelta(seconds=15))
        intake = Intake(store, Current(RULES), StandingClock(), _nobody_waits)
        await _take_posts(intake, say, mutant)
        await intake.accept(post(OVER_LATER, over=True))
        for episode in (1, 3):
            await store.acknowledge(EpisodeId(episode), "anna", START)
            say(f"TAKEN {episode}")
        await store.mark_stale(START - timedelta(days=1), START)
        await store.prune(START - timedelta(days=1))
        await store.close()

    _set_up(mutant)
    gate("main")
    asyncio.run(run())


def _judge_posts(folder: Path, said: list[str]) -> Iterable[str]:
    return look_at(folder, confirmed=_pages(said, "ACK "), pages=PAGES, over=OVER)


def _judge_upkeep(folder: Path, said: list[str]) -> Iterable[str]:
    rows = in_file(
        folder / "store.db",
        lambda db: db.execute("SELECT id, acked_by FROM episode").fetchall(),
    )
    taken = dict(rows)
    for episode in _pages(said, "TAKEN "):
        if taken.get(episode) != "anna":
            yield f"episode {episode} was acknowledged, and nobody knows"
    yield from _judge_posts(folder, said)


def _pages(said: list[str], word: str) -> list[int]:
    return [int(line.removeprefix(word)) for line in said if line.startswith(word)]


def _nobody_waits() -> None:
    """Nothing is sent in this trial: nobody is to be woken."""


def _write_nothing(*_: object) -> None:
    """The mistake: what leaves is not written down before."""


def _set_up(mutant: str) -> None:
    """As it is, only sooner: copying the log into the file is part of the path.

    A mutant of the setting has to get past the check of it.
    """
    sqlite_schema.CHECKPOINT_PAGES = 20
    word, _, level = mutant.partition("=")
    if word == "synchronous":
        sqlite_schema.SYNCHRONOUS = level
        sqlite_schema._FULL = ("OFF", "NORMAL", "FULL").index(level)


TRIALS: dict[str, Trial] = {
    # Its writer does what that of `intake` does.
    "first-start": Trial(_nothing, _act_intake, _judge_posts, gates=("main",)),
    "intake": Trial(_a_file, _act_intake, _judge_posts),
    "send": Trial(_a_file, _act_send, _judge_posts),
    "upkeep": Trial(_a_file, _act_upkeep, _judge_upkeep),
    "migrate": Trial(
        prepare_migrate,
        act_migrate,
        judge_migrate,
        tuple(str(version) for version in range(1, len(sqlite_schema.migrations()))),
        ("main",),
    ),
}
