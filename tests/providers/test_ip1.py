"""The line between "surely not sent" and "may have been sent", over real sockets."""

import asyncio
import gzip
import shutil
import socket
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from alertbridge.core.message import (
    Accepted,
    Deferred,
    Outcome,
    Rejected,
    Submission,
    Uncertain,
)
from alertbridge.providers.ip1 import TIMEOUT, Ip1
from alertbridge.simulator.gateway import Gateway
from alertbridge.simulator.gateway_faults import Fault, FaultKind, FaultPlan

TAKEN = b'HTTP/1.1 201 Created\r\nContent-Length: 13\r\n\r\n{"id": "5bc"}'

MakeSubmission = Callable[..., Submission]
Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
ServeRaw = Callable[[Answer], Awaitable[tuple["Raw", str]]]
MakeIp1 = Callable[..., Ip1]


class Raw:
    """What the tests use of the raw server in the conftest."""

    requests: list[bytes]


class StuckResolver(AbstractResolver):
    """DNS that never answers, or says no at once."""

    def __init__(self, error: OSError | None = None) -> None:
        self._error = error

    async def resolve(
        self, host: str, port: int = 0, family: int = socket.AF_INET
    ) -> list[ResolveResult]:
        """Fail as told."""
        del host, port, family
        if self._error is not None:
            raise self._error
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """Nothing to close."""


