"""What no honest sender does: broken HTTP, poison JSON, everything at once."""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

import pytest
from aiohttp import ClientSession
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alertbridge.wiring import Daemon

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
ToldBy = Callable[[Daemon], Awaitable[dict[str, list[str]]]]
Group = Callable[..., dict[str, object]]
Raw = Callable[..., Awaitable[bytes]]

HOOK = b"/v1/webhooks/am"
HEAD = b"POST " + HOOK + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"


def status_of(answer: bytes) -> int:
    """The status of the first answer; 0 if the connection closed without one."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 0


BROKEN = [
    pytest.param(
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        id="length-and-chunked",
    ),
    pytest.param(b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", id="two-lengths"),
    pytest.param(b"Content-Length: +2\r\n\r\n{}", id="length-with-sign"),
    pytest.param(b"Content-Length: -1\r\n\r\n", id="negative-length"),
    pytest.param(b"Content-Length: 0x2\r\n\r\n{}", id="hexadecimal-length"),
    pytest.param(
        b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n", id="chunk-size"
    ),
    pytest.param(
        b"Transfer-Encoding: chunked\r\n\r\n2;"
        + b"x" * 1_000_000
        + b"\r\n{}\r\n0\r\n\r\n",
        id="chunk-extension-of-a-megabyte",
    ),
    pytest.param(
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
        + b"x: y\r\n" * 100_000
        + b"\r\n",
        id="hundred-thousand-trailers",
    ),
    pytest.param(b"X: " + b"y" * 65536 + b"\r\n\r\n", id="header-of-64-kib"),
    pytest.param(b"X: y\r\n" * 10_000 + b"\r\n", id="ten-thousand-headers"),
    pytest.param(b"X y: z\r\n\r\n", id="space-in-a-name"),
    pytest.param(b"X\0: z\r\n\r\n", id="nul-in-a-name"),
    pytest.param(b": z\r\n\r\n", id="no-name"),
    pytest.param(b"X: a\rb\r\n\r\n", id="carriage-return-in-a-value"),
]


@pytest.mark.parametrize("rest", BROKEN)
async def test_broken_http_is_400_or_closed(
    serve: Serve, raw: Raw, rest: bytes
) -> None:
    """Nothing that two readers could take for different things is read at all."""
    daemon, client = await serve()

    answer = await raw(client, HEAD + rest)

    assert status_of(answer) in (0, 400)
    # What could be read as a body, and not as a webhook, is told as that.
    rows = await daemon.store.history()
    assert {row.alert for row in rows} <= {"SourceUnreadable"}


@pytest.mark.parametrize("rest", BROKEN)
async def test_the_next_post_is_taken_after_broken_http(
    serve: Serve, raw: Raw, group: Group, rest: bytes
) -> None:
    """What one connection broke is no other's trouble."""
    _, client = await serve()
    await raw(client, HEAD + rest)

    async with client.post(HOOK.decode(), json=group("DiskFull")) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("request_line", "statuses"),
    [
        pytest.param(b"GET /", {0, 400, 404}, id="http-0.9"),
        pytest.param(b"CONNECT evil.example:443 HTTP/1.1", {0, 400, 404}, id="connect"),
        pytest.param(b"TRACE / HTTP/1.1", {400, 404, 405}, id="trace"),
        pytest.param(b"OPTIONS * HTTP/1.1", {400, 404, 405}, id="options-star"),
        pytest.param(b"GET " + HOOK + b" HTTP/1.1", {405}, id="get-a-webhook"),
        pytest.param(b"DELETE " + HOOK + b" HTTP/1.1", {405}, id="delete"),
        pytest.param(b"POST //v1/webhooks/am HTTP/1.1", {400, 404}, id="two-slashes"),
        pytest.param(
            b"POST /v1/webhooks/%2e%2e/am HTTP/1.1", {404, 405}, id="dots-encoded"
        ),
        pytest.param(b"POST /v1/webhooks/..%2fapi HTTP/1.1", {404}, id="slash-encoded"),
        pytest.param(b"POST /v1/webhooks/%00 HTTP/1.1", {400, 404}, id="nul-encoded"),
        pytest.param(b"POST /v1/webhooks/%ff HTTP/1.1", {400, 404}, id="not-utf-8"),
        pytest.param(
            b"POST /" + b"x" * 100_000 + b" HTTP/1.1", {0, 400, 414}, id="long-path"
        ),
        pytest.param(b"POST / HTTP/9.9", {0, 400, 404, 505}, id="odd-version"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01", {0, 400}, id="tls-hello"),
        pytest.param(b"PRI * HTTP/2.0", {0, 400}, id="http-2"),
    ],
)
async def test_odd_request_is_refused(
    serve: Serve, raw: Raw, request_line: bytes, statuses: set[int]
) -> None:
    """A plain no, and never a file, a redirect or a bug."""
    _, client = await serve()
    headers = b"\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

    answer = await raw(client, request_line + headers)

    assert status_of(answer) in statuses
    assert b"ocation:" not in answer


