"""The embedded store: one SQLite file, one writing thread, one reading connection."""

import asyncio
import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from alertbridge.core.ack import AckText, Code, Token
from alertbridge.core.alert import SourceName
from alertbridge.core.drafting import Drafting
from alertbridge.core.message import Reference, Submission
from alertbridge.core.notification import (
    EpisodeId,
    NotificationId,
    ProviderName,
)
from alertbridge.core.past import Past
from alertbridge.core.plan import Keys, Known, Plan
from alertbridge.core.settlement import Settlement
from alertbridge.core.spend import Period
from alertbridge.ports import (
    Claimed,
    Depth,
    EpisodeRow,
    Held,
    HistoryRow,
    OutboxRow,
    Quarantined,
    Recorded,
    StoreRefused,
    StoreUnavailable,
)
from alertbridge.stores import (
    sqlite_ack,
    sqlite_claim,
    sqlite_history,
    sqlite_intake,
    sqlite_notes,
    sqlite_operator,
    sqlite_recall,
    sqlite_settle,
    sqlite_spend,
)
from alertbridge.stores.columns import stamp
from alertbridge.stores.sqlite_after_sending import AfterSending
from alertbridge.stores.sqlite_lane import Lane, T, Work
from alertbridge.stores.sqlite_schema import (
    copy_to,
    lock,
    migrate,
    open_reader,
    open_writer,
)
from alertbridge.stores.sqlite_writer import Writer


def read_from(db: sqlite3.Connection, work: Work[T]) -> T:
    """Run *work* on what has been committed.

    Raises:
        StoreUnavailable: it could not be read, or a backup's file not be written.
    """
    try:
        return work(db)
    except (OSError, sqlite3.Error) as exc:
        raise StoreUnavailable(str(exc)) from exc


