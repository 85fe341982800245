"""How fast webhooks are kept, and how fast pages leave, beside two yardsticks.

    python tests/benchmarks/webhooks.py [--seconds 8] [--rounds 3] [--uvloop]

Linux with two cores, `wrk` and `taskset`: the server has one core, the load the other.
All servers of a row are measured in turn in every round, and the median is printed
with its ratios: figures of one machine and one day compare with each other only.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import aiohttp

HERE = Path(__file__).parent
ALERT = {
    "status": "firing",
    "labels": {
        "alertname": "HighLoad",
        "instance": "web-@@.example.org:9100",
        "job": "node",
        "severity": "high",
        "cluster": "eu-north-1",
        "namespace": "checkout-prod",
    },
    "annotations": {
        "summary": "Load on web-@@.example.org is 42",
        "description": "The one-minute load average has been above 40 for 10 minutes.",
        "runbook_url": "https://runbooks.example.org/runbooks/node/highload",
    },
    "startsAt": "2026-11-22T02:41:07.153Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "fingerprint": "",
    "generatorURL": "http://prometheus.example.org:9090/graph?g0.expr=node_load1&g0.tab=1",
}


@dataclass(frozen=True)
class Result:
    """What wrk saw."""

    per_second: float
    p50: float
    p99: float
    bad: int


def body(alerts: int) -> str:
    """A post of so many alerts; `@@` stands for the number of the post."""
    made = []
    for number in range(alerts):
        text = json.dumps(ALERT).replace("web-@@", f"web-@@-{number}")
        # Sixteen characters in the end, as the senders' own.
        made.append(json.loads(text) | {"fingerprint": f"{number:08x}-@@"})
    return json.dumps(
        {
            "receiver": "sms",
            "status": "firing",
            "alerts": made,
            "groupLabels": {"alertname": "HighLoad"},
            "commonLabels": {"alertname": "HighLoad", "job": "node"},
            "commonAnnotations": {},
            "externalURL": "http://alertmanager.example.org:9093",
            "version": "4",
            "groupKey": '{}:{alertname="HighLoad"}',
            "truncatedAlerts": 0,
        }
    )


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on {port}")


@contextmanager
def process(core: int, *command: str, port: int) -> Iterator[int]:
    """Run a server on one core until the block ends; yields its pid."""
    child = subprocess.Popen(
        ["taskset", "-c", str(core), *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield child.pid
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()


@contextmanager
def server(
    kind: str, folder: Path, gateway: str, port: int, people: int
) -> Iterator[int]:
    """Run one of the three servers on core 0."""
    python = sys.executable
    if kind == "bare handler":
        command = [python, str(HERE / "bare_handler.py"), str(port)]
    elif kind == "durable loop":
        file = folder / f"durable-{port}.db"
        command = [python, str(HERE / "durable_loop.py"), str(port), str(file)]
    else:
        config = write_config(folder, gateway, port, people)
        command = [python, "-m", "alertbridge", "serve", "-c", str(config)]
    with process(0, *command, port=port) as pid:
        yield pid


def write_config(folder: Path, gateway: str, port: int, people: int) -> Path:
    """A config with so many people; alert `person-N` goes to the N-th alone."""
    recipients = "".join(
        f'  p{n}: {{phones: ["+467017{40605 + n % 95:05d}"]}}\n'
        for n in range(min(people, 95))
    )
    count = min(people, 95)
    routes = "".join(
        f'    - {{matchers: [person="p{n}"], receiver: r{n}}}\n' for n in range(count)
    )
    receivers = "".join(
        f"  - {{name: r{n}, recipients: [p{n}]}}\n" for n in range(count)
    )
    token = folder / "token"
    token.write_text("bench", "utf-8")
    token.chmod(0o600)
    path = folder / f"alertbridge-{port}.yaml"
    path.write_text(
        f"""\
server: {{listen: "127.0.0.1:{port}"}}
storage: {{url: "sqlite://{folder}/bench-{port}.db"}}
sources:
  - {{name: alertmanager, type: alertmanager}}
