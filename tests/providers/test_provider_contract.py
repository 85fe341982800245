"""What every provider that talks HTTP owes its caller, whatever the gateway does."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import cast

import pytest
from aiohttp import ClientError, ClientSession
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from alertbridge.core.message import (
    Accepted,
    Deferred,
    Outcome,
    Outcomes,
    Rejected,
    Submission,
    Uncertain,
)
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.secret import Secret
from alertbridge.ports import PayloadError, Provider, ReportReader, ReportRequest
from alertbridge.providers import PROVIDERS
from alertbridge.providers.console import ConsoleOptions

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

LOCAL_TYPES: dict[str, dict[str, object]] = {
    "console": {},
    "smstools3": {},
    "gammu-smsd": {},
    "apprise": {"url": Secret(f"json://u:{TOKEN}@127.0.0.1:9/")},
}
"""The types that do not speak HTTP themselves; `test_modem_contract` has more."""

MakeSubmission = Callable[..., Submission]
Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
ServeRaw = Callable[[Answer], Awaitable[tuple["Raw", str]]]
MakeProvider = Callable[[str], Provider]


class Raw:
    """What the tests use of the raw server in the conftest."""

    requests: list[bytes]


def test_every_type_is_in_this_suite() -> None:
    """A new provider cannot be registered without the contract."""
    assert HTTP_TYPES.keys() | LOCAL_TYPES.keys() == PROVIDERS.keys()


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

        assert kinds_of(outcomes) <= set(of_its_own.get(status, allowed[block])), status
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

    assert kinds_of(outcomes) == {Uncertain}
    assert_leaks_no_secret(outcomes)


async def test_an_unreachable_gateway_is_deferred_and_leaks_nothing(
    make_provider: MakeProvider,
    make_submission: MakeSubmission,
    unused_tcp_port: int,
) -> None:
    """Surely not sent, and said without the token."""
    provider = make_provider(f"http://127.0.0.1:{unused_tcp_port}")

    outcomes = await provider.submit(make_submission(*NUMBERS, body=TEXT))

    assert kinds_of(outcomes) == {Deferred}
    assert_leaks_no_secret(outcomes)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(
    make_provider: MakeProvider,
    make_submission: MakeSubmission,
    serve_raw: ServeRaw,
    status: int,
) -> None:
    """Credentials and numbers go to nobody that the config does not name (C19)."""
    elsewhere, other = await serve_raw(say(http(201, b'{"id": "a"}')))
    _, url = await serve_raw(say(http(status, b"", f"Location: {other}/")))

    outcomes = await make_provider(url).submit(make_submission(*NUMBERS, body=TEXT))

    assert elsewhere.requests == []
    assert kinds_of(outcomes) == {Deferred}


async def test_an_endless_answer_is_uncertain(
    make_provider: MakeProvider, make_submission: MakeSubmission, serve_raw: ServeRaw
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
    serve_raw: ServeRaw,
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
    serve_raw: ServeRaw,
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


async def test_a_request_carries_as_many_numbers_as_it_says(
    make_provider: MakeProvider, make_submission: MakeSubmission, serve_raw: ServeRaw
) -> None:
    """One request for both, or one each; and after a 500 none is sent again."""
    raw, url = await serve_raw(say(http(500)))
    provider = make_provider(url)

    outcomes = await provider.submit(make_submission(*NUMBERS, body=TEXT))

    assert kinds_of(outcomes) == {Uncertain}
    assert len(raw.requests) == (1 if provider.most_numbers >= len(NUMBERS) else 2)
    for number in NUMBERS:
        holding = [one for one in raw.requests if number[1:].encode() in one]
        assert len(holding) == 1


async def test_a_bad_number_does_not_take_the_good_one_down(
    make_provider: MakeProvider, make_submission: MakeSubmission, serve_raw: ServeRaw
) -> None:
    """It is refused and blamed; the other is sent, or waits for the next request."""
    raw, url = await serve_raw(say(http(500)))
    bad = Msisdn("+4670174060x\r\nX-Evil: 1")

    outcomes = await make_provider(url).submit(make_submission(NUMBERS[0], bad))

    blamed = outcomes.of(bad)
    assert isinstance(blamed, Rejected)
    assert blamed.number_is_bad
    assert isinstance(outcomes.of(NUMBERS[0]), Deferred | Uncertain)
    assert not [one for one in raw.requests if b"Evil" in one]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        pytest.param({"body": " \n"}, Rejected, id="blank"),
        pytest.param({"body": "x" * 5000}, Rejected, id="long"),
        pytest.param({"reference": "a\r\nX-Evil: 1"}, Rejected, id="reference"),
        pytest.param({"closes_in": timedelta(0)}, Deferred, id="too-late"),
    ],
)
async def test_what_cannot_be_sent_is_asked_of_nobody(
    make_provider: MakeProvider,
    make_submission: MakeSubmission,
    serve_raw: ServeRaw,
    changes: dict[str, object],
    kind: type,
) -> None:
    """An answer would cost a request, and tell no more."""
    raw, url = await serve_raw(say(http(500)))

    outcomes = await make_provider(url).submit(make_submission(*NUMBERS, **changes))

    assert kinds_of(outcomes) == {kind}
    assert raw.requests == []


async def test_half_a_surrogate_pair_does_not_stop_a_page(
    make_provider: MakeProvider, make_submission: MakeSubmission, serve_raw: ServeRaw
) -> None:
    """A label may hold one; nothing is raised, and the request leaves."""
    raw, url = await serve_raw(say(http(500)))

    outcomes = await make_provider(url).submit(make_submission(body="\ud83d half"))

    assert isinstance(outcomes.all, Uncertain)
    assert len(raw.requests) == 1


@pytest.mark.parametrize("kind", sorted(HTTP_TYPES))
def test_options_show_no_secret(kind: str) -> None:
    """Neither `repr` nor a dump for people has one."""
    options = PROVIDERS[kind].options.model_validate(
        HTTP_TYPES[kind]("http://127.0.0.1:9")
    )

    assert TOKEN not in f"{options!r} {options} {options.model_dump()}"


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


MOST_NUMBERS = {
    "ip1": 1000,
    "46elks": 1,
    "twilio": 1,
    "vonage": 1,
    "sinch": 1000,
    "http": 1,
    "smstools3": 1,
    "gammu-smsd": 1,
    "apprise": 1,
    "console": 1000,
}
"""What one request of each type may carry, as its documentation says."""


@pytest.mark.parametrize("kind", sorted(PROVIDERS))
async def test_a_provider_says_what_it_may_be_asked(
    session: ClientSession, kind: str
) -> None:
    """How often, and for how many numbers at once."""
    given_options = (
        HTTP_TYPES[kind]("http://127.0.0.1:9")
        if kind in HTTP_TYPES
        else LOCAL_TYPES[kind]
    )
    options = PROVIDERS[kind].options.model_validate(given_options)

    provider = PROVIDERS[kind].make(ProviderName("p"), options, session)

    assert provider.name == "p"
    assert provider.most_numbers == MOST_NUMBERS[kind]
    assert 1 <= provider.requests_per_second <= 1000


class Careless:
    """A provider as it is quickly written, with the mistakes this suite is for."""

    name = ProviderName("careless")
    requests_per_second = 1000
    most_numbers = 1000

    def __init__(self, url: str, session: ClientSession) -> None:
        self._url = url
        self._session = session

    async def submit(self, submission: Submission) -> Outcomes:
        """Follow redirects, believe every 2xx, try again after a 500."""
        outcome: Outcome = Rejected(detail="nothing")
        for number in submission.numbers * 2:
            try:
                async with self._session.post(
                    self._url, data=number, headers={"Authorization": TOKEN}
                ) as response:
                    body = await response.text("latin-1")
            except (ClientError, OSError) as exc:
                return Outcomes(Uncertain(detail=repr(exc)))
            if response.ok:
                return Outcomes(Accepted(provider_id=body[:9]))
            outcome = Rejected(detail=f"HTTP {response.status}: {body}")
        return Outcomes(outcome)

    async def check(self) -> list[str]:
        """Nothing to say."""
        return []


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
        pytest.param(
            test_a_request_carries_as_many_numbers_as_it_says, {}, id="sent-twice"
        ),
        pytest.param(
            test_a_bad_number_does_not_take_the_good_one_down, {}, id="bad-number"
        ),
        pytest.param(
            test_what_cannot_be_sent_is_asked_of_nobody,
            {"changes": {"body": " "}, "kind": Rejected},
            id="blank",
        ),
    ],
)
async def test_the_suite_finds_a_careless_provider(
    session: ClientSession,
    make_submission: MakeSubmission,
    serve_raw: ServeRaw,
    claim: Callable[..., Awaitable[None]],
    arguments: dict[str, object],
) -> None:
    """Each claim fails for it, so none of them is empty."""

    def make(url: str) -> Provider:
        return Careless(url, session)

    with pytest.raises(AssertionError):
        await claim(make, make_submission, serve_raw, **arguments)


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
