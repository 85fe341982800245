"""What every provider that talks HTTP owes its caller, whatever the gateway does."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import pytest
from aiohttp import ClientSession
from careless_provider import Careless
from hypothesis import given
from hypothesis import strategies as st
from provider_types import (
    HTTP_TYPES,
    NUMBERS,
    TEXT,
    TOKEN,
    Answer,
    MakeProvider,
    MakeSubmission,
    Serve,
    assert_leaks_no_secret,
    http,
    kinds_of,
    say,
)
from pydantic import ValidationError

from alertbridge.core.message import Deferred, Rejected, Uncertain
from alertbridge.core.notification import ProviderName
from alertbridge.ports import PayloadError, Provider, ReportReader, ReportRequest
from alertbridge.providers import PROVIDERS


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
    serve_raw: Serve,
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

        assert kinds_of(outcomes) <= set(of_its_own.get(status, allowed[block])), status
        assert_leaks_no_secret(outcomes)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(
    make_provider: MakeProvider,
    make_submission: MakeSubmission,
    serve_raw: Serve,
    status: int,
) -> None:
    """Credentials and numbers go to nobody that the config does not name (C19)."""
    elsewhere, other = await serve_raw(say(http(201, b'{"id": "a"}')))
    _, url = await serve_raw(say(http(status, b"", f"Location: {other}/")))

    outcomes = await make_provider(url).submit(make_submission(*NUMBERS, body=TEXT))

    assert elsewhere.requests == []
    assert kinds_of(outcomes) == {Deferred}


async def test_an_endless_answer_is_uncertain(
    make_provider: MakeProvider, make_submission: MakeSubmission, serve_raw: Serve
) -> None:
    """A mebibyte is read, and no more (C20)."""

    async def respond(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 201 Created\r\n\r\n")
        while True:
            writer.write(b'{"id": "5bc", "sid": "5bc", "message_uuid": "5bc"} ' * 1000)
            await writer.drain()

    _, url = await serve_raw(respond)

    outcomes = await make_provider(url).submit(make_submission(*NUMBERS, body=TEXT))

    assert kinds_of(outcomes) == {Uncertain}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<html>Log in</html>", id="captive-portal"),
        pytest.param(b"[]", id="array"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"5bc"', id="text"),
        pytest.param(b"{}", id="nothing"),
        pytest.param(b'{"id": 1, "sid": 1, "message_uuid": 1}', id="number"),
        pytest.param(b'{"id": "", "sid": "", "message_uuid": ""}', id="empty"),
        pytest.param(b'{"id": " ", "sid": " ", "message_uuid": " "}', id="blank"),
        pytest.param(b'{"id": "\\n", "sid": "\\n"}', id="line-break"),
        pytest.param(
            b'{"id": "%b", "sid": "%b", "message_uuid": "%b"}' % ((b"x" * 129,) * 3),
            id="129-characters",
        ),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"\xff\xfe{", id="not-utf8"),
    ],
)
@pytest.mark.parametrize("status", [200, 201, 202])
async def test_a_yes_without_a_usable_id_is_uncertain(
    make_provider: MakeProvider,
    make_submission: MakeSubmission,
    serve_raw: Serve,
    status: int,
    body: bytes,
) -> None:
    """Never accepted on the word of whoever answers (C5, C18)."""
    _, url = await serve_raw(say(http(status, body)))

    outcomes = await make_provider(url).submit(make_submission(*NUMBERS, body=TEXT))

    assert kinds_of(outcomes) == {Uncertain}


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7.0), ("1000000000", 60.0), ("-1", None), ("x", None)]
)
async def test_a_throttle_says_how_long(
    make_provider: MakeProvider,
    make_submission: MakeSubmission,
    serve_raw: Serve,
    value: str,
    seconds: float | None,
) -> None:
    """Surely not sent; its wish is kept within a minute (C7)."""
    _, url = await serve_raw(say(http(429, b"", f"Retry-After: {value}")))

    outcomes = await make_provider(url).submit(make_submission(*NUMBERS, body=TEXT))

    assert kinds_of(outcomes) == {Deferred}
    for number in NUMBERS:
        outcome = outcomes.of(number)
        assert isinstance(outcome, Deferred)
        assert outcome.retry_after == seconds


@pytest.mark.parametrize("kind", sorted(HTTP_TYPES))
@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://sms.example.org", id="plain-http"),
        pytest.param("http://169.254.169.254/", id="metadata-service"),
        pytest.param(f"https://u:{TOKEN}@sms.example.org", id="userinfo"),
        pytest.param("https://sms.example.org/\r\nX: y", id="line-break"),
        pytest.param("ftp://sms.example.org", id="ftp"),
    ],
)
def test_an_address_that_would_give_secrets_away_is_refused(
    kind: str, url: str
) -> None:
    """When the config is read, and without repeating it."""
    with pytest.raises(ValidationError) as caught:
        PROVIDERS[kind].options.model_validate(HTTP_TYPES[kind](url))

    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/x-www-form-urlencoded", ""]
)
@given(st.binary(max_size=200) | st.from_regex(rb'\{"[a-z_]{1,9}": [0-9"]{1,4}\}'))
def test_what_is_no_report_is_refused_and_not_repeated(
    content_type: str, body: bytes
) -> None:
    """A stranger's post costs a line in a log, and no exception of another kind."""
    request = ReportRequest(method="POST", body=body, content_type=content_type)
    for kind, given_options in HTTP_TYPES.items():
        make, session = PROVIDERS[kind].make, cast("ClientSession", None)
        options = PROVIDERS[kind].options.model_validate(
            given_options("http://127.0.0.1:9")
        )
        provider = make(ProviderName("p"), options, session, report_url="https://us/r")
        assert isinstance(provider, ReportReader)
        with pytest.raises(PayloadError) as caught:
            provider.read_reports(request)
        assert len(str(caught.value)) < 150
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("kind", sorted(HTTP_TYPES))
async def test_a_provider_knows_where_its_reports_go(
    session: ClientSession, kind: str
) -> None:
    """Nowhere, unless it is told."""
    options = PROVIDERS[kind].options.model_validate(
        HTTP_TYPES[kind]("http://127.0.0.1:9")
    )
    make, name = PROVIDERS[kind].make, ProviderName("p")

    told = make(name, options, session, report_url="https://us.example.org/r")

    assert getattr(told, "report_url", "") == "https://us.example.org/r"
    assert getattr(make(name, options, session), "report_url", "") is None


