"""Real Prometheus, real Alertmanager, the real daemon: what rings, and nothing else."""

import asyncio
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from groups import config, now, number
from processes import Child, Daemon, Gateway, free_port, none_of, until

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


class Alertmanager(Child):
    """A real one, alone: no gossip, so that two of them are a partitioned pair."""

    def __init__(self, folder: Path, webhook: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        folder.mkdir(parents=True)
        settings = {
            "route": {
                "receiver": "alertbridge",
                "group_by": ["alertname"],
                "group_wait": "100ms",
                "group_interval": "1s",
                "repeat_interval": "4h",
            },
            "receivers": [
                {"name": "alertbridge", "webhook_configs": [{"url": webhook}]}
            ],
        }
        path = folder / "alertmanager.yml"
        path.write_text(json.dumps(settings), "utf-8")
        super().__init__(
            folder.name,
            [
                "prometheus-alertmanager",
                f"--config.file={path}",
                f"--storage.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--cluster.listen-address=",
            ],
            folder,
        )

    async def add(
        self, http: ClientSession, *names: tuple[str, str], ended: bool = False
    ) -> None:
        """Hand alerts over as Prometheus does: pairs of name and instance."""
        alerts = [
            {
                "labels": {
                    "alertname": name,
                    "instance": instance,
                    "severity": "critical",
                },
                "annotations": {"summary": "the disk is nearly full"},
                **({"endsAt": now().isoformat()} if ended else {}),
            }
            for name, instance in names
        ]
        async with http.post(f"{self.url}/api/v2/alerts", json=alerts) as answer:
            assert answer.status == 200, await answer.text()


class Prometheus(Child):
    """A real one with one rule, which fires while a file says so."""

    def __init__(self, folder: Path, *alertmanagers: Alertmanager) -> None:
        self.port = free_port()
        folder.mkdir(parents=True)
        self._rules = folder / "rules.yml"
        self.set_firing(firing=True)
        settings = {
            "global": {"evaluation_interval": "1s", "scrape_interval": "1s"},
            "rule_files": [str(self._rules)],
            "alerting": {
                "alertmanagers": [
                    {
                        "static_configs": [
                            {"targets": [f"127.0.0.1:{am.port}" for am in alertmanagers]}
                        ]
                    }
                ]
            },
        }
        path = folder / "prometheus.yml"
        path.write_text(json.dumps(settings), "utf-8")
        super().__init__(
            "prometheus",
            [
                "prometheus",
                f"--config.file={path}",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--web.enable-lifecycle",
                "--rules.alert.resend-delay=1s",
            ],
            folder,
        )

    def set_firing(self, *, firing: bool) -> None:
        """Write the rule; it counts from the next reload on."""
        rule = {
            "alert": "DiskFull",
            "expr": f"vector({int(firing)}) > 0",
            "labels": {"severity": "critical", "instance": "db1"},
            "annotations": {"summary": "the disk is nearly full"},
        }
        groups = {"groups": [{"name": "disk", "rules": [rule]}]}
        self._rules.write_text(json.dumps(groups), "utf-8")

    async def resolve(self, http: ClientSession) -> None:
        """Let the alert end."""
        self.set_firing(firing=False)
        url = f"http://127.0.0.1:{self.port}/-/reload"
        async with http.post(url) as answer:
            assert answer.status == 200, await answer.text()


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
) -> Callable[..., object]:
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
    start_alertmanager: Callable[..., object],
) -> None:
    """A rule fires, both hear it; it ends, and who wants to know hears that."""
    alertmanager = await start_alertmanager(webhook(daemon))  # type: ignore[misc]
    prometheus = Prometheus(tmp_path / "prometheus", alertmanager)
    children.append(prometheus)
    prometheus.spawn()
    await gateway.expect_exactly(2, within=40)

    await prometheus.resolve(http)

    texts = by_number(await gateway.expect_exactly(3, within=40, quiet=4))
    assert [text.split()[:3] for text in texts[ANNA]] == [
        ["CRITICAL", "DiskFull", "db1:"],
        ["RESOLVED", "DiskFull", "db1,"],
    ]
    assert len(texts[BO]) == 1


async def test_a_page_is_with_the_provider_within_a_second(
    daemon: Daemon,
    gateway: Gateway,
    http: ClientSession,
    start_alertmanager: Callable[..., object],
) -> None:
    """From the webhook's answer to the gateway's journal: at most one second."""
    alertmanager = await start_alertmanager(webhook(daemon))  # type: ignore[misc]

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
    start_alertmanager: Callable[..., object],
) -> None:
    """Two replicas that do not see each other post everything twice; people hear once."""
    pair = [
        await start_alertmanager(webhook(daemon), name)  # type: ignore[misc]
        for name in ("one", "two")
    ]
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
    start_alertmanager: Callable[..., object],
) -> None:
    """A storm in one group is one readable digest for each person."""
    alertmanager = await start_alertmanager(webhook(daemon))  # type: ignore[misc]
    alerts = [("HighLoad", f"web{index}") for index in range(500)]

    await alertmanager.add(http, *alerts)

    texts = by_number(await gateway.expect_exactly(2))
    (text,) = texts[ANNA]
    first, line = text.split("\n")
    assert first.startswith("500 firing (500 critical)")
    found = re.search(r"HighLoad x500 (.*) \+(\d+)", line)
    assert found is not None, text
    assert len(found[1].split(", ")) + int(found[2]) == 500


async def test_a_spell_of_503_ends_with_exactly_one_sms(
    daemon: Daemon,
    gateway: Gateway,
    http: ClientSession,
    start_alertmanager: Callable[..., object],
) -> None:
    """A store that is away is a 503; Alertmanager comes again, and each hears once."""
    alertmanager = await start_alertmanager(webhook(daemon))  # type: ignore[misc]
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
    start_alertmanager: Callable[..., object],
) -> None:
    """A proxy takes posts, hands them on, and says 502: the retries tell nobody anew."""
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
        alertmanager = await start_alertmanager(url)  # type: ignore[misc]

        await alertmanager.add(http, ("DiskFull", "db1"))

        await until(lambda: posts >= 4, within=40, what="retries")
        await gateway.expect_exactly(2, quiet=2)
    finally:
        await runner.cleanup()


async def test_amtool_is_enough_to_try_it(
    daemon: Daemon, gateway: Gateway, start_alertmanager: Callable[..., object]
) -> None:
    """`amtool alert add`, as people try a new receiver, rings."""
    alertmanager = await start_alertmanager(webhook(daemon))  # type: ignore[misc]

    amtool = await asyncio.create_subprocess_exec(
        "amtool",
        f"--alertmanager.url={alertmanager.url}",
        *("alert", "add", "DiskFull", "instance=db1", "severity=critical"),
    )

    assert await amtool.wait() == 0
    texts = by_number(await gateway.expect_exactly(2))
    assert texts[BO][0].startswith("CRITICAL DiskFull db1")
    await none_of(lambda: not daemon.alive, during=0)
