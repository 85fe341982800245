"""Real Prometheus, real Alertmanager, the real daemon: what rings, and nothing else."""

import asyncio
import re
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from daemon_process import Daemon
from gateway_process import Gateway
from groups import config, number
from monitoring import Alertmanager, Prometheus
from processes import Child, free_port, until

MISSING = [
    name
    for name in ("prometheus", "prometheus-alertmanager", "amtool")
    if shutil.which(name) is None
]

pytestmark = [
    pytest.mark.scenario,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]

ANNA, BO = number(0), number(1)


@pytest.fixture
async def daemon(gateway: Gateway, make_daemon: Callable[..., Daemon]) -> Daemon:
    """A daemon that pages Anna and Bo; Bo does not want to hear the end."""
    settings = config(gateway.url, "anna", "bo")
    settings["recipients"] = {
        "anna": {"phones": [ANNA]},
        "bo": {"phones": [BO], "send_resolved": False},
    }
    made = make_daemon(settings)
    await made.start()
    return made


@pytest.fixture
def start_alertmanager(
    tmp_path: Path, children: list[Child]
) -> Callable[..., Awaitable[Alertmanager]]:
    """Start an Alertmanager that posts to a URL."""

    async def start(webhook: str, name: str = "alertmanager") -> Alertmanager:
        made = Alertmanager(tmp_path / name, webhook)
        children.append(made)
        made.spawn()
        await made.until_said("Listening on")
        return made

    return start


def webhook(daemon: Daemon) -> str:
    """Where an Alertmanager posts to."""
    return f"{daemon.url}/v1/webhooks/alertmanager"


