"""The simulated gateway reports as iP.1 does: every status, again until it gets 200."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import pytest
from aiohttp import ClientSession, web
from pytest_aiohttp import AiohttpServer

from alertbridge.core.recipient import Msisdn
from alertbridge.simulator.gateway import Gateway
from alertbridge.simulator.gateway_faults import (
    FaultPlan,
    FaultPlanError,
    ReportPlan,
    read_plan,
)
from alertbridge.simulator.gateway_reports import TRIES
from alertbridge.simulator.gateway_sms import Fate

Connect = Callable[..., Awaitable[ClientSession]]
Batch = dict[str, object]
Report = dict[str, object]

TOKEN = "canary-token-5d20"
ANNA, BO = Msisdn("+46701740605"), Msisdn("+46701740606")


class Clock(Protocol):
    """What these tests use of the clock in the conftest."""

    def __call__(self) -> datetime:
        """What `now` is."""
        ...

    def forward(self, seconds: float) -> None:
        """Move on."""
        ...


@dataclass(slots=True)
class Phone:
    """Who takes the reports: what came, and what was answered."""

    url: str = ""
    heard: list[Report] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    default: int = 200

    @property
    def codes(self) -> list[object]:
        """The status of each report, in the order that they came."""
        return [report["code"] for report in self.heard]

    async def take(self, request: web.Request) -> web.Response:
        """Take one; the answers are used up first."""
        self.heard.append(await request.json())
        self.paths.append(request.path)
        status = self.answers.pop(0) if self.answers else self.default
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async def has(self, count: int) -> None:
        """Wait until that many came."""
        async with asyncio.timeout(10):
            while len(self.heard) < count:  # noqa: ASYNC110 - nobody sets an event
                await asyncio.sleep(0.005)


@pytest.fixture
async def us(aiohttp_server: AiohttpServer) -> Phone:
    """A server of ours that takes reports."""
    phone = Phone()
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", phone.take)
    server = await aiohttp_server(app)
    phone.url = str(server.make_url("/r/s3cret"))
    return phone


@pytest.fixture
def slept() -> list[float]:
    """How long the gateway waited each time."""
    return []


@pytest.fixture
def reporting(clock: Clock, slept: list[float]) -> Callable[..., Gateway]:
    """Make a gateway that waits by its clock, and so not at all."""

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.forward(seconds)
        await asyncio.sleep(0)

    def make(**plan: object) -> Gateway:
        reports = read_plan({"reports": plan})
        return Gateway(token=TOKEN, now=clock, faults=reports, sleep=sleep)

    return make


async def post(client: ClientSession, batch: Batch, us: Phone, **more: object) -> Batch:
    """Post a batch whose reports we want; the gateway's answer."""
    wanted = {"deliveryReportUrl": us.url, "reference": "ref-1", **more}
    async with client.post("/v2/batches", json=batch | wanted) as response:
        assert response.status == 201
        document: Batch = await response.json()
        return document


async def test_every_status_is_posted_when_it_comes(
    reporting: Callable[..., Gateway],
    connect: Connect,
    batch: Batch,
    us: Phone,
    slept: list[float],
) -> None:
    """Accepted, at the carrier after a second, at the phone after three."""
    gateway = reporting()
    client = await connect(gateway)

    document = await post(client, batch, us)
    await us.has(3)

    assert us.heard[2] == {
        "messageId": gateway.messages[0].id,
        "batchId": document["id"],
        "recipient": "46701740605",
        "code": 201,
        "duration": 1,
        "created": "2026-01-15T09:30:03Z",
        "segments": 1,
        "price": 0.35,
        "currency": "sek",
        "reference": "ref-1",
    }
    assert [(one["code"], one["duration"]) for one in us.heard[:2]] == [
        (101, 0),
        (112, 0),
    ]
    assert slept == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("refusal", [201, 202, 204, 302, 400, 404, 500, 503])
async def test_a_report_comes_again_until_it_gets_200(
    reporting: Callable[..., Gateway],
    connect: Connect,
    batch: Batch,
    us: Phone,
    slept: list[float],
    refusal: int,
) -> None:
    """Exactly 200: what looks like a yes elsewhere is none. It keeps its place, too."""
    us.answers = [refusal, refusal]
    client = await connect(reporting(again=60))

    await post(client, batch, us)
    await us.has(5)

    assert us.codes == [101, 101, 101, 112, 201]
    assert slept[:3] == [0.0, 60.0, 60.0]


