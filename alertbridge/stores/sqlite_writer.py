"""One thread writes, and commits what has gathered meanwhile in one fsync.

SQLite allows one writer; lines in front of it turn many callers into one transaction
(group commit), and each learns its own result after the commit. Each source has a line
of its own: one that floods does not keep the others, nor the dispatcher, from the disk.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar, cast

from alertbridge.core.alert import OURSELVES
from alertbridge.ports import StoreBroken, StoreUnavailable
from alertbridge.stores.sqlite_check import is_damage
from alertbridge.stores.sqlite_room import DiskRoom
from alertbridge.stores.sqlite_turns import Turns

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

MAX_BATCH = 1000
"""Alerts in one transaction: bounds how long the first waits for the last."""

MAX_SECONDS = 0.05
"""Seconds after which a transaction takes in no more and is committed: who comes next
waits for this and one job at most, though the jobs be of ten thousand alerts each."""

_FATAL = frozenset(
    {
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_READONLY,
    }
)
"""After these nothing on this connection can be believed: the kernel may have dropped
the pages it failed to write. Exit, and recover from the file."""


_MISTAKES = (
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
)


@dataclass(slots=True)
class _Job(Generic[T]):
    work: Work[T]
    line: str
    size: int
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[T]
    result: T | None = None
    error: Exception | None = None


def _nobody_notes(error: sqlite3.Error) -> None:
    """Nobody keeps it for the next start."""


class Writer:
    """Runs work on the writing connection, many pieces to a commit."""

    def __init__(
        self,
        db: sqlite3.Connection,
        room: DiskRoom | None = None,
        note_failure: Callable[[sqlite3.Error], None] = _nobody_notes,
    ) -> None:
        self._db = db
        self._note_failure = note_failure
        self._room = room
        self._jobs: queue.SimpleQueue[_Job[object] | None] = queue.SimpleQueue()
        self._turns: Turns[_Job[object]] = Turns()
        self._broken: StoreBroken | None = None
        self._on_broken: list[Callable[[], None]] = []
        self._closing = False
        self._threw_off = False
        self._thread = threading.Thread(
            target=self._serve, name="alertbridge-writer", daemon=True
        )
        self._thread.start()

    async def run(self, work: Work[T], line: str = "", size: int = 1) -> T:
        """Do *work* inside a transaction and return after its commit.

        *line* is whose it is; lines take turns. *size* is how many alerts it writes.

        *work* may be run again if its transaction had to be repeated; it must have no
        effect but on the connection. A caller that is cancelled does not take the
        work back: it is committed all the same.

        Raises:
            StoreUnavailable: it could not be kept.
        """
        if self._broken is not None:
            raise StoreUnavailable(str(self._broken))
        if self._closing:
            raise StoreUnavailable("the store is closing")
        if self._is_shut_for(line):
            raise StoreUnavailable(self._short())
        loop = asyncio.get_running_loop()
        job = _Job(work, line, size, loop, loop.create_future())
        self._jobs.put(cast("_Job[object]", job))
        result: T = await job.future
        return result

    async def wait_broken(self) -> None:
        """Wait until the file cannot be trusted any more, then say so.

        Raises:
            StoreBroken: always, when it ends at all.
        """
        loop = asyncio.get_running_loop()
        broken = asyncio.Event()

        def tell() -> None:
            loop.call_soon_threadsafe(broken.set)

        self._on_broken.append(tell)
        if self._broken is None:
            await broken.wait()
        raise self._broken or StoreBroken("the store is broken")

    def close(self) -> None:
        """Finish what is queued and stop; blocks until it is done."""
        self._closing = True
        self._jobs.put(None)
        self._thread.join()

    def _serve(self) -> None:
        closing = False
        while self._turns or not closing:
            if not self._turns:
                closing = self._put(self._jobs.get()) or closing
            with suppress(queue.Empty):
                while True:
                    closing = self._put(self._jobs.get_nowait()) or closing
            batch = self._turns.take(MAX_BATCH)
            done = self._commit(batch)
            self._turns.put_back(batch[done:])
            _report(batch[:done])
        self._turn_away()

    def _short(self) -> str:
        return "" if self._room is None else self._room.state.short

    def _is_shut_for(self, line: str) -> bool:
        """Whether there is no room for what sources post; our own work goes on."""
        return line not in ("", OURSELVES) and bool(self._short())

    def _put(self, job: _Job[object] | None) -> bool:
        """Let a job stand in line; True if it is the word to close instead."""
        if job is None:
            return True
        self._turns.put(job)
        return False

    def _turn_away(self) -> None:
        """Answer what was queued in the instant of closing: nobody waits for ever."""
        late: list[_Job[object]] = []
        while not self._jobs.empty():
            job = self._jobs.get_nowait()
            if job is not None:
                job.error = StoreUnavailable("the store is closing")
                late.append(job)
        _report(late)

    def _commit(self, batch: list[_Job[object]]) -> int:
        """Commit what fits of the batch as one; if a piece fails, each on its own.

        Says how many are done; the rest wait for the next transaction.
        """
        done, together = self._try(batch)
        again = batch[:done] if not together and done > 1 else []
        if self._threw_off:
            self._threw_off = False
            again = batch[:done]
        for job in again:
            job.error = None
            if self._is_shut_for(job.line):
                job.error = StoreUnavailable(self._short())
            else:
                self._try([job])
        if self._room is not None:
            self._room.measure_sometimes()
        return done

    def _try(self, batch: list[_Job[object]]) -> tuple[int, bool]:
        """Say how many were tried, and whether that went well."""
        if not batch:
            return 0, True
        if self._broken is not None:
            for job in batch:
                job.error = StoreUnavailable(str(self._broken))
            return len(batch), True
        done = 0
        until = monotonic() + MAX_SECONDS
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for job in batch:
                done += 1
                job.result = job.work(self._db)
                if monotonic() > until:
                    break
            self._db.execute("COMMIT")
        except _MISTAKES as exc:
            # A statement of ours is wrong: to try again is to be wrong again.
            self._fail(batch[:done], exc)
        except sqlite3.Error as exc:
            code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
            self._fail(batch[: max(done, 1)], StoreUnavailable(str(exc)))
            if code == sqlite3.SQLITE_FULL and self._room is not None:
                self._threw_off = self._room.throw_off()
            if code in _FATAL or is_damage(exc):
                self.give_up(exc)
        except Exception as exc:  # noqa: BLE001
            # A bug in one caller's decision must not take the thread, and with it
            # everybody's pages; it goes back to that caller.
            self._fail(batch[:done], exc)
        else:
            return done, True
        return max(done, 1), False

    def _fail(self, tried: list[_Job[object]], error: Exception) -> None:
        self._roll_back()
        for job in tried:
            job.error = error

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            try:
                self._db.execute("ROLLBACK")
            except sqlite3.Error as exc:
                self._break(f"cannot roll back: {exc}")

    def give_up(self, error: sqlite3.Error) -> None:
        """Trust the file no more: the process ends, and the next one recovers."""
        if self._broken is None:
            self._note_failure(error)
        self._break(f"{getattr(error, 'sqlite_errorname', 'error')}: {error}")

    def _break(self, why: str) -> None:
        self._broken = StoreBroken(why)
        for tell in self._on_broken:
            # A loop that is closed has nobody left to be told.
            with suppress(RuntimeError):
                tell()


def _report(batch: list[_Job[object]]) -> None:
    """Give every caller its answer; one call into each loop for the whole batch."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job[object]]] = {}
    for job in batch:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, jobs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, jobs)
        except RuntimeError:
            # The loop is closed: nobody waits for these answers any more.
            continue


def _resolve(jobs: list[_Job[object]]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
