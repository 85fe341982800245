"""A backlog leaves as fast as the account allows, no faster, the worst first."""

import signal
from collections.abc import Callable

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group, number
from processes import until

pytestmark = pytest.mark.scenario

PEOPLE = [f"p{index:02}" for index in range(80)]

LIMIT = 30
"""Requests in any second that the account allows; the gateway counts."""

IN_PROGRESS = 16
"""Requests under way at once: among so many there is no order."""


def teams(gateway: str) -> dict[str, object]:
    """Eighty people, each with alerts of their own: no two texts are equal."""
    return {
        **config(gateway, *PEOPLE),
        "route": {
            "receiver": PEOPLE[0],
            "routes": [
                {"receiver": name, "matchers": [f'team="{name}"']} for name in PEOPLE
            ],
        },
        "receivers": [{"name": name, "recipients": [name]} for name in PEOPLE],
    }


async def hold(daemon: Daemon, http: ClientSession) -> None:
    """Let nothing leave."""
    url = f"{daemon.url}/api/v1/outbox/hold"
    async with http.post(url, json={"seconds": 600}) as answer:
        assert answer.status == 200, await answer.text()


async def release(daemon: Daemon, http: ClientSession) -> None:
    """Let it go."""
    async with http.post(f"{daemon.url}/api/v1/outbox/release") as answer:
        assert answer.status == 200, await answer.text()


async def fill(daemon: Daemon, http: ClientSession, amount: int, severity: str) -> None:
    """Post so many alerts, over everybody."""
    alerts = [
        alert(f"Load{index}", {"team": PEOPLE[index % len(PEOPLE)]}, severity=severity)
        for index in range(amount)
    ]
    assert await daemon.post(http, group(*alerts)) == 200


async def test_the_rate_holds_across_a_restart(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """What the old process sent counts for the new one: never 31 in a second."""
    daemon = make_daemon(teams(gateway.url))
    await daemon.start()
    await hold(daemon, http)
    await fill(daemon, http, len(PEOPLE), "high")
    await release(daemon, http)
    await until(lambda: len(gateway.sms()) >= 10)
    daemon.signal(signal.SIGTERM)
    await daemon.ended()
    sent = len(gateway.sms())

    await daemon.start()

    await gateway.expect_exactly(len(PEOPLE), within=30, quiet=1)
    stats = await gateway.stats(http)
    assert sent < len(PEOPLE)
    assert stats["max_per_second"] <= LIMIT


async def test_critical_overtakes_a_backlog_of_low(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """Five hundred alerts of no hurry wait; the critical that came last goes first."""
    daemon = make_daemon(teams(gateway.url))
    await daemon.start()
    await hold(daemon, http)
    await fill(daemon, http, 500, "low")
    last = alert("DiskFull", {"team": PEOPLE[-1]}, severity="critical")
    await daemon.post(http, group(last))

    await release(daemon, http)

    texts = await gateway.expect_exactly(len(PEOPLE), within=30, quiet=1)
    places = [place for place, (_, text) in enumerate(texts) if "CRITICAL" in text]
    assert len(places) == 1
    assert places[0] < IN_PROGRESS
    assert texts[places[0]][0] == number(len(PEOPLE) - 1)
