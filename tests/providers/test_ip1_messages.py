"""iP.1's list of a batch's messages is read whole, or not believed."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession

from alertbridge.core.message import Accepted, Reference, Submission
from alertbridge.core.recipient import Msisdn
from alertbridge.core.report import (
    Answer,
    Blame,
    Delivery,
    DeliveryReport,
    NotReported,
    Reported,
)
from alertbridge.providers.ip1 import Ip1
from alertbridge.providers.ip1_messages import MOST_PAGES
from alertbridge.simulator.gateway import Gateway
from alertbridge.simulator.gateway_faults import (
    Fault,
    FaultKind,
    FaultPlan,
    ReportPlan,
)

TOKEN = "canary-token-5d20"
START = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
ANNA, BO = Msisdn("+46701740605"), Msisdn("+46701740606")
REFERENCE, BATCH = Reference("ref-1"), "5c613848879973045cf39ac3"
PATH = f"/v2/batches/{BATCH}/messages"

MakeIp1 = Callable[..., Ip1]
MakeSubmission = Callable[..., Submission]
Respond = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
ServeRaw = Callable[[Respond], Awaitable[tuple["Raw", str]]]


class Raw:
    """What the tests use of the raw server in the conftest."""

    requests: list[bytes]


class Clock:
    """The gateway's; it moves only when told."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        """What `now` is."""
        return self.time


@pytest.fixture
def clock() -> Clock:
    """The gateway's clock."""
    return Clock()


@pytest.fixture
async def gateway(clock: Clock) -> AsyncIterator[tuple[Gateway, str]]:
    """An account, and where it is."""
    gateway = Gateway(token=TOKEN, now=clock)
    async with gateway.serving() as url:
        yield gateway, url


async def send(ip1: Ip1, submission: Submission) -> str:
    """Send one batch; its id."""
    outcome = (await ip1.submit(submission)).all
    assert isinstance(outcome, Accepted)
    return outcome.provider_id


async def test_a_message_is_followed_to_its_end(
    gateway: tuple[Gateway, str],
    clock: Clock,
    make_ip1: MakeIp1,
    make_submission: MakeSubmission,
) -> None:
    """Its latest status each time, with the number, our reference and their clock."""
    _, url = gateway
    ip1 = make_ip1(url)
    batch = await send(ip1, make_submission(ANNA))

    seen: list[DeliveryReport] = []
    for seconds in (0, 2, 5):
        clock.time = START + timedelta(seconds=seconds)
        answer = await ip1.ask_reports(REFERENCE, batch)
        assert isinstance(answer, Reported)
        seen += answer.reports

    assert [(one.code, one.delivery, one.final) for one in seen] == [
        ("101", Delivery.PENDING, False),
        ("112", Delivery.PENDING, False),
        ("201", Delivery.DELIVERED, True),
    ]
    assert seen[2] == DeliveryReport(
        provider_id=batch,
        reference=REFERENCE,
        number=ANNA,
        delivery=Delivery.DELIVERED,
        final=True,
        code="201",
        at=START + timedelta(seconds=3),
    )


async def test_each_number_has_its_own_end(
    gateway: tuple[Gateway, str],
    clock: Clock,
    make_ip1: MakeIp1,
    make_submission: MakeSubmission,
) -> None:
    """One of a batch arrives, one is refused for its number."""
    server, url = gateway
    server.set_faults(FaultPlan(reports=ReportPlan(codes={BO: 405})))
    ip1 = make_ip1(url)
    batch = await send(ip1, make_submission(ANNA, BO))
    clock.time += timedelta(seconds=5)

    answer = await ip1.ask_reports(REFERENCE, batch)

    assert isinstance(answer, Reported)
    assert [(one.number, one.code, one.blames) for one in answer.reports] == [
        (ANNA, "201", None),
        (BO, "405", Blame.NUMBER),
    ]


