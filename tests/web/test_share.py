"""A source that floods fills its own share, and nobody else's."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import ExitStack
from typing import Protocol, TypeVar

import pytest
from aiohttp import ClientSession

from alertbridge.web.share import AT_ONCE, AT_ONCE_BYTES, MOST_POSTS, Share
from alertbridge.wiring import Daemon

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
Group = Callable[..., dict[str, object]]

T = TypeVar("T")
BODY = 32 * 1024 * 1024
NOISY, QUIET = "/v1/webhooks/am", "/v1/webhooks/grafana"


def soon(work: Coroutine[object, object, T]) -> asyncio.Task[T]:
    """Begin *work*; every test here waits for what it begins."""
    return asyncio.get_running_loop().create_task(work)


async def _post(client: ClientSession, body: object) -> int:
    async with client.post(NOISY, json=body) as answer:
        return answer.status


class Disk(Protocol):
    """What these tests use of the disk in the conftest."""

    stalled: asyncio.Event | None


@pytest.fixture
def held() -> Iterator[ExitStack]:
    """Posts in hand until the test is over."""
    with ExitStack() as stack:
        yield stack


def test_a_share_is_full_of_posts_or_of_bytes(held: ExitStack) -> None:
    """Whichever comes first; and what was answered makes room."""
    share = Share()
    for _ in range(MOST_POSTS):
        assert share.has_room(100, BODY)
        held.enter_context(share.hold(100))

    assert not share.has_room(100, BODY)
    held.close()
    assert share.has_room(100, BODY)

    held.enter_context(share.hold(2 * BODY - 100))
    assert share.has_room(100, BODY)
    assert not share.has_room(101, BODY)


def test_the_largest_post_always_finds_room_in_an_empty_share() -> None:
    """A signed body may be four times the limit: alone it is taken."""
    assert Share().has_room(4 * BODY, BODY)


async def test_turns_are_given_in_order_and_handed_on() -> None:
    """No more than so many at once; whoever has waited longest is next."""
    share = Share()
    order: list[int] = []

    async def post(number: int) -> None:
        await share.begin(10)
        order.append(number)

    for number in range(AT_ONCE):
        await post(number)
    waiting = [soon(post(AT_ONCE + n)) for n in range(3)]
    await asyncio.sleep(0)
    assert len(order) == AT_ONCE

    share.end(10)
    await waiting[0]
    assert order[-1] == AT_ONCE
    waiting[1].cancel()
    await asyncio.sleep(0)
    share.end(10)
    await waiting[2]

    assert order[-1] == AT_ONCE + 2


async def test_a_large_post_is_under_way_alone() -> None:
    """Reading it keeps everybody; two in a row would keep them twice as long."""
    share = Share()
    await share.begin(AT_ONCE_BYTES + 1)
    second = soon(share.begin(AT_ONCE_BYTES + 1))
    small = soon(share.begin(1))
    await asyncio.sleep(0)
    assert not second.done()
    # Nobody overtakes: a stream of small posts would keep the large one for ever.
    assert not small.done()

    share.end(AT_ONCE_BYTES + 1)
    await second
    assert not small.done()
    share.end(AT_ONCE_BYTES + 1)
    await small


async def test_a_turn_given_to_who_has_gone_is_handed_on() -> None:
    """A handler cancelled in the instant its turn comes takes nothing with it."""
    share = Share()
    for _ in range(AT_ONCE):
        await share.begin(1)
    gone = soon(share.begin(1))
    await asyncio.sleep(0)
    share.end(1)
    gone.cancel()
    await asyncio.wait([gone])
    assert gone.cancelled()

    async with asyncio.timeout(1):
        await share.begin(1)


async def test_a_full_share_turns_away_and_all_it_took_is_stored(
    serve: Serve, group: Group, disk: Disk
) -> None:
    """Every 2xx is an episode; every other answer a 503, with when to come again."""
    _, client = await serve(max_body="8KiB")
    disk.stalled = asyncio.Event()
    answers: Counter[int] = Counter()

    async def post(path: str, name: str) -> int:
        async with client.post(path, json=group(name)) as answer:
            if answer.status == 503:
                assert answer.headers["Retry-After"] == "5"
            return answer.status

    noisy = [soon(post(NOISY, f"N{n}")) for n in range(90)]
    await asyncio.wait(noisy, return_when=asyncio.FIRST_COMPLETED)
    quiet = soon(post(QUIET, "Quiet"))
    await asyncio.sleep(0.05)
    assert not quiet.done(), "the other source waits for the disk, and is not refused"
    disk.stalled.set()
    answers.update(await asyncio.gather(*noisy))

    assert await quiet == 200
    assert set(answers) == {200, 503}
    assert answers[200] > 10
    async with client.get("/api/v1/history?limit=1000") as answer:
        rows = await answer.json()
    assert len({row["alert"] for row in rows}) == answers[200] + 1


async def test_a_post_too_many_is_answered_before_its_body_comes(
    serve: Serve, group: Group, disk: Disk
) -> None:
    """It costs no memory, and its sender no time."""
    _, client = await serve(max_body="64KiB")
    disk.stalled = asyncio.Event()
    wide = group("Wide", text="x" * 60_000)
    taken = [soon(_post(client, wide)) for _ in range(2)]
    await asyncio.sleep(0.2)

    base = client._base_url
    assert base is not None
    reader, writer = await asyncio.open_connection(base.host, base.port)
    writer.write(f"POST {NOISY} HTTP/1.1\r\nHost: localhost\r\n".encode())
    writer.write(b"Content-Length: 60000\r\n\r\n")
    async with asyncio.timeout(5):
        answer = await reader.readline()
    writer.close()

    disk.stalled.set()
    assert await asyncio.gather(*taken) == [200, 200]
    assert answer.startswith(b"HTTP/1.1 503")
