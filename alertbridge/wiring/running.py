"""Runs the daemon: server and workers in one TaskGroup, so that none dies unseen."""

import asyncio
import os
import random
import secrets
import shutil
import signal
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import structlog
from aiohttp import ClientSession, web

from alertbridge import __version__, systemd
from alertbridge.config import Settings
from alertbridge.core.secret import Secret
from alertbridge.core.trouble_kinds import config_broken
from alertbridge.engine.caretaker import (
    Pulse,
    keep_feeding,
    keep_noticing_silence,
    keep_probing,
    keep_pruning,
    keep_time,
)
from alertbridge.engine.circuits import keep_asking, keep_probing_providers
from alertbridge.engine.disk_room import keep_measuring
from alertbridge.ports import Store, StoreUnavailable
from alertbridge.providers.http_session import new_session
from alertbridge.stores.sqlite import open_file
from alertbridge.telemetry import Format, Metrics, configure_logging
from alertbridge.web.app import build_app
from alertbridge.web.connections import keep_room
from alertbridge.wiring.clock import SystemClock
from alertbridge.wiring.daemon import Daemon
from alertbridge.wiring.descriptors import allow_descriptors, most_connections
from alertbridge.wiring.heartbeat import keep_heartbeat
from alertbridge.wiring.loading import ReadConfig, Standing
from alertbridge.wiring.references import references

log = structlog.get_logger()

DRAIN = timedelta(seconds=15)
"""How long requests under way at providers may take to finish at a stop; a request
lives 12 s at most, and the unit waits 20."""

LAST_REQUESTS = timedelta(seconds=3)
"""How long requests to us may take to come in whole and be answered at a stop."""


