"""Kill the daemon again and again, and count what was lost.

::

    python tests/scenarios/programs/kill_harness.py --kills 300 --seed 1
    python tests/scenarios/programs/kill_harness.py --for 30m --state /var/tmp/k9

A gateway process with seeded faults, `alertbridge serve` on a real file, and clients
that post as Alertmanager does. `kill -9` comes 80 to 450 ms after each start, and
sometimes during it; the daemon is started again at once. In the end the faults stop,
the outbox drains, and every confirmed page is looked up in the gateway's journal.

With `--state` the run can be interrupted and goes on where it was: kills and pages of
all runs are judged together. Exit status: 0 nothing lost, 1 something was, 2 usage.

`--mutant` breaks the daemon on purpose, as a control of the harness:
`answer-before-commit` and `stuck-is-failed` must end with pages lost, `stuck-waits` and
`no-grace` with pages that rang twice.
"""

import argparse
import asyncio
import random
import re
import signal
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from aiohttp import ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import config, number
from kill_history import PEOPLE, History, listeners
from kill_posters import Posters
from kill_report import report, summary
from kill_verdict import Verdict, judge
from processes import Late, until

HERE = Path(__file__).parent

SOONEST, LATEST = 0.08, 0.45
"""Seconds from being up to the kill."""

MOST_DEATHS = 10
"""A daemon that so often ends by itself has no need of being killed."""

DURING_START = 0.15
"""Share of the kills that come before the daemon is up."""

FAULTS = ("throttle", "error", "accept_then_error", "accept_then_reset")
SLOW_FAULTS = ("accept_slowly", "accept_late", "error_slowly")

SHARE = 0.03
"""Share of the requests that meet each of the faults."""

SLOWNESS = 4.0
"""Seconds of what is slow: longer than a kill and a start. So an SMS can be taken under
one process and its answer be lost to the next, can be taken when nobody is left who
asked for it, and can be not taken with nobody left to hear that."""

DRAIN = 120.0
"""Seconds until nothing waits: two uncertain waits, and the longest back-off. A daemon
broken on purpose may never get there."""

MUTANTS = ("answer-before-commit", "stuck-waits", "stuck-is-failed", "no-grace")

PEOPLE_NAMES = [f"p{index:02}" for index in range(PEOPLE)]
NUMBERS = {name: number(index) for index, name in enumerate(PEOPLE_NAMES)}


def harness_config(gateway: str) -> dict[str, object]:
    """Forty people in forty teams; no cap, so that a drain is short."""
    teams = [f"t{index:02}" for index in range(PEOPLE)]
    return {
        **config(gateway, *PEOPLE_NAMES),
        "pace": [{"limit": 1000, "window": "1m"}],
        "segments": {"critical": 6, "other": 6},
        "route": {
            "receiver": "admins",
            "routes": [
                {"receiver": team, "matchers": [f'team="{team}"']} for team in teams
            ],
        },
        "receivers": [
            {"name": "admins", "phones": [number(PEOPLE + 1)]},
            *(
                {"name": team, "recipients": list(listeners(index))}
                for index, team in enumerate(teams)
            ),
        ],
    }


