"""What every provider that can be asked owes its caller, whatever the gateway says."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest
from aiohttp import ClientError, ClientSession

from alertbridge.core.message import Reference
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.report import (
    Answer,
    Delivery,
    DeliveryReport,
    NotReported,
    Reported,
)
from alertbridge.core.secret import Secret
from alertbridge.ports import ReportAsker
from alertbridge.providers import PROVIDERS
from alertbridge.providers.http_request import MAX_ANSWER

TOKEN = "canary-token-5d20"
ID = "canary-id-91c2"
REFERENCE = Reference("ref-1")
SECRETS = (TOKEN, ID, "46701740605", "canary-text-7f3a")

PROMISE = 12.0
"""Seconds within which an answer is promised (`ReportAsker`)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How to make a provider of a type, and what its gateway says of a delivery."""

    options: dict[str, object]
    says: Callable[[str, str], object]


ASKERS = {
    "ip1": Kind(
        {"token": Secret(TOKEN), "sender": "iP1"},
        lambda batch, reference: [
            {
                "id": "m-1",
                "batchId": batch,
                "recipient": "46701740605",
                "body": "canary-text-7f3a",
                "statuses": [{"created": "", "code": 201, "duration": 1}],
                "reference": reference,
            }
        ],
    ),
    "46elks": Kind(
        {"username": "u1", "password": Secret(TOKEN), "sender": "Bridge"},
        lambda sms, _: {
            "id": sms,
            "to": "+46701740605",
            "message": "canary-text-7f3a",
            "status": "delivered",
        },
    ),
    "twilio": Kind(
        {"account_sid": "AC1", "auth_token": Secret(TOKEN), "sender": "Bridge"},
        lambda sid, _: {
            "sid": sid,
            "to": "+46701740605",
            "body": "canary-text-7f3a",
            "status": "delivered",
        },
    ),
    "sinch": Kind(
        {"service_plan_id": "p1", "token": Secret(TOKEN), "sender": "Bridge"},
        lambda batch, reference: {
            "type": "delivery_report_sms",
            "batch_id": batch,
            "client_reference": reference,
            "statuses": [
                {"code": 0, "status": "Delivered", "recipients": ["46701740605"]}
            ],
        },
    ),
}

WITHOUT: dict[str, dict[str, object]] = {
    "smstools3": {},
    "gammu-smsd": {},
    "apprise": {"url": Secret("json://sms.example.org/")},
    "vonage": {"api_key": "k1", "api_secret": Secret(TOKEN), "sender": "Bridge"},
    "http": {
        "url": "https://sms.example.org",
        "json": {"to": "{{ number }}", "text": "{{ text }}"},
        "answer": {"accepted": {"status": [200]}},
    },
    "smpp": {
        "host": "sms.example.org",
        "system_id": "u1",
        "password": Secret("pw-5d20"),
        "sender": "Bridge",
    },
    "console": {},
}
"""The types that cannot be asked."""

Respond = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
ServeRaw = Callable[[Respond], Awaitable[tuple["Raw", str]]]
MakeAsker = Callable[[str], ReportAsker]


class Raw:
    """What the tests use of the raw server in the conftest."""

    requests: list[bytes]


def make_asker(kind: str, url: str, session: ClientSession) -> ReportAsker:
    """Make a provider of a type, pointed at a URL."""
    options = PROVIDERS[kind].options.model_validate(
        {"base_url": url, **ASKERS[kind].options}
    )
    asker = PROVIDERS[kind].make(ProviderName("under-test"), options, session)
    assert isinstance(asker, ReportAsker)
    return asker


@pytest.fixture(params=sorted(ASKERS))
def kind(request: pytest.FixtureRequest) -> str:
    """Each type that can be asked."""
    return str(request.param)


@pytest.fixture
def make(kind: str, session: ClientSession) -> MakeAsker:
    """Make a provider of each type, pointed at a URL."""
    return lambda url: make_asker(kind, url, session)


async def test_every_type_is_in_this_suite(session: ClientSession) -> None:
    """Who can be asked is under this contract, and who is not said so."""
    assert ASKERS.keys() | WITHOUT.keys() == PROVIDERS.keys()
    for kind, given in WITHOUT.items():
        options = PROVIDERS[kind].options.model_validate(given)
        provider = PROVIDERS[kind].make(ProviderName("p"), options, session)
        assert not isinstance(provider, ReportAsker), kind


def say(answer: bytes) -> Respond:
    """Answer with exactly these bytes."""

    async def respond(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return respond


def http(status: int, body: bytes = b"", *headers: str) -> bytes:
    """Write an answer."""
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def good(kind: str, about: str = ID, reference: str = REFERENCE) -> bytes:
    """What the gateway says of an SMS that arrived."""
    return json.dumps(ASKERS[kind].says(about, reference)).encode()


def assert_says_nothing(answer: Answer) -> None:
    """Doubt, in words that hold no token, text, id or number."""
    assert isinstance(answer, NotReported)
    assert answer.detail.isprintable()
    assert not [secret for secret in SECRETS if secret in answer.detail]


async def test_a_clear_answer_is_believed(
    make: MakeAsker, kind: str, serve_raw: ServeRaw
) -> None:
    """What the rest of this suite is measured against."""
    _, url = await serve_raw(say(http(200, good(kind))))

    answer = await make(url).ask_reports(REFERENCE, ID)

    assert isinstance(answer, Reported)
    (report,) = answer.reports
    assert report.delivery is Delivery.DELIVERED
    assert report.number == Msisdn("+46701740605")


STATUSES = [
    *(101, 201, 202, 204, 206, 226, 299, 300, 302, 304, 307),
    *(400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 418, 422, 429, 499),
    *(500, 501, 502, 503, 504, 599),
]


@pytest.mark.parametrize("status", STATUSES)
async def test_no_status_but_200_is_an_answer(
    make: MakeAsker, kind: str, serve_raw: ServeRaw, status: int
) -> None:
    """A good body under another status is a cache's, or a proxy's."""
    location = f"Location: http://127.0.0.1:9/{TOKEN}"
    body = b"" if status in {101, 204, 304} else good(kind)
    _, url = await serve_raw(say(http(status, body, location)))

    assert_says_nothing(await make(url).ask_reports(REFERENCE, ID))


@pytest.mark.parametrize("status", [200, 401, 404, 500])
async def test_an_answer_that_gives_the_request_back_leaks_nothing(
    make: MakeAsker, serve_raw: ServeRaw, status: int
) -> None:
    """Token and all."""

    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(http(status, request, f"X: {TOKEN}"))
        await writer.drain()

    _, url = await serve_raw(respond)

    assert_says_nothing(await make(url).ask_reports(REFERENCE, ID))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="reset"),
        pytest.param(TOKEN.encode() + b"\r\n\r\n", id="not-http"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + TOKEN.encode(), id="half-a-head"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[{", id="half-a-body"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", id="long-head"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", id="chunks"
        ),
        pytest.param(
            http(200, b"\x1f\x8b broken", "Content-Encoding: gzip"), id="gzip"
        ),
    ],
)
async def test_a_broken_answer_says_nothing(
    make: MakeAsker, serve_raw: ServeRaw, answer: bytes
) -> None:
    """The exception that hid the answer is not quoted: it may hold the headers."""
    _, url = await serve_raw(say(answer))

    assert_says_nothing(await make(url).ask_reports(REFERENCE, ID))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>Log in</html>", id="captive-portal"),
        pytest.param(b"null", id="null"),
        pytest.param(b"0", id="number"),
        pytest.param(b'"delivered"', id="text"),
        pytest.param(b"{}", id="empty-object"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"\xff\xfe{", id="not-utf8"),
        pytest.param(b'{"status": "delivered", "code": 201}', id="about-nobody"),
        pytest.param(
            b'{"id": "%b\\n", "sid": "%b\\n", "status": "delivered"}'
            % (ID.encode(), ID.encode()),
            id="line-break-in-id",
        ),
    ],
)
async def test_a_body_of_another_shape_says_nothing(
    make: MakeAsker, serve_raw: ServeRaw, body: bytes
) -> None:
    """Never delivered on the word of whoever answers."""
    _, url = await serve_raw(say(http(200, body)))

    assert_says_nothing(await make(url).ask_reports(REFERENCE, ID))


async def test_an_answer_about_another_message_is_not_believed(
    make: MakeAsker, kind: str, serve_raw: ServeRaw
) -> None:
    """A mix-up at the gateway must not end the fail-over of this one."""
    _, url = await serve_raw(say(http(200, good(kind, about="another"))))

    answer = await make(url).ask_reports(REFERENCE, ID)

    assert isinstance(answer, NotReported) or answer == Reported(())


@pytest.mark.parametrize("kind", ["ip1", "sinch"])
async def test_an_answer_about_another_submission_is_not_believed(
    session: ClientSession, serve_raw: ServeRaw, kind: str
) -> None:
    """Where a gateway has our reference, it is the right one."""
    _, url = await serve_raw(say(http(200, good(kind, reference="ref-2"))))

    answer = await make_asker(kind, url, session).ask_reports(REFERENCE, ID)

    assert isinstance(answer, NotReported) or answer == Reported(())


@pytest.mark.parametrize(
    "odd",
    [
        *("", ".", "..", "../me", "a/b", "a\\b", "a?b=c", "a#b", "a%2Fb", "a&b", "a;b"),
        *("a b", "a\nb", "a\r\nX-Evil: 1", "a\0b", "\u00e5", "\u0660", "@evil", "a:b"),
        "x" * 129,
    ],
)
async def test_an_id_that_could_lead_elsewhere_is_not_asked_about(
    make: MakeAsker, kind: str, serve_raw: ServeRaw, odd: str
) -> None:
    """It was a gateway's answer once, and stands in a path."""
    raw, url = await serve_raw(say(http(200, good(kind, about=odd))))

    answer = await make(url).ask_reports(REFERENCE, odd)

    assert isinstance(answer, NotReported)
    assert not odd or odd not in answer.detail or odd in {".", ".."}
    assert raw.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(
    make: MakeAsker, kind: str, serve_raw: ServeRaw, status: int
) -> None:
    """Credentials go to nobody that the config does not name."""
    elsewhere, other = await serve_raw(say(http(200, good(kind))))
    _, url = await serve_raw(say(http(status, b"", f"Location: {other}/x")))

    assert_says_nothing(await make(url).ask_reports(REFERENCE, ID))
    assert elsewhere.requests == []


