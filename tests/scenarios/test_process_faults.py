"""What befalls a process: stops, pauses, a log that is full, no descriptors."""

import ast
import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from time import monotonic
from typing import cast

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group, now
from processes import Child, free_port, none_of, until

import alertbridge.wiring.running as running_module
from alertbridge.core.alert import SourceName
from alertbridge.core.stand_in import keys_of_post, plan_post
from alertbridge.sources import SOURCES
from alertbridge.stores.sqlite import open_file
from alertbridge.wiring import load
from alertbridge.wiring.references import references

pytestmark = pytest.mark.scenario

MUTANT = str(Path(__file__).parent / "programs" / "mutant_serve.py")
EACH_WORKER = str(Path(__file__).parent / "programs" / "each_worker_dies.py")
CYCLES = int(os.environ.get("ALERTBRIDGE_CYCLES", "2"))
"""Starts and stops in a row; two hundred before a release."""

MakeDaemon = Callable[..., Daemon]


def outcomes(daemon: Daemon) -> list[str | None]:
    """What became of every attempt, by the store."""
    with closing(sqlite3.connect(f"file:{daemon.store}?mode=ro", uri=True)) as db:
        return [row[0] for row in db.execute("SELECT outcome FROM attempt")]


def more_than(some: set[str], amount: int) -> bool:
    """Whether there are more than so many."""
    return len(some) > amount


async def healthy(daemon: Daemon, http: ClientSession) -> bool:
    """Whether it answers."""
    return (await daemon.get(http, "/-/healthy"))[0] == 200


@pytest.mark.timeout(120 + 10 * CYCLES)
async def test_stops_under_load_lose_nothing_and_leave_no_doubt(
    gateway: Gateway, make_daemon: MakeDaemon, http: ClientSession
) -> None:
    """Status 0 within 20 s, every confirmed page rings once, none uncertain (E1)."""
    daemon = make_daemon(config(gateway.url, pace=[{"limit": 1000, "window": "1m"}]))
    confirmed: set[str] = set()

    async def keep_posting(cycle: int) -> None:
        for number in range(1000):
            name = f"C{cycle}N{number}"
            try:
                if await daemon.post(http, group(alert(name), key=name)) == 200:
                    confirmed.add(name)
            except OSError:
                return

    for cycle in range(CYCLES):
        await daemon.start()
        posting = asyncio.gather(keep_posting(cycle), return_exceptions=True)
        begun = len(confirmed)
        await until(partial(more_than, confirmed, begun + 20))
        daemon.signal(signal.SIGTERM)
        assert await daemon.ended(within=20) == 0
        await posting
    await daemon.start()

    with closing(sqlite3.connect(f"file:{daemon.store}?mode=ro", uri=True)) as db:

        def waiting() -> int:
            sql = "SELECT count(*) FROM notification WHERE state != 'told'"
            amount: int = db.execute(sql).fetchone()[0]
            return amount

        await until(lambda: waiting() == 0, within=30)
        (told,) = db.execute(
            "SELECT count(*) FROM notification WHERE state = 'told'"
        ).fetchone()
    assert told >= len(confirmed) >= 20 * CYCLES
    assert set(outcomes(daemon)) == {"accepted"}
    assert len(gateway.sms()) == len(outcomes(daemon))


def workers() -> set[str]:
    """Every task that the daemon starts at its start, as the code names them."""
    tree = ast.parse(Path(running_module.__file__).read_text("utf-8"))
    (start,) = (
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name == "_start_workers"
    )
    named = [
        one.value
        for one in ast.walk(tree)
        if isinstance(one, ast.keyword) and one.arg == "name"
    ]
    for node in ast.walk(start):
        if isinstance(node, ast.Dict):
            named += [key for key in node.keys if key is not None]
        if isinstance(node, ast.Subscript):
            named.append(node.slice)
    texts = {node.value for node in named if isinstance(node, ast.Constant)}
    return {text for text in texts if isinstance(text, str)}


