"""The dead man's switch, as the config in force wants it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine

from aiohttp import ClientError, ClientSession, ClientTimeout

from alertbridge.config import HeartbeatSettings
from alertbridge.engine.caretaker import Pulse, keep_beating

HEARTBEAT_TIMEOUT = ClientTimeout(total=5)


async def keep_heartbeat(
    settings: Callable[[], HeartbeatSettings],
    changed: asyncio.Event,
    session: ClientSession,
    pulse: Pulse,
    asking: Callable[[], Coroutine[object, object, None]],
) -> None:
    """Call the URL of *settings*, if there is one; read them again when *changed*.

    Meanwhile *asking* finds out whether a page could leave: nobody else wants to know.
    """
    while True:
        changed.clear()
        heartbeat = settings()
        if heartbeat.url is None:
            await changed.wait()
            continue
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(
                keep_beating(pinging(session, heartbeat.url), heartbeat.every, pulse),
                name="heartbeat in force",
            )
            asked = group.create_task(asking(), name="providers asked")
            await changed.wait()
            beating.cancel()
            asked.cancel()


def pinging(session: ClientSession, url: str) -> Callable[[], Awaitable[bool]]:
    """Make a call of *url* that says whether it was answered with 2xx."""

    async def ping() -> bool:
        try:
            async with session.get(
                url, timeout=HEARTBEAT_TIMEOUT, allow_redirects=False
            ) as response:
                return response.status < 300
        except (ClientError, TimeoutError, OSError):
            return False

    return ping
