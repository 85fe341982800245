"""SIGHUP and broken files, on a real process: a typo does not end paging."""

import json
import re
import signal
from collections.abc import Callable

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group, number
from processes import until

pytestmark = pytest.mark.scenario

BROKEN = '{"route": {"receiver": "nobody"}'


async def reload(daemon: Daemon, *, success: bool) -> None:
    """Send SIGHUP, and wait until the config has been read."""
    before = len(daemon.events("config.reloaded"))
    daemon.signal(signal.SIGHUP)
    await until(lambda: len(daemon.events("config.reloaded")) > before)
    assert daemon.events("config.reloaded")[-1]["success"] is success


async def test_sighup_puts_a_good_file_in_force(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """Somebody added to the file is paged from then on."""
    daemon = make_daemon(config(gateway.url, "anna"))
    await daemon.start()
    daemon.write_config(config(gateway.url, "anna", "bo"))

    await reload(daemon, success=True)

    await daemon.post(http, group(alert("DiskFull")))
    texts = await gateway.expect_exactly(2, quiet=0.5)
    assert {phone for phone, _ in texts} == {number(0), number(1)}


async def test_sighup_on_a_broken_file_keeps_the_old_one_running(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """Pages go on; `/-/ready` and the metric say that somebody must look."""
    daemon = make_daemon(config(gateway.url))
    await daemon.start()
    daemon.config.write_text(BROKEN, "utf-8")

    await reload(daemon, success=False)

    ready = await daemon.get(http, "/-/ready")
    metric = "alertbridge_config_last_reload_successful"
    ((_, text),) = await gateway.expect_exactly(1, quiet=0.5)
    assert "Config reload failed" in text
    assert await daemon.post(http, group(alert("DiskFull"))) == 200
    await gateway.expect_exactly(2, quiet=0.5)
    assert ready == (503, "config: the last reload failed; see the log\n")
    assert await daemon.metric(http, metric) == 0


async def test_a_mended_file_makes_it_ready_again(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """The next good reload takes back what the broken one said."""
    daemon = make_daemon(config(gateway.url))
    await daemon.start()
    daemon.config.write_text(BROKEN, "utf-8")
    await reload(daemon, success=False)
    daemon.write_config(config(gateway.url))

    await reload(daemon, success=True)

    metric = "alertbridge_config_last_reload_successful"
    assert await daemon.metric(http, metric) == 1
    assert (await daemon.get(http, "/-/ready"))[0] == 200


async def test_a_start_on_a_broken_file_uses_the_last_good_one(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """It pages on the old rules, is not ready, and pages the admins about itself."""
    daemon = make_daemon(config(gateway.url))
    await daemon.start()
    daemon.signal(signal.SIGTERM)
    await daemon.ended()
    daemon.config.write_text(BROKEN, "utf-8")

    await daemon.start()

    ((_, text),) = await gateway.expect_exactly(1, quiet=0.5)
    status, why = await daemon.get(http, "/-/ready")
    assert "alertbridge itself: Config broken" in text
    assert (status, "config: the file is broken" in why) == (503, True)
    assert await daemon.post(http, group(alert("DiskFull"))) == 200
    await gateway.expect_exactly(2, quiet=0.5)


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param(("--strict",), id="strict"),
        pytest.param((), id="no-copy"),
    ],
)
async def test_a_broken_file_is_refused(
    gateway: Gateway, make_daemon: Callable[..., Daemon], flags: tuple[str, ...]
) -> None:
    """With `--strict`, or with nothing to fall back on: the problems, and status 2."""
    daemon = make_daemon(config(gateway.url), flags=flags)
    if flags:
        good = daemon.config.read_text("utf-8")
        (daemon.folder / "state" / "last-good.yaml").write_text(good, "utf-8")
    daemon.config.write_text(BROKEN, "utf-8")
    daemon.spawn()

    assert await daemon.ended(within=30) == 2
    assert re.match(r"alertbridge\.yaml:\d+:\d+: ", daemon.said())


async def test_a_wrong_token_delays_pages_and_loses_none(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """It starts, takes webhooks, tries on; with the right token the page arrives."""
    daemon = make_daemon(config(gateway.url))
    token = daemon.folder / "gateway.token"
    right = token.read_text("utf-8")
    token.write_text("wrong", "utf-8")
    await daemon.start()
    assert await daemon.post(http, group(alert("DiskFull"))) == 200
    await until(lambda: len(daemon.events("submission.settled")) >= 2)
    refused = {str(e["outcome"]) for e in daemon.events("submission.settled")}

    token.write_text(right, "utf-8")
    await reload(daemon, success=True)

    await gateway.expect_exactly(1, quiet=0.5)
    assert refused == {"deferred"}
    assert right not in json.dumps(daemon.said())
