"""Who may come in, and that a refusal tells nothing."""

import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import pytest
import structlog
from aiohttp import ClientSession
from aiohttp.test_utils import make_mocked_request

from alertbridge.sources.signature import Invalid
from alertbridge.web.auth import is_loopback, shows_authorization
from alertbridge.wiring import Daemon

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
Group = Callable[..., dict[str, object]]
Secrets = Mapping[str, str]

REFUSED = (401, "not authorized\n")


class Clock(Protocol):
    """What these tests use of the clock in the conftest."""

    time: datetime


async def post(
    client: ClientSession, source: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, str]:
    """Post to a source; the answer and its text."""
    path = f"/v1/webhooks/{source}"
    async with client.post(path, data=body, headers=headers) as response:
        return response.status, await response.text()


def bearer(token: str) -> dict[str, str]:
    """The header that shows a token."""
    return {"Authorization": f"Bearer {token}"}


def basic(username: str, password: str) -> dict[str, str]:
    """The header that shows a user and a password."""
    pair = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def sign(secret: str, body: bytes, timestamp: int | str | None = None) -> str:
    """Sign as Grafana does."""
    stamp = b"" if timestamp is None else f"{timestamp}:".encode()
    return hmac.new(secret.encode(), stamp + body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("name", ["TOKEN_NEW", "TOKEN_OLD"])
async def test_both_tokens_of_a_rotation_open(
    serve: Serve, group: Group, secrets: Secrets, name: str
) -> None:
    """While a token is rotated the sender may show either."""
    _, client = await serve()
    body = json.dumps(group("DiskFull")).encode()

    answer = await post(client, "bearer", body, bearer(secrets[name]))

    assert answer[0] == 200


@pytest.mark.parametrize(
    ("value", "status"),
    [
        pytest.param("bearer {}", 200, id="lower-case-scheme"),
        pytest.param("BEARER {}", 200, id="upper-case-scheme"),
        pytest.param("", 401, id="empty"),
        pytest.param("Bearer", 401, id="scheme-alone"),
        pytest.param("Bearer ", 401, id="empty-token"),
        pytest.param("{}", 401, id="token-alone"),
        pytest.param("Token {}", 401, id="other-scheme"),
        pytest.param("Bearer {}x", 401, id="one-more-character"),
        pytest.param("Bearer Bearer {}", 401, id="scheme-twice"),
        pytest.param("Bearer {}, Bearer {}", 401, id="two-in-one"),
        pytest.param("Bearer \u00e9", 401, id="not-ascii"),
    ],
)
async def test_bearer_token_is_compared_whole(
    serve: Serve, group: Group, secrets: Secrets, value: str, status: int
) -> None:
    """The scheme's case is free, and nothing else."""
    _, client = await serve()
    body = json.dumps(group("DiskFull")).encode()
    headers = {"Authorization": value.replace("{}", secrets["TOKEN_NEW"])}

    assert (await post(client, "bearer", body, headers))[0] == status


@pytest.mark.parametrize(
    ("value", "status"),
    [
        pytest.param("ApiKey {}", 200, id="as-configured"),
        pytest.param("apikey {}", 200, id="lower-case-scheme"),
        pytest.param("Bearer {}", 401, id="bearer"),
        pytest.param("ApiKey {}x", 401, id="one-more-character"),
        pytest.param("{}", 401, id="token-alone"),
    ],
)
async def test_a_source_may_ask_for_another_scheme(
    serve: Serve, group: Group, secrets: Secrets, value: str, status: int
) -> None:
    """What `authorization.type` names in Alertmanager, ours names too."""
    _, client = await serve()
    body = json.dumps(group("DiskFull")).encode()
    headers = {"Authorization": value.replace("{}", secrets["TOKEN_OLD"])}

    assert (await post(client, "keyed", body, headers))[0] == status


async def test_no_authorization_is_refused(serve: Serve) -> None:
    """A source with a token wants it from loopback as well."""
    _, client = await serve()

    assert await post(client, "bearer", b"{}", {}) == REFUSED


async def test_two_authorizations_are_refused(serve: Serve, secrets: Secrets) -> None:
    """A proxy and we might each read another one."""
    _, client = await serve()

    async with client.post(
        "/v1/webhooks/bearer",
        data=b"{}",
        headers=[
            ("Authorization", f"Bearer {secrets['TOKEN_NEW']}"),
            ("Authorization", "Bearer wrong"),
        ],
    ) as response:
        assert response.status == 401


async def test_token_with_nul_is_refused(
    serve: Serve,
    raw: Callable[..., Awaitable[bytes]],
) -> None:
    """The parser or we: it does not come in."""
    _, client = await serve()

    answer = await raw(
        client,
        b"POST /v1/webhooks/bearer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Authorization: Bearer tok\0en\r\nContent-Length: 2\r\n\r\n{}",
    )

    assert answer.split(b" ")[1] in (b"400", b"401")


async def test_another_sources_token_is_refused(serve: Serve, secrets: Secrets) -> None:
    """Who may post for one cluster may not post for another."""
    _, client = await serve()

    answer = await post(client, "other", b"{}", bearer(secrets["TOKEN_NEW"]))

    assert answer == REFUSED


async def test_nothing_of_a_refused_post_is_kept(serve: Serve, group: Group) -> None:
    """Neither an episode nor a place in the quarantine."""
    daemon, client = await serve()

    await post(client, "bearer", json.dumps(group("DiskFull")).encode(), {})

    kept = (await daemon.store.history(), await daemon.store.quarantined())
    assert kept == ((), ())


@pytest.mark.parametrize(
    ("username", "password", "status"),
    [
        pytest.param("alertmanager", "s3cr3t-p\u00e4ssw\u00f6rd", 200, id="right"),
        pytest.param("Alertmanager", "s3cr3t-p\u00e4ssw\u00f6rd", 401, id="user"),
        pytest.param("alertmanager", "s3cr3t-password", 401, id="password"),
        pytest.param("alertmanager", "", 401, id="no-password"),
    ],
)
async def test_basic_auth_wants_user_and_password(
    serve: Serve, group: Group, username: str, password: str, status: int
) -> None:
    """Both, byte for byte; UTF-8, as Alertmanager sends them."""
    _, client = await serve()
    body = json.dumps(group("DiskFull")).encode()

    answer = await post(client, "basic", body, basic(username, password))

    assert answer[0] == status


@pytest.mark.parametrize("name", ["HMAC_NEW", "HMAC_OLD"])
async def test_both_secrets_of_a_rotation_sign(
    serve: Serve, group: Group, secrets: Secrets, name: str
) -> None:
    """While a signing secret is rotated the sender may use either."""
    _, client = await serve()
    body = json.dumps(group("DiskFull")).encode()
    header = {"X-Grafana-Alerting-Signature": sign(secrets[name], body)}

    assert (await post(client, "signed", body, header))[0] == 200


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda _: "", id="missing"),
        pytest.param(lambda good: good[:-1], id="truncated"),
        pytest.param(lambda good: good.upper(), id="upper-case-hex"),
        pytest.param(lambda good: f"sha256={good}", id="prefixed"),
        pytest.param(lambda _: sign("", b"{}"), id="empty-secret"),
        pytest.param(lambda good: good[::-1], id="other"),
    ],
)
async def test_any_other_signature_is_refused(
    serve: Serve, secrets: Secrets, change: Callable[[str], str]
) -> None:
    """Only what the sender computes is taken, as the sender writes it."""
    _, client = await serve()
    header = {"X-Grafana-Alerting-Signature": change(sign(secrets["HMAC_OLD"], b"{}"))}

    assert await post(client, "signed", b"{}", header) == REFUSED


