"""Looks at what a killed process left: opens it with the real code, and goes on.

First the file as it is: whole, every confirmed page in it, nothing twice, no SMS
without the row of its attempt. Then as the next process would: recover, take the posts
that come again, send, look up. In the end everybody must have heard of every page once.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from sqlite3 import Connection, DatabaseError
from typing import TypeVar

from small_world import (
    DEAD_PHONE,
    PEOPLE,
    RULES,
    SINK,
    START,
    Sink,
    post,
    read_ledger,
    references,
    reports_on,
)

from alertbridge.engine.current import Current
from alertbridge.engine.dispatcher import Dispatcher
from alertbridge.engine.inquirer import Inquirer
from alertbridge.engine.intake import Intake
from alertbridge.engine.reporter import Reporter
from alertbridge.ports import Clock, Store, StoreRefused
from alertbridge.simulator.virtual_time import VirtualClock, run_virtual
from alertbridge.stores import sqlite_schema
from alertbridge.stores.memory import MemoryLane
from alertbridge.stores.sqlite import SqliteStore
from alertbridge.stores.sqlite_poison import Trying

T = TypeVar("T")

KINDS = ("firing", "resolved", "came and went")
FIRING = {(1, 0, 0)}
OVER = {(1, 1, 0), (0, 0, 0), (0, 0, 1)}
"""How often each kind may have been heard of a page that fires, and of one that is
over: told and told, over before anybody heard, or told as that."""

DRAINED = timedelta(minutes=3)
"""Longer than two looks at a list, and every retry of a sink that is well."""

REPORTED, LANDED = 3, timedelta(seconds=30)
"""How often the sink reports on all it took, and how long after the last time: what
was under way at a kill has been looked up by the second."""

IDLE = 60.0
"""Seconds: what is due must say so by itself."""


class FileLane(MemoryLane):
    """A file, opened by the real code, and worked on at once on the caller's thread."""

    def __init__(self, path: Path) -> None:
        self.trying = Trying()
        self._db = sqlite_schema.open_writer(str(path))
        sqlite_schema.migrate(self._db, path)

    @property
    def db(self) -> Connection:
        """The connection, to look at the rows themselves."""
        return self._db


def look_at(
    folder: Path,
    *,
    confirmed: Iterable[int],
    pages: int,
    over: Iterable[int] = (),
    reports: bool = False,
) -> list[str]:
    """Say what is wrong with the store in *folder*; empty: nothing.

    *confirmed* are pages whose 2xx was given, *over* those that the posts also resolve.
    With *reports* the sink reports on all it took, again if need be.
    """
    wrong = look_at_rows(folder, confirmed=confirmed)
    if not wrong:
        lane = FileLane(folder / "store.db")
        run_virtual(_go_on(lane, folder, pages, tuple(over), reports=reports))
        wrong += _not_drained(lane.db)
        dead = DEAD_PHONE if reports else ""
        wrong += _wrong_rings(folder, pages, frozenset(over), dead)
        wrong += _damage(lane.db)
        lane.db.close()
    return wrong


def look_at_rows(folder: Path, *, confirmed: Iterable[int]) -> list[str]:
    """Say what is wrong with the store as it is, before anybody goes on with it."""
    try:
        return in_file(
            folder / "store.db",
            lambda db: [*_damage(db), *_lost(db, confirmed), *_unmarked(db, folder)],
        )
    except (StoreRefused, DatabaseError) as exc:
        return [f"cannot be opened: {exc}"]


def _damage(db: Connection) -> Iterator[str]:
    (word,) = db.execute("PRAGMA integrity_check").fetchone()
    if word != "ok":
        yield f"integrity_check: {word}"
    for row in db.execute("PRAGMA foreign_key_check"):
        yield f"foreign_key_check: {row}"


def _lost(db: Connection, confirmed: Iterable[int]) -> Iterator[str]:
    """What is confirmed is there for everybody; what is there, is there whole."""
    rows = db.execute(
        "SELECT json_extract(e.labels, '$.alertname'), count(DISTINCT e.id), count(*),"
        " count(DISTINCT n.recipient) FROM episode e JOIN notification n"
        " ON n.episode = e.id AND n.kind = 'firing' GROUP BY 1"
    ).fetchall()
    once = (1, len(PEOPLE), len(PEOPLE))
    found = {name: tuple(counts) for name, *counts in rows}
    for name, counts in found.items():
        if counts != once:
            yield f"{name}: episodes, notifications, people are {counts}, not {once}"
    for page in confirmed:
        if f"Page{page}" not in found:
            yield f"Page{page} was confirmed, and is lost"