async def test_an_unreachable_gateway_says_nothing(
    make: MakeAsker, unused_tcp_port: int
) -> None:
    """And no exception does either."""
    asker = make(f"http://127.0.0.1:{unused_tcp_port}")

    assert_says_nothing(await asker.ask_reports(REFERENCE, ID))


async def test_an_endless_answer_is_read_to_its_limit(
    make: MakeAsker, kind: str, serve_raw: ServeRaw
) -> None:
    """A mebibyte, and no more; what stood at its beginning is not believed."""
    sent = 0

    async def respond(_: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + good(kind))
        while True:
            writer.write(b" " * 65536)
            sent += 65536
            await writer.drain()

    _, url = await serve_raw(respond)

    assert_says_nothing(await make(url).ask_reports(REFERENCE, ID))
    assert sent < 16 * MAX_ANSWER


def hang(kind: str, how: str, until: asyncio.Event) -> Respond:
    """Never finish an answer, in one of several ways."""

    async def respond(_: bytes, writer: asyncio.StreamWriter) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
        if how == "head":
            writer.write(head[:20])
        elif how != "silence":
            writer.write(head + good(kind))
        while not until.is_set():
            if how == "drip":
                writer.write(b" ")
            await writer.drain()
            with suppress(TimeoutError):
                await asyncio.wait_for(until.wait(), 0.5)

    return respond


