"""Many rounds of the kill harness, over days if need be, and one verdict on all.

::

    python tests/scenarios/programs/kill_campaign.py --kills 10000 --state FILE

Each round is one run of `kill_harness.py` in a folder of its own, from the first post
to a drained outbox; its verdict is one line of JSON in FILE. Stop it when you like
(Ctrl-C, SIGTERM) and start it with the same words again: rounds in FILE are not run
again, one that was interrupted is. What a failed round left behind is kept beside FILE.

Exit status: 0 nothing was lost, doubled or left; 1 something was; 2 usage; 3 stopped
before the end.
"""

import argparse
import asyncio
import fcntl
import json
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from kill_harness import MUTANTS
from kill_verdict import FAILURES, PER_SECOND

HARNESS = Path(__file__).with_name("kill_harness.py")

SEEDS = 10_000
"""Rounds that a seed has for itself before it meets the next one's."""


class OtherCampaign(ValueError):
    """The file belongs to a campaign of other words, or to one that runs now."""


@dataclass(slots=True)
class Campaign:
    """What has been judged so far: a file that only grows."""

    path: Path
    words: dict[str, object]
    verdicts: dict[int, dict[str, int | str | None]] = field(default_factory=dict)
    _file: TextIO | None = None

    def open(self) -> None:
        """Read what earlier runs wrote.

        Raises:
            OtherCampaign: it was written with another seed, size of rounds or mutant.
        """
        self._file = self.path.open("a+", encoding="utf-8", buffering=1)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OtherCampaign(f"{self.path}: in use by another campaign") from None
        self._file.seek(0)
        for line in self._file:
            # A line cut short is a round to run again.
            if not line.endswith("}\n"):
                self._file.write("\n")
                continue
            verdict = json.loads(line)
            words = {name: verdict.get(name) for name in self.words}
            if words != self.words:
                raise OtherCampaign(f"{self.path}: of {words}, not of {self.words}")
            self.verdicts[verdict["round"]] = verdict

    def note(self, number: int, verdict: dict[str, object]) -> None:
        """Write one round down."""
        assert self._file is not None
        line = json.dumps({"round": number, **verdict, **self.words})
        self._file.write(line + "\n")
        self.verdicts[number] = json.loads(line)

    def missing(self, rounds: int) -> Iterator[int]:
        """Rounds that are still to be run."""
        return (number for number in range(rounds) if number not in self.verdicts)

    def counts(self) -> Counter[str]:
        """All rounds added up; the busiest second is the worst of all."""
        total: Counter[str] = Counter()
        for verdict in self.verdicts.values():
            numbers = {k: v for k, v in verdict.items() if isinstance(v, int)}
            busiest = max(total["busiest"], numbers.pop("busiest", 0))
            total.update(numbers)
            total["busiest"] = busiest
        return total


async def run_round(campaign: Campaign, number: int) -> None:
    """Run one round, and write its verdict down; interrupted, it leaves no trace."""
    words = campaign.words
    folder = Path(tempfile.mkdtemp(prefix="alertbridge-kills-"))
    mutant = () if words["mutant"] is None else ("--mutant", str(words["mutant"]))
    seed = int(str(words["seed"])) * SEEDS + number
    harness = await asyncio.create_subprocess_exec(
        *(sys.executable, str(HARNESS), "--state", str(folder)),
        *("--kills", str(words["per_round"]), "--seed", str(seed), *mutant),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said, _ = await harness.communicate()
        summary = folder / "summary.json"
        if summary.exists():
            verdict = json.loads(summary.read_text("utf-8")) | {"seed": words["seed"]}
        else:
            verdict = {"passed": False, "broken": 1, "said": said.decode()[-2000:]}
        if not verdict["passed"]:
            kept = campaign.path.with_name(f"{campaign.path.name}.round-{number}")
            shutil.copytree(folder, kept, dirs_exist_ok=True)
        campaign.note(number, verdict)
    finally:
        if harness.returncode is None:
            # It ends its own children on SIGINT; killed, it would leave them behind.
            with suppress(ProcessLookupError):
                harness.send_signal(signal.SIGINT)
            await harness.wait()
        shutil.rmtree(folder, ignore_errors=True)


async def run_rounds(campaign: Campaign, rounds: int, workers: int) -> None:
    """Run what is missing, so many rounds at a time, until done or told to stop."""
    todo = campaign.missing(rounds)
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)

    async def work() -> None:
        for number in todo:
            await run_round(campaign, number)
            print(line_of(campaign, number), file=sys.stderr, flush=True)

    with suppress(asyncio.CancelledError):
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(work())


def line_of(campaign: Campaign, number: int) -> str:
    """One line about one round."""
    verdict = campaign.verdicts[number]
    word = "pass" if verdict["passed"] else "FAIL"
    done = campaign.counts()
    return f"round {number}: {word}; {done['kills']} kills, {done['acked']} pages"


def report(campaign: Campaign, rounds: int) -> str:
    """One table; a bound is only said where nothing was lost."""
    counts = campaign.counts()
    rows: list[tuple[str, object]] = [
        ("seed", campaign.words["seed"]),
        ("rounds", f"{len(campaign.verdicts)} of {rounds}"),
        ("kills", counts["kills"]),
        ("confirmed pages", counts["acked"]),
        ("  rang", counts["ok"] + counts["counted"]),
        ("  over before they rang", counts["ended"]),
        ("  dead, with a meta-alert", counts["dead"]),
        ("lost", counts["lost"]),
        ("duplicated", counts["duplicated"]),
        ("still queued", counts["undrained"]),
        ("unexpected", counts["unexpected"]),
        ("ended by itself", counts["deaths"]),
        ("no verdict", counts["broken"]),
        ("requests in one second", f"{counts['busiest']} of {PER_SECOND}"),
    ]
    if not counts["lost"] and counts["kills"] and counts["acked"]:
        rows += [
            ("loss per kill, 95 %", f"< {3 / counts['kills']:.1e}"),
            ("loss per page, 95 %", f"< {3 / counts['acked']:.1e}"),
        ]
    rows.append(("verdict", "FAIL" if failed(campaign) else "pass"))
    return "\n".join(f"{label:<28}{value!s:>14}" for label, value in rows)


def failed(campaign: Campaign) -> bool:
    """Whether anything is not as promised."""
    counts = campaign.counts()
    return any(counts[what] for what in (*FAILURES, "broken"))


def main() -> int:
    """Run what is missing, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-round", type=int, default=100, metavar="KILLS")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--state", type=Path, required=True, metavar="FILE")
    parser.add_argument("--mutant", choices=MUTANTS)
    args = parser.parse_args()
    words = {"seed": args.seed, "per_round": args.per_round, "mutant": args.mutant}
    campaign = Campaign(args.state, words)
    try:
        campaign.open()
    except OtherCampaign as exc:
        parser.error(str(exc))
    rounds = -(-args.kills // args.per_round)
    asyncio.run(run_rounds(campaign, rounds, args.workers))
    print(report(campaign, rounds))
    if failed(campaign):
        return 1
    return 3 if any(campaign.missing(rounds)) else 0


if __name__ == "__main__":
    sys.exit(main())