@pytest.mark.parametrize(
    ("claim", "arguments"),
    [
        pytest.param(
            test_no_status_is_taken_for_more_than_it_says, {"block": 2}, id="2xx"
        ),
        pytest.param(
            test_no_status_is_taken_for_more_than_it_says, {"block": 4}, id="4xx"
        ),
        pytest.param(
            test_no_status_is_taken_for_more_than_it_says, {"block": 5}, id="5xx"
        ),
        pytest.param(test_a_redirect_is_not_followed, {"status": 307}, id="redirect"),
        pytest.param(
            test_a_yes_without_a_usable_id_is_uncertain,
            {"status": 200, "body": b"<html>"},
            id="captive-portal",
        ),
        pytest.param(
            test_a_throttle_says_how_long, {"value": "7", "seconds": 7.0}, id="throttle"
        ),
    ],
)
async def test_the_suite_finds_a_careless_provider(
    session: ClientSession,
    make_submission: MakeSubmission,
    serve_raw: Serve,
    claim: Callable[..., Awaitable[None]],
    arguments: dict[str, object],
) -> None:
    """Each claim fails for it, so none of them is empty."""

    def make(url: str) -> Provider:
        return Careless(url, session)

    with pytest.raises(AssertionError):
        await claim(make, make_submission, serve_raw, **arguments)