providers:
  - {{name: ip1, type: ip1, base_url: "{gateway}", token: {{file: token}}, sender: iP1}}
recipients:
{recipients}
route:
  receiver: r0
  routes:
{routes}
receivers:
{receivers}
pace: [{{limit: 6, window: 10m, kept_for_critical: 2}}]
log: {{level: warning}}
""",
        "utf-8",
    )
    return path


def wrk(port: int, template: Path, connections: int, seconds: int) -> Result:
    """Load a server from core 1."""
    done = subprocess.run(
        [
            *("taskset", "-c", "1", "wrk", "-t1", f"-c{connections}"),
            *(f"-d{seconds}s", "--timeout", "20s", "-s", str(HERE / "post.lua")),
            f"http://127.0.0.1:{port}",
        ],
        env={**os.environ, "BODY": str(template)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"RESULT (.*)", done.stdout)
    assert found is not None, done.stdout
    values = dict(pair.split("=") for pair in found[1].split())
    return Result(
        float(values["requests"]) / float(values["seconds"]),
        float(values["p50"]),
        float(values["p99"]),
        int(values["errors"]) + int(values["non2xx"]),
    )


KINDS = ("bare handler", "durable loop", "alertbridge")


def throughput(
    folder: Path, gateway: str, alerts: int, connections: int, seconds: int, rounds: int
) -> None:
    """Measure the three in turn, and print the medians with their ratios."""
    template = folder / f"body-{alerts}.json"
    template.write_text(body(alerts), "utf-8")
    results: dict[str, list[Result]] = {kind: [] for kind in KINDS}
    for _ in range(rounds):
        for kind in KINDS:
            port = free_port()
            with server(kind, folder, gateway, port, 1):
                wrk(port, template, connections, 1)
                results[kind].append(wrk(port, template, connections, seconds))
    median = {
        kind: statistics.median(result.per_second for result in found)
        for kind, found in results.items()
    }
    bare, durable = median["bare handler"], median["durable loop"]
    print(f"\n{alerts}-alert webhooks, {connections} connections, one core")
    for kind, found in results.items():
        p50 = statistics.median(result.p50 for result in found)
        p99 = statistics.median(result.p99 for result in found)
        bad = sum(result.bad for result in found)
        print(
            f"  {kind:<13} {median[kind]:8.0f}/s  {median[kind] / bare:6.1%} of bare"
            f"  {median[kind] / durable:6.1%} of durable"
            f"  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  not 2xx: {bad}"
        )


@contextmanager
def simulated_gateway(*faults: str) -> Iterator[str]:
    """Run the simulated gateway on core 1; yields its base URL."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "alertbridge.simulator.gateway"),
        *("--listen", f"127.0.0.1:{port}", "--token", "bench", *faults),
    ]
    with process(1, *command, port=port):
        yield f"http://127.0.0.1:{port}"


def control(gateway: str, what: str) -> object:
    """Ask the gateway what it has seen."""
    with urllib.request.urlopen(f"{gateway}/control/{what}") as answer:
        found: object = json.load(answer)
        return found


async def post_to_people(
    url: str, per_second: float, seconds: float
) -> dict[str, float]:
    """Post one alert at a time, each to the next person but p0; say when."""
    posted: dict[str, float] = {}
    began = time.monotonic()
    total = int(per_second * seconds)
    async with (
        aiohttp.ClientSession(trust_env=False) as session,
        asyncio.TaskGroup() as group,
    ):

        async def post(number: int) -> None:
            name = f"Lat{number:05d}"
            alert = json.loads(json.dumps(ALERT).replace("@@", str(number)))
            alert["labels"] |= {"alertname": name, "person": f"p{1 + number % 94}"}
            posted[name] = time.time()
            async with session.post(
                url, json={"version": "4", "alerts": [alert]}
            ) as answer:
                await answer.read()

        for number in range(total):
            await asyncio.sleep(
                max(0.0, began + number / per_second - time.monotonic())
            )
            group.create_task(post(number))
    return posted


