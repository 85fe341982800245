"""What real Alertmanagers repeat, and what they post of an alert that fires again.

The bodies were captured from Alertmanager 0.25 (which gives no reason) and 0.33.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from aiohttp import ClientSession

from alertbridge.wiring import Daemon

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
ToldBy = Callable[[Daemon], Awaitable[dict[str, list[str]]]]
VERSIONS = ("am0.25.0", "am0.33.1")
HOOK = "/v1/webhooks/am"


class Clock(Protocol):
    """The app's clock."""

    time: datetime

    def forward(self, by: timedelta) -> None:
        """Move on."""


async def post(client: ClientSession, body: bytes) -> None:
    """Post a captured body."""
    async with client.post(HOOK, data=body) as response:
        assert response.status == 200


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_real_repeat_reminds_everybody_once(
    version: str, serve: Serve, told: ToldBy, clock: Clock, payloads: Path
) -> None:
    """Of two peers that repeat within seconds, one text; every 4 h, until it ends."""
    daemon, client = await serve()
    heard: list[list[str]] = []
    for number in (1, 2, 3):
        path = payloads / "alertmanager" / f"repeat_{number}of3.{version}.json"
        body = path.read_bytes()
        await post(client, body)
        clock.forward(timedelta(seconds=2))
        await post(client, body)
        heard.append((await told(daemon))["anna"])
        clock.forward(timedelta(hours=4))

    assert [len(texts) for texts in heard] == [1, 1, 1]
    assert [text.startswith("STILL FIRING") for (text,) in heard] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_real_refire_within_a_minute_is_news(
    version: str, serve: Serve, told: ToldBy, clock: Clock, payloads: Path
) -> None:
    """Twice is not yet flapping: fired, over, and fired again are three texts."""
    daemon, client = await serve()
    heard: list[str] = []
    for number in (1, 2, 3):
        path = payloads / "alertmanager" / f"refire_{number}of3.{version}.json"
        await post(client, path.read_bytes())
        heard += (await told(daemon))["anna"]
        clock.forward(timedelta(minutes=2))

    assert ["RESOLVED" in text for text in heard] == [False, True, False]