async def run(
    read: ReadConfig,
    path: Path,
    environ: Mapping[str, str],
    *,
    listening: asyncio.Future[str] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        read: the config to run on.
        path: its file, read again at a reload.
        environ: the environment.
        listening: gets the base URL once webhooks are accepted.

    Raises:
        StoreRefused: the store cannot be opened.
        OSError: the address cannot be bound.
        ExceptionGroup: a part died; the process must end, and be restarted.
    """
    settings = read.loaded.settings
    metrics = Metrics(version=__version__)
    configure_logging(
        settings.log.level,
        Format(settings.log.format),
        None,
        environ,
        metrics,
        for_good=True,
    )
    clock = SystemClock()
    store = open_file(
        settings.storage.path,
        references(clock.now),
        ballast=settings.storage.ballast,
        min_free=settings.storage.min_free,
    )
    try:
        async with new_session() as session:
            daemon = Daemon(
                read.loaded,
                path=path,
                environ=environ,
                store=store,
                session=session,
                clock=clock,
                metrics=metrics,
                jitter=random.Random().random,  # noqa: S311 - spreads retries
                report_key=await _report_key(store),
            )
            await _run(daemon, read, session, clock, environ, listening)
    finally:
        await store.close()


async def _report_key(store: Store) -> Secret | None:
    """What makes the addresses of reports secret; it stays the same for a store.

    Without one the gateways are asked instead: a full disk must not end paging.
    """
    try:
        return Secret(await store.own_secret("reports", secrets.token_urlsafe(32)))
    except StoreUnavailable as exc:
        log.error("store.failed", reason=f"the key of the reports: {exc}")
        return None


async def _run(
    daemon: Daemon,
    read: ReadConfig,
    session: ClientSession,
    clock: SystemClock,
    environ: Mapping[str, str],
    listening: asyncio.Future[str] | None,
) -> None:
    settings = read.loaded.settings
    stop = asyncio.Event()
    asking = asyncio.Event()
    _handle_signals(stop, asking)
    runner = web.AppRunner(
        build_app(daemon.doors),
        access_log=None,
        handler_cancellation=False,
        keepalive_timeout=75,
        shutdown_timeout=5,
    )
    await runner.setup()
    server = runner.server
    assert server is not None, "set up above"
    most = most_connections(allow_descriptors())
    pulse = Pulse(daemon.dispatcher)
    try:
        url = await _listen(runner, settings, environ)
        async with asyncio.TaskGroup() as group:
            workers = _start_workers(group, daemon, session, clock, pulse, environ)
            dispatching = group.create_task(daemon.dispatcher.run(), name="dispatcher")
            workers.append(
                group.create_task(_reload_on(asking, daemon, environ), name="reload")
            )
            room = keep_room(server, daemon.doors.under_way, most)
            workers.append(group.create_task(room, name="connections"))
            _note_start(daemon, read)
            systemd.notify(
                systemd.READY, systemd.status(f"listening on {url}"), environ=environ
            )
            log.info("daemon.started", url=url)
            if listening is not None:
                listening.set_result(url)
            await stop.wait()
            await _wind_down(daemon, runner, dispatching, environ)
            for worker in workers:
                worker.cancel()
    finally:
        await daemon.close()
        await runner.cleanup()
    log.info("daemon.stopped")


def _handle_signals(stop: asyncio.Event, asking: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, asking.set)


async def _listen(
    runner: web.AppRunner, settings: Settings, environ: Mapping[str, str]
) -> str:
    """Bind, or take over the sockets that systemd kept open meanwhile."""
    listen = settings.server.listen
    sockets = systemd.listen_sockets(environ, os.getpid())
    if sockets:
        for inherited in sockets.values():
            await web.SockSite(runner, inherited).start()
    else:
        site = web.TCPSite(runner, listen.host or None, listen.port, reuse_address=True)
        await site.start()
    address = runner.addresses[0]
    if isinstance(address, tuple):
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        return f"http://{host}:{address[1]}"
    return f"unix:{address}"


def _start_workers(
    group: asyncio.TaskGroup,
    daemon: Daemon,
    session: ClientSession,
    clock: SystemClock,
    pulse: Pulse,
    environ: Mapping[str, str],
) -> list[asyncio.Task[None]]:
    store = daemon.store
    workers = {
        "store": store.wait_broken(),
        "inquirer": daemon.inquirer.run(),
        "reporter": daemon.reporter.run(),
        "feeds": daemon.feeds.run(),
        "prober": keep_probing_providers(
            daemon.dispatcher.circuits,
            daemon.dispatcher.providers,
            daemon.dispatcher.wake,
        ),
        "probe": keep_probing(store, clock, pulse),
        "retention": keep_pruning(
            store, clock, lambda: daemon.loaded.settings.storage.retention
        ),
        "silence": keep_noticing_silence(
            store, clock, lambda: daemon.current.rules.stale_after
        ),
        "clock": keep_time(clock.step, clock.follow, store, daemon.troubles),
        "teller": daemon.teller.run(),
        "watchdogs": daemon.watchdogs.run(),
        "drills": daemon.drills.run(),
        "balances": daemon.balances.run(),
        "receptions": daemon.receptions.run(),
        "room": keep_measuring(
            lambda: _free(daemon.loaded.settings.storage.path),
            lambda: daemon.loaded.settings.storage.warn_free,
            daemon.troubles,
        ),
        "holds": daemon.holds.keep_following(),
        "watch": daemon.watch.keep_watching(),
        "heartbeat": keep_heartbeat(
            lambda: daemon.loaded.settings.heartbeat,
            daemon.heartbeat_changed,
            session,
            pulse,
            lambda: keep_asking(
                daemon.dispatcher.circuits, daemon.dispatcher.providers
            ),
        ),
    }
    feeding = systemd.watchdog_interval(environ, os.getpid())
    if feeding is not None:
        workers["watchdog"] = keep_feeding(lambda: _feed(environ), feeding, pulse)
    return [group.create_task(work, name=name) for name, work in workers.items()]


async def _free(path: Path) -> int:
    """Bytes that are free where the store is; a disk that hangs hangs a thread."""
    return (await asyncio.to_thread(shutil.disk_usage, path.parent)).free


def _feed(environ: Mapping[str, str]) -> None:
    systemd.notify(systemd.WATCHDOG, environ=environ)


async def _reload_on(
    asking: asyncio.Event, daemon: Daemon, environ: Mapping[str, str]
) -> None:
    """SIGHUP: however many come while one reload runs, one more follows."""
    while True:
        await asking.wait()
        asking.clear()
        systemd.notify(systemd.RELOADING, environ=environ)
        await daemon.reload()
        systemd.notify(systemd.READY, environ=environ)


_STANDING = {
    Standing.WITHOUT_PROVIDER: "a provider's secret cannot be read",
    Standing.LAST_GOOD: "the file is broken; running on the last good copy",
}


def _note_start(daemon: Daemon, read: ReadConfig) -> None:
    if read.problem is None:
        daemon.note_good()
        return
    log.error("config.reloaded", success=False, version="", problems=str(read.problem))
    said = _STANDING[read.standing]
    daemon.readiness.degraded["config"] = said
    daemon.teller.tell(config_broken(said))


async def _wind_down(
    daemon: Daemon,
    runner: web.AppRunner,
    dispatching: asyncio.Task[None],
    environ: Mapping[str, str],
) -> None:
    """Take nothing new, finish what is under way, in this order."""
    systemd.notify(systemd.STOPPING, environ=environ)
    log.info("daemon.stopping")
    daemon.readiness.stopping = True
    for site in tuple(runner.sites):
        # With socket activation the port stays open: what comes now waits in the
        # kernel for the next process.
        await site.stop()
    await daemon.doors.under_way.wait_none(LAST_REQUESTS)
    daemon.dispatcher.stop()
    _, late = await asyncio.wait([dispatching], timeout=DRAIN.total_seconds())
    if late:
        log.warning("dispatcher.late", seconds=DRAIN.total_seconds())
        dispatching.cancel()
