"""A session, submissions, and a server that says exactly the bytes it is told."""

import asyncio
import json
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from aiohttp import ClientSession, ClientTimeout

from alertbridge.core.encoding import measure
from alertbridge.core.message import Message, Reference, Submission
from alertbridge.core.notification import MessageId, ProviderName
from alertbridge.core.recipient import Msisdn, RecipientName
from alertbridge.core.secret import Secret
from alertbridge.ports import ReportRequest
from alertbridge.providers.http_request import FORM
from alertbridge.providers.http_session import new_session
from alertbridge.providers.ip1 import TIMEOUT, Ip1
from alertbridge.providers.ip1_options import Ip1Options
from alertbridge.providers.smpp import Smpp
from alertbridge.providers.smpp_options import SmppOptions
from alertbridge.providers.smpp_patience import PATIENCE, Patience
from alertbridge.simulator.gateway import Gateway

# The SMSC is a program of the scenarios.
PROGRAMS = Path(__file__).parents[1] / "scenarios" / "programs"
sys.path.insert(0, str(PROGRAMS))

from smsc_process import PASSWORD, SYSTEM_ID, SmscProcess  # noqa: E402

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


class PduServer:
    """Lets an ESME bind, then lets *answer* do what it likes with each submit_sm."""

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
            while True:
                head = await reader.readexactly(16)
                length, command, _, sequence = struct.unpack(">IIII", head)
                pdu = head + await reader.readexactly(length - 16)
                if command == 0x04:
                    self.requests.append(pdu)
                    await self._answer(pdu, writer)
                    continue
                # An answer to the bind has the name of the SMSC, none in ours.
                body = b"\0" if command == 0x09 else b""
                given = command | 0x80000000, 0, sequence
                writer.write(struct.pack(">IIII", 16 + len(body), *given) + body)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def serve_pdus() -> AsyncIterator[
    Callable[..., Awaitable[tuple[PduServer, str]]]
]:
    """Start a raw server that speaks SMPP; returns it with a URL that has its port."""
    async with AsyncExitStack() as stack:

        async def start(
            answer: Callable[[bytes, asyncio.StreamWriter], Awaitable[None]],
        ) -> tuple[PduServer, str]:
            raw = PduServer(answer)
            server = await asyncio.start_server(raw.handle, "127.0.0.1", 0)
            await stack.enter_async_context(server)
            return raw, f"smpp://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        yield start


@dataclass(slots=True)
class Heard:
    """What a gateway of the tests was asked, one entry a request, as it read it."""

    url: str
    lines: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    fields: list[list[str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def json(self) -> list[object]:
        """The bodies, as JSON."""
        return [json.loads(body) for body in self.bodies]

    @property
    def forms(self) -> list[dict[str, str]]:
        """The bodies, as forms."""
        return [
            dict(parse_qsl(body.decode(), strict_parsing=True)) for body in self.bodies
        ]


@pytest.fixture
async def say(
    serve_raw: Callable[..., Awaitable[tuple[RawServer, str]]],
) -> Callable[..., Awaitable[Heard]]:
    """Start a gateway that answers everything with a status and a body.

    A body that is not bytes is written as JSON.
    """

    async def start(status: int, body: object = b"") -> Heard:
        said = body if isinstance(body, bytes) else json.dumps(body).encode()
        heard = Heard("")

        async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
            head, _, sent = request.partition(b"\r\n\r\n")
            line, *fields = head.decode().split("\r\n")
            pairs = [one.partition(": ") for one in fields]
            heard.fields.append([name.lower() for name, _, _ in pairs])
            heard.lines.append(line.removesuffix(" HTTP/1.1"))
            heard.headers.append({name.lower(): value for name, _, value in pairs})
            heard.bodies.append(sent)
            length = f"HTTP/1.1 {status} -\r\nContent-Length: {len(said)}\r\n\r\n"
            writer.write(length.encode() + said)
            await writer.drain()

        _, heard.url = await serve_raw(answer)
        return heard

    return start


@pytest.fixture
def report_of() -> Callable[..., ReportRequest]:
    """Make the request by which a gateway reports: a form, or JSON."""

    def make(fields: object, form: str | None = None, **headers: str) -> ReportRequest:
        return ReportRequest(
            method="POST",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            body=form.encode() if form is not None else json.dumps(fields).encode(),
            content_type="application/json" if form is None else FORM,
        )

    return make


@pytest.fixture
async def smsc(tmp_path: Path) -> AsyncIterator[SmscProcess]:
    """An SMSC, running."""
    made = SmscProcess(tmp_path / "smsc")
    try:
        await made.start()
        yield made
    finally:
        made.kill()


@pytest.fixture
async def make_smpp() -> AsyncIterator[Callable[..., Smpp]]:
    """Make a provider for an account at a port; every option can be replaced."""
    made: list[Smpp] = []

    def make(
        port: int,
        *,
        patience: Patience = PATIENCE,
        kind: type[Smpp] = Smpp,
        **changes: object,
    ) -> Smpp:
        given = {
            "host": "127.0.0.1",
            "port": port,
            "tls": False,
            "system_id": SYSTEM_ID,
            "password": Secret(PASSWORD),
            "sender": "Bridge",
            "requests_per_second": 1000,
        }
        options = SmppOptions.model_validate(given | changes)
        made.append(kind(ProviderName("smpp"), options, patience=patience))
        return made[-1]

    yield make
    for one in made:
        await one.close()
