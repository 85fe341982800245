"""A source that is not let in any more, or cannot be read: the admins hear of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest
from aiohttp import ClientSession

from alertbridge.wiring import Daemon

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
Group = Callable[..., dict[str, object]]
MINUTE = timedelta(minutes=1)


class Clock(Protocol):
    """A time that moves only when told."""

    def forward(self, by: timedelta) -> None:
        """Move on."""


@asynccontextmanager
async def working(daemon: Daemon) -> AsyncIterator[None]:
    """Run what `wiring.running` runs for this, and let it finish what it was told."""
    async with asyncio.TaskGroup() as group:
        workers = [
            group.create_task(daemon.receptions.run()),
            group.create_task(daemon.teller.run()),
        ]
        await settle(daemon)
        try:
            yield
            await settle(daemon)
        finally:
            for worker in workers:
                worker.cancel()


async def settle(daemon: Daemon) -> None:
    """Wait until nothing is left unsaid; who says it sets no event for it."""
    async with asyncio.timeout(10):
        await asyncio.sleep(0.01)
        while daemon.teller._unsaid or daemon.receptions._arrived:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def pages(daemon: Daemon) -> list[tuple[str, str]]:
    """What the admins hear of it: alert and kind, the oldest first."""
    rows = await daemon.store.history(recipient="anna")
    ours = [(row.alert, row.kind) for row in rows if row.source == "alertbridge"]
    return ours[::-1]


@pytest.fixture
def post(secrets: Mapping[str, str], group: Group) -> Callable[..., Awaitable[int]]:
    """Post to the source `bearer` with its token, or with another."""

    async def send(
        client: ClientSession, name: str = "DiskFull", *, token: str = "TOKEN_NEW"
    ) -> int:
        headers = {"Authorization": f"Bearer {secrets.get(token, token)}"}
        async with client.post(
            "/v1/webhooks/bearer", json=group(name), headers=headers
        ) as response:
            return response.status

    return send


SendPost = Callable[..., Awaitable[int]]


async def test_a_source_that_turns_401_is_told_to_the_admins(
    serve: Serve, post: SendPost, clock: Clock
) -> None:
    """Its token was replaced on one side only: every page of it is lost."""
    daemon, client = await serve()
    async with working(daemon):
        assert await post(client) == 200
        for _ in range(4):
            assert await post(client, token="wrong") == 401
            clock.forward(5 * MINUTE)

    assert await pages(daemon) == [("SourceRefused", "firing")]


async def test_it_is_over_once_the_source_is_let_in(
    serve: Serve, post: SendPost, clock: Clock, told: Callable[..., Awaitable[object]]
) -> None:
    """Who heard of it is told."""
    daemon, client = await serve()
    async with working(daemon):
        await post(client)
        for _ in range(2):
            await post(client, token="wrong")
            clock.forward(5 * MINUTE)
        await settle(daemon)
        await told(daemon)
        assert await post(client) == 200

    assert await pages(daemon) == [
        ("SourceRefused", "firing"),
        ("SourceRefused", "resolved"),
    ]


async def test_a_scanner_that_posts_while_the_source_works_is_nobodys_trouble(
    serve: Serve, post: SendPost, clock: Clock
) -> None:
    """Every minute both of them, for three hours."""
    daemon, client = await serve()
    async with working(daemon):
        for minute in range(180):
            await post(client, f"A{minute}")
            await post(client, token="guess")
            clock.forward(MINUTE)

    assert await pages(daemon) == []


async def test_a_source_that_was_never_let_in_is_nobodys_trouble(
    serve: Serve, post: SendPost, clock: Clock
) -> None:
    """Strangers who know a path cannot wake anybody."""
    daemon, client = await serve()
    async with working(daemon):
        for _ in range(60):
            await post(client, token="guess")
            clock.forward(MINUTE)

    assert await pages(daemon) == []


async def test_a_flood_of_strangers_is_one_page_and_few_writes(
    serve: Serve, post: SendPost, clock: Clock, disk: object
) -> None:
    """A thousand guesses after the lock-out cost the disk next to nothing."""
    daemon, client = await serve()
    async with working(daemon):
        await post(client)
        await post(client, token="guess")
        clock.forward(5 * MINUTE)
        before = disk.writes  # type: ignore[attr-defined]
        for _ in range(300):
            await post(client, token="guess")

    assert await pages(daemon) == [("SourceRefused", "firing")]
    assert disk.writes - before < 5  # type: ignore[attr-defined]


async def test_a_restart_knows_who_was_let_in(
    serve: Serve, post: SendPost, clock: Clock, tmp_path: Path
) -> None:
    """The token is usually replaced with a restart."""
    file = tmp_path / "alertbridge.db"
    daemon, client = await serve(file=file)
    async with working(daemon):
        await post(client)
    await daemon.store.close()

    later, client = await serve(file=file)
    async with working(later):
        for _ in range(2):
            await post(client, token="wrong")
            clock.forward(5 * MINUTE)

    assert await pages(later) == [("SourceRefused", "firing")]


async def test_garbage_of_a_source_is_told_once_in_a_quarter_of_an_hour(
    serve: Serve, clock: Clock
) -> None:
    """Its sender does not post it again; whatever was in it pages nobody."""
    daemon, client = await serve()
    for _ in range(20):
        async with client.post("/v1/webhooks/am", data=b"{}") as response:
            assert response.status == 400
        clock.forward(MINUTE)

    assert await pages(daemon) == [("SourceUnreadable", "firing")] * 2


async def test_garbage_of_a_stranger_is_nobodys_trouble(serve: Serve) -> None:
    """Who is not let in is not read."""
    daemon, client = await serve()
    async with client.post("/v1/webhooks/bearer", data=b"{}") as response:
        assert response.status == 401

    assert await pages(daemon) == []


async def test_a_reload_that_fails_is_told_once_and_is_over_with_a_good_one(
    serve: Serve, tmp_path: Path, told: Callable[..., Awaitable[object]]
) -> None:
    """A thousand tries of somebody's automation are one page."""
    daemon, _ = await serve()
    path = tmp_path / "alertbridge.yaml"
    good = path.read_text("utf-8")
    async with working(daemon):
        path.write_text("route: {receiver: nobody}\n", "utf-8")
        for _ in range(20):
            assert not (await daemon.reload()).ok
            await settle(daemon)
        await told(daemon)
        path.write_text(good, "utf-8")
        assert (await daemon.reload()).ok

    assert await pages(daemon) == [
        ("ConfigReloadFailed", "firing"),
        ("ConfigReloadFailed", "resolved"),
    ]
