"""Delivery reports over HTTP: 200 after the write, and nothing learnt without a key."""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest
from aiohttp import ClientSession
from structlog.testing import capture_logs

from alertbridge.core.delivery import Told
from alertbridge.core.message import Accepted, Outcomes
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.report import Delivery, DeliveryReport
from alertbridge.core.secret import Secret
from alertbridge.core.settlement import Settlement
from alertbridge.web.reports import AT_ONCE, MAX_REPORT, report_path
from alertbridge.wiring import Daemon

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
Group = Callable[..., dict[str, object]]
Raw = Callable[..., Coroutine[object, object, bytes]]
Json = dict[str, object]

KEY = Secret("report-key-canary-4b1f")
BATCH = "5c613848879973045cf39ac3"
NOT_FOUND = (404, "not found\n")
GARBAGE = b"canary-body-7f3a"

PROVIDERS = {
    "ip1": "type: ip1, token: {env: TOKEN_NEW}, sender: iP1",
    "spare": "type: ip1, token: {env: TOKEN_OLD}, sender: iP1",
    "elks": "type: 46elks, username: u1, password: {env: TOKEN_OTHER}, sender: Bridge",
    "by-get": """\
type: http, url: https://sms.example.org/send, \
json: {to: "{{ number }}", text: "{{ text }}"}, \
answer: {accepted: {status: [200]}, id: id}, \
report: {format: query, id: id, status: status, delivered: [ok]}""",
    "console": "type: console",
}

ADDRESS = "external_url: https://bridge.example.org"


class Disk(Protocol):
    """What these tests use of the disk in the conftest."""

    full: bool
    writes: int
    stalled: asyncio.Event | None


@dataclass(slots=True)
class Us:
    """The daemon that is served, and a gateway's way to it."""

    daemon: Daemon
    client: ClientSession
    config: Path

    def path(self, provider: str = "ip1") -> str:
        """Where a provider posts its reports."""
        return report_path(ProviderName(provider), KEY)

    async def report(
        self, body: object, path: str | None = None, method: str = "POST"
    ) -> tuple[int, str]:
        """Report as a gateway does; the answer and its text."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        where = path or self.path()
        async with self.client.request(method, where, data=data) as response:
            return response.status, await response.text()

    async def reload(self, edit: Callable[[str], str]) -> None:
        """Edit the config, and have it read again."""
        self.config.write_text(edit(self.config.read_text("utf-8")), "utf-8")
        async with self.client.post("/-/reload") as response:
            assert response.status == 200, await response.text()


def with_providers(config: str, first: str = "ip1") -> str:
    """Have gateways that report, *first* first, and an address that they reach."""
    names = sorted(PROVIDERS, key=lambda name: name != first)
    rows = "".join(f"  - {{name: {name}, {PROVIDERS[name]}}}\n" for name in names)
    begin, end = config.index("providers:\n"), config.index("recipients:\n")
    config = f"{config[:begin]}providers:\n{rows}{config[end:]}"
    return config.replace("server:\n", f"server:\n  {ADDRESS}\n", 1)


@pytest.fixture
def start(serve: Serve, tmp_path: Path) -> Callable[..., Awaitable[Us]]:
    """Start a daemon whose gateways report; pages leave by the *first*."""

    async def make(first: str = "ip1") -> Us:
        daemon, client = await serve(
            report_key=KEY, edit=lambda config: with_providers(config, first)
        )
        return Us(daemon, client, tmp_path / "alertbridge.yaml")

    return make


@pytest.fixture
async def us(start: Callable[..., Awaitable[Us]]) -> Us:
    """A daemon whose gateways report."""
    return await start()


class Clock(Protocol):
    """What these tests use of the clock in the conftest."""

    def now(self) -> datetime:
        """What it is now."""
        ...


@pytest.fixture
def accept(clock: Clock) -> Callable[..., Awaitable[None]]:
    """Page, and let a provider take what leaves."""

    async def page(us: Us, group: Json) -> None:
        async with us.client.post("/v1/webhooks/am", json=group) as response:
            assert response.status == 200
        store, now = us.daemon.store, clock.now()
        ready = {ProviderName(name): 1000 for name in PROVIDERS}
        claimed = await store.claim(ready, us.daemon.current, now)
        assert claimed.submissions
        for submission in claimed.submissions:
            steps = {message.id: Told(BATCH) for message in submission.messages}
            outcomes = Outcomes(Accepted(provider_id=BATCH))
            settlement = Settlement(outcomes, steps)
            assert await store.settle(submission, settlement, now)

    return page


async def known(us: Us) -> list[DeliveryReport]:
    """What the store holds of the messages that are followed."""
    followed = await us.daemon.store.followed()
    return [one.known for one in followed if one.known is not None]


def posted(code: int = 112, **changes: object) -> Json:
    """What iP.1 posts."""
    return {
        "messageId": "5c613848879973045cf39ac4",
        "batchId": BATCH,
        "recipient": "46701740605",
        "code": code,
        "duration": int(code > 200),
        "created": "2026-11-22T09:00:03Z",
        **changes,
    }


def form(status: str = "delivered") -> bytes:
    """What 46elks posts."""
    return f"id={BATCH}&status={status}".encode()


async def eventually(condition: Callable[[], bool]) -> None:
    """Let others work until *condition* holds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - nobody sets an event for it
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("severity", ["high", "critical"])
async def test_a_report_is_in_the_store_when_it_is_answered(
    us: Us, group: Group, accept: Callable[..., Awaitable[None]], severity: str
) -> None:
    """200, which is what iP.1 wants exactly; about the phone that it names."""
    await accept(us, group("DiskFull", severity=severity))

    answer = await us.report(posted(202))

    assert answer == (200, "ok\n")
    assert await known(us) == [
        DeliveryReport(
            provider_id=BATCH,
            reference="",
            number=Msisdn("+46701740605"),
            delivery=Delivery.EXPIRED,
            final=True,
            code="202",
            at=datetime(2026, 11, 22, 9, 0, 3, tzinfo=UTC),
        )
    ]


