"""A label explosion, and a critical behind a backlog, on a real daemon.

    python tests/scenarios/programs/explosion_harness.py [--groups 100000] [--low 50000]

Prints what the daemon's memory and file came to while one source posted so many
distinct groups, and which SMS left; then how long a critical took from its post to the
gateway behind so many low notifications that wait.
"""

import argparse
import asyncio
import re
import sqlite3
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout
from daemon_process import Daemon
from flood_harness import PEOPLE, arrivals, memory_of, spread, start, two_sources
from gateway_process import Gateway
from groups import alert, group
from processes import Child

PARTS = 4
"""How often memory is looked at while groups come."""


@dataclass(frozen=True, slots=True)
class Explosion:
    """What so many distinct groups left behind; memory in MiB, one figure per part."""

    memory: list[float]
    file: float
    episodes: int
    notifications: int
    texts: list[str]

    def __str__(self) -> str:
        memory = " -> ".join(f"{one:.0f}" for one in self.memory)
        return "\n".join(
            (
                f"  memory: {memory} MiB; file: {self.file:.0f} MiB",
                f"  {self.episodes} episodes, {self.notifications} notifications",
                f"  {len(self.texts)} SMS:",
                *(f"    {text!r}" for text in self.texts),
            )
        )


async def post_groups(
    folder: Path, url: str, amount: int, *, alerts: int = 1, first: int = 0
) -> None:
    """Post so many groups that nobody has heard of, and wait until all are stored."""
    poster = Child(
        "poster",
        [
            sys.executable,
            str(Path(__file__).with_name("flood_poster.py")),
            url,
            *("--connections", "16", "--seconds", "3600"),
            *("--alerts", str(alerts), "--posts", str(amount)),
            *("--first", str(first)),
        ],
        folder / f"poster-{first}-{alerts}",
    )
    poster.spawn()
    try:
        await poster.ended(within=1200)
    finally:
        poster.kill()


async def explode(
    folder: Path, daemon: Daemon, gateway: Gateway, groups: int
) -> Explosion:
    """Let one source post so many distinct groups, and look at what that took."""
    memory = [memory_of(daemon.pid)]
    for part in range(PARTS):
        share = groups // PARTS
        url = f"{daemon.url}/v1/webhooks/noisy"
        await post_groups(folder, url, share, first=part * share)
        memory.append(memory_of(daemon.pid))
    files = daemon.store.parent.glob(f"{daemon.store.name}*")
    with sqlite3.connect(f"{daemon.store.as_uri()}?mode=ro", uri=True) as db:
        ((episodes,),) = db.execute("SELECT count(*) FROM episode").fetchall()
        ((facts,),) = db.execute("SELECT count(*) FROM notification").fetchall()
    return Explosion(
        memory=memory,
        file=sum(file.stat().st_size for file in files) / 2**20,
        episodes=episodes,
        notifications=facts,
        texts=[text for _, text in gateway.texts()],
    )


async def behind(
    folder: Path, daemon: Daemon, gateway: Gateway, http: ClientSession, low: int
) -> list[float]:
    """Milliseconds from post to gateway of criticals, each behind its person's lows."""
    for n in range(0, low, 1000):
        lows = [
            alert(f"Low{n + i}", {"team": PEOPLE[i % len(PEOPLE)]}, severity="low")
            for i in range(min(1000, low - n))
        ]
        assert await daemon.post(http, group(*lows, key=f"low-{n}"), "noisy") == 200
    posted: dict[str, float] = {}
    for number, team in enumerate(PEOPLE):
        name = f"quiet0x{number:04}"
        posted[name] = time.time()  # noqa: TID251 - compared with the gateway's
        made = group(alert(name, {"team": team}), key=name)
        assert await daemon.post(http, made, "quiet") == 200
        await asyncio.sleep(0.1)
    return await arrivals(gateway, posted)


def config(gateway: str, most: int) -> dict[str, object]:
    """Two sources that may have so many open alerts."""
    made = two_sources(gateway)
    sources = [
        {"name": name, "type": "alertmanager", "max_open": most}
        for name in ("noisy", "quiet")
    ]
    return {**made, "sources": sources}


async def run(folder: Path, groups: int, low: int) -> None:
    """Both, on one daemon each."""
    gateway = Gateway(folder / "gateway")
    children: list[Child] = [gateway]
    try:
        await gateway.start()
        async with ClientSession(timeout=ClientTimeout(total=60)) as http:
            if groups:
                daemon = Daemon(folder / "explosion", config(gateway.url, 10_000))
                children.append(daemon)
                await start(daemon, http)
                found = await explode(folder, daemon, gateway, groups)
                print(f"{groups} distinct groups of one source\n{found}")
                daemon.kill()
            if low:
                daemon = Daemon(folder / "behind", config(gateway.url, 10**9))
                children.append(daemon)
                await start(daemon, http)
                waits = await behind(folder, daemon, gateway, http, low)
                _, metrics = await daemon.get(http, "/metrics")
                waiting = re.findall(r"alertbridge_\w*waiting\w*\{[^}]*\} \S+", metrics)
                print(f"critical behind {low} low ({', '.join(waiting)})")
                print(f"  from its post to the gateway: {spread(waits)}")
    finally:
        for child in reversed(children):
            child.kill()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=int, default=100_000)
    parser.add_argument("--low", type=int, default=50_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="alertbridge-explosion-") as folder:
        asyncio.run(run(Path(folder), chosen.groups, chosen.low))


if __name__ == "__main__":
    main()
