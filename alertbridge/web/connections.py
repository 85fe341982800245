"""Connections to us make room for what we need ourselves: the store, and gateways.

A client that opens connections and says nothing must not use up the descriptors by
which pages leave. Beyond the limit, the oldest on which nobody is being served end: a
sender whose idle connection it was opens another.
"""

import asyncio
from typing import Protocol

import structlog
from aiohttp import web

from alertbridge.web.under_way import UnderWay

log = structlog.get_logger()

EVERY = 0.5
"""Seconds between two looks. Once there is no descriptor left, what comes waits in the
kernel's queue, and a request to a gateway is surely not sent, and tried again."""


class Connected(Protocol):
    """What has connections: aiohttp's server."""

    @property
    def connections(self) -> list[web.RequestHandler]:
        """Every open connection, the oldest first."""
        ...


async def keep_room(server: Connected, under_way: UnderWay, most: int) -> None:
    """End idle connections beyond *most*, until cancelled."""
    while True:
        make_room(server, under_way, most)
        await asyncio.sleep(EVERY)


def make_room(server: Connected, under_way: UnderWay, most: int) -> None:
    """End the oldest idle connections beyond *most*; those being served stay."""
    connections = server.connections
    excess = len(connections) - most
    if excess <= 0:
        return
    idle = [one for one in connections if not under_way.serves(one)][:excess]
    for one in idle:
        if one.transport is not None:
            one.transport.abort()
    if idle:
        log.warning("connections.ended", amount=len(idle))