async def test_a_delivery_that_was_posted_is_a_claim_where_somebody_can_be_asked(
    us: Us, group: Group, accept: Callable[..., Awaitable[None]]
) -> None:
    """Who learnt the address cannot end a critical page."""
    await accept(us, group("DiskFull"))

    answer = await us.report(posted(201))

    claimed = [one.claimed_at for one in await us.daemon.store.followed()]
    assert answer == (200, "ok\n")
    assert await known(us) == []
    assert len([at for at in claimed if at is not None]) == 1


async def test_the_answer_waits_for_the_disk(us: Us, disk: Disk) -> None:
    """Before the fsync there is none."""
    disk.stalled = asyncio.Event()
    before = disk.writes

    async with asyncio.TaskGroup() as tasks:
        answering = tasks.create_task(us.report(posted()))
        await eventually(lambda: disk.writes > before)
        for _ in range(20):
            await asyncio.sleep(0)
        early = answering.done()
        disk.stalled.set()

    assert not early
    assert answering.result() == (200, "ok\n")


async def test_a_store_that_is_away_makes_the_gateway_come_again(
    us: Us, disk: Disk, group: Group, accept: Callable[..., Awaitable[None]]
) -> None:
    """503, and nothing is half written; the next one is taken."""
    await accept(us, group("DiskFull"))
    disk.full = True

    refused = await us.report(posted(202))
    disk.full = False
    before = await known(us)
    taken = await us.report(posted(202))

    assert refused == (503, "cannot store it now; post it again\n")
    assert (before, taken) == ([], (200, "ok\n"))
    assert [report.code for report in await known(us)] == ["202"]


async def test_a_report_about_nobody_we_know_is_taken(us: Us) -> None:
    """It may have come before the answer to its send; a no would only repeat it."""
    with capture_logs() as logs:
        answer = await us.report(posted(batchId="unknown"))

    assert answer == (200, "ok\n")
    assert [one["amount"] for one in logs if one["event"] == "report.parked"] == [1]


def wrong(path: str) -> Sequence[str]:
    """Addresses that look like *path* and are not it."""
    begin, _, secret = path.rpartition("/")
    end = "A" if secret[-1] != "A" else "B"
    return (
        f"{begin}/{secret[:-1]}{end}",
        f"{begin}/{secret[:-1]}",
        f"{begin}/{secret}{end}",
        f"{begin}/{secret.swapcase()}",
        f"{begin}/x",
        f"{begin}/{secret}%00",
        f"{begin}/{secret}%20",
        f"{begin}/%C3%A5",
        f"{begin}/%FF",
        f"{begin}/" + "x" * 4000,
        f"/v1/reports/IP1/{secret}",
        f"/v1/reports/elks/{secret}",
        f"/v1/reports/console/{secret}",
        f"/v1/reports/unknown/{secret}",
        f"/v1/reports/-/{secret}",
    )