def page_slowly(kind: str) -> Respond:
    """Answer in time, and lead on to a page more each time."""
    pages = iter(range(1, 1000))

    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        path = request.split(b" ")[1].partition(b"?")[0].decode()
        await asyncio.sleep(1.5)
        link = f'Link: <{path}?start={next(pages)}>; rel="next"'
        writer.write(http(200, good(kind), link))
        await writer.drain()

    return respond


async def test_a_gateway_that_hangs_is_left_in_time(
    session: ClientSession, serve_raw: ServeRaw
) -> None:
    """Silent, half-way, or a byte at a time; all at once, as each takes ten seconds.

    Or with a list that has a page more, each in good time.
    """
    over = asyncio.Event()

    async def ask(kind: str, respond: Respond) -> Answer:
        _, url = await serve_raw(respond)
        return await make_asker(kind, url, session).ask_reports(REFERENCE, ID)

    ways = ("silence", "head", "body", "drip")
    try:
        async with asyncio.timeout(PROMISE):
            answers = await asyncio.gather(
                *(ask(kind, hang(kind, how, over)) for kind in ASKERS for how in ways),
                ask("ip1", page_slowly("ip1")),
            )
    finally:
        over.set()

    for answer in answers:
        assert_says_nothing(answer)


class Careless:
    """A provider that can be asked, as it is quickly written."""

    def __init__(self, url: str, session: ClientSession) -> None:
        self._url = url
        self._session = session

    async def ask_reports(self, reference: Reference, provider_id: str) -> Answer:
        """Follow redirects, believe every status and id, quote what came."""
        try:
            async with self._session.get(
                f"{self._url}/sms/{provider_id}", headers={"Authorization": TOKEN}
            ) as response:
                body = await response.text("latin-1")
        except (ClientError, OSError, ValueError) as exc:
            return NotReported(f"{exc!r} {TOKEN}")
        if "delivered" not in body and "201" not in body:
            return NotReported(body)
        return Reported(
            (
                DeliveryReport(
                    provider_id=provider_id,
                    reference=reference,
                    number=None,
                    delivery=Delivery.DELIVERED,
                    final=True,
                    code="",
                    at=None,
                ),
            )
        )


