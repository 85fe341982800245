"""iP.1's list of batches finds what was sent, and says when it cannot tell."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from alertbridge.core.inquiry import Listed, NotListed
from alertbridge.core.message import Reference, Submission
from alertbridge.core.reference import make_reference
from alertbridge.providers.ip1 import Ip1
from alertbridge.providers.ip1_list import MOST_PAGES, PAGE, next_page
from alertbridge.simulator.gateway import Gateway
from alertbridge.simulator.gateway_faults import Fault, FaultKind, FaultPlan

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
ASKED = make_reference(NOW, 1)
MakeIp1 = Callable[..., Ip1]
MakeSubmission = Callable[..., Submission]
Respond = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class RawServer:
    """What the raw server's fixture gives; named for its type only."""

    requests: list[bytes]


ServeRaw = Callable[[Respond], Awaitable[tuple[RawServer, str]]]


@pytest.fixture
async def gateway() -> AsyncIterator[tuple[Gateway, str]]:
    """An account without a limit: its lists are filled in one go."""
    server = Gateway(token="canary-token-5d20", now=lambda: NOW, limit=10_000)
    async with server.serving() as url:
        yield server, url


async def sent(ip1: Ip1, make: MakeSubmission, *references: str) -> None:
    """Send one SMS under each reference."""
    for reference in references:
        await ip1.submit(make(reference=reference))


async def no_time(seconds: float) -> None:
    """Wait for a turn to ask, in no time."""
    del seconds


async def test_a_batch_is_found_by_its_reference(
    gateway: tuple[Gateway, str], make_ip1: MakeIp1, make_submission: MakeSubmission
) -> None:
    """With the id that its reports will carry; what was never sent is not there."""
    _, url = gateway
    ip1 = make_ip1(url, sleep=no_time)
    await sent(ip1, make_submission, "other", ASKED, "another")
    listing = await ip1.list_sent([ASKED, Reference("never-sent")], NOW)

    assert isinstance(listing, Listed)
    assert set(listing.found) == {ASKED}
    assert len(listing.found[ASKED]) == 24


@pytest.mark.parametrize("loose", [False, True], ids=["documented", "loose"])
async def test_it_is_found_behind_pages_of_others(
    gateway: tuple[Gateway, str],
    make_ip1: MakeIp1,
    make_submission: MakeSubmission,
    loose: bool,
) -> None:
    """The Link header leads back, in both forms that its documentation shows."""
    server, url = gateway
    server.set_faults(FaultPlan(loose_links=loose))
    ip1 = make_ip1(url, sleep=no_time)
    await sent(ip1, make_submission, ASKED, *(f"n{n}" for n in range(2 * PAGE + 5)))
    listing = await ip1.list_sent([ASKED], NOW)

    assert isinstance(listing, Listed)
    assert ASKED in listing.found


async def test_reading_ends_at_a_batch_of_ours_that_is_old_enough(
    gateway: tuple[Gateway, str], make_ip1: MakeIp1, make_submission: MakeSubmission
) -> None:
    """An account's years of history are not read for every uncertain send."""
    server, url = gateway
    old = make_reference(NOW - timedelta(hours=1), 2)
    ip1 = make_ip1(url, sleep=no_time)
    others = [f"n{n}" for n in range(PAGE)]
    await sent(ip1, make_submission, *others, old, *others[:10])
    before = server.stats()["requests"]
    listing = await ip1.list_sent([ASKED], NOW)

    assert listing == Listed({})
    assert server.stats()["requests"] == int(str(before)) + 1


@pytest.mark.parametrize("kind", ["error", "html", "reset", "throttle"])
async def test_a_list_that_cannot_be_read_says_nothing(
    gateway: tuple[Gateway, str], make_ip1: MakeIp1, kind: str
) -> None:
    """Not found and not known are two things: one sends again, the other waits.

    Twice, since the client may ask a second time where a connection was reset.
    """
    server, url = gateway
    server.set_faults(FaultPlan(reads=(Fault(kind=FaultKind(kind)),) * 2))

    assert isinstance(
        await make_ip1(url, sleep=no_time).list_sent([ASKED], NOW), NotListed
    )


def page(rows: Sequence[object], link: str) -> Respond:
    """Answer every request with these rows and this Link header."""
    body = json.dumps(rows).encode()

    async def respond(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(
            f"HTTP/1.1 200 OK\r\nLink: {link}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await writer.drain()

    return respond


async def test_a_list_that_leads_in_a_circle_is_left(
    serve_raw: ServeRaw, make_ip1: MakeIp1
) -> None:
    """The same page twice is no page."""
    here = '</v2/batches?start=0&limit=200&order=DESC>; rel="next"'
    raw, url = await serve_raw(page([{"reference": "other"}], here))

    assert isinstance(
        await make_ip1(url, sleep=no_time).list_sent([ASKED], NOW), NotListed
    )
    assert len(raw.requests) == 1


async def test_a_list_without_an_end_is_left(
    serve_raw: ServeRaw, make_ip1: MakeIp1
) -> None:
    """A new page each time, for ever."""
    raw: RawServer

    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        link = f'</v2/batches?start={len(raw.requests)}>; rel="next"'
        await page([{"reference": "other"}], link)(request, writer)

    raw, url = await serve_raw(respond)

    assert isinstance(
        await make_ip1(url, sleep=no_time).list_sent([ASKED], NOW), NotListed
    )
    assert len(raw.requests) == MOST_PAGES


ELSEWHERE = [
    '<http://127.0.0.1:9/v2/batches?start=200>; rel="next"',
    '<https://other.example.org/v2/batches?start=200>; rel="next"',
    '<//other.example.org/v2/batches?start=200>; rel="next"',
    '</v2/contacts?start=200>; rel="next"',
    '<http://user@[broken/v2/batches>; rel="next"',
]


@pytest.mark.parametrize("link", ELSEWHERE)
async def test_a_list_that_leads_elsewhere_is_not_followed(
    serve_raw: ServeRaw, make_ip1: MakeIp1, link: str
) -> None:
    """The token would go along."""
    raw, url = await serve_raw(page([{"reference": "other"}], link))

    assert isinstance(
        await make_ip1(url, sleep=no_time).list_sent([ASKED], NOW), NotListed
    )
    assert len(raw.requests) == 1


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("", None),
        ('<https://a.org/v2/batches?start=0>; rel="prev"', None),
        ('<https://a.org/v2/batches?start=9>; rel="next"', "/v2/batches?start=9"),
        ('<https://a.org/v2/batches?start=9> rel="next"', "/v2/batches?start=9"),
        ("<https://a.org/v2/batches?start=9>;rel=next", "/v2/batches?start=9"),
        ("</v2/batches?start=9>; rel=next", "/v2/batches?start=9"),
    ],
)
def test_a_link_header_is_read_leniently(link: str, path: str | None) -> None:
    """As documented, as copied without its semicolon, and as others write it."""
    assert next_page(link, "https://a.org", "/v2/batches?start=0") == path


@pytest.mark.parametrize(
    "rows",
    [[1, None, "x"], [{"reference": ASKED}], [{"reference": ASKED, "id": 7}]],
    ids=["no documents", "no id", "a strange id"],
)
async def test_rows_of_another_shape_are_not_taken_for_ours(
    serve_raw: ServeRaw, make_ip1: MakeIp1, rows: list[object]
) -> None:
    """Told without an id, its reports would find nobody."""
    _, url = await serve_raw(page(rows, ""))
    listing = await make_ip1(url, sleep=no_time).list_sent([ASKED], NOW)

    assert listing == Listed({})