@pytest.mark.parametrize(
    "hosts",
    [
        pytest.param(b"", id="none"),
        pytest.param(b"Host: evil.example\r\n", id="other"),
        pytest.param(b"Host: localhost\r\nHost: evil.example\r\n", id="two"),
        pytest.param(b"Host: evil.example/<script>\r\n", id="not-a-host"),
    ],
)
async def test_host_is_never_reflected(serve: Serve, raw: Raw, hosts: bytes) -> None:
    """Whatever it says, nothing that we answer is made of it."""
    _, client = await serve()

    answer = await raw(
        client,
        b"POST /v1/webhooks/none HTTP/1.1\r\nConnection: close\r\n"
        + hosts
        + b"Content-Length: 0\r\n\r\n",
    )

    assert status_of(answer) in (400, 404)
    assert b"evil.example" not in answer


async def test_pipelined_requests_are_answered_in_order(serve: Serve, raw: Raw) -> None:
    """A thousand on one connection are served one by one."""
    _, client = await serve()
    one = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    answer = await raw(client, one * 999 + last, wait=20)

    assert answer.count(b"HTTP/1.1 200") == 1000


async def test_posts_are_taken_while_others_trickle(serve: Serve, group: Group) -> None:
    """Two hundred connections that send a byte and wait slow nobody down."""
    _, client = await serve()
    base = client._base_url
    assert base is not None
    assert base.host is not None
    slow = [await asyncio.open_connection(base.host, base.port) for _ in range(200)]
    for _, writer in slow:
        writer.write(HEAD + b"Content-Length: 99\r\n\r\n{")
    began = monotonic()

    async with client.post(HOOK.decode(), json=group("DiskFull")) as response:
        status = response.status

    took = monotonic() - began
    for _, writer in slow:
        writer.close()
    assert (status, took < 0.5) == (200, True)


POISON = [
    pytest.param(b'"\\ud800"', id="lone-surrogate"),
    pytest.param(b'"a\\u0000b"', id="nul"),
    pytest.param(b'"\xff\xfe"', id="invalid-utf-8"),
    pytest.param(b'"\xc0\xaf"', id="overlong-utf-8"),
    pytest.param(b"18446744073709551617", id="over-64-bits"),
    pytest.param(b"-0", id="minus-zero"),
    pytest.param(b"9" * 5000, id="five-thousand-digits"),
    pytest.param(b"NaN", id="nan"),
    pytest.param(b"-Infinity", id="infinity"),
    pytest.param(b"1e999", id="over-a-float"),
    pytest.param(b"[" * 900 + b"]" * 900, id="nested"),
    pytest.param(b'"' + b"x" * 1_000_000 + b'"', id="megabyte"),
    pytest.param(b'{"' + b"k" * 1_000_000 + b'":1}', id="megabyte-key"),
    pytest.param(b"null", id="null"),
    pytest.param(b"true", id="true"),
    pytest.param(b"[]", id="array"),
    pytest.param(b"{}", id="object"),
]

PLACES = [
    pytest.param("label", id="label"),
    pytest.param("labels", id="labels"),
    pytest.param("annotation", id="annotation"),
    pytest.param("startsAt", id="starts-at"),
    pytest.param("endsAt", id="ends-at"),
    pytest.param("fingerprint", id="fingerprint"),
    pytest.param("status", id="status"),
    pytest.param("generatorURL", id="generator-url"),
    pytest.param("receiver", id="receiver"),
    pytest.param("groupKey", id="group-key"),
    pytest.param("truncatedAlerts", id="truncated"),
    pytest.param("notification_reason", id="reason"),
    pytest.param("groupLabels", id="group-labels"),
]


def poisoned(place: str, poison: bytes) -> bytes:
    """Put one odd value into an otherwise good webhook."""
    mark = "@poison@"
    alert: dict[str, Any] = {
        "status": "firing",
        "labels": {"alertname": "DiskFull", "instance": "db1"},
        "annotations": {"summary": "full"},
        "startsAt": "2026-11-22T08:59:00Z",
        "fingerprint": "abc",
    }
    body: dict[str, Any] = {"receiver": "sms", "groupKey": "{}", "alerts": [alert]}
    match place:
        case "label":
            alert["labels"]["odd"] = mark
        case "annotation":
            alert["annotations"]["summary"] = mark
        case _ if place in alert or place in ("endsAt", "generatorURL"):
            alert[place] = mark
        case _:
            body[place] = mark
    return json.dumps(body).encode().replace(f'"{mark}"'.encode(), poison)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("poison", POISON)
