"""One source floods; the critical of another is kept and told all the same."""

from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from flood_harness import flood, start, two_sources
from gateway_process import Gateway

pytestmark = pytest.mark.scenario

SOON = 5000
"""Milliseconds. A second on a machine of our own, where the harness measures it; here
others run too. One line for all makes it as long as the flood."""


@pytest.mark.parametrize(("connections", "alerts"), [(200, 1), (24, 2000)])
async def test_a_critical_beside_a_flood_is_told_soon(
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
    tmp_path: Path,
    connections: int,
    alerts: int,
) -> None:
    """Small posts or large ones: the flood waits for itself alone."""
    daemon = make_daemon(two_sources(gateway.url))
    await start(daemon, http)

    result = await flood(
        tmp_path,
        daemon,
        gateway,
        http,
        seconds=8,
        connections=connections,
        alerts=alerts,
    )

    assert set(result.statuses) == {200}, result
    assert set(result.flood) <= {"200", "503"}, result
    assert max(result.arrivals) < SOON, result
    assert result.memory_after - result.memory_before < 100, result