async def test_a_redirect_is_not_followed(
    reporting: Callable[..., Gateway], connect: Connect, batch: Batch, us: Phone
) -> None:
    """It would leak the report to whoever the redirect names."""
    us.answers = [307]
    client = await connect(reporting())

    await post(client, batch, us)
    await us.has(4)

    assert us.paths == ["/r/s3cret"] * 4


async def test_a_report_that_nobody_takes_is_dropped_after_ten_tries(
    reporting: Callable[..., Gateway],
    connect: Connect,
    batch: Batch,
    us: Phone,
    slept: list[float],
) -> None:
    """As documented, ten minutes apart; the next status is tried all the same."""
    us.default = 500
    client = await connect(reporting())

    await post(client, batch, us)
    await us.has(3 * TRIES)

    assert us.codes == [101] * TRIES + [112] * TRIES + [201] * TRIES
    assert slept.count(600.0) >= 3 * TRIES - 1


async def test_an_address_where_nobody_listens_is_tried_as_often(
    reporting: Callable[..., Gateway],
    connect: Connect,
    batch: Batch,
    us: Phone,
    slept: list[float],
    unused_tcp_port: int,
) -> None:
    """Ours may be down; the gateway takes the next batch, and reports on it."""
    client = await connect(reporting())
    gone = Phone(url=f"http://127.0.0.1:{unused_tcp_port}/r")

    await post(client, batch, gone)
    await post(client, batch, us)
    await us.has(3)
    async with asyncio.timeout(10):
        while slept.count(600.0) < 3 * TRIES:  # noqa: ASYNC110 - nobody sets an event
            await asyncio.sleep(0.005)

    assert us.codes == [101, 112, 201]


@pytest.mark.parametrize(
    ("plan", "wanted"),
    [
        pytest.param({"posts": False}, True, id="the-gateway-does-not"),
        pytest.param({}, False, id="not-asked-for"),
    ],
)
async def test_no_report_is_posted_where_none_is_to_come(
    reporting: Callable[..., Gateway],
    connect: Connect,
    batch: Batch,
    us: Phone,
    plan: dict[str, object],
    wanted: bool,
) -> None:
    """The list knows all the same; a later batch shows that nothing was under way."""
    gateway = reporting(**plan)
    client = await connect(gateway)
    quiet = await post(client, batch, us, **({} if wanted else {NO_URL: None}))
    gateway.set_faults(FaultPlan())

    heard = await post(client, batch, us)
    await us.has(3)

    assert {report["batchId"] for report in us.heard} == {heard["id"]}
    assert await latest(client, quiet) == {"46701740605": 201}


NO_URL = "deliveryReportUrl"


async def latest(client: ClientSession, document: Batch) -> dict[str, int]:
    """What the list of messages says of each number."""
    async with client.get(f"/v2/batches/{document['id']}/messages") as response:
        return {
            message["recipient"]: message["statuses"][-1]["code"]
            for message in await response.json()
        }


async def test_a_report_may_claim_what_the_list_does_not(
    reporting: Callable[..., Gateway], connect: Connect, batch: Batch, us: Phone
) -> None:
    """So that a forged report can be told from the truth; only the end is forged."""
    client = await connect(reporting(code=402, claims=201))

    document = await post(client, batch, us)
    await us.has(3)

    assert us.codes == [101, 112, 201]
    assert await latest(client, document) == {"46701740605": 402}


async def test_each_number_ends_as_it_is_told_to(
    reporting: Callable[..., Gateway], connect: Connect, batch: Batch, us: Phone
) -> None:
    """By its `+`; the others end as all do."""
    client = await connect(reporting(code=201, codes={BO: 405}))

    document = await post(client, batch, us, recipients=["46701740605", "46701740606"])
    await us.has(6)

    ends = {one["recipient"]: one["code"] for one in us.heard if one["duration"]}
    assert ends == {"46701740605": 201, "46701740606": 405}
    assert await latest(client, document) == ends


async def test_an_end_may_never_come(
    reporting: Callable[..., Gateway],
    clock: Clock,
    connect: Connect,
    batch: Batch,
    us: Phone,
) -> None:
    """`after: null`: at the carrier for ever, in reports and in the list."""
    gateway = reporting(after=None)
    client = await connect(gateway)
    endless = await post(client, batch, us)
    await us.has(2)
    gateway.set_faults(FaultPlan())
    clock.forward(1_000_000)
    await post(client, batch, us)
    await us.has(5)

    codes = [one["code"] for one in us.heard if one["batchId"] == endless["id"]]
    assert codes == [101, 112]
    assert await latest(client, endless) == {"46701740605": 112}


