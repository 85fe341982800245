"""Delivery reports come in: one person's first phone is dead, the next one rings."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from small_world import (
    RULES,
    SINK,
    Sink,
    StandingClock,
    post,
    read_ledger,
    references,
    reports_on,
    until_sent,
)
from survivor import in_file, look_at, reporter_of
from trial_steps import Gate, Say, named_in, set_up

from alertbridge.engine.current import Current
from alertbridge.engine.dispatcher import Dispatcher
from alertbridge.engine.intake import Intake
from alertbridge.ports import Store
from alertbridge.stores.sqlite import open_file

PAGES = 2


def act_report(folder: Path, say: Say, gate: Gate, mutant: str) -> None:
    """Send, hear what became of it, and ring the next phone."""

    async def run() -> None:
        store = open_file(folder / "store.db", references(seed=1))
        gate("writer")
        await _send_and_hear(store, folder / "ledger", say, mutant)
        await store.close()

    set_up(mutant)
    gate("main")
    asyncio.run(run())


async def _send_and_hear(store: Store, ledger: Path, say: Say, mutant: str) -> None:
    clock, current = StandingClock(), Current(RULES)
    dispatcher = Dispatcher(store, current, {SINK: Sink(ledger)}, clock, lambda: 0.5)
    reporter = reporter_of(store, current, clock, dispatcher)
    intake = Intake(store, current, clock, dispatcher.wake)
    loop = asyncio.get_running_loop()
    sending = loop.create_task(dispatcher.run())
    following = loop.create_task(reporter.run())
    for page in range(PAGES):
        await intake.accept(post(page))
        say(f"ACK {page}")
        await until_sent(store)
    for number, report in enumerate(reports_on(ledger)):
        if mutant == "early-ack":
            say(f"HEARD {number}")
        await reporter.hear(SINK, [report])
        say(f"HEARD {number}")
    async with asyncio.timeout(20):
        # Bo, Anna's first phone, and then her second.
        while len(read_ledger(ledger)) < 3 * PAGES:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
    await until_sent(store)
    dispatcher.stop()
    await sending
    following.cancel()
    await asyncio.wait([following])


def judge_report(folder: Path, said: list[str]) -> Iterator[str]:
    """What the gateway was told that we know, we know; and nobody goes without."""
    yield from lost_reports(folder, said)
    yield from look_at(
        folder, confirmed=named_in(said, "ACK "), pages=PAGES, reports=True
    )


def lost_reports(folder: Path, said: list[str]) -> Iterator[str]:
    """Reports that were confirmed to the gateway, and are not known."""
    reports = reports_on(folder / "ledger")
    known = dict(
        in_file(
            folder / "store.db",
            lambda db: db.execute(
                "SELECT submission || ' ' || number, delivery FROM message"
            ).fetchall(),
        )
    )
    for number in named_in(said, "HEARD "):
        report = reports[number]
        word = known.get(f"{report.reference} {report.number}")
        if word != report.delivery:
            yield f"report {number} was confirmed, and is lost: {word}"