@contextmanager
def found() -> Iterator[None]:
    """A claim must fail here."""
    with pytest.raises(AssertionError):
        yield


@pytest.mark.parametrize("about", ["46elks", "ip1"])
async def test_the_suite_finds_a_careless_provider(
    session: ClientSession, serve_raw: ServeRaw, unused_tcp_port: int, about: str
) -> None:
    """Each claim fails for it, so none of them is empty."""

    def make(url: str) -> ReportAsker:
        return Careless(url, session)

    with found():
        await test_no_status_but_200_is_an_answer(make, about, serve_raw, 500)
    with found():
        await test_an_answer_that_gives_the_request_back_leaks_nothing(
            make, serve_raw, 404
        )
    with found():
        await test_a_broken_answer_says_nothing(make, serve_raw, b"")
    with found():
        await test_a_body_of_another_shape_says_nothing(
            make, serve_raw, b'{"status": "delivered", "code": 201}'
        )
    with found():
        await test_an_answer_about_another_message_is_not_believed(
            make, about, serve_raw
        )
    with found():
        await test_an_id_that_could_lead_elsewhere_is_not_asked_about(
            make, about, serve_raw, "../me"
        )
    with found():
        await test_a_redirect_is_not_followed(make, about, serve_raw, 307)
    with found():
        await test_an_unreachable_gateway_says_nothing(make, unused_tcp_port)