def by_number(texts: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Texts by phone."""
    found: dict[str, list[str]] = {}
    for phone, text in texts:
        found.setdefault(phone, []).append(text)
    return found


async def test_from_prometheus_to_the_phone_and_back(
    daemon: Daemon,
    gateway: Gateway,
    http: ClientSession,
    tmp_path: Path,
    children: list[Child],
    start_alertmanager: Callable[..., Awaitable[Alertmanager]],
) -> None:
    """A rule fires, both hear it; it ends, and who wants to know hears that."""
    alertmanager = await start_alertmanager(webhook(daemon))
    prometheus = Prometheus(tmp_path / "prometheus", alertmanager)
    children.append(prometheus)
    prometheus.spawn()
    await gateway.expect_exactly(2, within=40)

    await prometheus.resolve(http)

    texts = by_number(await gateway.expect_exactly(3, within=40, quiet=4))
    assert [text.split()[:4] for text in texts[ANNA]] == [
        ["CRITICAL", "Disk", "full", "db1:"],
        ["RESOLVED", "Disk", "full", "db1"],
    ]
    assert len(texts[BO]) == 1


async def test_a_page_is_with_the_provider_within_a_second(
    daemon: Daemon,
    gateway: Gateway,
    http: ClientSession,
    start_alertmanager: Callable[..., Awaitable[Alertmanager]],
) -> None:
    """From the webhook's answer to the gateway's journal: at most one second."""
    alertmanager = await start_alertmanager(webhook(daemon))

    await alertmanager.add(http, ("DiskFull", "db1"))

    await gateway.expect_exactly(2)
    answered = min(str(event["ts"]) for event in daemon.events("webhook.answered"))
    taken = max(sms["at"] for sms in gateway.sms())
    wait = datetime.fromisoformat(taken) - datetime.fromisoformat(answered)
    assert wait.total_seconds() <= 1


async def test_two_partitioned_alertmanagers_ring_once_each_way(
    daemon: Daemon,
    gateway: Gateway,
    http: ClientSession,
    tmp_path: Path,
    children: list[Child],
    start_alertmanager: Callable[..., Awaitable[Alertmanager]],
) -> None:
    """Two replicas that do not see each other post it all twice; people hear once."""
    pair = [await start_alertmanager(webhook(daemon), name) for name in ("one", "two")]
    prometheus = Prometheus(tmp_path / "prometheus", *pair)
    children.append(prometheus)
    prometheus.spawn()
    await gateway.expect_exactly(2, within=40, quiet=3)

    await prometheus.resolve(http)

    # Both have posted both: firing and resolved.
    await until(lambda: len(daemon.events("webhook.answered")) >= 4, within=40)
    texts = by_number(await gateway.expect_exactly(3, within=10, quiet=3))
    assert [len(texts[ANNA]), len(texts[BO])] == [2, 1]


async def test_five_hundred_alerts_are_one_text_whose_counts_add_up(
    daemon: Daemon,
    gateway: Gateway,
    http: ClientSession,
    start_alertmanager: Callable[..., Awaitable[Alertmanager]],
) -> None:
    """A storm in one group is one readable digest for each person."""
    alertmanager = await start_alertmanager(webhook(daemon))
    alerts = [("HighLoad", f"web{index}") for index in range(500)]

    await alertmanager.add(http, *alerts)

    texts = by_number(await gateway.expect_exactly(2))
    (text,) = texts[ANNA]
    # All of it fits on one line, so no counts stand above it.
    assert re.fullmatch(r"CRITICAL High load x500 web0-web499 since [0-9:]+", text), (
        text
    )


async def test_a_spell_of_503_ends_with_exactly_one_sms(
    daemon: Daemon,
    gateway: Gateway,
    http: ClientSession,
    start_alertmanager: Callable[..., Awaitable[Alertmanager]],
) -> None:
    """A store that is away is a 503; Alertmanager comes again, and each hears once."""
    alertmanager = await start_alertmanager(webhook(daemon))
    with closing(sqlite3.connect(daemon.store, isolation_level=None)) as thief:
        thief.execute("BEGIN EXCLUSIVE")
        await alertmanager.add(http, ("DiskFull", "db1"))

        def refused() -> bool:
            return any(e["code"] == 503 for e in daemon.events("webhook.answered"))

        await until(refused, within=30, what="a 503")
        before = gateway.texts()
        thief.execute("ROLLBACK")

    texts = by_number(await gateway.expect_exactly(2, within=40, quiet=3))

    assert before == []
    assert [len(texts[ANNA]), len(texts[BO])] == [1, 1]


async def test_an_answer_lost_on_the_way_rings_once(
    daemon: Daemon,
    gateway: Gateway,
    http: ClientSession,
    start_alertmanager: Callable[..., Awaitable[Alertmanager]],
) -> None:
    """A proxy hands posts on, and says 502: the retries tell nobody anew."""
    posts = 0

    async def spoil(request: web.Request) -> web.Response:
        nonlocal posts
        posts += 1
        body = await request.read()
        async with http.post(webhook(daemon), data=body) as answer:
            await answer.read()
        return web.Response(status=502 if posts < 4 else 200)

    app = web.Application()
    app.router.add_post("/", spoil)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        url = f"http://127.0.0.1:{port}/"
        alertmanager = await start_alertmanager(url)

        await alertmanager.add(http, ("DiskFull", "db1"))

        await until(lambda: posts >= 4, within=40, what="retries")
        await gateway.expect_exactly(2, quiet=2)
    finally:
        await runner.cleanup()


async def test_amtool_is_enough_to_try_it(
    daemon: Daemon,
    gateway: Gateway,
    start_alertmanager: Callable[..., Awaitable[Alertmanager]],
) -> None:
    """`amtool alert add`, as people try a new receiver, rings."""
    alertmanager = await start_alertmanager(webhook(daemon))

    amtool = await asyncio.create_subprocess_exec(
        "amtool",
        f"--alertmanager.url={alertmanager.url}",
        *("alert", "add", "DiskFull", "instance=db1", "severity=critical"),
    )

    assert await amtool.wait() == 0
    texts = by_number(await gateway.expect_exactly(2))
    assert texts[BO][0].startswith("CRITICAL Disk full db1")
