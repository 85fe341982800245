"""SMPP inside of TLS: to whoever can prove who they are, and to nobody else."""

import asyncio
import shutil
import ssl
import struct
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from provider_types import MakeSubmission

from alertbridge.core.message import Accepted, Deferred
from alertbridge.providers.smpp import Smpp

MakeSmpp = Callable[..., Smpp]
ServeTls = Callable[[list[bytes]], Awaitable[int]]

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is not installed"
)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for `localhost`, of which we are the only authority."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    arguments = (
        "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost"
        " -addext subjectAltName=DNS:localhost"
    )
    subprocess.run(
        ["openssl", *arguments.split(), "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    return certificate


@pytest.fixture
async def serve_tls(certificate: Path) -> AsyncIterator[ServeTls]:
    """Serve SMPP inside of TLS; what is heard goes into a list. Returns the port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    async with AsyncExitStack() as stack:

        async def start(heard: list[bytes]) -> int:
            async def handle(
                reader: asyncio.StreamReader, writer: asyncio.StreamWriter
            ) -> None:
                try:
                    while True:
                        head = await reader.readexactly(16)
                        length, command, _, sequence = struct.unpack(">IIII", head)
                        heard.append(head + await reader.readexactly(length - 16))
                        answer = command | 0x80000000, 0, sequence
                        writer.write(struct.pack(">IIII", 18, *answer) + b"7\0")
                        if command == 0x06:
                            break
                except (ConnectionError, asyncio.IncompleteReadError):
                    pass
                finally:
                    writer.close()

            server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
            await stack.enter_async_context(server)
            port: int = server.sockets[0].getsockname()[1]
            return port

        yield start


async def test_a_page_goes_to_an_smsc_that_proves_who_it_is(
    make_smpp: MakeSmpp,
    make_submission: MakeSubmission,
    serve_tls: ServeTls,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By an authority that the machine trusts, and the name in the config."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    port = await serve_tls([])
    smpp = make_smpp(port, host="localhost", tls=True)

    outcomes = await smpp.submit(make_submission())
    await smpp.close()

    assert outcomes.all == Accepted(provider_id="7")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_nothing_is_said_to_an_smsc_that_does_not(
    make_smpp: MakeSmpp,
    make_submission: MakeSubmission,
    serve_tls: ServeTls,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
) -> None:
    """An authority that nobody knows, or another's name: surely not sent (C2)."""
    if host != "localhost":
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    heard: list[bytes] = []
    port = await serve_tls(heard)

    outcomes = await make_smpp(port, host=host, tls=True).submit(make_submission())

    assert isinstance(outcomes.all, Deferred)
    assert "certificate" in outcomes.all.detail.lower()
    assert heard == []


async def test_tls_is_not_left_out_because_the_smsc_has_none(
    make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """A line that should be encrypted carries no password in clear."""
    heard: list[bytes] = []

    async def listen(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        heard.append(await reader.read(1024))
        writer.write(b"no TLS here")
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        outcomes = await make_smpp(port, tls=True).submit(make_submission())

    assert isinstance(outcomes.all, Deferred)
    assert b"bridge" not in b"".join(heard)
