"""What the service manager and the outside hear of the process, over real sockets."""

import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from daemon_process import Daemon
from gateway_process import Gateway
from groups import config
from processes import free_port, none_of, until

pytestmark = pytest.mark.scenario

PROGRAMS = Path(__file__).parent / "programs"


class Manager:
    """The service manager's end of the notify socket."""

    def __init__(self, receiver: socket.socket, address: str) -> None:
        self._receiver = receiver
        self.environ = {"NOTIFY_SOCKET": address}
        self._heard: list[str] = []

    def heard(self) -> list[str]:
        """Every state so far, oldest first."""
        while True:
            try:
                datagram = self._receiver.recv(4096)
            except BlockingIOError:
                return self._heard
            self._heard += datagram.decode().splitlines()

    async def until_heard(self, state: str, times: int = 1) -> None:
        """Wait until *state* came so often."""
        await until(
            lambda: self.heard().count(state) >= times, within=30, what=f"{state}"
        )


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """A service manager that listens."""
    # Abstract: a path under tmp_path may be longer than the 107 characters there are.
    name = f"alertbridge-test-{os.getpid()}-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind("\0" + name)
        receiver.setblocking(False)
        yield Manager(receiver, "@" + name)


@pytest.fixture
async def outside() -> AsyncIterator[tuple[str, list[str]]]:
    """An external check: its URL, and the paths that were called."""
    calls: list[str] = []

    async def take(request: web.Request) -> web.Response:
        calls.append(request.path)
        return web.Response()

    app = web.Application()
    app.router.add_get("/{name}", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}", calls
    await runner.cleanup()


async def test_a_life_as_the_manager_hears_it(
    gateway: Gateway, make_daemon: Callable[..., Daemon], manager: Manager
) -> None:
    """READY once webhooks are taken, RELOADING and READY again, STOPPING at the end."""
    daemon = make_daemon(config(gateway.url), environ=manager.environ)
    daemon.spawn()
    await manager.until_heard("READY=1")
    daemon.signal(signal.SIGHUP)
    await manager.until_heard("READY=1", times=2)
    daemon.signal(signal.SIGTERM)
    await daemon.ended()

    states = [
        state
        for state in manager.heard()
        if not state.startswith(("STATUS=", "MONOTONIC_USEC="))
    ]
    assert states == ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]


async def test_the_watchdog_is_fed_while_all_goes_well(
    gateway: Gateway, make_daemon: Callable[..., Daemon], manager: Manager
) -> None:
    """Every half interval, from the loop."""
    environ = {**manager.environ, "WATCHDOG_USEC": "200000"}
    daemon = make_daemon(config(gateway.url), environ=environ)
    await daemon.start()

    await manager.until_heard("WATCHDOG=1", times=5)


async def test_the_watchdog_starves_when_the_dispatcher_hangs(
    gateway: Gateway, make_daemon: Callable[..., Daemon], manager: Manager
) -> None:
    """Webhooks would still be answered, so only the manager can end this."""
    environ = {**manager.environ, "WATCHDOG_USEC": "200000"}
    mutant = (str(PROGRAMS / "mutant_serve.py"), "hang-dispatcher")
    daemon = make_daemon(config(gateway.url), environ=environ, program=mutant)
    await daemon.start()

    await daemon.until_said('"watchdog.starved"')

    fed = manager.heard().count("WATCHDOG=1")
    await none_of(lambda: manager.heard().count("WATCHDOG=1") > fed, during=1)
    assert manager.heard().count("WATCHDOG=1") == fed


async def test_a_blocked_loop_feeds_no_watchdog(
    gateway: Gateway, make_daemon: Callable[..., Daemon], manager: Manager
) -> None:
    """The process lives and does nothing: only the manager can end it."""
    environ = {**manager.environ, "WATCHDOG_USEC": "200000"}
    mutant = (str(PROGRAMS / "mutant_serve.py"), "block-loop")
    daemon = make_daemon(config(gateway.url), environ=environ, program=mutant)
    await daemon.start()

    await daemon.until_said("the loop is blocked")

    fed = manager.heard().count("WATCHDOG=1")
    await none_of(lambda: manager.heard().count("WATCHDOG=1") > fed, during=1)
    assert fed > 2
    assert manager.heard().count("WATCHDOG=1") == fed
    assert daemon.alive


async def test_the_heartbeat_stops_when_the_dispatcher_hangs(
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    outside: tuple[str, list[str]],
) -> None:
    """Two beats of a daemon that works; the one that hangs is silent by then."""
    url, calls = outside
    well, ill = (
        make_daemon(
            config(gateway.url, heartbeat={"url": f"{url}/{name}", "every": "10s"}),
            program=program,
        )
        for name, program in (
            ("well", ("-m", "alertbridge")),
            ("ill", (str(PROGRAMS / "mutant_serve.py"), "hang-dispatcher")),
        )
    )
    await ill.start()
    await well.start()

    await until(lambda: calls.count("/well") >= 2, within=25, what="two beats")

    # Its first was sent before it hung; the one that was due since then was not.
    assert calls.count("/ill") <= 1
