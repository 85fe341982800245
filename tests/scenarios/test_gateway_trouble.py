"""A gateway in trouble, on real processes: one SMS once it is over, and not before."""

from collections.abc import Callable

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group
from processes import until

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


async def test_a_lost_answer_is_one_named_second_sms_at_the_most(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """Taken, then reset: sent once more under its reference, after 15 seconds."""
    await gateway.set_faults(http, {"script": ["accept_then_reset"]})
    daemon = make_daemon(config(gateway.url))
    await daemon.start()

    await daemon.post(http, group(alert("DiskFull")))

    await gateway.expect_exactly(2, within=40, quiet=1)
    await until(lambda: len(daemon.events("submission.settled")) == 2)
    first, second = daemon.events("submission.settled")
    assert (first["outcome"], second["outcome"]) == ("uncertain", "accepted")
    assert first["reference"] == second["reference"]