async def test_whichever_worker_dies_the_daemon_ends(
    make_daemon: MakeDaemon, make_child: Callable[..., Child]
) -> None:
    """Each of them, in a run of its own (E4)."""
    names = sorted(workers())
    config_file = make_daemon(config("http://127.0.0.1:9")).config
    program = make_child(
        "program",
        [sys.executable, EACH_WORKER, str(config_file), *names],
        environ={
            "STATE_DIRECTORY": str(config_file.parent / "state"),
            "WATCHDOG_USEC": "10000000",
        },
    )
    program.spawn()
    assert await program.ended(within=60) == 0

    lines = [
        json.loads(line) for line in program.said().splitlines() if "ended" in line
    ]
    assert {"dispatcher", "store", "watchdog", "connections"} < set(names)
    assert {line["worker"]: line["ended"] for line in lines} == dict.fromkeys(
        names, "ZeroDivisionError"
    )


async def test_a_page_in_flight_through_a_pause_rings_once(
    gateway: Gateway, make_daemon: MakeDaemon, http: ClientSession
) -> None:
    """Stopped while the gateway takes it, for longer than a request lives (E9)."""
    slow = {"kind": "accept_slowly", "seconds": 0.5}
    await gateway.set_faults(http, {"script": [slow]})
    daemon = make_daemon(config(gateway.url), program=(MUTANT, "short-life"))
    await daemon.start()
    await daemon.post(http, group(alert("DiskFull")))
    await until(lambda: bool(gateway.sms()))

    daemon.signal(signal.SIGSTOP)
    await none_of(lambda: len(gateway.sms()) > 1, during=2.5)
    daemon.signal(signal.SIGCONT)

    await gateway.expect_exactly(1, quiet=1)
    status, body = await daemon.get(http, "/api/v1/history")
    assert (status, [row["state"] for row in json.loads(body)]) == (200, ["told"])


async def test_idle_connections_take_no_descriptor_from_a_page(
    gateway: Gateway, make_daemon: MakeDaemon, http: ClientSession
) -> None:
    """Sixty-four descriptors, and a crowd that says nothing (E11)."""
    daemon = make_daemon(config(gateway.url), wrapper=("prlimit", "--nofile=64:64"))
    await daemon.start()
    held: list[asyncio.StreamWriter] = []

    async def keep_coming() -> None:
        while True:
            for _ in range(10):
                _, writer = await asyncio.open_connection("127.0.0.1", daemon.port)
                held.append(writer)
            await asyncio.sleep(0.2)

    crowd = asyncio.gather(keep_coming(), return_exceptions=True)
    await until(lambda: len(held) >= 100)

    status = 0
    while status != 200:
        try:
            status = await daemon.post(http, group(alert("DiskFull")))
        except OSError:
            await asyncio.sleep(0.1)
    await gateway.expect_exactly(1, within=15, quiet=0.5)
    crowd.cancel()
    for writer in held:
        writer.close()

    assert daemon.alive
    assert daemon.events("connections.ended")


LOGS = {
    "full": 'exec "$@" >/dev/full 2>&1',
    "closed": 'exec "$@" >&- 2>&-',
    "nobody-reads": 'exec "$@" 2>&1 | sleep 100',
}


async def test_a_log_that_takes_nothing_keeps_no_page(
    gateway: Gateway, make_daemon: MakeDaemon, http: ClientSession
) -> None:
    """Standard error is full, closed, or a pipe that fills: pages leave (B19)."""
    daemons = {
        name: make_daemon(config(gateway.url), wrapper=("sh", "-c", shell, "sh"))
        for name, shell in LOGS.items()
    }
    for daemon in daemons.values():
        daemon.spawn()
    for daemon in daemons.values():
        await until(partial(healthy, daemon, http), within=30, what=daemon.log.name)
    # Two lines of 200 bytes each, and a pipe holds 64 KiB.
    for _ in range(10):
        idle = [daemons["nobody-reads"].post(http, group()) for _ in range(40)]
        assert set(await asyncio.gather(*idle)) == {200}

    for name, daemon in daemons.items():
        assert await daemon.post(http, group(alert(f"Log{name}"))) == 200

    texts = await gateway.expect_exactly(3, within=10, quiet=0.5)
    assert all("CRITICAL Log" in text for _, text in texts)


