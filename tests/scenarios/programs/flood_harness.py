"""One source floods a real daemon while another has a critical to tell.

    python tests/scenarios/programs/flood_harness.py [--seconds 20]

Prints, for a flood of small posts and one of large ones: how the flood was answered,
how long the other source waited for its 2xx and for its SMS at the gateway, and what
memory the daemon took.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientTimeout
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group
from processes import Child

PEOPLE = [f"p{n:02}" for n in range(60)]
EVERY = 0.3
"""Seconds between two criticals of the quiet source, each to the next person."""

SOURCES = ("noisy", "quiet")

FLOODS = ((512, 1), (2000, 1), (32, 2000), (8, 10000))
"""Connections, and alerts in each post."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one flood did; waits in milliseconds, memory in MiB."""

    flood: dict[str, dict[str, float]]
    answers: list[float]
    statuses: list[int]
    arrivals: list[float]
    memory_before: float
    memory_after: float

    def __str__(self) -> str:
        amount = len(self.answers)
        noisy = sorted(self.flood.items())
        return "\n".join(
            (
                *(f"  noisy, answered {code}: {found}" for code, found in noisy),
                f"  quiet, {amount} criticals: 2xx after {spread(self.answers)}",
                f"  its SMS at the gateway after {spread(self.arrivals)}",
                f"  memory: {self.memory_before:.0f} -> {self.memory_after:.0f} MiB",
            )
        )


def spread(waits: list[float]) -> str:
    """The middle, the late and the last of them."""
    found = sorted(waits)
    middle, late = found[len(found) // 2], found[int(len(found) * 0.99)]
    return f"p50 {middle:.0f} ms, p99 {late:.0f} ms, max {found[-1]:.0f} ms"


def two_sources(gateway: str) -> dict[str, object]:
    """What is noisy goes to one person; each of the others has a team of his own."""
    made = config(gateway, *PEOPLE)
    return {
        **made,
        "sources": [{"name": name, "type": "alertmanager"} for name in SOURCES],
        "route": {
            "receiver": PEOPLE[0],
            "routes": [
                {"receiver": name, "matchers": [f'team="{name}"']} for name in PEOPLE
            ],
        },
        "receivers": [{"name": name, "recipients": [name]} for name in PEOPLE],
        "log": {"level": "warning", "format": "json"},
    }


def memory_of(pid: int) -> float:
    """Resident memory of a process, in MiB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text("utf-8"))
    assert found is not None
    return int(found[1]) / 1024


async def start(daemon: Daemon, http: ClientSession) -> None:
    """Start it; at its log level it says nothing of that."""
    daemon.spawn()
    while (await daemon.get(http, "/-/ready"))[0] != 200:
        assert daemon.alive, daemon.said()
        await asyncio.sleep(0.05)


def flooding(folder: Path, url: str, *options: str) -> Child:
    """Make the process that floods; it is not started yet."""
    program = str(Path(__file__).with_name("flood_poster.py"))
    return Child("noisy", [sys.executable, program, url, *options], folder)


async def flood(
    folder: Path,
    daemon: Daemon,
    gateway: Gateway,
    http: ClientSession,
    *,
    seconds: float,
    connections: int,
    alerts: int,
    path: str = "/v1/webhooks/noisy",
    body: str = "",
) -> Result:
    """Let `noisy` flood, and `quiet` post one critical after another.

    Another *path* is flooded with a *body* of its own.
    """
    noisy = flooding(
        folder / f"noisy-{connections}",
        f"{daemon.url}{path}",
        *("--connections", str(connections)),
        *("--alerts", str(alerts), "--seconds", str(seconds)),
        *("--body", body),
    )
    before = memory_of(daemon.pid)
    answers: list[float] = []
    statuses: list[int] = []
    posted: dict[str, float] = {}
    noisy.spawn()
    try:
        # The flood is under way when the first critical comes.
        await asyncio.sleep(min(1.0, seconds / 4))
        until = time.monotonic() + seconds * 0.6
        while time.monotonic() < until:
            name = f"quiet{connections}x{len(posted):04}"
            team = PEOPLE[1 + len(posted) % (len(PEOPLE) - 1)]
            posted[name] = time.time()  # noqa: TID251 - compared with the gateway's
            began = time.monotonic()
            made = group(alert(name, {"team": team}), key=name)
            statuses.append(await daemon.post(http, made, "quiet"))
            answers.append((time.monotonic() - began) * 1000)
            await asyncio.sleep(EVERY)
        after = memory_of(daemon.pid)
        await noisy.ended(within=60)
        said = noisy.said().strip().splitlines()
        return Result(
            flood=json.loads(said[-1]),
            answers=answers,
            statuses=statuses,
            arrivals=await arrivals(gateway, posted),
            memory_before=before,
            memory_after=after,
        )
    finally:
        noisy.kill()


async def arrivals(gateway: Gateway, posted: dict[str, float]) -> list[float]:
    """Milliseconds from each post to its SMS; one that never comes counts a minute."""
    deadline = time.monotonic() + 10
    found: dict[str, float] = {}
    while len(found) < len(posted) and time.monotonic() < deadline:
        for sms, at in zip(gateway.sms(), gateway.times(), strict=False):
            # A text spells names as words.
            spelled = sms["text"].replace(" ", "").lower()
            name = re.search(r"quiet\d+x\d+", spelled)
            if name is not None:
                found.setdefault(name[0], (at - posted.get(name[0], at)) * 1000)
        await asyncio.sleep(0.1)
    return [found.get(name, 60_000.0) for name in posted]


async def run(folder: Path, seconds: float) -> None:
    """Both floods, on one daemon each."""
    gateway = Gateway(folder / "gateway")
    children: list[Child] = [gateway]
    try:
        await gateway.start()
        async with ClientSession(timeout=ClientTimeout(total=60)) as http:
            for connections, alerts in FLOODS:
                daemon = Daemon(folder / f"d{connections}", two_sources(gateway.url))
                children.append(daemon)
                await start(daemon, http)
                options: dict[str, Any] = {"connections": connections, "alerts": alerts}
                result = await flood(
                    folder, daemon, gateway, http, seconds=seconds, **options
                )
                print(f"{connections} connections, {alerts} alerts a post\n{result}")
                daemon.kill()
    finally:
        for child in reversed(children):
            child.kill()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="alertbridge-flood-") as folder:
        asyncio.run(run(Path(folder), chosen.seconds))


if __name__ == "__main__":
    main()
