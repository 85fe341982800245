"""A session, submissions, and a server that says exactly the bytes it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession, ClientTimeout

from alertbridge.core.encoding import measure
from alertbridge.core.message import Message, Reference, Submission
from alertbridge.core.notification import MessageId, ProviderName
from alertbridge.core.recipient import Msisdn, RecipientName
from alertbridge.core.secret import Secret
from alertbridge.providers.http_session import new_session
from alertbridge.providers.ip1 import TIMEOUT, Ip1
from alertbridge.providers.ip1_options import Ip1Options
from alertbridge.simulator.gateway import Gateway

TOKEN = "canary-token-5d20"
NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """The session that the daemon uses."""
    async with new_session() as session:
        yield session


@pytest.fixture
def make_submission() -> Callable[..., Submission]:
    """Make a submission; every argument has a default."""

    def make(
        *numbers: str,
        body: str = "CRITICAL DiskFull canary-text-7f3a",
        reference: str = "ref-1",
        urgent: bool = False,
        closes_in: timedelta = timedelta(hours=1),
    ) -> Submission:
        return Submission(
            reference=Reference(reference),
            provider=ProviderName("p"),
            text=measure(body),
            urgent=urgent,
            closes_at=NOW + closes_in,
            began_at=NOW,
            messages=tuple(
                Message(
                    id=MessageId(index),
                    recipient=RecipientName(number),
                    number=Msisdn(number),
                    tells=(),
                )
                for index, number in enumerate(numbers or ("+46701740605",))
            ),
        )

    return make


@pytest.fixture
async def gateway() -> AsyncIterator[tuple[Gateway, str]]:
    """A simulated account, and where it is."""
    gateway = Gateway(token=TOKEN, now=lambda: NOW)
    async with gateway.serving() as url:
        yield gateway, url


@pytest.fixture
def make_ip1(session: ClientSession) -> Callable[..., Ip1]:
    """Make a provider for an account at a URL; every part can be replaced."""
    ours = session

    def make(
        url: str,
        *,
        sender: str = "iP1",
        session: ClientSession | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        timeout: ClientTimeout = TIMEOUT,
    ) -> Ip1:
        options = Ip1Options(base_url=url, token=Secret(TOKEN), sender=sender)
        name = ProviderName("ip1")
        return Ip1(name, options, session or ours, sleep=sleep, timeout=timeout)

    return make


class RawServer:
    """Reads one request from each connection, then lets *answer* do what it likes."""

    def __init__(
        self, answer: Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
    ) -> None:
        self._answer = answer
        self.requests: list[bytes] = []

    async def handle(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve one connection."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = 0
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            request = head + await reader.readexactly(length)
            self.requests.append(request)
            await self._answer(request, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def serve_raw() -> AsyncIterator[Callable[..., Awaitable[tuple[RawServer, str]]]]:
    """Start a raw server; returns it with its URL."""
    async with AsyncExitStack() as stack:

        async def start(
            answer: Callable[[bytes, asyncio.StreamWriter], Awaitable[None]],
        ) -> tuple[RawServer, str]:
            raw = RawServer(answer)
            server = await asyncio.start_server(raw.handle, "127.0.0.1", 0)
            await stack.enter_async_context(server)
            return raw, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        yield start
