"""A gateway that cannot prove who it is gets neither token nor text (C2)."""

import asyncio
import json
import os
import shutil
import ssl
import subprocess
import sys
import warnings
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "programs" / "submit_page.py"
ANSWER = b'HTTP/1.1 201 Created\r\nContent-Length: 13\r\n\r\n{"id": "5bc"}'
EC = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"

pytestmark = [
    pytest.mark.scenario,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl"),
]


def openssl(folder: Path, arguments: str) -> None:
    """Run a command of openssl in a folder."""
    command = ["openssl", *arguments.split()]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)


def issue(folder: Path, name: str, host: str, days: int) -> Path:
    """Issue a certificate for a host, by the authority of the folder."""
    openssl(
        folder,
        f"req {EC} -subj /CN={host} -addext subjectAltName=DNS:{host}"
        f" -keyout {name}.key -out {name}.csr",
    )
    openssl(
        folder,
        f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -days {days}"
        f" -copy_extensions copy -out {name}.pem",
    )
    return folder / f"{name}.pem"


def certificates(folder: Path) -> dict[str, Path]:
    """A good certificate, and each kind that is none for `localhost`."""
    openssl(folder, f"req -x509 {EC} -days 2 -subj /CN=ca -keyout ca.key -out ca.pem")
    good = issue(folder, "good", "localhost", 1)
    openssl(
        folder,
        f"req -x509 {EC} -days 2 -subj /CN=localhost"
        " -addext subjectAltName=DNS:localhost -keyout self.key -out self.pem",
    )
    return {
        "good": good,
        "expired": issue(folder, "expired", "localhost", -1),
        "another-host": issue(folder, "another-host", "gateway.example.org", 1),
        "self-signed": folder / "self.pem",
        "tls-1.0": good,
    }


def context_of(name: str, certificate: Path) -> ssl.SSLContext:
    """What a server with this certificate speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    if name == "tls-1.0":
        with warnings.catch_warnings():
            # That it is not to be used is what this is about.
            warnings.simplefilter("ignore", DeprecationWarning)
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1
    return context


async def ask(folder: Path) -> tuple[Mapping[str, dict[str, str]], dict[str, bytes]]:
    """Send a page to each server; what became of it, and what each was shown."""
    shown: dict[str, bytes] = {}
    urls: dict[str, str] = {}
    async with AsyncExitStack() as stack:
        for name, certificate in certificates(folder).items():

            async def handle(
                reader: asyncio.StreamReader,
                writer: asyncio.StreamWriter,
                name: str = name,
            ) -> None:
                shown[name] = await reader.read(65536)
                writer.write(ANSWER)
                writer.close()

            server = await asyncio.start_server(
                handle, "127.0.0.1", 0, ssl=context_of(name, certificate)
            )
            await stack.enter_async_context(server)
            port = server.sockets[0].getsockname()[1]
            urls[name] = f"https://localhost:{port}"
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, str(PROGRAM), *urls.values()),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "SSL_CERT_FILE": str(folder / "ca.pem")},
        )
        said, _ = await asyncio.wait_for(program.communicate(), 30)
        assert program.returncode == 0
    outcomes = json.loads(said)
    return {name: outcomes[url] for name, url in urls.items()}, shown


async def test_who_cannot_prove_to_be_the_gateway_is_shown_nothing(
    tmp_path: Path,
) -> None:
    """Surely not sent, each with its reason; and the good one is spoken to."""
    outcomes, shown = await ask(tmp_path)

    assert {name: one["outcome"] for name, one in outcomes.items()} == {
        "good": "Accepted",
        "expired": "Deferred",
        "another-host": "Deferred",
        "self-signed": "Deferred",
        "tls-1.0": "Deferred",
    }
    assert "expired" in outcomes["expired"]["why"]
    assert "ostname mismatch" in outcomes["another-host"]["why"]
    assert "self-signed" in outcomes["self-signed"]["why"].replace("self s", "self-s")
    assert b"canary-token" in shown.pop("good")
    assert not any(shown.values())
