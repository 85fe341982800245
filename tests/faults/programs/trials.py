"""What a process does until it is cut off, and what must be true of what it left.

To add a trial (a path of its own to the file): write its three functions, as in
`report_trial.py`, and put it into `TRIALS`; the sweep, the power cuts and their tests
find it there.
"""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from migration_trial import act_migrate, judge_migrate, prepare_migrate
from report_trial import act_report, judge_report
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
from survivor import in_file
from trial_steps import (
    OVER_LATER,
    Gate,
    Say,
    Trial,
    a_file,
    judge_posts,
    named_in,
    nobody_waits,
    nothing,
    set_up,
    take_posts,
)

from alertbridge.core.notification import EpisodeId
from alertbridge.engine.current import Current
from alertbridge.engine.dispatcher import Dispatcher
from alertbridge.engine.intake import Intake
from alertbridge.stores import sqlite_claim, sqlite_schema
from alertbridge.stores.sqlite import open_file


def _act_intake(folder: Path, say: Say, gate: Gate, mutant: str) -> None:
    async def run() -> None:
        store = open_file(folder / "store.db", references(seed=1))
        gate("writer")
        clock = StandingClock()
        await store.recover(START, timedelta(seconds=15))
        intake = Intake(store, Current(RULES), clock, nobody_waits)
        await take_posts(intake, say, mutant)
        await intake.accept(post(OVER_LATER, over=True))
        await store.close()

    set_up(mutant)
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
        await take_posts(intake, say, mutant)
        await until_sent(store)
        await intake.accept(post(OVER_LATER, over=True))
        await until_sent(store)
        dispatcher.stop()
        await sending
        await store.close()

    set_up(mutant)
    gate("main")
    asyncio.run(run())


def _act_upkeep(folder: Path, say: Say, gate: Gate, mutant: str) -> None:
    """What happens beside intake and sending: a human takes it, old rows go."""

    async def run() -> None:
        store = open_file(folder / "store.db", references(seed=1))
        gate("writer")
        await store.recover(START, timedelta(seconds=15))
        intake = Intake(store, Current(RULES), StandingClock(), nobody_waits)
        await take_posts(intake, say, mutant)
        await intake.accept(post(OVER_LATER, over=True))
        for episode in (1, 3):
            await store.acknowledge(EpisodeId(episode), "anna", START)
            say(f"TAKEN {episode}")
        await store.mark_stale(START - timedelta(days=1), START)
        await store.prune(START - timedelta(days=1))
        await store.close()

    set_up(mutant)
    gate("main")
    asyncio.run(run())


def _judge_upkeep(folder: Path, said: list[str]) -> Iterable[str]:
    rows = in_file(
        folder / "store.db",
        lambda db: db.execute("SELECT id, acked_by FROM episode").fetchall(),
    )
    taken = dict(rows)
    for episode in named_in(said, "TAKEN "):
        if taken.get(episode) != "anna":
            yield f"episode {episode} was acknowledged, and nobody knows"
    yield from judge_posts(folder, said)


def _write_nothing(*_: object) -> None:
    """The mistake: what leaves is not written down before."""


TRIALS: dict[str, Trial] = {
    # Its writer does what that of `intake` does.
    "first-start": Trial(nothing, _act_intake, judge_posts, gates=("main",)),
    "intake": Trial(a_file, _act_intake, judge_posts),
    "send": Trial(a_file, _act_send, judge_posts),
    "upkeep": Trial(a_file, _act_upkeep, _judge_upkeep),
    "report": Trial(a_file, act_report, judge_report),
    "migrate": Trial(
        prepare_migrate,
        act_migrate,
        judge_migrate,
        tuple(str(version) for version in range(1, len(sqlite_schema.migrations()))),
        ("main",),
    ),
}
