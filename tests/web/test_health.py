"""Alive, ready, counted, reloaded: what probes and Prometheus see."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import pytest
from aiohttp import ClientSession

from alertbridge.web import readiness
from alertbridge.wiring import Daemon

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]


class Disk(Protocol):
    """What these tests use of the disk in the conftest."""

    full: bool
    writes: int
    stalled: asyncio.Event | None


async def get(client: ClientSession, path: str) -> tuple[int, str]:
    """Get a path; the answer and its text."""
    async with client.get(path) as response:
        return response.status, await response.text()


async def test_healthy_asks_nothing(serve: Serve, disk: Disk) -> None:
    """With a full disk the process must not be restarted: it still sends."""
    _, client = await serve()
    disk.full = True

    assert await get(client, "/-/healthy") == (200, "alertbridge is healthy\n")


async def test_ready_is_a_real_write(serve: Serve, disk: Disk) -> None:
    """A disk is full or not when it is written to, and not before."""
    _, client = await serve()

    answer = await get(client, "/-/ready")

    assert (answer, disk.writes) == ((200, "alertbridge is ready\n"), 1)


async def test_ready_writes_at_most_once_a_second(serve: Serve, disk: Disk) -> None:
    """A probe is an fsync, and anybody may ask for one."""
    _, client = await serve()

    await asyncio.gather(*(get(client, "/-/ready") for _ in range(50)))

    assert disk.writes == 1


async def test_ready_asks_again_after_a_second(serve: Serve, disk: Disk) -> None:
    """A disk that was full and is not is noticed."""
    daemon, client = await serve()
    disk.full = True
    before = await get(client, "/-/ready")
    disk.full = False
    daemon.readiness._asked -= readiness.CACHED

    after = await get(client, "/-/ready")

    assert (before[0], after[0]) == (503, 200)


async def test_full_disk_is_not_ready_and_says_why(serve: Serve, disk: Disk) -> None:
    """The probe's output is what the operator reads first."""
    _, client = await serve()
    disk.full = True

    answer = await get(client, "/-/ready")

    assert answer == (503, "store: database or disk is full\n")


async def test_nobody_hears_ready_of_a_disk_that_hangs(
    serve: Serve, disk: Disk
) -> None:
    """Neither who asked first, nor who asked while that was waiting."""
    daemon, client = await serve()
    daemon.readiness.patience = 0.2
    disk.stalled = asyncio.Event()

    answers = await asyncio.gather(*(get(client, "/-/ready") for _ in range(3)))

    assert {status for status, _ in answers} == {503}


async def test_degraded_is_not_ready_with_a_line_for_each_reason(
    serve: Serve,
) -> None:
    """Everything that is wrong, sorted."""
    daemon, client = await serve()
    daemon.readiness.degraded["config"] = "the last reload failed; see the log"
    daemon.readiness.stopping = True

    assert await get(client, "/-/ready") == (
        503,
        "config: the last reload failed; see the log\nprocess: shutting down\n",
    )


async def test_metrics_answer_though_the_disk_is_full(serve: Serve, disk: Disk) -> None:
    """What counts is needed most when something is wrong."""
    _, client = await serve()
    disk.full = True

    status, text = await get(client, "/metrics")

    assert status == 200
    assert "alertbridge_build_info" in text


async def test_metrics_show_no_number(serve: Serve) -> None:
    """Labels are states and severities, never people."""
    _, client = await serve()
    async with client.post("/api/v1/test/anna") as response:
        assert response.status == 200

    _, text = await get(client, "/metrics")

    assert "46701740" not in text


async def test_reload_takes_a_good_config_up(serve: Serve) -> None:
    """It says which version is in force."""
    daemon, client = await serve()

    async with client.post("/-/reload") as response:
        text = await response.text()

    assert response.status == 200
    assert daemon.loaded.rules.version in text


async def test_reload_of_a_bad_config_changes_nothing_and_says_why(
    serve: Serve, tmp_path: Path
) -> None:
    """The old rules stay; readiness turns red so that somebody looks."""
    daemon, client = await serve()
    rules = daemon.current.rules
    (tmp_path / "alertbridge.yaml").write_text("sources: 7\n", "utf-8")

    async with client.post("/-/reload") as response:
        text = await response.text()

    assert response.status == 500
    assert "alertbridge.yaml:1" in text
    assert daemon.current.rules is rules
    assert "config" in (await get(client, "/-/ready"))[1]


@pytest.mark.parametrize(
    "path", ["/-/healthy", "/-/ready", "/metrics", "/api/v1/history", "/nothing"]
)
async def test_answers_are_not_cached_framed_or_sniffed(
    serve: Serve, path: str
) -> None:
    """What is read here is people's data, or true for a second."""
    _, client = await serve()

    async with client.get(path) as response:
        headers = response.headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