class FileLane:
    """A file: every write goes through one thread, reads have their own connection."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise StoreRefused(f"cannot make {path.parent}: {exc.strerror}") from exc
        with ExitStack() as opened:
            self._lock = opened.enter_context(lock(path))
            self._writing = db = open_writer(str(path))
            opened.callback(db.close)
            migrate(db, path)
            self._reading = open_reader(str(path))
            opened.pop_all()
        self._writer = Writer(db)
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="alertbridge-reader")

    async def write(self, work: Work[T], line: str = "", size: int = 1) -> T:
        """Run in a transaction; return after its commit."""
        return await self._writer.run(work, line, size)

    async def read(self, work: Work[T]) -> T:
        """Run on what has been committed."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, read_from, self._reading, work)

    async def wait_broken(self) -> None:
        """Wait for the file to fail."""
        await self._writer.wait_broken()

    async def close(self) -> None:
        """Finish what is queued, checkpoint, let go of the file."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._writer.close)
        self._readers.shutdown()
        self._reading.close()
        self._writing.close()
        self._lock.close()


class SqliteStore(AfterSending):
    """The store port over SQL; `lane` says where the SQL runs.

    `randbits` makes the tokens of links: nobody must guess one.
    """

    def __init__(
        self,
        lane: Lane,
        references: Iterator[Reference],
        randbits: Callable[[int], int] = secrets.randbits,
    ) -> None:
        super().__init__(lane)
        self._references = references
        self._randbits = randbits
        self._epoch = 0
        self.notes = sqlite_notes.SqliteNotes(lane)

    async def record(
        self, keys: Keys, decide: Callable[[Known], Plan], now: datetime
    ) -> Recorded:
        """Gather, decide, apply: one transaction."""
        return await self._lane.write(
            lambda db: sqlite_intake.record(db, keys, decide, now),
            keys.source,
            max(1, len(keys.fingerprints)),
        )

    async def quarantine(
        self, source: SourceName, reason: str, body: bytes, now: datetime
    ) -> None:
        """Keep what could not be read, bounded."""
        await self._lane.write(
            lambda db: sqlite_operator.quarantine(db, source, reason, body, now), source
        )

    async def claim(
        self, ready: Mapping[ProviderName, int], drafting: Drafting, now: datetime
    ) -> Claimed:
        """Take what may leave now; its attempts are on disk when this returns."""
        return await self._lane.write(
            lambda db: sqlite_claim.claim(
                db,
                dict(ready),
                drafting,
                now,
                self._epoch,
                self._references,
                self._randbits,
            )
        )

    async def settle(
        self, submission: Submission, settlement: Settlement, now: datetime
    ) -> bool:
        """Write what became of an attempt; False if it is no longer ours."""
        return await self._lane.write(
            lambda db: sqlite_settle.settle(
                db, submission, settlement, now, self._epoch
            )
        )

    async def recover(
        self,
        now: datetime,
        retry_after: timedelta,
        listers: Collection[ProviderName] = (),
    ) -> int:
        """Open a new epoch; what was in flight is uncertain."""
        count, self._epoch = await self._lane.write(
            lambda db: sqlite_operator.recover(db, now, retry_after, listers)
        )
        return count

    async def own_secret(self, purpose: str, fresh: str) -> str:
        """The store's secret for *purpose*."""
        return await self._lane.write(
            lambda db: sqlite_operator.own_secret(db, purpose, fresh)
        )

    async def recent_attempts(
        self, provider: ProviderName, since: datetime
    ) -> Sequence[datetime]:
        """When requests began, for the rate limit after a restart."""
        return await self._lane.read(
            lambda db: sqlite_history.recent_attempts(db, provider, since)
        )

    async def acknowledge(self, episode: EpisodeId, by: str, now: datetime) -> bool:
        """Record that a human took it."""
        return await self._lane.write(
            lambda db: sqlite_operator.acknowledge(db, episode, by, now)
        )

    async def read_text(self, which: Code | Token, since: datetime) -> AckText | None:
        """Find a text by its code or its link."""
        return await self._lane.read(lambda db: sqlite_ack.read_text(db, which, since))

    async def acknowledge_text(
        self, which: Code | Token, by: str, since: datetime, now: datetime
    ) -> AckText | None:
        """Record that a human took what a text told."""
        return await self._lane.write(
            lambda db: sqlite_ack.acknowledge_text(db, which, by, since, now)
        )

    async def hold(self, until: datetime | None) -> None:
        """Let nothing leave until *until*."""
        await self._lane.write(lambda db: sqlite_operator.hold(db, until))

    async def cancel(
        self, ids: Sequence[NotificationId], now: datetime
    ) -> Sequence[NotificationId]:
        """Take waiting notifications out."""
        return await self._lane.write(lambda db: sqlite_operator.cancel(db, ids, now))

    async def requeue(
        self, ids: Sequence[NotificationId], now: datetime, expires_at: datetime
    ) -> Sequence[NotificationId]:
        """Let ended notifications wait again."""
        return await self._lane.write(
            lambda db: sqlite_operator.requeue(db, ids, now, expires_at)
        )

    async def rehold(
        self, decide: Callable[[Held], datetime | None], now: datetime
    ) -> int:
        """Ask again until when each muted notification is held."""
        return await self._lane.write(
            lambda db: sqlite_operator.rehold(db, decide, now)
        )

    async def history(
        self,
        *,
        limit: int = 100,
        recipient: str | None = None,
        episode: EpisodeId | None = None,
    ) -> Sequence[HistoryRow]:
        """The latest notifications and non-notifications."""
        return await self._lane.read(
            lambda db: sqlite_history.history(db, limit, recipient, episode)
        )

    async def show(self, episode: EpisodeId) -> EpisodeRow | None:
        """One episode with its history."""
        return await self._lane.read(lambda db: sqlite_history.show(db, episode))

    async def recall(self, since: datetime, until: datetime) -> Past:
        """What was open and what was sent."""
        return await self._lane.read(lambda db: sqlite_recall.recall(db, since, until))

    async def outbox(
        self, *, limit: int = 1000, dead: bool = False
    ) -> Sequence[OutboxRow]:
        """What has not reached an end, or what is dead."""
        states = ("dead",) if dead else ("waiting", "in_flight")
        return await self._lane.read(
            lambda db: sqlite_history.outbox(db, limit, states)
        )

    async def quarantined(self, *, limit: int = 100) -> Sequence[Quarantined]:
        """What could not be read."""
        return await self._lane.read(lambda db: sqlite_history.quarantined(db, limit))

    async def depth(self, now: datetime) -> Depth:
        """Count what waits."""
        return await self._lane.read(lambda db: sqlite_history.depth(db, now))

    async def spent(self, periods: Sequence[Period]) -> Mapping[Period, int]:
        """How many segments each of these periods has cost."""
        return await self._lane.read(lambda db: sqlite_spend.spent_in(db, periods))

    async def probe(self, now: datetime) -> None:
        """Make a real durable write."""
        await self._lane.write(
            lambda db: sqlite_operator.write_setting(db, "probe", str(stamp(now)))
        )

    async def shift(self, by: timedelta) -> None:
        """Move pending times along with a stepped clock."""
        await self._lane.write(lambda db: sqlite_operator.shift(db, by))

    async def prune(self, before: datetime, limit: int = 500) -> int:
        """Delete what ended long ago."""
        return await self._lane.write(
            lambda db: sqlite_operator.prune(db, before, limit)
        )

    async def mark_stale(
        self, seen_before: datetime, now: datetime, limit: int = 500
    ) -> int:
        """Note which open episodes no post names any more."""
        return await self._lane.write(
            lambda db: sqlite_operator.mark_stale(db, seen_before, now, limit)
        )

    async def backup(self, to: Path) -> None:
        """Write a consistent copy while running.

        Raises:
            StoreUnavailable: the copy could not be written.
        """
        await self._lane.read(lambda db: copy_to(db, to))

    async def wait_broken(self) -> None:
        """Wait until the file cannot be trusted."""
        await self._lane.wait_broken()

    async def close(self) -> None:
        """Finish what was begun."""
        await self._lane.close()


def open_file(path: Path, references: Iterator[Reference]) -> SqliteStore:
    """Open a file as a store; it is this process's alone.

    Raises:
        StoreRefused: it is in use, damaged, newer, or cannot promise durability.
    """
    return SqliteStore(FileLane(path), references)
