"""A real daemon, a real gateway: what the admins hear of what is wrong about them."""

import signal
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
IMPATIENT = (str(PROGRAMS / "mutant_serve.py"), "hurry")


def texts(gateway: Gateway, about: str) -> list[str]:
    """What rang about it, in order."""
    return [text for _, text in gateway.texts() if about in text]


async def test_a_token_that_is_replaced_on_one_side_only_is_told(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """With a restart between; and that it is over, once both sides have it."""
    source: dict[str, object] = {
        "name": "alertmanager",
        "type": "alertmanager",
        "authorization": {"credentials": {"file": "source.token"}},
    }
    daemon = make_daemon(config(gateway.url, sources=[source]), program=IMPATIENT)
    token = daemon.folder / "source.token"
    token.write_text("old", "utf-8")
    token.chmod(0o600)

    async def post(shown: str) -> int:
        headers = {"Authorization": f"Bearer {shown}"}
        url = f"{daemon.url}/v1/webhooks/alertmanager"
        body = group(alert("DiskFull"))
        async with http.post(url, json=body, headers=headers) as answer:
            return answer.status

    async def refused() -> bool:
        assert await post("old") == 401
        return bool(texts(gateway, "Source refused"))

    await daemon.start()
    assert await post("old") == 200
    await until(lambda: bool(texts(gateway, "Disk full")), what="the page")
    daemon.signal(signal.SIGTERM)
    await daemon.ended()
    token.write_text("new", "utf-8")
    await daemon.start()

    await until(refused, what="the page about the source")
    assert await post("new") == 200
    await until(lambda: len(texts(gateway, "Source refused")) == 2, what="its end")

    first, last = texts(gateway, "Source refused")
    assert first.startswith("CRITICAL alertbridge itself")
    assert last.startswith("RESOLVED")


async def test_an_account_that_runs_dry_is_told_and_measured(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """The gateway's account holds 1,000 SEK; the config wants 2,000."""
    made = config(gateway.url)
    made["providers"][0]["balance_warning"] = 2000  # type: ignore[index]
    daemon = make_daemon(made)
    await daemon.start()

    ((_, text),) = await gateway.expect_exactly(1, quiet=0.5)

    line = 'alertbridge_provider_balance{currency="SEK",provider="simulated"}'
    assert "the account of simulated holds 1000.00 SEK; top it up" in text
    assert await daemon.metric(http, line) == 1000


async def test_garbage_of_a_source_is_told_once(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """However often it is posted, and over a restart."""
    daemon = make_daemon(config(gateway.url))
    await daemon.start()
    for _ in range(5):
        assert await daemon.post(http, {"not": "a webhook"}) == 400
    daemon.signal(signal.SIGTERM)
    await daemon.ended()
    await daemon.start()
    assert await daemon.post(http, {"not": "a webhook"}) == 400

    ((_, text),) = await gateway.expect_exactly(1, quiet=1)

    assert "a post of alertmanager could not be read" in text


async def test_a_crash_loop_on_a_broken_config_pages_once(
    gateway: Gateway, make_daemon: Callable[..., Daemon]
) -> None:
    """Each start finds it broken, and the admins have heard; mended, it is over."""
    daemon = make_daemon(config(gateway.url))
    await daemon.start()
    good = daemon.config.read_text("utf-8")
    daemon.config.write_text('{"route": {"receiver": "nobody"}', "utf-8")
    for _ in range(3):
        daemon.signal(signal.SIGTERM)
        await daemon.ended()
        await daemon.start()
        await until(lambda: bool(texts(gateway, "Config broken")), what="the page")
    daemon.config.write_text(good, "utf-8")
    daemon.signal(signal.SIGHUP)

    first, last = (text for _, text in await gateway.expect_exactly(2, quiet=1))
    assert first.startswith("CRITICAL alertbridge itself: Config broken")
    assert last.startswith("RESOLVED")


async def test_a_disk_that_fills_is_told_before_it_is_full(
    gateway: Gateway, make_daemon: Callable[..., Daemon], tmp_path: Path
) -> None:
    """Below `storage.warn_free`; and that there is room again."""
    free = tmp_path / "free"
    free.write_text(str(600 * 1024**2), "utf-8")
    daemon = make_daemon(
        config(gateway.url),
        program=(str(PROGRAMS / "mutant_serve.py"), "set-room"),
        environ={"TEST_DISK_FREE": str(free)},
    )
    await daemon.start()
    assert texts(gateway, "Disk low") == []

    free.write_text(str(300 * 1024**2), "utf-8")
    await until(lambda: bool(texts(gateway, "Disk low")), what="the page")
    free.write_text(str(900 * 1024**2), "utf-8")

    first, last = (text for _, text in await gateway.expect_exactly(2, quiet=0.5))
    assert "300 MiB are free where the store is, less than 512 MiB" in first
    assert last.startswith("RESOLVED")


async def test_a_source_that_falls_silent_is_told_over_a_restart(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """Its watchdog pages nobody; its silence does, once, and its bark ends it."""
    source = {
        "name": "alertmanager",
        "type": "alertmanager",
        "watchdog": {"within": "1m"},
    }
    daemon = make_daemon(config(gateway.url, sources=[source]), program=IMPATIENT)
    bark = group(alert("Watchdog", severity="none"), key="watchdog")
    await daemon.start()
    assert await daemon.post(http, bark) == 200

    await until(
        lambda: bool(texts(gateway, "Source silent")), within=30, what="the silence"
    )
    daemon.signal(signal.SIGTERM)
    await daemon.ended()
    await daemon.start()
    assert await daemon.post(http, bark) == 200

    first, last = (text for _, text in await gateway.expect_exactly(2, quiet=0.5))
    assert "no watchdog from alertmanager for 1m" in first
    assert last.startswith("RESOLVED")
