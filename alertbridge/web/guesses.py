"""Who guesses links: counted by client, in bounded memory."""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiohttp import web

MOST_MISSES = 20
"""Unknown links a client may ask for in a window; a person mistypes a few. A link has
65 random bits: the limit is for our look-ups, not what keeps a link secret."""

WINDOW = timedelta(minutes=1)

MOST_CLIENTS = 1000
"""Clients remembered; the one that began longest ago makes room."""


@dataclass(slots=True)
class Guesses:
    """Misses of each client in its present window."""

    clients: OrderedDict[str, tuple[datetime, int]] = field(default_factory=OrderedDict)

    def too_many(self, client: str, now: datetime) -> bool:
        """Whether *client* must wait; who never missed never has to."""
        began, misses = self.clients.get(client, (now, 0))
        return misses >= MOST_MISSES and now - began < WINDOW

    def note(self, client: str, now: datetime) -> None:
        """Count a miss."""
        began, misses = self.clients.get(client, (now, 0))
        if now - began >= WINDOW:
            self.clients.pop(client, None)
            began, misses = now, 0
        self.clients[client] = (began, misses + 1)
        if len(self.clients) > MOST_CLIENTS:
            self.clients.popitem(last=False)


def client_of(request: web.Request) -> str:
    """Name who asks: the peer, or whom a proxy in our own network asks for.

    An IPv6 client has a whole /64 of addresses to guess from, and counts as one.
    """
    peer = request.remote or ""
    if _is_near(peer):
        # The last hop is the proxy's own word; those before it are the client's.
        hops = ",".join(request.headers.getall("X-Forwarded-For", []))
        peer = hops.rpartition(",")[2].strip() or peer
    try:
        address = _address(peer)
    except ValueError:
        return peer[:64]
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _is_near(peer: str) -> bool:
    """Whether a peer is in our own network; a Unix socket's has no address, and is."""
    try:
        return _address(peer).is_private
    except ValueError:
        return True


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    found = ipaddress.ip_address(text.partition("%")[0])
    # A socket for both families shows IPv4 as ::ffff:127.0.0.1.
    mapped = found.ipv4_mapped if found.version == 6 else None
    return mapped or found