async def test_who_has_no_key_learns_nothing(us: Us, disk: Disk) -> None:
    """Wrong, another provider's, or of nobody: one status, one body, no write."""
    before = disk.writes
    paths = [
        *wrong(us.path()),
        # The right secret of one that does not report.
        us.path("console"),
        # Right, and of a provider that is not there.
        us.path("unknown"),
    ]
    found = set()
    for path in paths:
        for method in ("POST", "GET"):
            async with us.client.request(method, path, data=b"{}") as response:
                headers = {k: v for k, v in response.headers.items() if k != "Date"}
                text = await response.text()
                found.add((response.status, text, str(sorted(headers.items()))))

    assert {one[:2] for one in found} == {NOT_FOUND}
    assert len(found) == 1
    assert disk.writes == before


@pytest.mark.parametrize(
    "odd", [b"/\xff\xfe", b"/\xed\xa0\x80", b"/%", b"/%zz", b"/\\"]
)
async def test_an_address_that_is_no_text_is_no_error_of_ours(
    us: Us, raw: Raw, odd: bytes
) -> None:
    """Not found, or no HTTP at all; and no exception is logged for it."""
    head = b"POST /v1/reports/ip1%b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" % odd
    with capture_logs() as logs:
        answer = await raw(us.client, head + b"Content-Length: 0\r\n\r\n")

    assert int(answer.split(b" ")[1]) in {400, 404}
    assert [one for one in logs if one["event"] == "request.failed"] == []


async def test_the_key_of_one_does_not_open_another(
    us: Us, group: Group, accept: Callable[..., Awaitable[None]]
) -> None:
    """A report counts for the provider at whose address it came."""
    await accept(us, group("DiskFull", severity="high"))

    answer = await us.report(posted(202), us.path("spare"))

    assert answer == (200, "ok\n")
    assert await known(us) == []


async def test_no_address_is_open_without_one_for_the_world(serve: Serve) -> None:
    """No `external_url`: no gateway was told where to post."""
    daemon, client = await serve(
        report_key=KEY, edit=lambda config: with_providers(config).replace(ADDRESS, "")
    )
    path = report_path(ProviderName("ip1"), KEY)

    async with client.post(path, json=posted()) as response:
        assert (response.status, await response.text()) == NOT_FOUND
    assert not any(
        getattr(provider, "reports_here", False)
        for provider in daemon.dispatcher.providers().values()
    )


async def test_no_address_is_open_without_a_key(serve: Serve) -> None:
    """Nothing to make it of: nobody can guess it, either."""
    _, client = await serve(edit=with_providers)

    for key in (KEY, Secret("")):
        path = report_path(ProviderName("ip1"), key)
        async with client.post(path, json=posted()) as response:
            assert (response.status, await response.text()) == NOT_FOUND


@pytest.mark.parametrize("name", ["ip1", "a/b", "å ä", "..", "?", "", "x" * 300])
def test_an_address_is_a_path_whatever_the_name(name: str) -> None:
    """Long enough not to be guessed, and another for each name and key."""
    path = report_path(ProviderName(name), KEY)

    assert path.isascii()
    assert path.startswith("/v1/reports/")
    assert path.count("/") == 4
    assert not set(path) & set("?#%. ")
    assert len(path.rpartition("/")[2]) == 43
    assert path != report_path(ProviderName(name), Secret("another"))
    assert path != report_path(ProviderName(f"{name}-"), KEY)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(GARBAGE, id="words"),
        pytest.param(b"[" * 60_000, id="deep"),
        pytest.param(b"\xff\xfe", id="not-utf8"),
        pytest.param(b"x" * MAX_REPORT, id="as-long-as-it-may-be"),
        pytest.param(b'{"id": "a", "code": 22}', id="an-old-code"),
    ],
)
async def test_what_is_no_report_is_refused_and_not_repeated(
    us: Us, disk: Disk, body: bytes
) -> None:
    """400 with our own words; the log has the provider."""
    before = disk.writes

    with capture_logs() as logs:
        status, text = await us.report(body)

    assert status == 400
    assert len(text) < 150
    assert GARBAGE.decode() not in f"{text}{logs}"
    refused = [one["provider"] for one in logs if one["event"] == "report.refused"]
    assert refused == ["ip1"]
    assert disk.writes == before


async def test_a_report_of_another_gateway_is_refused(us: Us) -> None:
    """JSON where a form is wanted, and the other way round."""
    assert (await us.report(posted(), us.path("elks")))[0] == 400
    assert (await us.report(form(), us.path("ip1")))[0] == 400


