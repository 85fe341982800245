"""What every provider that talks HTTP owes its caller, whatever the gateway does."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import ClientSession
from pydantic import BaseModel

from alertbridge.core.message import (
    Accepted,
    Deferred,
    Outcomes,
    Rejected,
    Submission,
    Uncertain,
)
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.secret import Secret
from alertbridge.ports import Provider
from alertbridge.providers import PROVIDERS
from alertbridge.providers.console import ConsoleOptions

TOKEN = "canary-token-5d20"
TEXT = "CRITICAL DiskFull canary-text-7f3a"
NUMBERS = (Msisdn("+46701740605"), Msisdn("+46701740606"))
SECRETS = (TOKEN, "canary-text-7f3a", "46701740605", "46701740606")

HTTP_TYPES: dict[str, Callable[[str], dict[str, object]]] = {
    "ip1": lambda url: {"base_url": url, "token": Secret(TOKEN), "sender": "iP1"},
}
"""How to point each type at a server of ours."""

LOCAL_TYPES = {"console"}
"""The types that talk to nobody."""

MakeSubmission = Callable[..., Submission]
Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
ServeRaw = Callable[[Answer], Awaitable[tuple[object, str]]]
MakeProvider = Callable[[str], Provider]


def test_every_type_is_in_this_suite() -> None:
    """A new provider cannot be registered without the contract."""
    assert HTTP_TYPES.keys() | LOCAL_TYPES == PROVIDERS.keys()


@pytest.fixture(params=sorted(HTTP_TYPES))
def make_provider(
    request: pytest.FixtureRequest, session: ClientSession
) -> MakeProvider:
    """Make a provider of each type, pointed at a URL."""

    def make(url: str) -> Provider:
        kind = PROVIDERS[request.param]
        options = kind.options.model_validate(HTTP_TYPES[request.param](url))
        return kind.make(ProviderName("under-test"), options, session)

    return make


def assert_leaks_no_secret(outcomes: Outcomes) -> None:
    """Nothing that is logged or shown holds the token, the text or a number."""
    shown = [outcomes.all, *outcomes.by_number.values()]
    for outcome in shown:
        words = "" if isinstance(outcome, Accepted) else outcome.detail
        assert not [secret for secret in SECRETS if secret in words]


def echo(status: int) -> Answer:
    """Answer with *status* and give the request back, token and all."""

    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        body = request.replace(b"\r\n\r\n", b"\r\n")
        head = f"HTTP/1.1 {status} {TOKEN}\r\nRetry-After: {TOKEN}\r\n"
        location = f"Location: http://127.0.0.1:9/{TOKEN}\r\n"
        length = f"Content-Length: {len(body)}\r\n\r\n"
        if status in {204, 304} or status < 200:
            body, length = b"", "\r\n"
        writer.write((head + location + length).encode() + body)
        await writer.drain()

    return respond


@pytest.mark.parametrize("block", range(1, 6))
async def test_no_status_is_taken_for_more_than_it_says(
    make_provider: MakeProvider,
    make_submission: MakeSubmission,
    serve_raw: ServeRaw,
    block: int,
) -> None:
    """Never an exception, never Accepted without an id, never a no after a 5xx.

    503 may be Deferred: it is the one that says that nothing was begun.
    """
    allowed: dict[int, tuple[type, ...]] = {
        1: (Uncertain,),
        2: (Uncertain,),
        3: (Deferred,),
        4: (Deferred, Rejected, Uncertain),
        5: (Uncertain,),
    }
    of_its_own: dict[int, tuple[type, ...]] = {503: (Deferred, Uncertain)}

    for status in range(block * 100, block * 100 + 100):
        _, url = await serve_raw(echo(status))
        outcomes = await make_provider(url).submit(make_submission(*NUMBERS, body=TEXT))

        kinds = {type(outcomes.of(number)) for number in NUMBERS}
        assert kinds <= set(of_its_own.get(status, allowed[block])), status
        assert_leaks_no_secret(outcomes)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="silence"),
        pytest.param(TOKEN.encode() + b"\r\n\r\n", id="not-http"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + TOKEN.encode(), id="half-a-head"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + TOKEN.encode(),
            id="half-a-body",
        ),
    ],
)
async def test_a_broken_answer_is_uncertain_and_leaks_nothing(
    make_provider: MakeProvider,
    make_submission: MakeSubmission,
    serve_raw: ServeRaw,
    answer: bytes,
) -> None:
    """The exception that hid the answer is not quoted: it may hold the headers."""

    async def respond(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    _, url = await serve_raw(respond)

    outcomes = await make_provider(url).submit(make_submission(*NUMBERS, body=TEXT))

    assert isinstance(outcomes.all, Uncertain)
    assert_leaks_no_secret(outcomes)


async def test_an_unreachable_gateway_is_deferred_and_leaks_nothing(
    make_provider: MakeProvider,
    make_submission: MakeSubmission,
    unused_tcp_port: int,
) -> None:
    """Surely not sent, and said without the token."""
    provider = make_provider(f"http://127.0.0.1:{unused_tcp_port}")

    outcomes = await provider.submit(make_submission(*NUMBERS, body=TEXT))

    assert isinstance(outcomes.all, Deferred)
    assert_leaks_no_secret(outcomes)


async def test_a_provider_has_the_name_it_was_given(
    make_provider: MakeProvider,
) -> None:
    """Two accounts of one type are two providers."""
    assert make_provider("http://127.0.0.1:9").name == "under-test"


async def test_options_of_another_type_are_refused(
    session: ClientSession,
) -> None:
    """A mix-up in the wiring shows at start, not at the first page."""
    options: BaseModel = ConsoleOptions()

    with pytest.raises(TypeError, match="Ip1Options wanted"):
        PROVIDERS["ip1"].make(ProviderName("mixed-up"), options, session)
