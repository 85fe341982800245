"""The wall clock is set while pages wait: nothing rings twice or late; it is told."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic

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
    """An uncertain page is looked up after its 15 s: not at once, not an hour late."""
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
    settled = monotonic()

    offset.write_text(str(step), "utf-8")
    await daemon.until_said('"clock.stepped"')

    await until(lambda: bool(daemon.events("inquiry.concluded")), within=40)
    assert 13 <= monotonic() - settled <= 20
    (concluded,) = daemon.events("inquiry.concluded")
    assert concluded["conclusion"] == "found"
    texts = [text for _, text in await gateway.expect_exactly(2, quiet=2)]
    assert sum("Disk full" in text for text in texts) == 1
    way = "forward" if step > 0 else "back"
    assert sum(f"the clock was set {way} by 1h" in text for text in texts) == 1
