"""Scenarios: real processes on loopback; all of them are gone at the end."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout

PROGRAMS = Path(__file__).parent / "programs"
# The harness's own modules: scenarios and the stand-alone programs share them.
sys.path.insert(0, str(PROGRAMS))

from daemon_process import Daemon  # noqa: E402 - found by the line above
from gateway_process import Gateway  # noqa: E402 - found by the line above
from processes import Child  # noqa: E402 - found by the line above


@pytest.fixture
def children() -> Iterator[list[Child]]:
    """What a scenario started; killed when it ends, however it ends."""
    started: list[Child] = []
    yield started
    for child in reversed(started):
        child.kill()


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    """A client; a request that hangs fails the scenario."""
    async with ClientSession(timeout=ClientTimeout(total=15)) as session:
        yield session


@pytest.fixture
async def gateway(tmp_path: Path, children: list[Child]) -> Gateway:
    """A simulated gateway, running."""
    made = Gateway(tmp_path / "gateway")
    children.append(made)
    await made.start()
    return made


@pytest.fixture
def make_daemon(tmp_path: Path, children: list[Child]) -> Callable[..., Daemon]:
    """Make a daemon with a config; it is not started yet."""

    def make(config: dict[str, object], **more: object) -> Daemon:
        folder = tmp_path / f"daemon-{len(children)}"
        made = Daemon(folder, config, **more)  # type: ignore[arg-type]
        children.append(made)
        return made

    return make


@pytest.fixture
def make_child(tmp_path: Path, children: list[Child]) -> Callable[..., Child]:
    """Make any other program; it is not started yet."""

    def make(name: str, argv: Sequence[str], **more: object) -> Child:
        made = Child(name, argv, tmp_path / name, **more)  # type: ignore[arg-type]
        children.append(made)
        return made

    return make
