"""The writer serves its callers in turn, whatever one of them piles up."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.stores import sqlite_writer
from alertbridge.stores.sqlite_lane import FileLane
from alertbridge.stores.sqlite_turns import Turns


@dataclass(frozen=True)
class Job:
    """Something that waits."""

    line: str
    number: int
    size: int = 1


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9)), max_size=60),
    st.integers(1, 10),
    st.integers(0, 10),
)
def test_every_job_is_served_once_and_each_line_in_its_order(
    jobs: list[tuple[str, int]], most: int, done: int
) -> None:
    """Whatever is taken and given back, nothing is lost, doubled or overtaken."""
    turns: Turns[Job] = Turns()
    for number, (line, size) in enumerate(jobs):
        turns.put(Job(line, number, size))
    served: list[Job] = []
    while turns:
        batch = turns.take(most)
        assert len(batch) == 1 or 1 < sum(job.size for job in batch) <= most
        served += batch[: max(1, done)]
        turns.put_back(batch[max(1, done) :])

    assert sorted(job.number for job in served) == list(range(len(jobs)))
    for line in "abc":
        numbers = [job.number for job in served if job.line == line]
        assert numbers == sorted(numbers)


def test_a_line_of_one_is_served_between_two_of_a_long_line() -> None:
    """A thousand wait in one line; whoever comes to another is next."""
    turns: Turns[Job] = Turns()
    for number in range(1000):
        turns.put(Job("a", number))
    turns.take(1)
    turns.put(Job("b", 0))

    assert Job("b", 0) in turns.take(2)


def test_a_line_whose_jobs_fill_a_transaction_each_does_not_keep_the_others() -> None:
    """Of every batch only the first job fits; still each line has its turn."""
    turns: Turns[Job] = Turns()
    for number in range(8):
        turns.put(Job("a", number))
    served: list[Job] = []
    for round_ in range(6):
        if round_ == 1:
            turns.put(Job("b", 0))
        batch = turns.take(256)
        served.append(batch[0])
        turns.put_back(batch[1:])

    assert Job("b", 0) in served[:3]


def test_a_small_job_does_not_wait_for_a_large_one_to_be_written_with_it() -> None:
    """Ten thousand alerts get a transaction of their own."""
    turns: Turns[Job] = Turns()
    turns.put(Job("quiet", 0))
    turns.put(Job("noisy", 0, 10_000))
    turns.put(Job("quiet", 1))

    assert turns.take(1000) == [Job("quiet", 0)]
    assert turns.take(1000) == [Job("noisy", 0, 10_000)]
    assert turns.take(1000) == [Job("quiet", 1)]


@pytest.fixture
async def lane(tmp_path: Path) -> AsyncIterator[FileLane]:
    """A store's file."""
    opened = FileLane(tmp_path / "alertbridge.db")
    yield opened
    await opened.close()


async def overtakes(lane: FileLane) -> int:
    """How many of fifty slow jobs of one source are done when another's one is."""
    began, go_on = threading.Event(), threading.Event()
    done: list[str] = []

    def first(_: sqlite3.Connection) -> None:
        began.set()
        go_on.wait()

    def slow(db: sqlite3.Connection) -> None:
        # Longer than a transaction may take in more, as ten thousand alerts are.
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
            " WHERE i < 400000) SELECT count(*) FROM n"
        ).fetchone()

    async def run(work: Callable[[sqlite3.Connection], None], line: str) -> None:
        await lane.write(work, line)
        done.append(line)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run(first, "noisy"))
        await asyncio.to_thread(began.wait)
        for _ in range(50):
            tasks.create_task(run(slow, "noisy"))
        tasks.create_task(run(lambda _: None, "quiet"))
        await asyncio.sleep(0)
        go_on.set()
    return done.index("quiet")


async def test_a_source_that_floods_does_not_keep_another_from_the_disk(
    lane: FileLane,
) -> None:
    """Fifty large posts wait; the one of another source is kept after one or two."""
    assert await overtakes(lane) <= 4


async def test_one_line_for_all_would_be_seen(
    lane: FileLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutant: first come, first served; the check above fails."""

    class OneLine(Turns[sqlite_writer._Job[object]]):
        def put(self, job: sqlite_writer._Job[object]) -> None:
            job.line = "all"
            super().put(job)

    monkeypatch.setattr(lane._writer, "_turns", OneLine())

    assert await overtakes(lane) > 20
