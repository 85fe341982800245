"""The simulated gateway answers as iP.1 is documented to, over real sockets."""

import asyncio
import io
import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

import pytest
from aiohttp import ClientError, ClientSession

from alertbridge.core.recipient import Msisdn
from alertbridge.simulator.gateway import Gateway
from alertbridge.simulator.gateway_sms import Sms

Connect = Callable[..., Awaitable[ClientSession]]
Batch = dict[str, object]


class Clock(Protocol):
    """What these tests use of the clock in the conftest."""

    def __call__(self) -> datetime:
        """What `now` is."""
        ...

    def forward(self, seconds: float) -> None:
        """Move on."""
        ...


async def test_a_batch_is_taken_and_shown_as_documented(
    gateway: Gateway, connect: Connect, batch: Batch
) -> None:
    """201 with the batch document; the defaults are filled in."""
    client = await connect(gateway)

    async with client.post("/v2/batches", json=batch) as response:
        document = await response.json()

    assert response.status == 201
    assert re.fullmatch("[0-9a-f]{24}", document["id"])
    assert (document["datacoding"], document["priority"]) == ("ucs", 1)


async def test_each_number_gets_the_text(
    gateway: Gateway, connect: Connect, batch: Batch
) -> None:
    """One SMS per recipient, a number given twice included: phones would ring twice."""
    client = await connect(gateway)

    numbers = ["46701740605", "46701740606", "46701740605"]
    await client.post("/v2/batches", json=batch | {"recipients": numbers})

    assert gateway.phone(Msisdn("+46701740605")) == ("Disk full", "Disk full")


async def test_recipients_as_an_object_make_a_template(
    gateway: Gateway, connect: Connect, batch: Batch
) -> None:
    """Own value, else the default's; a key that nobody sets stays as written."""
    client = await connect(gateway)
    recipients = {
        "46701740605": {"who": "Anna"},
        "46701740606": {},
        "default": {"who": "you"},
    }

    await client.post(
        "/v2/batches", json=batch | {"recipients": recipients, "body": "{who} {job}"}
    )

    assert [sms.text.body for sms in gateway.messages] == ["Anna {job}", "you {job}"]


async def test_another_token_is_refused(
    gateway: Gateway, connect: Connect, batch: Batch
) -> None:
    """401, and nothing is taken."""
    client = await connect(gateway, token="another")

    async with client.post("/v2/batches", json=batch) as response:
        assert response.status == 401

    assert gateway.messages == ()


async def test_the_31st_request_in_a_second_is_refused(
    gateway: Gateway, connect: Connect, batch: Batch
) -> None:
    """GETs count too: the limit is the account's."""
    client = await connect(gateway)
    for _ in range(30):
        await client.get("/v2/me/senders")

    async with client.post("/v2/batches", json=batch) as response:
        assert response.status == 429

    assert gateway.stats()["max_per_second"] == 31


async def test_a_second_later_there_is_room_again(
    gateway: Gateway, clock: Clock, connect: Connect, batch: Batch
) -> None:
    """The window rolls."""
    client = await connect(gateway)
    for _ in range(30):
        await client.get("/v2/me/senders")

    clock.forward(1)
    async with client.post("/v2/batches", json=batch) as response:
        assert response.status == 201


async def test_a_message_is_delivered_after_a_while(
    gateway: Gateway, clock: Clock, connect: Connect, batch: Batch
) -> None:
    """A list shows the latest status, a single message its history."""
    client = await connect(gateway)
    await client.post("/v2/batches", json=batch)
    path = f"/v2/batches/{gateway.messages[0].batch_id}/messages"
    clock.forward(5)

    async with client.get(path) as response:
        latest = (await response.json())[0]["statuses"]
    async with client.get(f"{path}/{gateway.messages[0].id}") as response:
        history = (await response.json())["statuses"]

    assert [(row["code"], row["duration"]) for row in latest] == [(201, 1)]
    assert [row["code"] for row in history] == [101, 112, 201]


