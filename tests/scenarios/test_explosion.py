"""A label explosion and a backlog: memory stays flat, people are spared, criticals go.

`programs/explosion_harness.py` does the same with a hundred thousand groups.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from explosion_harness import behind, config, explode
from flood_harness import start
from gateway_process import Gateway
from processes import until

pytestmark = pytest.mark.scenario

GROUPS = 4000
MOST = 1000
SOON = 5000
"""Milliseconds; a second on a machine of our own."""


async def test_distinct_groups_without_end_are_counted_and_cost_no_memory(
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
    tmp_path: Path,
) -> None:
    """All are recorded; a person hears of as many as the limit, and of the flood."""
    daemon = make_daemon(config(gateway.url, MOST))
    await start(daemon, http)

    found = await explode(tmp_path, daemon, gateway, GROUPS)

    # Its stand-in is an alert of the source's own, and opens one place early.
    assert found.episodes == GROUPS + 1
    assert found.notifications == MOST + 1
    assert found.memory[-1] - found.memory[1] < 15, found
    await until(lambda: any("Alert flood" in text for _, text in gateway.texts()))
    assert len(gateway.sms()) <= 6
    _, metrics = await daemon.get(http, "/metrics")
    assert "Flood" not in metrics
    assert len(metrics.splitlines()) < 1000


async def test_a_critical_leaves_at_once_behind_thousands_of_low(
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
    tmp_path: Path,
) -> None:
    """Each person has a backlog; the critical of each is not behind it."""
    daemon = make_daemon(config(gateway.url, 10**6))
    await start(daemon, http)

    waits = await behind(tmp_path, daemon, gateway, http, 4000)

    assert max(waits) < SOON, sorted(waits)
