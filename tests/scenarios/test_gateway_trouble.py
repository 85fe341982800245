"""A gateway in trouble, on real processes: one SMS once it is over, and not before."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import cast

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group
from processes import Child, until

pytestmark = pytest.mark.scenario

SPELLS = {
    "503": {"kind": "error", "status": 503},
    "429": {"kind": "throttle"},
    "redirect": {"kind": "redirect"},
}


@pytest.mark.parametrize("fault", SPELLS.values(), ids=SPELLS)
async def test_a_spell_of_trouble_then_recovery_is_one_sms(
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
    fault: dict[str, object],
) -> None:
    """Four refusals that surely sent nothing: tried again, told once, nobody dead."""
    await gateway.set_faults(http, {"script": [fault] * 4})
    daemon = make_daemon(config(gateway.url))
    await daemon.start()

    await daemon.post(http, group(alert("DiskFull")))

    ((_, text),) = await gateway.expect_exactly(1, within=40, quiet=1)
    assert "Disk full" in text
    assert len(daemon.events("submission.settled")) == 5


LOST = ["accept_then_reset", "accept_then_error"]


@pytest.mark.parametrize("fault", LOST)
async def test_a_lost_answer_is_found_in_the_list_and_nothing_is_sent_twice(
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
    fault: str,
) -> None:
    """Taken, and the answer lost: looked up after 15 seconds, told, one SMS."""
    await gateway.set_faults(http, {"script": [fault]})
    daemon = make_daemon(config(gateway.url))
    await daemon.start()

    await daemon.post(http, group(alert("DiskFull")))

    await until(lambda: len(daemon.events("inquiry.concluded")) == 1, within=40)
    await gateway.expect_exactly(1, within=1, quiet=2)
    (found,) = daemon.events("inquiry.concluded")
    assert found["conclusion"] == "found"


async def test_a_lost_request_is_not_in_the_list_and_is_sent_again(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """Not there at two looks: the same again, under its reference."""
    await gateway.set_faults(http, {"script": [{"kind": "error", "status": 500}]})
    daemon = make_daemon(config(gateway.url))
    await daemon.start()

    await daemon.post(http, group(alert("DiskFull")))

    await gateway.expect_exactly(1, within=60, quiet=2)
    looks = [event["conclusion"] for event in daemon.events("inquiry.concluded")]
    assert looks == ["look_again", "not_there"]
    await until(lambda: len(daemon.events("submission.settled")) == 2)
    first, second = daemon.events("submission.settled")
    assert first["reference"] == second["reference"]


async def test_a_critical_leaves_by_the_second_provider_while_the_first_is_down(
    tmp_path: Path,
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    children: list[Child],
    http: ClientSession,
) -> None:
    """Nobody listens at the first: 15 seconds at the most, and the admins hear of it.

    Once it is back, it is the first again.
    """
    second = Gateway(tmp_path / "second")
    children.append(second)
    await second.start()
    both = config(gateway.url)
    (first,) = cast("list[dict[str, object]]", both["providers"])
    both["providers"] = [first, {**first, "name": "second", "base_url": second.url}]
    gateway.kill()
    daemon = make_daemon(both)
    await daemon.start()

    began = monotonic()
    await daemon.post(http, group(alert("DiskFull")))
    await until(lambda: bool(second.sms()), within=15)
    took = monotonic() - began
    opened = [event["provider"] for event in daemon.events("circuit.opened")]
    await gateway.start()
    await until(lambda: bool(daemon.events("circuit.closed")), within=40)
    await daemon.post(http, group(alert("HostDown"), key="{}:2"))
    await gateway.expect_exactly(1, within=15, quiet=1)

    assert took < 15
    assert opened == ["simulated"]
    # One SMS for both: the page waited when the trouble became one.
    ((_, text),) = second.texts()
    assert "Disk full" in text
    assert "Provider down" in text