def _unmarked(db: Connection, folder: Path) -> Iterator[str]:
    """No SMS left without a row that says that it might."""
    marked = {row[0] for row in db.execute("SELECT reference FROM attempt")}
    taken = {str(ring["reference"]) for ring in read_ledger(folder / "ledger")}
    for reference in taken - marked:
        yield f"{reference} was taken, and no attempt is written down"


async def _go_on(
    lane: FileLane, folder: Path, pages: int, over: tuple[int, ...], *, reports: bool
) -> None:
    """Be the next process: everything is posted again, and time passes."""
    loop = asyncio.get_running_loop()
    store = SqliteStore(lane, references(seed=2))
    current = Current(RULES)
    clock = VirtualClock(START + timedelta(seconds=2), loop)
    dispatcher = Dispatcher(
        store,
        current,
        {SINK: Sink(folder / "ledger")},
        clock,
        lambda: 0.5,
        monotonic=loop.time,
        idle=IDLE,
    )
    inquirer = Inquirer(store, dispatcher.listers, clock, dispatcher.wake)
    dispatcher.on_uncertain = inquirer.wake
    intake = Intake(store, current, clock, dispatcher.wake)
    reporter = reporter_of(store, current, clock, dispatcher)
    dispatcher.on_told = reporter.wake
    beside = [loop.create_task(inquirer.run()), loop.create_task(reporter.run())]
    sending = loop.create_task(dispatcher.run())
    for page in range(pages):
        await intake.accept(post(page))
    for page in over:
        await intake.accept(post(page, over=True))
    for _ in range(REPORTED if reports else 0):
        await reporter.hear(SINK, reports_on(folder / "ledger"))
        await asyncio.sleep(LANDED.total_seconds())
    await asyncio.sleep(DRAINED.total_seconds())
    dispatcher.stop()
    await sending
    for task in beside:
        task.cancel()
    await asyncio.wait(beside)


def reporter_of(
    store: Store, current: Current, clock: Clock, dispatcher: Dispatcher
) -> Reporter:
    """The part that hears reports; what it would page the admins about is left out."""
    return Reporter(
        store,
        current,
        dispatcher.providers,
        clock,
        dispatcher.wake,
        dispatcher.distrust,
        lambda _: None,
    )


def _not_drained(db: Connection) -> Iterator[str]:
    """What has come to no end; what came and went untold waits to ride along."""
    rows = db.execute(
        "SELECT json_extract(e.labels, '$.alertname'), n.recipient, n.kind, n.state,"
        " n.reason FROM notification n JOIN episode e ON e.id = n.episode"
        " WHERE n.state IN ('waiting', 'in_flight', 'dead') AND NOT"
        " (n.state = 'waiting' AND n.kind = 'firing' AND e.ends_at IS NOT NULL)"
    )
    for name, person, kind, state, reason in rows:
        yield f"{name} for {person}: its {kind} is still {state} ({reason})"


def _wrong_rings(
    folder: Path, pages: int, over: frozenset[int], dead: str
) -> Iterator[str]:
    """Once for everybody; a page that is over may have ended before it rang.

    On a phone of which the sink reports that it is *dead*, nothing counts as heard.
    """
    ledger = read_ledger(folder / "ledger")
    rings: Counter[tuple[object, ...]] = Counter(
        (ring["page"], ring["person"], ring["kind"])
        for ring in ledger
        if ring["number"] != dead
    )
    missed = Counter(ring["page"] for ring in ledger if ring["number"] == dead)
    for page_name, times in missed.items():
        if times > 1:
            yield f"{page_name} was sent {times} times to a phone that is dead"
    for page in range(pages):
        for person in PEOPLE:
            heard = tuple(rings.pop((f"Page{page}", person, kind), 0) for kind in KINDS)
            if heard not in (OVER if page in over else FIRING):
                yield f"Page{page} for {person}: {KINDS} were heard {heard} times"
    for what, times in rings.items():
        yield f"nobody asked for {what}, {times} times"


def in_file(path: Path, work: Callable[[Connection], T]) -> T:
    """Open a store with the real code, do *work*, and close it."""
    lane = FileLane(path)
    try:
        return work(lane.db)
    finally:
        lane.db.close()