async def test_a_window_that_closes_first_expires_the_message(
    gateway: Gateway, clock: Clock, connect: Connect, batch: Batch
) -> None:
    """202 is in the success block, and is not delivery."""
    client = await connect(gateway)
    windows = [{"opens": "2026-01-15T09:30:00Z", "closes": "2026-01-15T09:30:02Z"}]
    await client.post("/v2/batches", json=batch | {"deliveryWindows": windows})
    clock.forward(60)

    async with client.get(f"/v2/batches/{gateway.messages[0].batch_id}") as response:
        document = await response.json()

    assert document["messageSummary"] == {"202": {"messages": 1, "sms": 1}}


@pytest.mark.parametrize(
    "path",
    [
        "/v2/batches/0",
        "/v2/batches/0/messages",
        "/v2/batches/0/messages/0",
        "/v2/elsewhere",
    ],
)
async def test_what_does_not_exist_is_404(
    gateway: Gateway, connect: Connect, path: str
) -> None:
    """Unknown ids and paths alike."""
    client = await connect(gateway)

    async with client.get(path) as response:
        assert response.status == 404


async def test_senders_and_balance_are_shown(
    gateway: Gateway, connect: Connect
) -> None:
    """What `check-config --online` asks for."""
    client = await connect(gateway)

    async with client.get("/v2/me/senders") as response:
        senders = [row["sender"] for row in await response.json()]
    async with client.get("/api/me") as response:
        account = await response.json()

    assert senders == ["iP1", "iP1sms"]
    assert (account["Balance"], account["Currency"]) == (1000.0, "SEK")


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        pytest.param(b"{", "application/json", 400, id="not-json"),
        pytest.param(b"[" * 100_000, "application/json", 400, id="deep"),
        pytest.param(b"\xff", "application/json", 400, id="not-utf8"),
        pytest.param(b"{}", "text/plain", 415, id="not-declared-json"),
    ],
)
async def test_a_body_that_is_no_batch_is_refused(
    gateway: Gateway, connect: Connect, data: bytes, content_type: str, status: int
) -> None:
    """With a 4xx, and without an exception."""
    client = await connect(gateway)

    headers = {"Content-Type": content_type}
    async with client.post("/v2/batches", data=data, headers=headers) as response:
        assert response.status == status


async def test_the_journal_has_the_batch_before_the_answer_leaves(
    clock: Clock, connect: Connect, batch: Batch
) -> None:
    """And it is the ground truth: what it names would have rung."""
    journal = io.BytesIO()
    written: list[bytes] = []
    gateway = Gateway(
        token="canary-token-5d20",
        now=clock,
        journal=journal,
        on_sms=lambda _: written.append(journal.getvalue()),
    )
    client = await connect(gateway)

    await client.post("/v2/batches", json=batch | {"reference": "ref-1"})

    line = json.loads(written[0])
    assert line["reference"] == "ref-1"
    assert [sms["number"] for sms in line["messages"]] == ["+46701740605"]


async def test_each_sms_is_told_to_the_callback(
    clock: Clock, connect: Connect, batch: Batch
) -> None:
    """The demo draws its bubbles from there."""
    heard: list[Sms] = []
    gateway = Gateway(
        token="canary-token-5d20",
        now=clock,
        on_sms=heard.append,
    )
    client = await connect(gateway)

    await client.post("/v2/batches", json=batch)

    assert [(sms.number, sms.text.body) for sms in heard] == [
        ("+46701740605", "Disk full")
    ]


async def test_the_control_interface_shows_every_sms(
    gateway: Gateway, connect: Connect, batch: Batch
) -> None:
    """Time, number, text, reference and cost, for a test in another process."""
    client = await connect(gateway)
    await client.post("/v2/batches", json=batch | {"reference": "ref-1"})

    async with client.get("/control/messages") as response:
        messages = await response.json()
    async with client.get("/control/phones/46701740605") as response:
        texts = await response.json()

    kept = {"at", "number", "text", "reference", "segments"}
    assert [{k: v for k, v in row.items() if k in kept} for row in messages] == [
        {
            "at": "2026-01-15T09:30:00Z",
            "number": "+46701740605",
            "text": "Disk full",
            "reference": "ref-1",
            "segments": 1,
        }
    ]
    assert texts == ["Disk full"]


