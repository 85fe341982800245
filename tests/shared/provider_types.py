"""Every type of provider, how to point it at a server of ours, and what it must hide.

The contract suites go through these: one for whatever speaks HTTP, and one for all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from alertbridge.core.message import Accepted, Outcomes, Submission
from alertbridge.core.recipient import Msisdn
from alertbridge.core.secret import Secret
from alertbridge.ports import Provider

TOKEN = "canary-token-5d20"
TEXT = "CRITICAL DiskFull canary-text-7f3a"
NUMBERS = (Msisdn("+46701740605"), Msisdn("+46701740606"))
SECRETS = (TOKEN, "canary-text-7f3a", "46701740605", "46701740606")

HTTP_TYPES: dict[str, Callable[[str], dict[str, object]]] = {
    "ip1": lambda url: {"base_url": url, "token": Secret(TOKEN), "sender": "iP1"},
    "46elks": lambda url: {
        "base_url": url,
        "username": "u1",
        "requests_per_second": 1000,
        "password": Secret(TOKEN),
        "sender": "Bridge",
    },
    "twilio": lambda url: {
        "base_url": url,
        "account_sid": "AC1",
        "requests_per_second": 1000,
        "auth_token": Secret(TOKEN),
        "sender": "Bridge",
    },
    "vonage": lambda url: {
        "base_url": url,
        "api_key": "k1",
        "requests_per_second": 1000,
        "api_secret": Secret(TOKEN),
        "sender": "Bridge",
    },
    "sinch": lambda url: {
        "base_url": url,
        "service_plan_id": "plan1",
        "requests_per_second": 1000,
        "token": Secret(TOKEN),
        "sender": "Bridge",
    },
    "http": lambda url: {
        "url": f"{url}/send/{{{{ digits }}}}",
        "secrets": {"token": Secret(TOKEN)},
        "headers": {"Authorization": "Bearer {{ secrets.token }}"},
        "json": {"text": "{{ text }}"},
        "answer": {"accepted": {"json": {"status": "queued"}}, "id": "id"},
        "report": {"id": "id", "status": "status", "delivered": ["ok"]},
        "requests_per_second": 1000,
    },
}
"""How to point each type at a server of ours."""

PDU_TYPES: dict[str, Callable[[str], dict[str, object]]] = {
    "smpp": lambda url: {
        "host": "127.0.0.1",
        "port": urlsplit(url).port,
        "tls": False,
        "system_id": "bridge",
        "password": Secret(TOKEN),
        "sender": "Bridge",
        "requests_per_second": 1000,
    },
}
"""The types that speak SMPP; a URL is how their server says its port."""

NETWORK_TYPES = HTTP_TYPES | PDU_TYPES

LOCAL_TYPES: dict[str, dict[str, object]] = {
    "console": {},
    "smstools3": {},
    "gammu-smsd": {},
    "apprise": {"url": Secret(f"json://u:{TOKEN}@127.0.0.1:9/")},
}
"""The types that speak to no network by themselves; their own suites have more."""

MakeSubmission = Callable[..., Submission]
Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
MakeProvider = Callable[[str], Provider]


class Raw:
    """What the tests use of the raw servers in the conftest."""

    requests: list[bytes]


Serve = Callable[[Answer], Awaitable[tuple[Raw, str]]]


@dataclass(frozen=True, slots=True)
class Wire:
    """How a gateway of a type is played.

    `unclear` is an answer that says neither yes nor no; `broken` are octets that are no
    whole answer.
    """

    serve: Serve
    unclear: Answer
    broken: Mapping[str, bytes]


def assert_leaks_no_secret(outcomes: Outcomes) -> None:
    """Nothing that is logged or shown holds the token, the text or a number."""
    shown = [outcomes.all, *outcomes.by_number.values()]
    for outcome in shown:
        words = "" if isinstance(outcome, Accepted) else outcome.detail
        assert not [secret for secret in SECRETS if secret in words]


def kinds_of(outcomes: Outcomes) -> set[type]:
    """What became of the numbers."""
    return {type(outcomes.of(number)) for number in NUMBERS}


def say(answer: bytes) -> Answer:
    """Answer with exactly these bytes."""

    async def respond(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return respond


def http(status: int, body: bytes = b"", *headers: str) -> bytes:
    """Write an answer."""
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body