async def test_one_odd_value_does_not_cost_the_page(
    serve: Serve, told: ToldBy, place: str, poison: bytes
) -> None:
    """A poison webhook would be posted again for ever; this one pages somebody."""
    daemon, client = await serve()

    async with client.post(HOOK.decode(), data=poisoned(place, poison)) as response:
        status = response.status

    assert status == 200
    assert set(await told(daemon)) == {"anna", "bo"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="deep-array"),
        pytest.param(b'{"alerts":' * 100_000, id="deep-object"),
        pytest.param(b'{"alerts":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}", id="in"),
        pytest.param(b'"' + b"x" * 1_000_000 + b'"', id="string"),
        pytest.param(b"\xff\xfe{\0}\0", id="utf-16"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte-order-mark"),
    ],
)
async def test_no_json_at_all_is_400(serve: Serve, body: bytes) -> None:
    """Of no shape that a page could be made of: no repetition helps."""
    _, client = await serve()

    async with client.post(HOOK.decode(), data=body) as response:
        assert response.status == 400


async def test_a_million_keys_are_answered_in_time(serve: Serve) -> None:
    """A body within the limit is answered before its sender's patience ends."""
    _, client = await serve()
    keys = b",".join(b'"k%d":1' % number for number in range(1_000_000))
    body = b'{"alerts":[{"labels":{"alertname":"x",' + keys + b"}}]}"
    began = monotonic()

    async with client.post(HOOK.decode(), data=io.BytesIO(body)) as response:
        status = response.status

    assert (status, monotonic() - began < 5) == (200, True)


async def test_a_post_replayed_a_thousand_times_tells_nobody_again(
    serve: Serve, group: Group, told: ToldBy
) -> None:
    """Each is answered 200, as the copy that it may be."""
    daemon, client = await serve()
    body = json.dumps(group("DiskFull")).encode()
    statuses = set()
    async with client.post(HOOK.decode(), data=body):
        pass
    await told(daemon)

    for _ in range(1000):
        async with client.post(HOOK.decode(), data=body) as response:
            statuses.add(response.status)

    assert (statuses, await told(daemon)) == ({200}, {})


async def test_a_firing_replayed_after_its_resolve_tells_nobody(
    serve: Serve, group: Group, told: ToldBy
) -> None:
    """Its start is known to be over."""
    daemon, client = await serve()
    for status in ("firing", "resolved"):
        async with client.post(HOOK.decode(), json=group("DiskFull", status=status)):
            pass
        await told(daemon)

    async with client.post(HOOK.decode(), json=group("DiskFull")):
        pass

    assert await told(daemon) == {}


async def test_one_source_cannot_resolve_anothers_alert(
    serve: Serve, group: Group, told: ToldBy
) -> None:
    """The same fingerprint from elsewhere is another alert."""
    daemon, client = await serve()
    async with client.post(HOOK.decode(), json=group("DiskFull")):
        pass
    await told(daemon)

    resolved = group("DiskFull", status="resolved")
    async with client.post("/v1/webhooks/grafana", json=resolved):
        pass

    rows = await daemon.store.history(recipient="anna")
    episode = await daemon.store.show(rows[0].episode)
    assert await told(daemon) == {}
    assert episode is not None
    assert episode.ends_at is None


async def test_a_payload_does_not_choose_who_hears(
    serve: Serve, told: ToldBy, group: Group
) -> None:
    """Numbers, senders and receivers in it are words, and the config decides."""
    daemon, client = await serve()
    body = group("DiskFull", to="+46701740699", receiver="bare", recipient="nobody")

    odd = {**body, "receiver": "bare", "to": "+46701740699", "sender": "BANK"}
    async with client.post(HOOK.decode(), json=odd):
        pass

    assert set(await told(daemon)) == {"anna", "bo"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=8)
            | st.sampled_from(
                ["labels", "status", "startsAt", "annotations", "alerts"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@pytest.mark.parametrize("source", ["am", "grafana", "legacy", "scripts"])
async def test_no_json_is_ever_a_5xx(serve: Serve, source: str) -> None:
    """A 5xx is posted again for ever; with the disk working there is none."""
    _, client = await serve()
    loop = asyncio.get_running_loop()

    async def post(body: object) -> int:
        async with client.post(
            f"/v1/webhooks/{source}", data=json.dumps(body).encode()
        ) as response:
            return response.status

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        database=None,
    )
    @given(
        JSON
        | st.fixed_dictionaries({"alerts": st.lists(JSON, max_size=3)})
        | st.fixed_dictionaries({"ruleId": JSON, "evalMatches": JSON, "state": JSON})
    )
    def never(body: object) -> None:
        status = asyncio.run_coroutine_threadsafe(post(body), loop).result(10)
        assert status in (200, 400)

    await asyncio.to_thread(never)