async def test_a_heartbeat_that_hangs_keeps_no_page(
    gateway: Gateway, make_daemon: MakeDaemon, http: ClientSession
) -> None:
    """Its endpoint takes the call, and never answers (F8n)."""
    called, over = asyncio.Event(), asyncio.Event()

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        await over.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ping"
        daemon = make_daemon(config(gateway.url, heartbeat={"url": url}))
        await daemon.start()
        async with asyncio.timeout(10):
            await called.wait()
        began = monotonic()
        assert await daemon.post(http, group(alert("DiskFull"))) == 200
        await gateway.expect_exactly(1, quiet=0)
        took = monotonic() - began
        over.set()

    assert took < 2


async def test_all_gateways_down_is_no_reason_to_refuse(
    gateway: Gateway, make_daemon: MakeDaemon, http: ClientSession
) -> None:
    """Webhooks are taken, ready says so, and what waits is tried (C26)."""
    gateway.kill()
    both = config(gateway.url)
    (first,) = cast("list[dict[str, object]]", both["providers"])
    nowhere = f"http://127.0.0.1:{free_port()}"
    both["providers"] = [first, {**first, "name": "second", "base_url": nowhere}]
    daemon = make_daemon(both)
    await daemon.start()

    answered = await daemon.post(http, group(alert("DiskFull")))
    await until(lambda: len(daemon.events("submission.settled")) >= 2)
    ready, _ = await daemon.get(http, "/-/ready")

    assert (answered, ready) == (200, 200)
    assert outcomes(daemon) == ["deferred"] * len(outcomes(daemon))


PEOPLE = [f"p{index:02}" for index in range(90)]


async def fill(daemon: Daemon, amount: int) -> None:
    """Write so many low alerts into a daemon's store, and then one that is critical."""
    rules = load(daemon.config, daemon.environ).rules
    store = open_file(daemon.store, references(now))
    low = [
        group(
            *(
                alert(f"Load{index}", {"team": PEOPLE[index % 89]}, severity="low")
                for index in range(start, start + 1000)
            ),
            key=f"{{}}:{start}",
        )
        for start in range(0, amount, 1000)
    ]
    critical = group(alert("DiskFull", {"team": PEOPLE[-1]}), key="{}:critical")

    async def record(body: object) -> None:
        source, at = SourceName("alertmanager"), now()
        read = SOURCES["alertmanager"](json.dumps(body).encode(), source, now=at)
        keys = keys_of_post(read)
        await store.record(keys, lambda known: plan_post(read, rules, known, at), at)

    for body in (*low, critical):
        await record(body)
    await store.close()


async def test_a_start_with_ten_thousand_waiting_tells_the_critical_first(
    gateway: Gateway, make_daemon: MakeDaemon
) -> None:
    """Within five seconds, the start of the process included (E14)."""
    daemon = make_daemon(
        {
            **config(gateway.url, *PEOPLE),
            "route": {
                "receiver": PEOPLE[0],
                "routes": [
                    {"receiver": who, "matchers": [f'team="{who}"']} for who in PEOPLE
                ],
            },
            "receivers": [{"name": who, "recipients": [who]} for who in PEOPLE],
        }
    )
    await fill(daemon, 10_000)

    began = monotonic()
    daemon.spawn()
    await until(lambda: any("CRITICAL" in text for _, text in gateway.texts()))
    took = monotonic() - began

    assert took < 5, gateway.texts()
