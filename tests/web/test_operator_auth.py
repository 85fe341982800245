"""Who may operate: those with a token, or this machine's own programs."""

from collections.abc import Awaitable, Callable, Mapping

import pytest
from aiohttp import ClientSession

from alertbridge.wiring import Daemon

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
Secrets = Mapping[str, str]


def bearer(token: str) -> dict[str, str]:
    """The header that shows a token."""
    return {"Authorization": f"Bearer {token}"}


OPERATOR = [
    ("GET", "/api/v1/history"),
    ("GET", "/api/v1/episodes/1"),
    ("POST", "/api/v1/episodes/1/ack"),
    ("GET", "/api/v1/outbox"),
    ("POST", "/api/v1/outbox/hold"),
    ("POST", "/api/v1/outbox/release"),
    ("POST", "/api/v1/outbox/cancel"),
    ("POST", "/api/v1/outbox/requeue"),
    ("GET", "/api/v1/quarantine"),
    ("POST", "/api/v1/backup"),
    ("POST", "/api/v1/test/anna"),
    ("POST", "/-/reload"),
    ("PUT", "/-/reload"),
]


@pytest.mark.parametrize(("method", "path"), OPERATOR)
async def test_operators_paths_want_a_token_if_there_is_one(
    serve: Serve, method: str, path: str
) -> None:
    """Loopback alone is not enough then."""
    _, client = await serve(api_tokens=["API_TOKEN"])

    async with client.request(method, path) as response:
        assert response.status == 401


@pytest.mark.parametrize("name", ["API_TOKEN", "API_TOKEN_OLD"])
async def test_both_api_tokens_of_a_rotation_open(
    serve: Serve, secrets: Secrets, name: str
) -> None:
    """A browser extension or a script may show either, from anywhere."""
    _, client = await serve(api_tokens=["API_TOKEN", "API_TOKEN_OLD"])

    async with client.get("/api/v1/history", headers=bearer(secrets[name])) as response:
        assert response.status == 200


async def test_page_wants_the_api_token(serve: Serve, secrets: Secrets) -> None:
    """`alertbridge page` shows it; a source's token is no use there."""
    _, client = await serve(api_tokens=["API_TOKEN"])
    answers = []

    for token in (secrets["TOKEN_NEW"], secrets["API_TOKEN"]):
        async with client.post(
            "/v1/page", json={"summary": "x"}, headers=bearer(token)
        ) as response:
            answers.append(response.status)

    assert answers == [401, 200]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.example"}, id="origin"),
        pytest.param({"Origin": "null"}, id="null-origin"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="cross-site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="same-site"),
        pytest.param({"Host": "evil.example:10876"}, id="rebound-name"),
        pytest.param({"Host": "localhost.evil.example"}, id="name-like-localhost"),
        pytest.param({"X-Forwarded-For": "192.0.2.7"}, id="behind-a-proxy"),
        pytest.param({"Forwarded": "for=192.0.2.7"}, id="behind-another-proxy"),
    ],
)
@pytest.mark.parametrize(("method", "path"), OPERATOR)
async def test_without_tokens_only_this_machines_programs_operate(
    serve: Serve, headers: dict[str, str], method: str, path: str
) -> None:
    """No web page, no rebound name, and nobody who comes through a proxy."""
    _, client = await serve()

    async with client.request(method, path, headers=headers) as response:
        assert response.status == 401


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:10876", "[::1]:1", "[::1]"])
async def test_loopbacks_own_names_operate(serve: Serve, host: str) -> None:
    """With a port or without."""
    _, client = await serve()

    async with client.get("/api/v1/history", headers={"Host": host}) as response:
        assert response.status == 200


async def test_health_and_metrics_are_open(serve: Serve) -> None:
    """Probes and Prometheus carry no token; there is no person's data in either."""
    _, client = await serve(api_tokens=["API_TOKEN"])

    answers = []
    for path in ("/-/healthy", "/-/ready", "/metrics"):
        async with client.get(path) as response:
            answers.append(response.status)

    assert answers == [200, 200, 200]
