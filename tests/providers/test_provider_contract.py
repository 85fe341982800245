"""What every provider owes its caller, whatever it speaks and the gateway does.

`test_http_contract.py` has what those that talk HTTP owe besides.
"""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from aiohttp import ClientSession
from careless_provider import Careless
from provider_types import (
    HTTP_TYPES,
    LOCAL_TYPES,
    NETWORK_TYPES,
    NUMBERS,
    TEXT,
    TOKEN,
    MakeProvider,
    MakeSubmission,
    Serve,
    Wire,
    assert_leaks_no_secret,
    http,
    kinds_of,
    say,
)
from pydantic import BaseModel

from alertbridge.core.message import Deferred, Rejected, Uncertain
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.ports import Closing, Provider
from alertbridge.providers import PROVIDERS
from alertbridge.providers.console import ConsoleOptions


def test_every_type_is_in_this_suite() -> None:
    """A new provider cannot be registered without the contract."""
    assert NETWORK_TYPES.keys() | LOCAL_TYPES.keys() == PROVIDERS.keys()


@pytest.fixture(params=sorted(NETWORK_TYPES))
def kind(request: pytest.FixtureRequest) -> str:
    """Each type that talks to somebody."""
    return str(request.param)


@pytest.fixture
async def make_provider(
    kind: str, session: ClientSession
) -> AsyncIterator[MakeProvider]:
    """Make a provider of each type, pointed at a URL."""
    made: list[Provider] = []

    def make(url: str) -> Provider:
        options = PROVIDERS[kind].options.model_validate(NETWORK_TYPES[kind](url))
        made.append(PROVIDERS[kind].make(ProviderName("under-test"), options, session))
        return made[-1]

    yield make
    for one in made:
        if isinstance(one, Closing):
            await one.close()


BROKEN_HTTP = {
    "silence": b"",
    "nonsense": TOKEN.encode() + b"\r\n\r\n",
    "half-a-head": b"HTTP/1.1 200 OK\r\n" + TOKEN.encode(),
    "half-a-body": b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + TOKEN.encode(),
}
BROKEN_PDUS = {
    "silence": b"",
    "nonsense": TOKEN.encode() + b"\r\n\r\n",
    "half-a-head": struct.pack(">II", 99, 0x80000004),
    "half-a-body": struct.pack(">IIII", 99, 0x80000004, 0, 2) + TOKEN.encode(),
}


async def unclear_pdu(request: bytes, writer: asyncio.StreamWriter) -> None:
    """Answer a submit_sm with ESME_RUNKNOWNERR."""
    writer.write(struct.pack(">III", 16, 0x80000004, 0xFF) + request[12:16])
    await writer.drain()


@pytest.fixture
def wire(kind: str, serve_raw: Serve, serve_pdus: Serve) -> Wire:
    """How the gateway of each type is played."""
    if kind in HTTP_TYPES:
        return Wire(serve_raw, say(http(500)), BROKEN_HTTP)
    return Wire(serve_pdus, unclear_pdu, BROKEN_PDUS)


@pytest.mark.parametrize("how", sorted(BROKEN_HTTP))
async def test_a_broken_answer_is_uncertain_and_leaks_nothing(
    make_provider: MakeProvider,
    make_submission: MakeSubmission,
    wire: Wire,
    how: str,
) -> None:
    """The exception that hid the answer is not quoted: it may hold the headers."""

    async def respond(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(wire.broken[how])
        await writer.drain()
        writer.close()

    _, url = await wire.serve(respond)

    outcomes = await make_provider(url).submit(make_submission(NUMBERS[0], body=TEXT))

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

    assert kinds_of(outcomes) == {Deferred}
    assert_leaks_no_secret(outcomes)


async def test_a_request_carries_as_many_numbers_as_it_says(
    make_provider: MakeProvider, make_submission: MakeSubmission, wire: Wire
) -> None:
    """One request for both, or one each; what is unclear is not sent again."""
    raw, url = await wire.serve(wire.unclear)
    provider = make_provider(url)

    outcomes = await provider.submit(make_submission(*NUMBERS, body=TEXT))

    assert kinds_of(outcomes) == {Uncertain}
    assert len(raw.requests) == (1 if provider.most_numbers >= len(NUMBERS) else 2)
    for number in NUMBERS:
        holding = [one for one in raw.requests if number[1:].encode() in one]
        assert len(holding) == 1


async def test_a_bad_number_does_not_take_the_good_one_down(
    make_provider: MakeProvider, make_submission: MakeSubmission, wire: Wire
) -> None:
    """It is refused and blamed; the other is sent, or waits for the next request."""
    raw, url = await wire.serve(wire.unclear)
    bad = Msisdn("+4670174060x\r\nX-Evil: 1")

    outcomes = await make_provider(url).submit(make_submission(NUMBERS[0], bad))

    blamed = outcomes.of(bad)
    assert isinstance(blamed, Rejected)
    assert blamed.number_is_bad
    assert isinstance(outcomes.of(NUMBERS[0]), Deferred | Uncertain)
    assert not [one for one in raw.requests if b"Evil" in one]


@pytest.mark.parametrize(
    ("changes", "expected"),
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
    wire: Wire,
    changes: dict[str, object],
    expected: type,
) -> None:
    """An answer would cost a request, and tell no more."""
    raw, url = await wire.serve(wire.unclear)

    outcomes = await make_provider(url).submit(make_submission(*NUMBERS, **changes))

    assert kinds_of(outcomes) == {expected}
    assert raw.requests == []


async def test_half_a_surrogate_pair_does_not_stop_a_page(
    make_provider: MakeProvider, make_submission: MakeSubmission, wire: Wire
) -> None:
    """A label may hold one; nothing is raised, and the request leaves."""
    raw, url = await wire.serve(wire.unclear)

    outcomes = await make_provider(url).submit(make_submission(body="\ud83d half"))

    assert isinstance(outcomes.all, Uncertain)
    assert len(raw.requests) == 1


def test_options_show_no_secret(kind: str) -> None:
    """Neither `repr` nor a dump for people has one."""
    options = PROVIDERS[kind].options.model_validate(
        NETWORK_TYPES[kind]("http://127.0.0.1:9")
    )

    assert TOKEN not in f"{options!r} {options} {options.model_dump()}"


MOST_NUMBERS = {
    "ip1": 1000,
    "46elks": 1,
    "twilio": 1,
    "vonage": 1,
    "sinch": 1000,
    "http": 1,
    "smpp": 1,
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
        NETWORK_TYPES[kind]("http://127.0.0.1:9")
        if kind in NETWORK_TYPES
        else LOCAL_TYPES[kind]
    )
    options = PROVIDERS[kind].options.model_validate(given_options)

    provider = PROVIDERS[kind].make(ProviderName("p"), options, session)

    assert provider.name == "p"
    assert provider.most_numbers == MOST_NUMBERS[kind]
    assert 1 <= provider.requests_per_second <= 1000


@pytest.mark.parametrize(
    ("claim", "arguments"),
    [
        pytest.param(
            test_a_request_carries_as_many_numbers_as_it_says, {}, id="sent-twice"
        ),
        pytest.param(
            test_a_bad_number_does_not_take_the_good_one_down, {}, id="bad-number"
        ),
        pytest.param(
            test_what_cannot_be_sent_is_asked_of_nobody,
            {"changes": {"body": " "}, "expected": Rejected},
            id="blank",
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

    wire = Wire(serve_raw, say(http(500)), BROKEN_HTTP)

    with pytest.raises(AssertionError):
        await claim(make, make_submission, wire, **arguments)


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
