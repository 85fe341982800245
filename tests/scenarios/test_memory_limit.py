"""A limit on memory: a flood meets it, and what was confirmed rings all the same."""

import re
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession
from daemon_process import Daemon
from flood_harness import PEOPLE, flooding, start, two_sources
from gateway_process import Gateway
from groups import alert, group
from processes import Child, none_of, until

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(180)]

ROOM = 24 * 1024 * 1024
"""Bytes that the daemon may take beside those of its start; the flood wants more."""

CRITICALS = [f"Quiet{n}" for n in range(3)]


def limit_memory(pid: int) -> None:
    """Let a process have little more than it has."""
    found = re.search(
        r"VmData:\s+(\d+)", Path(f"/proc/{pid}/status").read_text("utf-8")
    )
    assert found is not None
    most = int(found[1]) * 1024 + ROOM
    resource.prlimit(pid, resource.RLIMIT_DATA, (most, most))


async def confirmed(daemon: Daemon, http: ClientSession, name: str) -> bool:
    """Post a critical to a person of its own; whether it was answered 2xx."""
    team = PEOPLE[1 + CRITICALS.index(name)]
    made = group(alert(name, {"team": team}), key=name)
    try:
        return await daemon.post(http, made, "quiet") == 200
    except (ClientError, TimeoutError, OSError):
        return False


async def test_a_limit_on_memory_loses_no_page(
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
    children: list[Child],
    tmp_path: Path,
) -> None:
    """Posts of 10 MB into 24 MiB; at the height of it the kernel kills it (E2)."""
    daemon = make_daemon(two_sources(gateway.url))
    await start(daemon, http)
    limit_memory(daemon.pid)
    noisy = flooding(
        tmp_path / "noisy",
        f"{daemon.url}/v1/webhooks/noisy",
        *("--connections", "3", "--alerts", "10000", "--seconds", "60"),
    )
    children.append(noisy)
    noisy.spawn()
    await until(
        lambda: "MemoryError" in daemon.said(), within=40, what="a limit is met"
    )
    for name in CRITICALS:

        async def is_taken(name: str = name) -> bool:
            if not daemon.alive:
                daemon.spawn()
            return await confirmed(daemon, http, name)

        # As Alertmanager does: again, until it is taken.
        await until(is_taken, within=60, what=f"{name} is confirmed")
    daemon.signal(signal.SIGKILL)
    noisy.kill()
    await daemon.ended()

    await start(daemon, http)

    def told() -> dict[str, int]:
        texts = [text.replace(" ", "") for _, text in gateway.texts()]
        return {name: sum(name in text for text in texts) for name in CRITICALS}

    await until(
        lambda: all(told().values()), within=60, what="every page that was confirmed"
    )
    await none_of(lambda: max(told().values()) > 1, during=1)
    assert set(told().values()) == {1}
