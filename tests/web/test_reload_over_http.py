"""What a reload changes at once, what it may not end, and what it owns up to."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest
from aiohttp import ClientSession, web
from pytest_aiohttp import AiohttpServer
from structlog.testing import capture_logs

from alertbridge.engine.caretaker import Pulse
from alertbridge.engine.circuits import keep_asking
from alertbridge.wiring import Daemon
from alertbridge.wiring.heartbeat import keep_heartbeat

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]

ADDED = "# added by a test\n"
IN_FORCE = "is in force"
BEHIND = "but the store is away: what is muted waits as before for now\n"


class Disk(Protocol):
    """What these tests use of the disk in the conftest."""

    full: bool


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], None]:
    """Write the config of the daemon that is served, with these lines more."""
    path = tmp_path / "alertbridge.yaml"

    def add(lines: str) -> None:
        original = path.read_text("utf-8").partition(ADDED)[0]
        path.write_text(original + ADDED + lines, "utf-8")

    return add


@pytest.fixture
def own_level(monkeypatch: pytest.MonkeyPatch) -> logging.Logger:
    """The root logger, whose level is put back afterwards."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "level", logging.INFO)
    return root


async def reload(client: ClientSession) -> tuple[int, str]:
    """Ask for a reload; the answer and its text."""
    async with client.post("/-/reload") as response:
        return response.status, await response.text()


@asynccontextmanager
async def working(work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Let a worker work meanwhile."""
    async with asyncio.TaskGroup() as group:
        worker = group.create_task(work)
        yield
        worker.cancel()


async def eventually(condition: Callable[[], bool]) -> None:
    """Let others work until *condition* holds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - nobody sets an event for it
            await asyncio.sleep(0.005)


async def test_rules_are_in_force_though_the_store_is_away(
    serve: Serve, disk: Disk
) -> None:
    """A full disk and a reload: the operator is told, and the process lives."""
    daemon, client = await serve()
    disk.full = True

    with capture_logs() as logs:
        status, text = await reload(client)

    failed = [line["reason"] for line in logs if line["event"] == "store.failed"]
    assert (status, IN_FORCE in text, text.endswith(BEHIND)) == (200, True, True)
    assert failed == ["reload: database or disk is full"]
    assert list(daemon.readiness.degraded) == ["holds"]


async def test_the_store_catches_up_with_the_rules(serve: Serve, disk: Disk) -> None:
    """As soon as it can write what waits is held by the new rules, and we are ready."""
    daemon, client = await serve()
    disk.full = True
    await reload(client)

    async with working(daemon.holds.keep_following(0.001)):
        await asyncio.sleep(0.01)
        disk.full = False
        await eventually(lambda: not daemon.readiness.degraded)

    async with client.get("/-/ready") as response:
        assert response.status == 200


async def test_the_next_good_reload_catches_up_as_well(
    serve: Serve, disk: Disk
) -> None:
    """Nobody has to wait for the retry."""
    daemon, client = await serve()
    disk.full = True
    await reload(client)
    disk.full = False

    status, text = await reload(client)

    assert (status, text.endswith(f"{IN_FORCE}\n")) == (200, True)
    assert daemon.readiness.degraded == {}


async def test_a_heartbeat_begins_moves_and_ends_with_a_reload(
    serve: Serve, write: Callable[[str], None], aiohttp_server: AiohttpServer
) -> None:
    """A dead man's switch in the file is one that is called, and no other is."""
    calls: list[str] = []

    async def called(request: web.Request) -> web.Response:
        calls.append(request.path)
        return web.Response()

    app = web.Application()
    app.router.add_get("/{any}", called)
    monitor = await aiohttp_server(app)
    daemon, client = await serve()

    def beats() -> bool:
        return any(
            task.get_name() == "heartbeat in force" for task in asyncio.all_tasks()
        )

    async with (
        ClientSession() as session,
        working(
            keep_heartbeat(
                lambda: daemon.loaded.settings.heartbeat,
                daemon.heartbeat_changed,
                session,
                Pulse(daemon.dispatcher),
                lambda: keep_asking(
                    daemon.dispatcher.circuits, daemon.dispatcher.providers
                ),
            )
        ),
    ):
        for name in ("one", "two"):
            write(f"heartbeat: {{url: '{monitor.make_url(f'/{name}')}', every: 1h}}\n")
            await reload(client)
            await eventually(lambda: calls[-1:] == [f"/{name}"])  # noqa: B023
        write("")
        await reload(client)
        await eventually(lambda: not beats())

    assert calls == ["/one", "/two"]


async def test_a_reload_sets_the_limit_of_a_body(serve: Serve, tmp_path: Path) -> None:
    """A storm that turned out larger than the limit is read whole from then on."""
    _, client = await serve(max_body="1MiB")
    path = tmp_path / "alertbridge.yaml"
    path.write_text(path.read_text("utf-8").replace("1MiB", "4MiB"), "utf-8")
    await reload(client)

    body = b'{"alerts": []}' + b" " * 2**20
    async with client.post("/v1/webhooks/am", data=io.BytesIO(body)) as response:
        assert await response.text() == "stored\n"


async def test_a_reload_sets_the_log_level(
    serve: Serve, write: Callable[[str], None], own_level: logging.Logger
) -> None:
    """Debugging needs no restart."""
    _, client = await serve()
    write("log: {level: error}\n")

    await reload(client)

    assert own_level.level == logging.ERROR


@pytest.mark.parametrize(
    ("lines", "keys"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("log: {format: logfmt}\n", ["log.format"], id="log-format"),
        pytest.param(
            "storage: {url: 'sqlite:///x.db'}\n", ["storage.url"], id="storage"
        ),
        pytest.param("storage: {retention: 1d}\n", [], id="retention"),
    ],
)
async def test_what_only_a_restart_takes_up_is_named(
    serve: Serve, write: Callable[[str], None], lines: str, keys: list[str]
) -> None:
    """Nobody believes in a setting that is not there."""
    _, client = await serve()
    write(lines)

    with capture_logs() as logs:
        await reload(client)

    named = [line["key"] for line in logs if line["event"] == "config.needs_restart"]
    assert named == keys