async def test_signature_covers_the_bytes_and_not_the_meaning(
    serve: Serve, group: Group, secrets: Secrets
) -> None:
    """The same JSON written anew by somebody between us is another body."""
    _, client = await serve()
    header = {
        "X-Grafana-Alerting-Signature": sign(
            secrets["HMAC_OLD"], json.dumps(group("DiskFull")).encode()
        )
    }
    other = json.dumps(group("DiskFull"), indent=1).encode()

    assert await post(client, "signed", other, header) == REFUSED


@pytest.mark.parametrize(
    ("seconds", "status"),
    [
        pytest.param(0, 200, id="now"),
        pytest.param(-290, 200, id="five-minutes-old"),
        pytest.param(290, 200, id="five-minutes-ahead"),
        pytest.param(-360, 401, id="six-minutes-old"),
        pytest.param(360, 401, id="six-minutes-ahead"),
    ],
)
async def test_signed_timestamp_must_be_fresh(
    serve: Serve,
    group: Group,
    secrets: Secrets,
    clock: Clock,
    seconds: int,
    status: int,
) -> None:
    """A recorded post cannot be replayed later."""
    _, client = await serve()
    body = json.dumps(group("DiskFull")).encode()
    at = int((clock.time + timedelta(seconds=seconds)).timestamp())
    signature = sign(secrets["HMAC_OLD"], body, at)
    headers = {"X-Sig": signature, "X-Sig-Timestamp": str(at)}

    assert (await post(client, "stamped", body, headers))[0] == status


