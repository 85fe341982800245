"""The heartbeat stops when pages are not kept, not looked after, or cannot leave.

A monitor and a gateway on loopback, a file for the store, and everything between them
as `serve` runs it, at a quicker beat. Each part is taken away in turn.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
import structlog
from aiohttp import web
from pytest_aiohttp import AiohttpServer
from round_trip import MakeRules, references

from alertbridge.config import HeartbeatSettings
from alertbridge.core.drafting import Drafting
from alertbridge.core.notification import ProviderName
from alertbridge.core.secret import Secret
from alertbridge.engine import caretaker
from alertbridge.engine.caretaker import Pulse, keep_probing
from alertbridge.engine.circuits import Circuits, keep_asking
from alertbridge.engine.current import Current
from alertbridge.engine.dispatcher import Dispatcher
from alertbridge.ports import Claimed
from alertbridge.providers.http_session import new_session
from alertbridge.providers.ip1 import Ip1
from alertbridge.providers.ip1_options import Ip1Options
from alertbridge.simulator.gateway import Gateway
from alertbridge.stores.sqlite import FileLane, SqliteStore
from alertbridge.wiring.clock import SystemClock
from alertbridge.wiring.heartbeat import keep_heartbeat

TOKEN = "canary-token-5d20"
BEAT = 0.02
STUCK = 0.5
SILENT = 1.5
"""Seconds without a beat that count as silence: of 75 beats, none."""


class Store(SqliteStore):
    """A store on a file; what claims can be made to hang."""

    hangs = False

    async def claim(
        self, ready: Mapping[ProviderName, int], drafting: Drafting, now: datetime
    ) -> Claimed:
        """Claim, or never come back."""
        if self.hangs:
            await asyncio.Event().wait()
        return await super().claim(ready, drafting, now)


class Daemon:
    """What the heartbeat is about, and what can be taken from it."""

    def __init__(self, store: Store, file: Path, gateway: Gateway) -> None:
        self.store = store
        self.file = file
        self.gateway = gateway
        self.beats: list[float] = []
        self._down: asyncio.Event = asyncio.Event()
        self._up: asyncio.Event = asyncio.Event()

    async def until_beats(self) -> None:
        """Wait for a beat that has not come yet."""
        async with asyncio.timeout(15):
            await self._next_beat()

    async def until_silent(self) -> None:
        """Wait until none has come for a while."""
        async with asyncio.timeout(30):
            while monotonic() - self.beats[-1] < SILENT:  # noqa: ASYNC110
                await asyncio.sleep(BEAT)

    async def _next_beat(self) -> None:
        before = len(self.beats)
        while len(self.beats) == before:  # noqa: ASYNC110
            await asyncio.sleep(BEAT)

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """Nobody else can write to the file."""
        with closing(sqlite3.connect(self.file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")

    async def serve_gateway(self, ready: asyncio.Future[str]) -> None:
        """Serve the gateway on one port, except while it is down."""
        async with self.gateway.serving() as url:
            ready.set_result(url)
            await self._down.wait()
        await self._up.wait()
        port = int(url.rpartition(":")[2])
        async with self.gateway.serving(port=port):
            await asyncio.Event().wait()

    def take_gateway_away(self) -> None:
        """Nothing listens there any more."""
        self._down.set()

    def bring_gateway_back(self) -> None:
        """It listens again."""
        self._up.set()


@pytest.fixture
async def daemon(
    tmp_path: Path,
    make_rules: MakeRules,
    aiohttp_server: AiohttpServer,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Daemon]:
    """A daemon with nothing to send, whose heart beats."""
    # As it is, only sooner.
    monkeypatch.setattr(caretaker, "PROBE_EVERY", 0.05)
    file = tmp_path / "alertbridge.db"
    store = Store(FileLane(file), references())
    clock = SystemClock()
    made = Daemon(store, file, Gateway(token=TOKEN, now=clock.now))

    async def called(_: web.Request) -> web.Response:
        made.beats.append(monotonic())
        return web.Response()

    app = web.Application()
    app.router.add_get("/beat", called)
    monitor = await aiohttp_server(app)
    settings = HeartbeatSettings(
        url=str(monitor.make_url("/beat")), every=timedelta(seconds=BEAT)
    )
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with new_session() as session, _working() as start:
        start(made.serve_gateway(ready))
        options = Ip1Options(base_url=await ready, token=Secret(TOKEN), sender="iP1")
        name = ProviderName("one")
        current = Current(make_rules())
        dispatcher = Dispatcher(
            store,
            current,
            {name: Ip1(name, options, session)},
            clock,
            lambda: 0.5,
            idle=0.05,
        )
        pulse = Pulse(dispatcher, stuck=STUCK)
        start(dispatcher.run())
        start(keep_probing(store, clock, pulse))
        start(
            keep_heartbeat(
                lambda: settings,
                asyncio.Event(),
                session,
                pulse,
                lambda: keep_asking(
                    dispatcher.circuits, dispatcher.providers, quiet=0.1, every=0.05
                ),
            )
        )
        await made.until_beats()
        yield made
    await store.close()


@asynccontextmanager
async def _working() -> AsyncIterator[
    Callable[[Coroutine[object, object, None]], None]
]:
    async with asyncio.TaskGroup() as group:
        tasks: list[asyncio.Task[None]] = []
        yield lambda work: tasks.append(group.create_task(work))
        for task in tasks:
            task.cancel()


async def test_it_goes_on_while_all_is_well(daemon: Daemon) -> None:
    """Nothing is sent, and yet it is known that a page could leave."""
    for _ in range(10):
        await daemon.until_beats()


async def test_it_stops_when_the_store_cannot_be_written(daemon: Daemon) -> None:
    """And comes back with it: the outside alarms meanwhile."""
    with structlog.testing.capture_logs() as logs, daemon.full_disk():
        await daemon.until_silent()
    await daemon.until_beats()

    withheld = {e["reason"] for e in logs if e["event"] == "heartbeat.withheld"}
    assert "store: nothing was written" in withheld


async def test_it_stops_when_the_dispatcher_hangs(daemon: Daemon) -> None:
    """Webhooks are kept, and nobody is told."""
    daemon.store.hangs = True
    with structlog.testing.capture_logs() as logs:
        await daemon.until_silent()

    withheld = {e["reason"] for e in logs if e["event"] == "heartbeat.withheld"}
    assert withheld == {"dispatcher: no progress"}


async def test_it_stops_when_no_provider_can_be_reached(daemon: Daemon) -> None:
    """An idle daemon finds out by itself, before there is a page to lose."""
    daemon.take_gateway_away()
    with structlog.testing.capture_logs() as logs:
        await daemon.until_silent()
    daemon.bring_gateway_back()
    await daemon.until_beats()

    withheld = {e["reason"] for e in logs if e["event"] == "heartbeat.withheld"}
    assert withheld == {"providers: none can be reached"}


@pytest.mark.parametrize("part", ["dispatcher", "provider"])
async def test_a_heart_that_beats_whatever_happens_is_found_out(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """Mutants: one part is not looked at, and its loss does not stop the beat."""
    if part == "provider":
        monkeypatch.setattr(Circuits, "reachable", lambda _: True)
        daemon.take_gateway_away()
    else:
        monkeypatch.setattr(Pulse, "ails", lambda _: "")
        daemon.store.hangs = True
    since = monotonic()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2 * SILENT + STUCK):
            await daemon.until_silent()

    assert daemon.beats[-1] > since + SILENT
