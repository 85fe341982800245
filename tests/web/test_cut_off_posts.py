"""A sender that goes away in the middle of its post: at any byte, before any answer."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from aiohttp import ClientSession

from alertbridge.wiring import Daemon

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
ToldBy = Callable[[Daemon], Awaitable[dict[str, list[str]]]]
Group = Callable[..., dict[str, object]]

HOOK = "/v1/webhooks/am"

STRIDE = 41
"""Bytes between two cuts; no divisor of anything in the request."""


def request(group: object) -> bytes:
    """The whole post, as it travels."""
    body = json.dumps(group).encode()
    head = f"POST {HOOK} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


async def send_and_go(client: ClientSession, part: bytes, *, reset: bool) -> None:
    """Send so much of a post, and be gone without reading."""
    base = client._base_url
    assert base is not None
    _, writer = await asyncio.open_connection(base.host, base.port)
    writer.write(part)
    await writer.drain()
    if reset:
        writer.transport.abort()
    else:
        writer.close()


async def nothing_under_way(daemon: Daemon) -> None:
    """Wait until every request so far has come to its end."""
    async with asyncio.timeout(5):
        while not daemon.doors.shares.of("am").is_empty:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_post_cut_at_any_byte_costs_nothing_and_rings_once(
    serve: Serve, group: Group, told: ToldBy
) -> None:
    """Half a post is no page; the whole one is, answer read or not (A19)."""
    daemon, client = await serve()
    whole = request(group("DiskFull"))
    for cut in range(1, len(whole), STRIDE):
        await send_and_go(client, whole[:cut], reset=bool(cut % 2))
    await nothing_under_way(daemon)
    half = await daemon.store.history()

    for reset in (True, False):
        await send_and_go(client, whole, reset=reset)
        async with client.get("/-/healthy"):
            pass
    async with client.post(HOOK, json=group("DiskFull")) as response:
        status = response.status
    await nothing_under_way(daemon)

    assert half == ()
    assert status == 200
    texts = await told(daemon)
    assert {who: len(sms) for who, sms in texts.items()} == {"anna": 1, "bo": 1}


async def test_who_does_not_wait_for_the_answer_is_heard(
    serve: Serve, group: Group, told: ToldBy
) -> None:
    """The post was whole: it is written down, whoever is there to hear so (A19)."""
    daemon, client = await serve()

    await send_and_go(client, request(group("DiskFull")), reset=False)
    async with asyncio.timeout(5):
        while not await daemon.store.history():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    assert set(await told(daemon)) == {"anna", "bo"}