def latency(folder: Path, seconds: int) -> None:
    """Webhook to gateway, at 20 a second to distinct people."""
    with simulated_gateway() as gateway:
        port = free_port()
        with server("alertbridge", folder, gateway, port, 95) as pid:
            url = f"http://127.0.0.1:{port}/v1/webhooks/alertmanager"
            # 94 people, at most 4 SMS each in ten minutes of this severity.
            posts = min(376, 20 * seconds)
            posted = asyncio.run(post_to_people(url, 20, posts / 20))
            time.sleep(2)
            waits = arrivals(gateway, posted)
            rest = resident(pid)
    waits.sort()
    print(
        f"\nwebhook to gateway, 20/s to distinct people, {len(waits)} of {posts} pages"
    )
    print(
        f"  p50 {waits[len(waits) // 2]:.1f} ms"
        f"  p99 {waits[int(len(waits) * 0.99)]:.1f} ms"
        f"  max {waits[-1]:.1f} ms;  resident after it {rest:.1f} MiB"
    )


def arrivals(gateway: str, posted: dict[str, float]) -> list[float]:
    """Milliseconds from each post to its SMS at the gateway."""
    rows = control(gateway, "messages")
    assert isinstance(rows, list)
    waits = []
    for row in rows:
        name = re.search(r"Lat\d+", str(row["text"]))
        if name is not None:
            at = datetime.fromisoformat(str(row["at"])).timestamp()
            waits.append((at - posted[name[0]]) * 1000)
    return waits


def backlog(folder: Path, seconds: int) -> None:
    """A gateway that takes 200 ms: answers meanwhile, and how fast it drains."""
    slow = json.dumps({"rates": {"accept_slowly": 1.0}, "rated": {"seconds": 0.2}})
    with simulated_gateway("--faults", slow) as gateway:
        port = free_port()
        template = folder / "body-slow.json"
        template.write_text(body(1), "utf-8")
        with server("alertbridge", folder, gateway, port, 95) as pid:
            rest = resident(pid)
            url = f"http://127.0.0.1:{port}/v1/webhooks/alertmanager"
            result = wrk(port, template, 64, seconds)
            # One alert each to 94 people, faster than they can leave.
            began = time.time()
            posted = asyncio.run(post_to_people(url, 500, 94 / 500))
            while len(waits := arrivals(gateway, posted)) < len(posted):
                if time.time() - began > 60:
                    break
                time.sleep(0.2)
            took = max(waits) / 1000
            stats = control(gateway, "stats")
            assert isinstance(stats, dict)
            most = stats["max_per_second"]
    print("\na gateway that takes 200 ms")
    print(
        f"  answers at 64 connections: p50 {result.p50:.1f} ms, p99 {result.p99:.1f} ms"
    )
    print(
        f"  backlog: {len(waits)} requests, each its own text, in {took:.1f} s"
        f" = {len(waits) / took:.1f} requests/s"
    )
    print(f"  most requests in any second at the gateway: {most}")
    print(f"  resident at rest, just started: {rest:.1f} MiB")


def resident(pid: int) -> float:
    """MiB of memory that a process holds."""
    text = Path(f"/proc/{pid}/status").read_text("utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    return int(found[1]) / 1024 if found else 0.0


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["one", "hundred", "latency", "backlog"])
    chosen = parser.parse_args()
    for tool in ("wrk", "taskset"):
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} is not installed")
    with tempfile.TemporaryDirectory(prefix="alertbridge-bench-") as name:
        folder = Path(name)
        if chosen.only in (None, "one", "hundred"):
            with simulated_gateway() as gateway:
                if chosen.only in (None, "one"):
                    throughput(folder, gateway, 1, 32, chosen.seconds, chosen.rounds)
                if chosen.only in (None, "hundred"):
                    throughput(folder, gateway, 100, 8, chosen.seconds, chosen.rounds)
        if chosen.only in (None, "latency"):
            latency(folder, chosen.seconds * 3)
        if chosen.only in (None, "backlog"):
            backlog(folder, chosen.seconds)


if __name__ == "__main__":
    main()
