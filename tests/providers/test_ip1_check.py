"""`check-config --online` learns what the first page would have found out."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from alertbridge.core.balance import Balance, BalanceUnknown
from alertbridge.ports import ProviderCheckFailed
from alertbridge.providers.ip1 import Ip1
from alertbridge.simulator.gateway import Gateway
from alertbridge.simulator.gateway_faults import Fault, FaultKind, FaultPlan

TOKEN = "canary-token-5d20"

MakeIp1 = Callable[..., Ip1]
Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
ServeRaw = Callable[[Answer], Awaitable[tuple[object, str]]]


async def test_check_says_what_the_account_can_do(
    gateway: tuple[Gateway, str], make_ip1: MakeIp1
) -> None:
    """Token, sender and balance in two lines, and no SMS."""
    world, url = gateway

    lines = await make_ip1(url).check()

    assert list(lines) == ["sender iP1: registered", "balance: 1000.00 SEK"]
    assert world.messages == ()


async def test_check_finds_an_unregistered_sender(
    gateway: tuple[Gateway, str], make_ip1: MakeIp1
) -> None:
    """Before the first page does."""
    _, url = gateway

    with pytest.raises(ProviderCheckFailed, match="sender Acme is not registered"):
        await make_ip1(url, sender="Acme").check()


@pytest.mark.parametrize("status", [401, 403])
async def test_check_finds_a_refused_token(
    gateway: tuple[Gateway, str], make_ip1: MakeIp1, status: int
) -> None:
    """And does not show it."""
    world, url = gateway
    world.set_faults(FaultPlan(reads=(Fault(kind=FaultKind.ERROR, status=status),)))

    with pytest.raises(ProviderCheckFailed, match="the token is refused") as caught:
        await make_ip1(url).check()

    assert TOKEN not in str(caught.value)


async def test_check_does_without_a_balance(
    gateway: tuple[Gateway, str], make_ip1: MakeIp1
) -> None:
    """Whether that endpoint takes our kind of token is not documented."""
    world, url = gateway
    refused = Fault(kind=FaultKind.ERROR, status=401)
    world.set_faults(FaultPlan(reads=(Fault(), refused)))

    lines = await make_ip1(url).check()

    assert lines[1] == "balance: not known (HTTP 401)"


async def test_the_balance_alone_is_one_question(
    gateway: tuple[Gateway, str], make_ip1: MakeIp1
) -> None:
    """An account is watched by it: it names the sender nowhere, and sends nothing."""
    world, url = gateway

    assert await make_ip1(url, sender="Acme").balance() == Balance(1000, "SEK")
    assert world.messages == ()


async def test_a_balance_that_cannot_be_had_says_why(
    make_ip1: MakeIp1, unused_tcp_port: int
) -> None:
    """It is an answer, and no exception: nobody's page waits for it."""
    found = await make_ip1(f"http://127.0.0.1:{unused_tcp_port}").balance()

    assert isinstance(found, BalanceUnknown)
    assert "cannot ask" in found.detail


async def test_check_says_that_it_cannot_reach_the_gateway(
    make_ip1: MakeIp1, unused_tcp_port: int
) -> None:
    """One line, for the operator."""
    provider = make_ip1(f"http://127.0.0.1:{unused_tcp_port}")

    with pytest.raises(ProviderCheckFailed, match="cannot ask"):
        await provider.check()


UNSAID = "balance: not known (the answer does not say)"


@pytest.mark.parametrize(
    ("account", "line"),
    [
        pytest.param(
            b'{"Balance": -2, "Currency": "SEK"}',
            "balance: -2.00 SEK, so only an invoiced account can send",
            id="below-zero",
        ),
        pytest.param(b'{"Balance": "x", "Currency": "SEK"}', UNSAID, id="not-a-number"),
        pytest.param(b'{"Balance": true, "Currency": "SEK"}', UNSAID, id="a-flag"),
        pytest.param(b'{"Balance": 1}', UNSAID, id="no-currency"),
        pytest.param(
            b'{"Balance": 1, "Currency": "\\u001b[2J"}',
            "balance: 1.00 units",
            id="odd-currency",
        ),
        pytest.param(b"[]", "balance: not known (HTTP 200)", id="array"),
    ],
)
async def test_check_reads_a_balance_with_suspicion(
    make_ip1: MakeIp1, serve_raw: ServeRaw, account: bytes, line: str
) -> None:
    """What goes to a terminal is ours, whatever the gateway writes."""

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        senders = b"/senders" in request
        body = b'[{"sender": "iP1"}]' if senders else account
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
        writer.write(head + body)
        await writer.drain()

    _, url = await serve_raw(answer)

    lines = await make_ip1(url).check()

    assert lines[1] == line