async def test_faults_are_set_and_counted_over_http(
    gateway: Gateway, connect: Connect, batch: Batch
) -> None:
    """The control interface itself never counts against the limit."""
    client = await connect(gateway)

    await client.post("/control/faults", json={"script": ["accept_then_error"]})
    async with client.post("/v2/batches", json=batch) as response:
        assert response.status == 500
    async with client.get("/control/stats") as response:
        stats = await response.json()

    assert stats == {
        "requests": 1,
        "max_per_second": 1,
        "batches": 1,
        "messages": 1,
        "segments": 1,
        "faults": {"accept_then_error": 1},
    }


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"script": ["fire"]}', b"\xff"])
async def test_a_bad_fault_plan_is_refused(
    gateway: Gateway, connect: Connect, data: bytes
) -> None:
    """A misspelt fault in a test must not pass for a gateway without faults."""
    client = await connect(gateway)

    async with client.post("/control/faults", data=data) as response:
        assert response.status == 400


@pytest.mark.parametrize(
    ("fault", "taken_at_once", "status", "taken"),
    [
        ("accept_slowly", 1, 201, 1),
        ("accept_late", 0, 201, 1),
        ("error_slowly", 0, 500, 0),
    ],
)
async def test_what_is_slow_is_taken_before_after_or_never(
    clock: Clock,
    connect: Connect,
    batch: Batch,
    fault: str,
    taken_at_once: int,
    status: int,
    taken: int,
) -> None:
    """A client that gives up, or restarts, cannot tell which it was."""
    asleep, wake = asyncio.Event(), asyncio.Event()

    async def sleep(_: float) -> None:
        asleep.set()
        await wake.wait()

    gateway = Gateway(
        token="canary-token-5d20",
        now=clock,
        sleep=sleep,
    )
    client = await connect(gateway)
    await client.post("/control/faults", json={"script": [fault]})

    async with asyncio.TaskGroup() as tasks:
        posting = tasks.create_task(client.post("/v2/batches", json=batch))
        await asleep.wait()
        at_once = len(gateway.messages)
        wake.set()

    assert (at_once, posting.result().status) == (taken_at_once, status)
    assert len(gateway.messages) == taken


async def test_a_new_batch_is_missing_from_the_list_for_a_while(
    gateway: Gateway, clock: Clock, connect: Connect, batch: Batch
) -> None:
    """Whoever looks for an uncertain send must look twice."""
    client = await connect(gateway)
    await client.post("/control/faults", json={"lag": 5})
    await client.post("/v2/batches", json=batch)

    async with client.get("/v2/batches") as response:
        at_once = len(await response.json())
    clock.forward(5)
    async with client.get("/v2/batches") as response:
        later = len(await response.json())

    assert (at_once, later) == (0, 1)


async def test_following_the_links_shows_every_batch_once(
    gateway: Gateway, clock: Clock, connect: Connect, batch: Batch
) -> None:
    """Newest first, three to a page, as a look-up by reference reads them."""
    client = await connect(gateway)
    for index in range(7):
        await client.post("/v2/batches", json=batch | {"reference": f"ref-{index}"})
    seen: list[str] = []
    url: str | None = "/v2/batches?start=0&limit=3&order=DESC"

    while url is not None:
        async with client.get(url) as response:
            seen += [row["reference"] for row in await response.json()]
            following = response.links.get("next")
            url = None if following is None else str(following["url"])

    assert seen == [f"ref-{index}" for index in range(6, -1, -1)]


@pytest.mark.parametrize("query", ["start=-1", "limit=0", "limit=x", "order=UP"])
async def test_bad_page_parameters_are_400(
    gateway: Gateway, connect: Connect, query: str
) -> None:
    """Problem details, as iP.1's list endpoints answer."""
    client = await connect(gateway)

    async with client.get(f"/v2/batches?{query}") as response:
        assert response.status == 400
        assert response.content_type == "application/problem+json"


async def test_a_cut_connection_is_seen_as_such(
    gateway: Gateway, connect: Connect, batch: Batch
) -> None:
    """No half answer, no status."""
    client = await connect(gateway)
    await client.post("/control/faults", json={"script": ["reset"]})

    with pytest.raises(ClientError):
        await client.post("/v2/batches", json=batch)