async def test_a_form_is_read_as_one(
    start: Callable[..., Awaitable[Us]],
    group: Group,
    accept: Callable[..., Awaitable[None]],
) -> None:
    """By its content type, with a charset behind it or without; 46elks names nobody."""
    us = await start("elks")
    await accept(us, group("DiskFull", severity="info"))
    kind = "application/x-www-form-urlencoded; charset=utf-8"

    async with us.client.post(
        us.path("elks"), data=form("failed"), headers={"Content-Type": kind}
    ) as response:
        assert response.status == 200

    assert [report.delivery for report in await known(us)] == [Delivery.FAILED]


async def test_a_gateway_may_report_by_get(
    start: Callable[..., Awaitable[Us]],
    group: Group,
    accept: Callable[..., Awaitable[None]],
) -> None:
    """In the query; of a name that comes twice the last counts."""
    us = await start("by-get")
    await accept(us, group("DiskFull", severity="info"))
    path = us.path("by-get")

    answer = await us.report(b"", f"{path}?id=x&id={BATCH}&status=ok", "GET")

    assert answer == (200, "ok\n")
    assert [report.delivery for report in await known(us)] == [Delivery.DELIVERED]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_no_gateway_reports_by_another_method(us: Us, method: str) -> None:
    """The same to those who have the key and those who have none."""
    answers = {
        await us.report(posted(), path, method)
        for path in (us.path(), "/v1/reports/ip1/x")
    }

    assert {status for status, _ in answers} == {405}
    assert len(answers) == 1


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "bomb"])
async def test_a_body_that_is_too_large_is_not_read(
    us: Us, disk: Disk, packed: bool
) -> None:
    """By its length, or by what it unpacks to."""
    before = disk.writes
    body = gzip.compress(b" " * 20_000_000) if packed else b" " * (MAX_REPORT + 1)
    headers = {"Content-Encoding": "gzip"} if packed else {}

    async with us.client.post(us.path(), data=body, headers=headers) as response:
        answer = response.status, await response.text()

    assert answer == (413, f"a report has at most {MAX_REPORT} bytes\n")
    assert disk.writes == before