async def many(url: str, count: int) -> str:
    """A batch of *count* messages; more than there are numbers to test with."""
    numbers = [f"467017406{n:02d}" for n in range(5, 100)]
    body = {
        "sender": "iP1",
        "recipients": (numbers * (count // len(numbers) + 1))[:count],
        "body": "Disk full",
        "reference": REFERENCE,
    }
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        ClientSession(headers=headers) as client,
        client.post(f"{url}/v2/batches", json=body) as response,
    ):
        return str((await response.json())["id"])


@pytest.mark.parametrize("loose", [False, True], ids=["documented", "loose"])
@pytest.mark.parametrize(("count", "pages"), [(200, 1), (201, 2), (1000, 5)])
async def test_every_page_is_read(
    gateway: tuple[Gateway, str],
    make_ip1: MakeIp1,
    loose: bool,
    count: int,
    pages: int,
) -> None:
    """The Link header leads on, in both forms that the documentation shows."""
    server, url = gateway
    batch = await many(url, count)
    server.set_faults(FaultPlan(loose_links=loose))
    before = int(str(server.stats()["requests"]))

    answer = await make_ip1(url).ask_reports(REFERENCE, batch)

    assert isinstance(answer, Reported)
    assert len(answer.reports) == count
    assert server.stats()["requests"] == before + pages


@pytest.mark.parametrize("kind", ["error", "html", "reset", "throttle", "redirect"])
@pytest.mark.parametrize("page", [0, 1, 4])
async def test_half_a_list_is_none(
    gateway: tuple[Gateway, str], make_ip1: MakeIp1, kind: str, page: int
) -> None:
    """Who stands on the page that is missing must not look as if nothing were known.

    Twice, since the client may ask a second time where a connection was reset.
    """
    server, url = gateway
    batch = await many(url, 1000)
    reads = (*(Fault(),) * page, *(Fault(kind=FaultKind(kind)),) * 2)
    server.set_faults(FaultPlan(reads=reads))

    answer = await make_ip1(url).ask_reports(REFERENCE, batch)

    assert isinstance(answer, NotReported)
    assert TOKEN not in answer.detail


async def test_a_batch_that_is_not_there_is_no_answer(
    gateway: tuple[Gateway, str], make_ip1: MakeIp1
) -> None:
    """Another account, or a look-alike at that address."""
    _, url = gateway

    answer = await make_ip1(url).ask_reports(REFERENCE, "0" * 24)

    assert answer == NotReported("HTTP 404 for the messages of a batch")


def row(code: object = 201, **changes: object) -> dict[str, object]:
    """A message as the list shows it."""
    return {
        "id": "m-1",
        "batchId": BATCH,
        "recipient": "46701740605",
        "statuses": [{"created": "2026-01-15T09:30:21Z", "code": code, "duration": 1}],
        "reference": REFERENCE,
        **changes,
    }


def page(rows: Sequence[object], link: str = "") -> Respond:
    """Answer every request with these rows and this Link header."""
    body = json.dumps(rows).encode()

    async def respond(_: bytes, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 200 OK\r\nLink: {link}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()

    return respond


async def ask(
    make_ip1: MakeIp1, serve_raw: ServeRaw, respond: Respond
) -> tuple[Answer, int]:
    """Ask about the batch; the answer, and how many requests it took."""
    raw, url = await serve_raw(respond)
    return await make_ip1(url).ask_reports(REFERENCE, BATCH), len(raw.requests)


async def test_the_question_in_full(serve_raw: ServeRaw, make_ip1: MakeIp1) -> None:
    """Oldest first: pages of a list that only grows at its end do not shift."""
    raw, url = await serve_raw(page([row()]))

    await make_ip1(url).ask_reports(REFERENCE, BATCH)

    line, *head = raw.requests[0].decode().split("\r\n")
    assert line == f"GET {PATH}?start=0&limit=200&order=ASC HTTP/1.1"
    assert f"Authorization: Bearer {TOKEN}" in head


@pytest.mark.parametrize(
    "start", ["?start=0&limit=200&order=ASC", "?start=200"], ids=["itself", "second"]
)
async def test_a_list_that_leads_in_a_circle_is_left(
    serve_raw: ServeRaw, make_ip1: MakeIp1, start: str
) -> None:
    """The same page twice is no page."""
    link = f'<{PATH}{start}>; rel="next"'

    answer, requests = await ask(make_ip1, serve_raw, page([row()], link))

    assert answer == NotReported("the list of messages does not end")
    assert requests <= 2


async def test_a_list_without_an_end_is_left(
    serve_raw: ServeRaw, make_ip1: MakeIp1
) -> None:
    """A new page each time, for ever."""
    count = 0

    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        link = f'<{PATH}?start={count}>; rel="next"'
        await page([row()], link)(request, writer)

    answer, requests = await ask(make_ip1, serve_raw, respond)

    assert answer == NotReported("the list of messages does not end")
    assert requests == MOST_PAGES


@pytest.mark.parametrize(
    "link",
    [
        f'<http://127.0.0.1:9{PATH}?start=200>; rel="next"',
        f'<https://other.example.org{PATH}?start=200>; rel="next"',
        f'<//other.example.org{PATH}?start=200>; rel="next"',
        '</v2/batches?start=200>; rel="next"',
        '</v2/batches/another/messages?start=200>; rel="next"',
        f'<http://user@127.0.0.1{PATH}?start=200>; rel="next"',
        f'<http://user@[broken{PATH}>; rel="next"',
    ],
)
async def test_a_list_that_leads_elsewhere_is_not_followed(
    serve_raw: ServeRaw, make_ip1: MakeIp1, link: str
) -> None:
    """The token would go along."""
    answer, requests = await ask(make_ip1, serve_raw, page([row()], link))

    assert answer == NotReported("the list of messages leads elsewhere")
    assert requests == 1


@pytest.mark.parametrize(
    "unclear",
    [
        pytest.param(row(batchId="another"), id="another-batch"),
        pytest.param(row(batchId=None), id="no-batch"),
        pytest.param(row(batchId=[BATCH]), id="odd-batch"),
        pytest.param(row(reference="ref-2"), id="another-submission"),
        pytest.param(row(statuses=[]), id="no-status-yet"),
        pytest.param(row(statuses=None), id="null-statuses"),
        pytest.param(row(statuses={"code": 201}), id="statuses-an-object"),
        pytest.param(row(statuses=[201]), id="a-status-that-is-none"),
        pytest.param(row("201"), id="code-as-text"),
        pytest.param(row(True), id="code-as-truth"),
        pytest.param(row(None), id="no-code"),
        pytest.param(row(22), id="code-of-the-old-api"),
        pytest.param(row(600), id="code-beyond"),
        pytest.param(201, id="a-number"),
        pytest.param(None, id="null"),
        pytest.param([row()], id="a-list"),
    ],
)
async def test_a_row_that_says_nothing_of_our_message_is_passed_over(
    serve_raw: ServeRaw, make_ip1: MakeIp1, unclear: object
) -> None:
    """And the others count."""
    clear = row(202, recipient="46701740606")

    answer, _ = await ask(make_ip1, serve_raw, page([unclear, clear, unclear]))

    assert isinstance(answer, Reported)
    assert [(one.number, one.code) for one in answer.reports] == [(BO, "202")]


async def test_a_row_without_our_reference_is_about_the_batch(
    serve_raw: ServeRaw, make_ip1: MakeIp1
) -> None:
    """The batch's id is what was asked for."""
    answer, _ = await ask(make_ip1, serve_raw, page([row(reference=None)]))

    assert isinstance(answer, Reported)
    assert [one.delivery for one in answer.reports] == [Delivery.DELIVERED]


async def test_the_latest_status_counts(serve_raw: ServeRaw, make_ip1: MakeIp1) -> None:
    """Should the list ever show them all, oldest first as for a single message."""
    statuses = [{"code": 101}, {"code": 112}, {"code": 402, "duration": 1}]

    answer, _ = await ask(make_ip1, serve_raw, page([row(statuses=statuses)]))

    assert isinstance(answer, Reported)
    (report,) = answer.reports
    assert (report.code, report.blames) == ("402", Blame.ACCOUNT)


@pytest.mark.parametrize("code", [101, 112, 118, 201, 202, 203, 204, 299, 402, 499])
async def test_what_is_asked_for_means_what_is_posted(
    serve_raw: ServeRaw, make_ip1: MakeIp1, code: int
) -> None:
    """Only 201 is delivered; the other codes go by their block."""
    answer, _ = await ask(make_ip1, serve_raw, page([row(code)]))

    assert isinstance(answer, Reported)
    (report,) = answer.reports
    assert report.is_delivered is (code == 201)
    assert report.is_final_failure is (code >= 200 and code != 201)


async def test_an_empty_list_says_nothing_yet(
    serve_raw: ServeRaw, make_ip1: MakeIp1
) -> None:
    """Nothing is no failure."""
    answer, _ = await ask(make_ip1, serve_raw, page([]))

    assert answer == Reported(())
