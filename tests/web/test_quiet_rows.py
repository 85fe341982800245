"""Whom quiet hours hold: shown as that, until when, and a reload lets him go."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from alertbridge.wiring import Daemon

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
ToldBy = Callable[[Daemon], Awaitable[dict[str, list[str]]]]
Group = Callable[..., dict[str, object]]

HOOK = "/v1/webhooks/am"
OFFICE = """\
time_intervals:
  - name: office
    time_intervals:
      - {weekdays: ["monday:friday"], times: [{start_time: "08:00", end_time: "17:00"}]}
"""
MONDAY = "2026-11-23T07:00:00Z"
"""Eight o'clock in Stockholm, where anna lives; the test's clock stands on Sunday."""


@pytest.fixture
async def resting(
    serve: Serve, tmp_path: Path
) -> tuple[Daemon, ClientSession, Callable[[bool], Awaitable[None]]]:
    """A daemon; and what turns anna's working hours on or off by a reload."""
    daemon, client = await serve()
    path = tmp_path / "alertbridge.yaml"
    plain = path.read_text("utf-8")
    zone = "timezone: Europe/Stockholm"
    assert zone in plain
    rests = plain.replace(zone, f"{zone}\n    working_hours: [office]") + OFFICE

    async def turn(on: bool) -> None:
        path.write_text(rests if on else plain, "utf-8")
        async with client.post("/-/reload") as response:
            assert response.status == 200, await response.text()

    await turn(True)
    return daemon, client, turn


Resting = tuple[Daemon, ClientSession, Callable[[bool], Awaitable[None]]]


async def rows(client: ClientSession, what: str, who: str) -> list[dict[str, Any]]:
    """The rows of one person."""
    async with client.get(f"/api/v1/{what}") as response:
        assert response.status == 200
        return [row for row in await response.json() if row["recipient"] == who]


async def fire(client: ClientSession, made: dict[str, object]) -> None:
    """Post it."""
    async with client.post(HOOK, json=made) as response:
        assert response.status == 200


async def test_the_outbox_says_until_when(
    resting: Resting, group: Group, told: ToldBy
) -> None:
    """Not that it is due now, nor that it is too old before."""
    daemon, client, _ = resting
    await fire(client, group("Slow", severity="info"))
    texts = await told(daemon)
    (row,) = await rows(client, "outbox", "anna")

    assert "anna" not in texts
    assert (row["reason"], row["held_until"]) == ("quiet_hours", MONDAY)
    assert (row["due_at"], row["expires_at"]) == (MONDAY, "2026-11-23T08:00:00Z")


async def test_it_says_so_before_anybody_has_looked(
    resting: Resting, group: Group
) -> None:
    """The row is as it was written; what holds it is a rule."""
    _, client, _ = resting
    await fire(client, group("Slow", severity="info"))
    (row,) = await rows(client, "outbox", "anna")

    assert row["held_until"] == MONDAY
    assert row["expires_at"] == "2026-11-23T08:00:00Z"


async def test_history_and_show_name_the_line(
    resting: Resting, group: Group, tmp_path: Path
) -> None:
    """Where her hours are set."""
    _, client, _ = resting
    await fire(client, group("Slow", severity="warning"))
    (row,) = await rows(client, "history", "anna")
    async with client.get(f"/api/v1/episodes/{row['episode']}") as response:
        shown = (await response.json())["rows"]
    lines = (tmp_path / "alertbridge.yaml").read_text("utf-8").splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "working_hours" in text)

    assert (row["state"], row["reason"]) == ("waiting", "quiet_hours")
    assert row["where"] == f"alertbridge.yaml:{line}"
    assert row in shown
    assert [one["reason"] for one in shown if one["recipient"] == "bo"] == ["news"]


async def test_what_rings_is_not_shown_as_held(resting: Resting, group: Group) -> None:
    """A critical page waits for nothing but its turn."""
    _, client, _ = resting
    await fire(client, group("DiskFull", severity="critical"))
    (waits,) = await rows(client, "outbox", "anna")
    (row,) = await rows(client, "history", "anna")

    assert (waits["reason"], waits["held_until"]) == ("news", None)
    assert row["reason"] == "news"


async def test_a_test_page_is_not_shown_as_held(resting: Resting) -> None:
    """Nor is it."""
    _, client, _ = resting
    async with client.post("/api/v1/test/anna") as response:
        assert response.status == 200
    (row,) = await rows(client, "outbox", "anna")

    assert (row["reason"], row["held_until"]) == ("news", None)


async def test_a_reload_that_ends_the_hours_lets_go(
    resting: Resting, group: Group, told: ToldBy
) -> None:
    """At once."""
    daemon, client, turn = resting
    await fire(client, group("Slow", severity="warning"))
    await told(daemon)
    await turn(False)
    (row,) = await rows(client, "outbox", "anna")
    texts = await told(daemon)

    assert (row["reason"], row["held_until"]) == ("news", None)
    assert "Slow" in texts["anna"][0]


async def test_a_start_with_other_hours_asks_again(
    resting: Resting, group: Group, told: ToldBy
) -> None:
    """The file was changed while the daemon was down: nobody waits by the old one."""
    daemon, client, turn = resting
    await fire(client, group("Slow", severity="warning"))
    await told(daemon)
    rested = daemon.current.rules
    await turn(False)
    awake = daemon.current.rules
    daemon.current.rules = rested
    await told(daemon)
    daemon.current.rules = awake
    before = await told(daemon)

    # It asks before it waits for anything, and then it waits for ever.
    with suppress(TimeoutError):
        async with asyncio.timeout(0.01):
            await daemon.holds.keep_following()
    texts = await told(daemon)

    assert not before
    assert "Slow" in texts["anna"][0]