def say(answer: bytes) -> Answer:
    """Make a server that says *answer*, and hangs up."""

    async def respond(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return respond


async def test_a_submission_is_taken_and_its_batch_id_kept(
    gateway: tuple[Gateway, str],
    make_ip1: MakeIp1,
    make_submission: MakeSubmission,
) -> None:
    """The id is how delivery reports and look-ups find the batch again."""
    world, url = gateway

    outcomes = await make_ip1(url).submit(make_submission())

    assert outcomes.all == Accepted(provider_id=world.messages[0].batch_id)


async def test_curly_brackets_arrive_as_written(
    gateway: tuple[Gateway, str],
    make_ip1: MakeIp1,
    make_submission: MakeSubmission,
) -> None:
    """A PromQL selector in a text is not a template."""
    world, url = gateway

    await make_ip1(url).submit(make_submission(body='up{job="db"} == 0'))

    assert [sms.text.body for sms in world.messages] == ['up{job="db"} == 0']


async def test_the_reference_travels(
    gateway: tuple[Gateway, str],
    make_ip1: MakeIp1,
    make_submission: MakeSubmission,
) -> None:
    """It is the only thing by which an uncertain send can be found."""
    world, url = gateway

    await make_ip1(url).submit(make_submission(reference="ref-77"))

    assert [sms.reference for sms in world.messages] == ["ref-77"]


async def test_a_refused_connection_is_tried_twice_then_deferred(
    make_ip1: MakeIp1, make_submission: MakeSubmission, unused_tcp_port: int
) -> None:
    """Nothing was sent, so a second try is free; longer waits are the store's."""
    taken: list[float] = []

    async def sleep(seconds: float) -> None:
        taken.append(seconds)

    provider = make_ip1(f"http://127.0.0.1:{unused_tcp_port}", sleep=sleep)

    outcomes = await provider.submit(make_submission())

    assert isinstance(outcomes.all, Deferred)
    assert taken == [0.4]


async def test_a_dns_failure_is_deferred(
    make_ip1: MakeIp1, make_submission: MakeSubmission
) -> None:
    """Without an address nothing can have been sent."""
    error = OSError(-2, "Name or service not known")
    connector = TCPConnector(resolver=StuckResolver(error))
    async with ClientSession(connector=connector) as session:
        provider = make_ip1("https://gateway.invalid", session=session)

        outcomes = await provider.submit(make_submission())

    assert isinstance(outcomes.all, Deferred)


async def test_a_connection_that_never_stands_is_deferred(
    make_ip1: MakeIp1,
    make_submission: MakeSubmission,
) -> None:
    """The connect timeout ends a phase in which nothing was written."""
    connector = TCPConnector(resolver=StuckResolver())
    short = ClientTimeout(total=5, connect=0.05, sock_connect=0.05)
    async with ClientSession(connector=connector) as session:
        provider = make_ip1("https://gateway.invalid", session=session, timeout=short)

        outcomes = await provider.submit(make_submission())

    assert isinstance(outcomes.all, Deferred)


async def test_a_server_without_tls_is_deferred(
    make_ip1: MakeIp1, make_submission: MakeSubmission
) -> None:
    """A handshake that fails comes before the request; we never fall back to http."""

    async def talk_plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(TAKEN)
        writer.close()

    server = await asyncio.start_server(talk_plain, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]

        outcomes = await make_ip1(f"https://127.0.0.1:{port}").submit(make_submission())

    assert isinstance(outcomes.all, Deferred)


def self_signed(folder: Path) -> ssl.SSLContext:
    """Make a server context with a certificate that nobody vouches for."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    arguments = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost"
    subprocess.run(
        ["openssl", *arguments.split(), "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
async def test_an_untrusted_certificate_is_deferred(
    make_ip1: MakeIp1, make_submission: MakeSubmission, tmp_path: Path
) -> None:
    """The token is not shown to somebody who cannot prove who they are."""
    context = self_signed(tmp_path)
    heard: list[bytes] = []

    async def listen(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        heard.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        provider = make_ip1(f"https://localhost:{port}")

        outcomes = await provider.submit(make_submission())

    assert isinstance(outcomes.all, Deferred)
    assert b"".join(heard) == b""


HEAD = b"HTTP/1.1 201 Created\r\n"
BROKEN = [
    pytest.param(b"", id="hangs-up-in-silence"),
    pytest.param(b"HTTP/1.1 2", id="half-a-status-line"),
    pytest.param(b"\x00\xff garbage\r\n\r\n", id="garbage"),
    pytest.param(HEAD, id="half-a-head"),
    pytest.param(HEAD + b"Content-Length: -1\r\n\r\n{}", id="negative-length"),
    pytest.param(HEAD + b"Content-Length: 99\r\n\r\n{", id="body-breaks-off"),
    pytest.param(HEAD + b"X: " + b"x" * 100_000 + b"\r\n\r\n", id="header-bomb"),
    pytest.param(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", id="broken-chunks"
    ),
    pytest.param(
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        id="broken-gzip",
    ),
]


@pytest.mark.parametrize("answer", BROKEN)
async def test_a_broken_answer_is_uncertain_and_asked_for_once(
    make_ip1: MakeIp1,
    make_submission: MakeSubmission,
    serve_raw: ServeRaw,
    answer: bytes,
) -> None:
    """The request left: what became of it must be found out, not repeated."""
    raw, url = await serve_raw(say(answer))

    outcomes = await make_ip1(url).submit(make_submission())

    assert isinstance(outcomes.all, Uncertain)
    assert len(raw.requests) == 1


async def test_a_gzip_bomb_is_uncertain(
    make_ip1: MakeIp1, make_submission: MakeSubmission, serve_raw: ServeRaw
) -> None:
    """At most 1 MiB is read, counted after decompression."""
    body = gzip.compress(b'{"id": "5bc"}' + b" " * 20_000_000)
    head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    _, url = await serve_raw(say(head + body))

    outcomes = await make_ip1(url).submit(make_submission())

    assert isinstance(outcomes.all, Uncertain)


async def test_a_refusal_whose_body_breaks_off_is_still_a_refusal(
    make_ip1: MakeIp1, make_submission: MakeSubmission, serve_raw: ServeRaw
) -> None:
    """The status line was complete, and says that nothing was taken."""
    _, url = await serve_raw(
        say(b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 9\r\n\r\n{")
    )

    outcomes = await make_ip1(url).submit(make_submission())

    assert isinstance(outcomes.all, Deferred)
    assert outcomes.all.retry_after == 7.0


@pytest.mark.parametrize(
    "first",
    [pytest.param(b"", id="silent"), pytest.param(HEAD, id="stops-in-the-head")],
)
async def test_an_answer_that_does_not_come_in_time_is_uncertain(
    make_ip1: MakeIp1,
    make_submission: MakeSubmission,
    serve_raw: ServeRaw,
    first: bytes,
) -> None:
    """The total timeout always falls on the far side of the line."""
    done = asyncio.Event()

    async def hang(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        await done.wait()

    raw, url = await serve_raw(hang)
    short = ClientTimeout(total=1, connect=0.8, sock_connect=0.8)

    outcomes = await make_ip1(url, timeout=short).submit(make_submission())
    done.set()

    assert isinstance(outcomes.all, Uncertain)
    assert len(raw.requests) == 1


def test_the_connect_timeout_is_the_shorter_one() -> None:
    """Otherwise `total` could end the phase in which nothing was sent."""
    assert TIMEOUT.connect is not None
    assert TIMEOUT.total is not None
    assert TIMEOUT.connect < TIMEOUT.total <= 10


@pytest.mark.parametrize(
    ("fault", "kind", "taken"),
    [
        pytest.param(Fault(kind=FaultKind.THROTTLE), Deferred, 0, id="throttle"),
        pytest.param(Fault(kind=FaultKind.ERROR), Uncertain, 0, id="500"),
        pytest.param(
            Fault(kind=FaultKind.ERROR, status=401), Deferred, 0, id="token-revoked"
        ),
        pytest.param(
            Fault(kind=FaultKind.ERROR, status=422), Rejected, 0, id="refused"
        ),
        pytest.param(Fault(kind=FaultKind.HTML), Uncertain, 0, id="captive-portal"),
        pytest.param(Fault(kind=FaultKind.REDIRECT), Deferred, 0, id="redirect"),
        pytest.param(Fault(kind=FaultKind.RESET), Uncertain, 0, id="reset"),
        pytest.param(
            Fault(kind=FaultKind.ACCEPT_THEN_ERROR), Uncertain, 1, id="taken-then-500"
        ),
        pytest.param(
            Fault(kind=FaultKind.ACCEPT_THEN_RESET), Uncertain, 1, id="taken-then-reset"
        ),
        pytest.param(
            Fault(kind=FaultKind.ACCEPT_ENDLESSLY), Uncertain, 1, id="endless"
        ),
        pytest.param(
            Fault(kind=FaultKind.ACCEPT_SLOWLY, seconds=0.01), Accepted, 1, id="slow"
        ),
    ],
)
async def test_each_fault_has_its_outcome_after_one_request(
    gateway: tuple[Gateway, str],
    make_ip1: MakeIp1,
    make_submission: MakeSubmission,
    fault: Fault,
    kind: type[Outcome],
    taken: int,
) -> None:
    """No fault makes us ask twice, and none makes us say more than we know."""
    world, url = gateway
    world.set_faults(FaultPlan(script=(fault,)))

    outcomes = await make_ip1(url).submit(make_submission())

    assert type(outcomes.all) is kind
    assert (world.stats()["requests"], len(world.messages)) == (1, taken)


async def test_each_request_has_a_connection_of_its_own(
    make_ip1: MakeIp1, make_submission: MakeSubmission, serve_raw: ServeRaw
) -> None:
    """A page must not be written into a socket that the far side has closed."""
    ports: list[int] = []

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        ports.append(writer.get_extra_info("peername")[1])
        writer.write(TAKEN)
        await writer.drain()

    _, url = await serve_raw(answer)
    provider = make_ip1(url)

    await provider.submit(make_submission())
    await provider.submit(make_submission())

    assert len(set(ports)) == 2
