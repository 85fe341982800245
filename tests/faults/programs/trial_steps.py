"""What the trials share: how they begin, what is posted, how they are judged."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from small_world import post
from survivor import in_file, look_at

from alertbridge.engine.intake import Intake
from alertbridge.stores import sqlite_schema

PAGES = 4
OVER_AT_ONCE, OVER_LATER = 1, 3
OVER = (OVER_AT_ONCE, OVER_LATER)

Say = Callable[[str], None]
"""Tell the world outside, with one `write`: what was said cannot be taken back."""

Gate = Callable[[str], None]
"""A place of this name is reached; who traces the process may let it wait there."""


@dataclass(frozen=True, slots=True)
class Trial:
    """`prepare` makes the files, `act` is the process, `judge` says what is wrong.

    `act` gets the folder, its ways to the world, and a word if it is to be a mutant;
    `judge` gets the folder and what was said. `details` pick one of several stories,
    `gates` are the threads that write.
    """

    prepare: Callable[[Path, str], None]
    act: Callable[[Path, Say, Gate, str], None]
    judge: Callable[[Path, list[str]], Iterable[str]]
    details: tuple[str, ...] = ("",)
    gates: tuple[str, ...] = ("main", "writer")


def nothing(folder: Path, detail: str) -> None:
    """Begin without a file: the first start of all."""


def a_file(folder: Path, detail: str) -> None:
    """Begin with an empty store of today's schema."""
    in_file(folder / "store.db", lambda _: None)


async def take_posts(intake: Intake, say: Say, mutant: str) -> None:
    """Post every page; say so once it is confirmed, or, as a mutant, before."""
    for page in range(PAGES):
        if mutant == "early-ack":
            say(f"ACK {page}")
        await intake.accept(post(page))
        say(f"ACK {page}")
        if page == OVER_AT_ONCE:
            await intake.accept(post(page, over=True))


def judge_posts(folder: Path, said: list[str]) -> Iterable[str]:
    """What was confirmed is there, and everybody hears of all of it once."""
    return look_at(folder, confirmed=named_in(said, "ACK "), pages=PAGES, over=OVER)


def named_in(said: list[str], word: str) -> list[int]:
    """The numbers that were said after a word."""
    return [int(line.removeprefix(word)) for line in said if line.startswith(word)]


def nobody_waits() -> None:
    """Nothing is sent in this trial: nobody is to be woken."""


def set_up(mutant: str) -> None:
    """As it is, only sooner: copying the log into the file is part of the path.

    A mutant of the setting has to get past the check of it.
    """
    sqlite_schema.CHECKPOINT_PAGES = 20
    word, _, level = mutant.partition("=")
    if word == "synchronous":
        sqlite_schema.SYNCHRONOUS = level
        sqlite_schema._FULL = ("OFF", "NORMAL", "FULL").index(level)