@pytest.mark.parametrize("stamp", ["", "-1", "1" + "0" * 20, "1e9", "0x10", "now"])
async def test_odd_timestamp_is_refused_though_signed(
    serve: Serve, secrets: Secrets, stamp: str
) -> None:
    """Only decimal Unix seconds are a time."""
    _, client = await serve()
    signature = sign(secrets["HMAC_OLD"], b"{}", stamp)

    answer = await post(
        client, "stamped", b"{}", {"X-Sig": signature, "X-Sig-Timestamp": stamp}
    )

    assert answer == REFUSED


async def test_signature_without_its_timestamp_is_refused(
    serve: Serve, secrets: Secrets
) -> None:
    """Leaving the time out does not make an old signature a valid one."""
    _, client = await serve()

    answer = await post(
        client, "stamped", b"{}", {"X-Sig": sign(secrets["HMAC_OLD"], b"{}")}
    )

    assert answer == REFUSED


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.example"}, id="origin"),
        pytest.param({"Origin": "null"}, id="null-origin"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="cross-site"),
    ],
)
async def test_browser_may_not_post_to_an_open_source(
    serve: Serve, group: Group, headers: dict[str, str]
) -> None:
    """A web page can post to loopback; it must not wake anybody."""
    _, client = await serve()

    answer = await post(client, "am", json.dumps(group("DiskFull")).encode(), headers)

    assert answer == REFUSED


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-Forwarded-For": "192.0.2.7"}, id="x-forwarded-for"),
        pytest.param({"X-Forwarded-Host": "pager.example.org"}, id="x-forwarded-host"),
        pytest.param({"X-Forwarded-Proto": "https"}, id="x-forwarded-proto"),
        pytest.param({"X-Real-IP": "192.0.2.7"}, id="x-real-ip"),
        pytest.param({"Forwarded": "for=192.0.2.7"}, id="forwarded"),
        pytest.param({"Via": "1.1 proxy"}, id="via"),
        pytest.param({"Host": "pager.example.org"}, id="public-name"),
        pytest.param({"Host": "localhost.example.org:80"}, id="name-like-localhost"),
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/v1/page", id="page"),
        pytest.param("/v1/webhooks/am", id="open-source"),
    ],
)
async def test_nobody_pages_through_a_proxy_without_showing_anything(
    serve: Serve, headers: dict[str, str], path: str
) -> None:
    """Behind a proxy on this machine the whole world seems to be loopback."""
    _, client = await serve()

    async with client.post(path, json={"summary": "x"}, headers=headers) as response:
        assert (response.status, await response.text()) == REFUSED


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:10876", "[::1]:10876"])
async def test_this_machines_senders_post_to_an_open_source(
    serve: Serve, group: Group, host: str
) -> None:
    """Alertmanager beside us names loopback as its URL does."""
    _, client = await serve()
    body = json.dumps(group("DiskFull")).encode()

    assert (await post(client, "am", body, {"Host": host}))[0] == 200


async def test_the_log_says_why_an_open_source_was_closed(serve: Serve) -> None:
    """Whoever put a proxy before it is told what to mend; the sender is not."""
    _, client = await serve()

    with structlog.testing.capture_logs() as logged:
        await post(client, "am", b"{}", {"X-Forwarded-For": "192.0.2.7"})

    assert logged[0] == {
        "event": "webhook.unauthorized",
        "log_level": "warning",
        "source": "am",
        "reason": "without credentials, through a proxy",
    }


async def test_open_source_is_for_this_machine_only(serve: Serve) -> None:
    """However the socket was made: who is elsewhere does not come in unasked."""
    daemon, _ = await serve()
    request = make_mocked_request("POST", "/v1/page")
    elsewhere = request.clone(remote="192.0.2.7")

    refusal = shows_authorization(daemon.doors.sources["page"], elsewhere)
    assert refusal == Invalid("without credentials, from another machine")


@pytest.mark.parametrize(
    ("address", "ours"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:192.0.2.7", False),
        ("192.0.2.7", False),
        ("fe80::1%eth0", False),
        ("evil", False),
        ("", True),
        (None, True),
    ],
)
def test_loopback_is_told_from_elsewhere(address: str | None, ours: bool) -> None:
    """A Unix socket's peer has no address, and is on this machine."""
    assert is_loopback(address) is ours


async def test_refusals_do_not_differ(serve: Serve, secrets: Secrets) -> None:
    """The same bytes whatever was wrong: nothing to probe with."""
    _, client = await serve()
    answers = set()

    for source, headers in [
        ("bearer", {}),
        ("bearer", bearer("x")),
        ("other", bearer(secrets["TOKEN_OLD"])),
        ("basic", basic("alertmanager", "x")),
        ("signed", {}),
        ("stamped", {"X-Sig": "0" * 64, "X-Sig-Timestamp": "1"}),
    ]:
        answers.add(await post(client, source, b"{}", headers))

    assert answers == {REFUSED}
