"""The wall clock is set while pages wait: the same SMS, at the same time."""

from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group
from processes import until

pytestmark = pytest.mark.scenario

PROGRAMS = Path(__file__).parent / "programs"
HOUR = 3600


@pytest.mark.parametrize(
    "step", [pytest.param(HOUR, id="forward"), pytest.param(-HOUR, id="back")]
)
async def test_a_stepped_clock_moves_no_page(
    step: int,
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
    tmp_path: Path,
) -> None:
    """An uncertain page comes again after its 15 s: not at once, not an hour late."""
    offset = tmp_path / "offset"
    offset.write_text("0", "utf-8")
    daemon = make_daemon(
        config(gateway.url),
        program=(str(PROGRAMS / "mutant_serve.py"), "set-clock"),
        environ={"TEST_CLOCK_OFFSET": str(offset)},
    )
    await daemon.start()
    await gateway.set_faults(http, {"script": ["accept_then_reset"]})
    await daemon.post(http, group(alert("DiskFull")))
    await until(lambda: bool(daemon.events("submission.settled")))

    offset.write_text(str(step), "utf-8")
    await daemon.until_said('"clock.stepped"')

    first, second = await _two_sms(gateway)
    assert 14 <= second - first <= 20


async def _two_sms(gateway: Gateway) -> tuple[float, float]:
    """Wait for two SMS and no more; when each came, in seconds."""
    await gateway.expect_exactly(2, within=40, quiet=2)
    first, second = gateway.times()
    return first, second
