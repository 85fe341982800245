"""Cut the power at every moment, and open every disk that may be left.

::

    python tests/faults/programs/power_loss.py --images 20000
    python tests/faults/programs/power_loss.py --synchronous NORMAL    # must fail

Each trial runs once, under `strace`, which writes down all it asks of its disk. After
each of these calls the power is cut: from what was synced by then, and some of what was
not, an image is made, opened by the real code, and judged. `ACK` on standard output is
the 2xx. An image that was met before is not counted again. Exit status: 0 nothing was
wrong, 1 something was.
"""

import argparse
import hashlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random

from disk_images import Disk, Image
from disk_trace import STRACE, Event, read_trace
from killing import Zygote, why_not
from migration_trial import PAGES as MIGRATED_PAGES
from report_trial import PAGES as REPORTED_PAGES
from report_trial import lost_reports
from small_world import say_nothing
from survivor import look_at, look_at_rows
from sweep import scratch
from trial_steps import OVER, PAGES

ALL_THE_WAY = 20
"""Of so many images one is not only looked at, but gone on with until all has rung."""


@dataclass(frozen=True, slots=True)
class Story:
    """Which story of a trial; pages confirmed before it, all pages, those over."""

    detail: str = ""
    confirmed: Sequence[int] = ()
    pages: int = PAGES
    over: Sequence[int] = OVER
    reports: bool = False


STORIES: Mapping[str, Story] = {
    "first-start": Story(),
    "intake": Story(),
    "send": Story(),
    "upkeep": Story(),
    "report": Story(pages=REPORTED_PAGES, over=(), reports=True),
    "migrate": Story("1", range(MIGRATED_PAGES), MIGRATED_PAGES, ()),
}


@dataclass(slots=True)
class Cuts:
    """One trial: how many images were opened, and what was wrong with which."""

    trial: str
    moments: int = 0
    images: int = 0
    lost: int = 0
    damaged: int = 0
    wrong: list[str] = field(default_factory=list)


def record(trial: str, template: Path, synchronous: str) -> list[Event]:
    """Run a trial once on the files of *template*; say what it asked of its disk."""
    trace = template.with_name(f"{trial}.trace")
    folder = template.with_name(f"{trial}.run")
    with Zygote() as zygote:
        zygote.prepare(trial, STORIES[trial].detail, template)
        shutil.copytree(template, folder)
        argv = [*STRACE, "-o", str(trace)]
        mutant = "" if synchronous == "FULL" else f"synchronous={synchronous}"
        ended = zygote.act_under(argv, trial, folder, "main", mutant)
        assert ended.status == 0, ended
    with trace.open(encoding="ascii") as lines:
        return list(read_trace(lines, folder))


def images(
    events: Sequence[Event], files: Image, dice: Random, *, plain: bool
) -> Iterator[tuple[int, Disk, Image]]:
    """Images of every moment: two at random, and first, if asked, the *plain* ones."""
    disk = Disk(files)
    for moment, event in enumerate(events):
        disk.apply(event)
        if plain:
            for image in disk.extremes():
                yield moment, disk, image
        yield moment, disk, disk.random(dice)
        yield moment, disk, disk.torn(dice)


def cut(trial: str, wanted: int, *, synchronous: str = "FULL", seed: int = 1) -> Cuts:
    """Open images of every moment of one trial, again and again until so many are met.

    Never less than all moments once; less than *wanted* if there are no more.
    """
    with tempfile.TemporaryDirectory(
        prefix="alertbridge-power-", dir=scratch()
    ) as made:
        root = Path(made)
        template = root / "template"
        template.mkdir()
        events = record(trial, template, synchronous)
        files = {file.name: file.read_bytes() for file in template.iterdir()}
        found = Cuts(trial, moments=len(events))
        met: set[bytes] = set()
        for turn in count():
            before, dice = found.images, Random(f"{seed} {turn}")
            for moment, disk, image in images(events, files, dice, plain=not turn):
                digest = _digest(image, disk)
                if digest not in met:
                    met.add(digest)
                    found.images += 1
                    _judge(found, root / "image", moment, disk, image)
            if found.images >= wanted or found.images == before:
                break
        return found


def _digest(image: Image, disk: Disk) -> bytes:
    made = hashlib.sha256(f"{len(disk.said)} {len(disk.ledger)}".encode())
    for name in sorted(image):
        made.update(name.encode() + hashlib.sha256(image[name]).digest())
    return made.digest()


def _judge(found: Cuts, folder: Path, moment: int, disk: Disk, image: Image) -> None:
    folder.mkdir()
    for name, data in image.items():
        (folder / name).write_bytes(data)
    (folder / "ledger").write_text(disk.ledger, "utf-8")
    story = STORIES[found.trial]
    said = [int(line[4:]) for line in disk.said if line.startswith("ACK ")]
    confirmed = [*story.confirmed, *said]
    wrong = look_at_rows(folder, confirmed=confirmed)
    if story.reports and not wrong:
        wrong = list(lost_reports(folder, disk.said))
    if not wrong and found.images % ALL_THE_WAY == 0:
        wrong = look_at(
            folder,
            confirmed=confirmed,
            pages=story.pages,
            over=story.over,
            reports=story.reports,
        )
    found.lost += any("is lost" in what or "no attempt" in what for what in wrong)
    found.damaged += any("check" in what or "opened" in what for what in wrong)
    found.wrong += [f"power cut after call {moment}: {what}" for what in wrong]
    shutil.rmtree(folder)


def report(cuts: Sequence[Cuts], seconds: float) -> str:
    """One line for each trial, the first few things that are wrong, and the sum."""
    head = (
        f"{'trial':<14}{'calls':>7}{'images':>9}{'lost':>7}{'damaged':>9}{'wrong':>7}"
    )
    lines = [head]
    for one in cuts:
        lines.append(
            f"{one.trial:<14}{one.moments:>7}{one.images:>9}{one.lost:>7}"
            f"{one.damaged:>9}{len(one.wrong):>7}"
        )
        lines += [f"  {what}" for what in one.wrong[:3]]
    total = sum(one.images for one in cuts)
    lines.append(f"{total} images in {seconds:.0f} s")
    return "\n".join(lines)


def main() -> int:
    """Cut, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=20_000, help="of all trials")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=STORIES, metavar="TRIAL")
    parser.add_argument(
        "--synchronous", choices=("FULL", "NORMAL", "OFF"), default="FULL"
    )
    args = parser.parse_args()
    reason = why_not()
    if reason is not None:
        parser.error(reason)
    say_nothing()
    began = time.monotonic()
    chosen = args.only or tuple(STORIES)
    cuts = [
        cut(
            trial,
            -(-args.images // len(chosen)),
            synchronous=args.synchronous,
            seed=args.seed,
        )
        for trial in chosen
    ]
    print(report(cuts, time.monotonic() - began))
    return 1 if any(one.wrong for one in cuts) else 0


if __name__ == "__main__":
    sys.exit(main())