async def test_a_window_that_closes_first_is_reported_as_expired(
    reporting: Callable[..., Gateway], connect: Connect, batch: Batch, us: Phone
) -> None:
    """Whatever the plan says of the end."""
    client = await connect(reporting(code=402, after=60))

    await post(client, batch, us, deliveryWindows=[{"closes": "2026-01-15T09:30:02Z"}])
    await us.has(3)

    assert us.codes == [101, 112, 202]


@pytest.mark.parametrize(
    ("after", "codes"),
    [(0, [101, 402]), (0.5, [101, 402]), (1, [101, 112, 402]), (90, [101, 112, 402])],
)
async def test_an_early_end_leaves_out_what_comes_later(
    reporting: Callable[..., Gateway],
    connect: Connect,
    batch: Batch,
    us: Phone,
    after: float,
    codes: list[int],
) -> None:
    """Nothing is at the carrier after it failed."""
    gateway = reporting(code=402, after=after)
    client = await connect(gateway)

    await post(client, batch, us)
    await us.has(len(codes))

    assert us.codes == codes
    steps = gateway.messages[0].all_statuses()
    assert [code for _, code in steps] == codes
    assert [at for at, _ in steps] == sorted(at for at, _ in steps)


async def test_the_plan_of_the_moment_decides_an_end(
    reporting: Callable[..., Gateway],
    clock: Clock,
    connect: Connect,
    batch: Batch,
    us: Phone,
) -> None:
    """A new plan changes what comes, not what was taken."""
    gateway = reporting(code=402, posts=False)
    client = await connect(gateway)
    first = await post(client, batch, us)
    gateway.set_faults(FaultPlan(reports=ReportPlan(code=405, posts=False)))
    second = await post(client, batch, us)
    clock.forward(5)

    assert await latest(client, first) == {"46701740605": 402}
    assert await latest(client, second) == {"46701740605": 405}


async def test_reports_can_be_steered_from_another_process(
    reporting: Callable[..., Gateway], connect: Connect, batch: Batch, us: Phone
) -> None:
    """Over the control interface, as faults are."""
    client = await connect(reporting())
    plan = {"reports": {"code": 202, "after": 1.5, "codes": {BO: 403}}}

    async with client.post("/control/faults", json=plan) as response:
        assert response.status == 204
    await post(client, batch, us)
    await us.has(3)

    assert us.codes == [101, 112, 202]


async def test_what_is_still_to_be_posted_does_not_keep_the_gateway_up(
    clock: Clock, batch: Batch, us: Phone
) -> None:
    """A test ends when it ends: waiting for ten tries would take an hour and a half."""
    us.default = 500
    gateway = Gateway(token=TOKEN, now=clock)

    async with asyncio.timeout(5):
        async with gateway.serving() as url:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            async with ClientSession(url, headers=headers) as client:
                await post(client, batch, us)
                await us.has(1)

    assert us.codes == [101]


@pytest.mark.parametrize(
    ("plan", "number", "fate"),
    [
        ({}, ANNA, Fate(201, timedelta(seconds=3))),
        ({"code": 202}, ANNA, Fate(202, timedelta(seconds=3))),
        ({"after": 0}, ANNA, Fate(201, timedelta(0))),
        ({"after": None}, ANNA, Fate(201, None)),
        ({"codes": {BO: 403}}, ANNA, Fate(201, timedelta(seconds=3))),
        ({"codes": {BO: 403}}, BO, Fate(403, timedelta(seconds=3))),
        ({"code": 402, "codes": {BO: 201}}, BO, Fate(201, timedelta(seconds=3))),
    ],
)
def test_a_plan_says_what_becomes_of_a_number(
    plan: dict[str, object], number: Msisdn, fate: Fate
) -> None:
    """What is left out is as it is by default."""
    assert read_plan({"reports": plan}).reports.fate_of(number) == fate


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param([], id="array"),
        pytest.param({"cod": 201}, id="unknown-key"),
        pytest.param({"code": "201"}, id="code-as-text"),
        pytest.param({"code": True}, id="code-a-flag"),
        pytest.param({"codes": [201]}, id="codes-an-array"),
        pytest.param({"codes": {"+46701740605": None}}, id="code-null"),
        pytest.param({"codes": {"46701740605": 402}}, id="number-without-plus"),
        pytest.param({"after": "3s"}, id="after"),
        pytest.param({"claims": "201"}, id="claims"),
        pytest.param({"again": None}, id="again"),
        pytest.param({"posts": "no"}, id="posts"),
        pytest.param({"posts": 0}, id="posts-a-number"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(plan: object) -> None:
    """A misspelt end must not pass for a delivery."""
    with pytest.raises(FaultPlanError):
        read_plan({"reports": plan})