class Run:
    """One run of the harness, in one folder."""

    def __init__(
        self, folder: Path, seed: int, mutant: str | None, drain: float
    ) -> None:
        self._seed = seed
        self._drain_within = drain
        self.history = History(folder / "history.jsonl")
        self._gateway = Gateway(folder)
        program = ("-m", "alertbridge")
        if mutant is not None:
            program = (str(HERE / "mutant_serve.py"), mutant)
        self._daemon = Daemon(
            folder, harness_config(self._gateway.url), program=program
        )

    async def run(
        self, kills: int, seconds: float, clients: int, slow: float, slowness: float
    ) -> Verdict:
        """Kill so often, or for so long; then drain, and judge."""
        self.history.open()
        try:
            await self._gateway.start()
            async with ClientSession() as http:
                plan = {
                    "rates": {
                        **dict.fromkeys(FAULTS, SHARE),
                        **dict.fromkeys(SLOW_FAULTS, slow),
                    },
                    "rated": {"seconds": slowness},
                    "seed": self._seed + self.history.kills,
                }
                await self._gateway.set_faults(http, plan)
                posters = Posters(http, self._daemon.url, self.history, self._seed)
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(posters.run(clients))
                    await self._keep_killing(kills, seconds)
                    posters.stop()
                    await self._daemon.start()
                await self._gateway.set_faults(http, {})
                await self._drain()
                await posters.close_up()
                await self._drain()
                stats = await self._gateway.stats(http)
            self._daemon.signal(signal.SIGTERM)
            if await self._daemon.ended() != 0:
                self.history.note("death", said=self._daemon.said()[-2000:])
            verdict = judge(
                self.history, self._gateway.sms(), self._daemon.store, NUMBERS
            )
            verdict.judge_rate(stats["max_per_second"])
            return verdict
        finally:
            self._daemon.kill()
            self._gateway.kill()
            self.history.close()

    async def _keep_killing(self, kills: int, seconds: float) -> None:
        dice = random.Random(self._seed + self.history.kills)
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (
            self.history.kills < kills
            and self.history.deaths < MOST_DEATHS
            and loop.time() < end
        ):
            early = dice.random() < DURING_START
            if early:
                self._daemon.spawn()
                await asyncio.sleep(dice.uniform(0.02, 1.0))
            else:
                try:
                    await self._daemon.start()
                except Late:
                    self.history.note("death", said=self._daemon.said()[-2000:])
                await asyncio.sleep(dice.uniform(SOONEST, LATEST))
            if self._daemon.alive:
                self._daemon.kill()
                self.history.note("kill", early=early)
            else:
                self.history.note("death", said=self._daemon.said()[-2000:])
            if self.history.kills % 50 == 0:
                print(f"{self.history.kills} kills", file=sys.stderr, flush=True)

    async def _drain(self) -> None:
        def waiting() -> int:
            store = f"file:{self._daemon.store}?mode=ro"
            with closing(sqlite3.connect(store, uri=True)) as db:
                # What came and went untold waits for something to ride with.
                (left,) = db.execute(
                    "SELECT count(*) FROM notification n JOIN episode e"
                    " ON e.id = n.episode WHERE n.state IN ('waiting', 'in_flight')"
                    " AND NOT (n.state = 'waiting' AND n.kind = 'firing'"
                    " AND e.ends_at IS NOT NULL)"
                ).fetchone()
            return int(left)

        async def drained() -> bool:
            if waiting():
                return False
            # A daemon that says yes first and writes later has not lost those yet.
            await asyncio.sleep(1)
            return waiting() == 0

        try:
            await until(drained, within=self._drain_within, what="drain")
        except Late as exc:
            # Not the end: the verdict names what is left.
            print(exc, file=sys.stderr)


def read_span(text: str) -> float:
    """Read `90s`, `30m`, `2h` as seconds."""
    found = re.fullmatch(r"(\d+)([smh])", text)
    if found is None:
        raise argparse.ArgumentTypeError("write 90s, 30m or 2h")
    return int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]


def main() -> int:
    """Run, print one table; 1 if anything was lost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=10**9)
    parser.add_argument("--for", dest="seconds", type=read_span, default=1e9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument(
        "--slow", type=float, default=0.03, help="share of slow answers"
    )
    parser.add_argument("--slowness", type=read_span, default=SLOWNESS)
    parser.add_argument("--drain", type=read_span, default=DRAIN)
    parser.add_argument("--state", type=Path, metavar="DIR")
    parser.add_argument("--mutant", choices=MUTANTS)
    args = parser.parse_args()
    if args.kills == 10**9 and args.seconds == 1e9:
        parser.error("say --kills N or --for SPAN")
    with tempfile.TemporaryDirectory(prefix="alertbridge-k9-") as temporary:
        folder = args.state or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        run = Run(folder.resolve(), args.seed, args.mutant, args.drain)
        verdict = asyncio.run(
            run.run(args.kills, args.seconds, args.clients, args.slow, args.slowness)
        )
        text = summary(verdict, run.history, args.seed)
        (folder / "summary.json").write_text(text, "utf-8")
        print(report(verdict, run.history, args.seed))
    return 0 if verdict.passed else 1


if __name__ == "__main__":
    sys.exit(main())
