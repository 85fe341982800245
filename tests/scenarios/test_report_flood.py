"""Reports without end: webhooks are kept, and pages leave, all the same."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from flood_harness import flood, start, two_sources
from gateway_process import TOKEN, Gateway
from groups import alert, group, number

pytestmark = pytest.mark.scenario

SOON = 5000
"""Milliseconds; a second on a machine of our own."""


async def address_of(gateway: Gateway, http: ClientSession) -> str:
    """Where the gateway was told to post its reports, by its own list."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with http.get(f"{gateway.url}/v2/batches", headers=headers) as answer:
        (batch, *_) = await answer.json()
    return urlsplit(str(batch["deliveryReportUrl"])).path


def report(batch: str) -> str:
    """What iP.1 posts, of a message of its own each time: `@@` is counted on."""
    return json.dumps(
        {
            "messageId": "m@@",
            "batchId": batch,
            "recipient": number(0).removeprefix("+"),
            "code": 112,
            "duration": 0,
            "created": "2026-03-14T03:12:00Z",
            "reference": batch,
        }
    )


async def test_reports_without_end_slow_no_page(
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
    tmp_path: Path,
) -> None:
    """As many as two hundred connections carry, of messages that nobody knows (D5)."""
    daemon = make_daemon({**two_sources(gateway.url), "server": {}})
    await start(daemon, http)
    assert await daemon.post(http, group(alert("First")), "quiet") == 200
    await gateway.expect_exactly(1, quiet=0)

    result = await flood(
        tmp_path,
        daemon,
        gateway,
        http,
        seconds=6,
        connections=200,
        alerts=0,
        path=await address_of(gateway, http),
        body=report("unknown-@@"),
    )

    assert set(result.statuses) == {200}, result
    # What is over the limit is told to come again, which a gateway does.
    assert set(result.flood) <= {"200", "503"}, result
    assert result.flood["200"]["amount"] > 100, result
    assert max(result.arrivals) < SOON, result
    assert result.memory_after - result.memory_before < 50, result
