"""Accepted is not delivered: what reports change, on real processes and sockets."""

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import cast

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group, number
from processes import Child, free_port, until

pytestmark = pytest.mark.scenario

REPORTS: dict[str, object] = {"server": {}}
"""Makes a config whose gateways are told where to post."""


@pytest.fixture
async def second(tmp_path: Path, children: list[Child]) -> Gateway:
    """Another gateway, running."""
    made = Gateway(tmp_path / "second")
    children.append(made)
    await made.start()
    return made


def by_both(first: Gateway, second: Gateway, **more: object) -> dict[str, object]:
    """Make a config with two providers."""
    made = config(first.url, **REPORTS, **more)
    (entry,) = cast("list[dict[str, object]]", made["providers"])
    made["providers"] = [entry, {**entry, "name": "second", "base_url": second.url}]
    return made


async def test_a_delivery_is_recorded_once_it_is_confirmed(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """Posted, then asked for, since a critical page could be lost by a forged 201."""
    daemon = make_daemon(config(gateway.url, **REPORTS))
    await daemon.start()

    await daemon.post(http, group(alert("DiskFull")))
    await until(lambda: bool(daemon.events("message.delivered")), within=15)

    await gateway.expect_exactly(1, within=1, quiet=1)
    (row,) = await daemon.history(http)
    assert (row["state"], row["reason"], row["delivery"]) == (
        "told",
        "delivered",
        "delivered",
    )
    said = [event["code"] for event in daemon.events("report.heard")]
    # The gateway posts 101, 112 and 201; the last is asked for before it counts.
    assert said.count("201") == 2


@pytest.mark.parametrize("code", [202, 203, 406, 599])
async def test_a_bad_report_goes_by_the_next_provider_within_five_seconds(
    gateway: Gateway,
    second: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
    code: int,
) -> None:
    """Expired, cancelled, rejected, failed: none of them is a page that arrived."""
    await gateway.set_faults(http, {"reports": {"code": code}})
    daemon = make_daemon(by_both(gateway, second))
    await daemon.start()

    await daemon.post(http, group(alert("DiskFull")))
    await until(lambda: bool(daemon.events("message.missed")), within=15)
    began = monotonic()
    await until(lambda: bool(second.sms()), within=5)

    assert monotonic() - began < 5
    ((_, text),) = second.texts()
    assert "Disk full" in text
    await until(lambda: bool(daemon.events("message.delivered")), within=15)
    assert len(gateway.sms()) == 1


async def test_the_next_number_comes_before_the_next_provider(
    gateway: Gateway,
    second: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
) -> None:
    """The same gateway reaches the other phone as fast."""
    await gateway.set_faults(http, {"reports": {"codes": {number(0): 599}}})
    recipients = {"anna": {"phones": [number(0), number(1)]}}
    daemon = make_daemon(by_both(gateway, second, recipients=recipients))
    await daemon.start()

    await daemon.post(http, group(alert("DiskFull")))
    await until(lambda: bool(daemon.events("message.delivered")), within=20)

    assert [to for to, _ in gateway.texts()] == [number(0), number(1)]
    assert second.sms() == []


async def test_a_page_that_no_way_reaches_is_dead_and_somebody_else_hears(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """The fallback gets the page itself, the admins that it did not arrive."""
    await gateway.set_faults(http, {"reports": {"codes": {number(0): 599}}})
    made = config(gateway.url, "anna", "bo", "admin", **REPORTS)
    made["receivers"] = [
        {"name": "everybody", "recipients": ["anna"], "fallback": "next"},
        {"name": "next", "recipients": ["bo"]},
        {"name": "admins", "recipients": ["admin"]},
    ]
    made["meta"] = {"receiver": "admins"}
    daemon = make_daemon(made)
    await daemon.start()

    await daemon.post(http, group(alert("DiskFull")))

    texts = dict(await gateway.expect_exactly(3, within=20, quiet=4))
    assert "ESCALATED" in texts[number(1)]
    assert "Disk full" in texts[number(1)]
    assert "anna was not told of DiskFull" in texts[number(2)]


async def test_an_account_without_money_is_left_at_once(
    gateway: Gateway,
    second: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
) -> None:
    """402 comes after an accepted post: the next page does not try there first."""
    await gateway.set_faults(http, {"reports": {"code": 402}})
    daemon = make_daemon(by_both(gateway, second))
    await daemon.start()

    await daemon.post(http, group(alert("DiskFull")))
    await until(lambda: bool(daemon.events("circuit.opened")), within=15)
    await until(lambda: bool(second.sms()), within=5)
    await daemon.post(http, group(alert("HostDown"), key="{}:2"))
    await until(lambda: any("Host down" in text for _, text in second.texts()))

    assert len(gateway.sms()) == 1
    assert any("Provider down" in text for _, text in second.texts())


async def test_a_forged_delivery_does_not_end_fail_over(
    gateway: Gateway,
    second: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
) -> None:
    """Somebody posts 201 where the gateway's own list says that it failed."""
    await gateway.set_faults(http, {"reports": {"code": 599, "claims": 201}})
    daemon = make_daemon(by_both(gateway, second))
    await daemon.start()

    await daemon.post(http, group(alert("DiskFull")))

    await until(lambda: bool(second.sms()), within=20)


async def test_a_blocked_callback_costs_half_a_minute_and_no_page(
    gateway: Gateway,
    second: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
) -> None:
    """The gateway's posts reach nobody: it is asked after thirty seconds (F7n)."""
    await gateway.set_faults(http, {"reports": {"code": 599}})
    nowhere = {"external_url": f"http://127.0.0.1:{free_port()}"}
    daemon = make_daemon({**by_both(gateway, second), "server": nowhere})
    await daemon.start()

    began = monotonic()
    await daemon.post(http, group(alert("DiskFull")))
    await until(lambda: bool(second.sms()), within=40)

    assert 25 < monotonic() - began < 40


@pytest.mark.skipif(
    not os.environ.get("ALERTBRIDGE_LONG"),
    reason="three minutes; ALERTBRIDGE_LONG=1 runs it, the simulator has it in CI",
)
@pytest.mark.timeout(300)
async def test_a_silent_gateway_costs_three_minutes(
    gateway: Gateway,
    second: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
) -> None:
    """It takes everything and never says how it ended."""
    await gateway.set_faults(http, {"reports": {"after": None, "posts": False}})
    daemon = make_daemon(by_both(gateway, second))
    await daemon.start()

    began = monotonic()
    await daemon.post(http, group(alert("DiskFull")))
    await until(lambda: bool(second.sms()), within=190)

    assert 175 < monotonic() - began < 185


async def test_a_report_survives_a_kill_before_anything_follows_from_it(
    gateway: Gateway,
    second: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
) -> None:
    """The gateway got its 200 and will not say it again: it is on the disk."""
    await gateway.set_faults(http, {"reports": {"code": 599, "after": 2}})
    daemon = make_daemon(by_both(gateway, second))
    await daemon.start()

    await daemon.post(http, group(alert("DiskFull")))
    # More have come if the second gateway reports before we look.
    await until(lambda: len(daemon.events("report.heard")) >= 3, within=15)
    daemon.kill()
    await daemon.start()

    # A request that was cut off is looked up twice before it is sent again.
    await until(lambda: bool(second.sms()), within=45)
    assert len(gateway.sms()) == 1