def head(us: Us, *fields: str) -> bytes:
    """The head of a report, whose body comes by hand."""
    lines = [f"POST {us.path()} HTTP/1.1", "Host: x", "Connection: close", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


async def open_to(us: Us) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection of our own."""
    base = us.client._base_url
    assert base is not None
    return await asyncio.open_connection(base.host, base.port)


async def test_a_body_without_an_end_is_answered_all_the_same(us: Us) -> None:
    """In chunks, for ever: it is clear after a while, and said then."""
    reader, writer = await open_to(us)
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    writer.write(head(us, "Transfer-Encoding: chunked"))

    async def send() -> None:
        with suppress(ConnectionError):
            while True:
                writer.write(chunk)
                await writer.drain()

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(send())
        line = await reader.readline()
        sending.cancel()
    writer.close()

    assert line.startswith(b"HTTP/1.1 413 ")
    assert (await us.report(posted()))[0] == 200


async def test_bodies_that_trickle_are_left_in_time(us: Us) -> None:
    """A byte and no more: ten seconds later it is answered, and its place is free."""
    slow = [await open_to(us) for _ in range(AT_ONCE)]
    for _, writer in slow:
        writer.write(head(us, "Content-Length: 9") + b"{")

    async with asyncio.timeout(14):
        lines = {await reader.readline() for reader, _ in slow}
    for _, writer in slow:
        writer.close()

    assert {line[:13] for line in lines} == {b"HTTP/1.1 503 "}
    assert (await us.report(posted()))[0] == 200


async def test_a_gateway_that_hangs_up_is_no_error_of_ours(us: Us, disk: Disk) -> None:
    """Half a body, then nothing: it will come again."""
    under_way, before = us.daemon.doors.under_way, disk.writes

    with capture_logs() as logs:
        _, writer = await open_to(us)
        writer.write(head(us, "Content-Length: 99") + b"{")
        await eventually(lambda: len(under_way._on) == 1)
        writer.close()
        await eventually(lambda: not under_way._on)

    assert [one for one in logs if one["event"] == "request.failed"] == []
    assert disk.writes == before


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        pytest.param(("Transfer-Encoding: chunked",), b"ZZ\r\n{}\r\n", id="chunks"),
        pytest.param(
            ("Content-Encoding: gzip", "Content-Length: 2"), b"{}", id="not-gzip"
        ),
    ],
)
async def test_a_body_that_is_not_what_it_says_is_refused(
    us: Us, raw: Raw, fields: tuple[str, ...], body: bytes
) -> None:
    """400, and no exception of ours."""
    with capture_logs() as logs:
        answer = await raw(us.client, head(us, *fields), body)

    assert answer.split(b" ")[1] == b"400"
    assert [one for one in logs if one["event"] == "request.failed"] == []


async def test_more_reports_at_once_than_may_be_written_come_again(
    us: Us, disk: Disk, group: Group
) -> None:
    """Webhooks do not wait behind ten thousand of them, and no report is lost."""
    disk.stalled = asyncio.Event()
    before = disk.writes
    async with AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        taken = [tasks.create_task(us.report(posted())) for _ in range(AT_ONCE)]
        await eventually(lambda: disk.writes - before == AT_ONCE)
        over = [await us.report(posted()) for _ in range(3)]
        unknown = await us.report(posted(), "/v1/reports/ip1/x")
        disk.stalled.set()

    assert {one.result() for one in taken} == {(200, "ok\n")}
    assert set(over) == {(503, "too many reports at once; post it again\n")}
    assert unknown == NOT_FOUND
    assert (await us.report(posted()))[0] == 200


async def test_a_bug_is_logged_without_the_address(us: Us) -> None:
    """500, which every gateway posts again; the path is its secret."""

    async def broken(provider: ProviderName, reports: Sequence[DeliveryReport]) -> None:
        raise RuntimeError(f"{us.path()} {provider} {reports}")

    us.daemon.doors.hear = broken

    with capture_logs() as logs:
        answer = await us.report(posted())

    assert answer == (500, "internal error\n")
    (failed,) = [one for one in logs if one["event"] == "request.failed"]
    assert failed["path"] == "/v1/reports/..."
    assert us.path().rpartition("/")[2] not in str(logs)
    assert "46701740605" not in str(logs)


async def test_nothing_that_is_logged_holds_an_address_or_a_number(
    us: Us, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    """Of what is taken, refused, unknown, too much, or not stored."""
    with capture_logs() as logs:
        await us.report(posted(201))
        await us.report(GARBAGE)
        await us.report(b" " * (MAX_REPORT + 1))
        for path in wrong(us.path()):
            await us.report(posted(), path)
        disk.full = True
        await us.report(posted(202))

    written = f"{logs}{caplog.text}{us.daemon.doors!r}"
    secrets = [us.path(name).rpartition("/")[2] for name in ("ip1", "elks", "by-get")]
    assert {one["event"] for one in logs} >= {
        "report.heard",
        "report.refused",
        "store.failed",
    }
    assert not [
        one for one in (*secrets, KEY.reveal(), "46701740605") if one in written
    ]


async def test_a_reload_moves_the_addresses_with_the_providers(us: Us) -> None:
    """A provider that is gone is not found; one that is new is, from then on."""
    async with asyncio.timeout(10):
        before = await us.report(posted())
        await us.reload(lambda text: text.replace("name: ip1,", "name: first,"))

    assert before == (200, "ok\n")
    assert await us.report(posted()) == NOT_FOUND
    assert await us.report(posted(), us.path("first")) == (200, "ok\n")


def told(us: Us, provider: str) -> object:
    """Where a provider's gateway is told to post."""
    return getattr(
        us.daemon.dispatcher.providers()[ProviderName(provider)], "report_url", None
    )


async def test_a_reload_changes_where_gateways_are_told_to_post(us: Us) -> None:
    """Another host, a path before it, or none: then the address is closed."""
    path, at_first = us.path(), told(us, "ip1")
    found = []
    for address in ("https://other.example.org/", "https://x.example.org/sms"):
        line = f"external_url: {address}"
        await us.reload(lambda text: text.replace(ADDRESS, line))  # noqa: B023
        found.append((told(us, "ip1"), (await us.report(posted()))[0]))
        await us.reload(lambda text: text.replace(line, ADDRESS))  # noqa: B023
    await us.reload(lambda text: text.replace(ADDRESS, ""))
    closed = told(us, "ip1"), await us.report(posted())
    await us.reload(lambda text: text.replace("server:\n", f"server:\n  {ADDRESS}\n"))

    assert at_first == f"https://bridge.example.org{path}"
    assert found == [
        (f"https://other.example.org{path}", 200),
        (f"https://x.example.org/sms{path}", 200),
    ]
    assert closed == (None, NOT_FOUND)
    assert (told(us, "ip1"), await us.report(posted())) == (at_first, (200, "ok\n"))


async def test_a_reload_that_fails_keeps_the_addresses(us: Us) -> None:
    """The old config is in force, and so are its gateways."""
    us.config.write_text("providers: [", "utf-8")

    async with us.client.post("/-/reload") as response:
        assert response.status != 200

    assert await us.report(posted()) == (200, "ok\n")
