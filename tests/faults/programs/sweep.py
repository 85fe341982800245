"""Kill a process before every system call on storage, one after the other.

::

    python tests/faults/programs/sweep.py                 # every call of every trial
    python tests/faults/programs/sweep.py --only migrate --every 5
    python tests/faults/programs/sweep.py --only intake --mutant early-ack

Each trial of `trials.py` runs in a process of its own, on real files and by the real
code; `strace` kills it before call number n of one of its threads, for every n there
is. What it leaves is opened by the real code again and judged. Exit status: 0 nothing
was wrong, 1 something was.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count, product
from pathlib import Path
from queue import SimpleQueue

from killing import Zygote, why_not
from trials import TRIALS

PAST_THE_END = 2
"""Runs in a row that nothing killed: there are no more calls. One may be shorter than
the next, as two threads meet differently."""


@dataclass(slots=True)
class Swept:
    """One thread of one trial: how often it was killed, and what was wrong then."""

    trial: str
    detail: str
    gate: str
    kills: int = 0
    wrong: list[str] = field(default_factory=list)


def scratch() -> str | None:
    """Where files are fast: a kill takes nothing from memory that is the kernel's."""
    shm = Path("/dev/shm")
    return str(shm) if os.access(shm, os.W_OK) else None


def sweep(
    trials: Sequence[str],
    *,
    every: int = 1,
    others_every: int | None = None,
    mutant: str = "",
    workers: int = 2,
) -> list[Swept]:
    """Kill at every call, or at every so many; *others_every* is for further details.

    A trial with several details (the versions a migration begins at) goes through
    everything from the first, which the others only repeat in part.
    """
    with (
        tempfile.TemporaryDirectory(prefix="alertbridge-sweep-", dir=scratch()) as made,
        ThreadPoolExecutor(workers) as pool,
    ):
        root = Path(made)
        idle: SimpleQueue[Zygote] = SimpleQueue()
        zygotes = [Zygote() for _ in range(workers)]
        for zygote in zygotes:
            idle.put(zygote)
        try:
            for name in trials:
                for detail in TRIALS[name].details:
                    template = _template(root, name, detail)
                    template.mkdir()
                    zygotes[0].prepare(name, detail, template)
            swept: list[Swept] = []
            shards = []
            for name in trials:
                for detail, gate in product(TRIALS[name].details, TRIALS[name].gates):
                    first = detail == TRIALS[name].details[0]
                    step = every if first else others_every or every
                    swept.append(one := Swept(name, detail, gate))
                    template = _template(root, name, detail)
                    shards += [
                        pool.submit(_shard, idle, one, template, calls, mutant)
                        for calls in _shares(step, workers)
                    ]
            for shard in shards:
                shard.result()
            return swept
        finally:
            for zygote in zygotes:
                zygote.__exit__(None, None, None)


def _template(root: Path, trial: str, detail: str) -> Path:
    return root / f"{trial}-{detail}"


def _shares(step: int, workers: int) -> Iterator[Iterator[int]]:
    """The numbers of the calls, dealt to the workers."""
    return (count(1 + share * step, step * workers) for share in range(workers))


def _shard(
    idle: "SimpleQueue[Zygote]",
    swept: Swept,
    template: Path,
    calls: Iterator[int],
    mutant: str,
) -> None:
    zygote = idle.get()
    unharmed = 0
    try:
        for n in calls:
            folder = Path(tempfile.mkdtemp(dir=template.parent))
            shutil.copytree(template, folder, dirs_exist_ok=True)
            ended = zygote.act_until(swept.trial, folder, swept.gate, n, mutant)
            swept.kills += ended.killed
            wrong = [*ended.wrong, *zygote.judge(swept.trial, folder, ended.said)]
            swept.wrong += [f"{swept.gate} call {n}: {what}" for what in wrong]
            shutil.rmtree(folder)
            unharmed = 0 if ended.killed else unharmed + 1
            if unharmed == PAST_THE_END:
                return
    finally:
        idle.put(zygote)


def report(swept: Sequence[Swept], seconds: float) -> str:
    """One line for each thread, the first few things that are wrong, and the sum."""
    lines = [f"{'trial':<14}{'from':<6}{'thread':<8}{'kills':>7}{'wrong':>7}"]
    for one in swept:
        row = f"{one.trial:<14}{one.detail:<6}{one.gate:<8}"
        lines.append(f"{row}{one.kills:>7}{len(one.wrong):>7}")
        lines += [f"  {what}" for what in one.wrong[:3]]
    kills, wrong = sum(one.kills for one in swept), sum(len(one.wrong) for one in swept)
    lines.append(f"{'all':<28}{kills:>7}{wrong:>7}  in {seconds:.0f} s")
    return "\n".join(lines)


def main() -> int:
    """Sweep, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=TRIALS, metavar="TRIAL")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--mutant", default="", help="early-ack, no-mark, …")
    args = parser.parse_args()
    reason = why_not()
    if reason is not None:
        parser.error(reason)
    began = time.monotonic()
    swept = sweep(
        args.only or tuple(TRIALS),
        every=args.every,
        mutant=args.mutant,
        workers=args.workers,
    )
    print(report(swept, time.monotonic() - began))
    return 1 if any(one.wrong for one in swept) else 0


if __name__ == "__main__":
    sys.exit(main())
