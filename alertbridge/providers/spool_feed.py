"""What becomes of the files in a spool, read from its folders every two seconds.

`sent` means that the network took it, `failed` that the daemon gave it up, and a status
report what the phone's network says. Files there are the daemon's: they are read, and
never moved or deleted. What it has not taken from `outgoing` in time is still ours: it
is taken back under a hidden name, reported as failed so that the page goes another way,
and deleted once that is written down.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from alertbridge.core.report import Delivery, DeliveryReport
from alertbridge.ports import Heard, StoreUnavailable
from alertbridge.providers.own_threads import Late, Threads
from alertbridge.providers.report_fields import number_of
from alertbridge.providers.spool_folders import Layout, OurName, names_in, read_name
from alertbridge.providers.spool_place import discard, sync_folder
from alertbridge.providers.spool_stall import Stall

POLL = 2.0
"""Seconds between two looks."""

ROUND = 10.0
"""Seconds that one look may take."""

MOST_AT_FIRST = 1000
"""Files in a folder that are told of again after a start, the newest; reports that are
known already change nothing."""

BATCH = 100
"""Reports handed over at once."""

MOST_BYTES = 64 * 1024
"""Bytes of a file that are read."""

PATIENCE = 5
"""Looks at a file that is no report yet: it may be in the middle of being written."""

BACK = ".back"
"""How the hidden name of a file ends that was taken back."""


@dataclass(frozen=True, slots=True)
class Status:
    """A status report: of which message, by the daemon's own key, and what of it."""

    key: str
    delivery: Delivery
    code: str


class Reading(Protocol):
    """What one daemon writes into its files."""

    @property
    def reports(self) -> Path | None:
        """Where its status reports are; None: nowhere that they can be read."""
        ...

    def number_in(self, content: bytes) -> str:
        """The number that a file is for, or a report about; "" if it has none."""
        ...

    def key_in(self, content: bytes) -> str | None:
        """What status reports call the message in a sent file."""
        ...

    def reason_in(self, content: bytes) -> str:
        """Why a failed file failed, in the daemon's words."""
        ...

    def status_in(self, content: bytes) -> Status | None:
        """Read a status report; None if the file is none."""
        ...


@dataclass(frozen=True, slots=True)
class News:
    """A report, the file it was read from, and whether that file is ours to delete."""

    report: DeliveryReport
    file: Path
    is_ours: bool = False


class SpoolFeed:
    """Remembers which files it has told of; its memory is gone with it."""

    def __init__(
        self, layout: Layout, reading: Reading, threads: Threads, stall: Stall
    ) -> None:
        self._layout = layout
        self._reading = reading
        self._threads = threads
        self._stall = stall
        self._known: dict[Path, set[str]] = {}
        self._unclear: dict[Path, int] = {}
        self._by_key: dict[str, list[tuple[int, OurName]]] = {}

    async def run(self, heard: Heard, *, poll: float) -> None:
        """Look, tell, wait, until cancelled."""
        while True:
            # What a store that is away has not written down is told at the next look.
            with suppress(StoreUnavailable):
                await self.look(heard)
            await asyncio.sleep(poll)

    async def look(self, heard: Heard) -> None:
        """Tell what is new.

        Raises:
            StoreUnavailable: it was not written down, and is told again.
        """
        stuck = await self._take_back()
        news = await self._threads.do(lambda: self._read(stuck), within=ROUND)
        if isinstance(news, Late):
            return
        for start in range(0, len(news), BATCH):
            batch = news[start : start + BATCH]
            await heard(tuple(one.report for one in batch))
            for one in batch:
                self._known.setdefault(one.file.parent, set()).add(one.file.name)
            ours = [one.file for one in batch if one.is_ours]
            if ours:
                await self._threads.do(partial(self._delete, ours), within=ROUND)

    async def _take_back(self) -> tuple[Path, ...]:
        """Take back what is stuck; says what is, and cannot be taken back."""
        now = asyncio.get_running_loop().time()
        waiting = await self._threads.do(self._waiting, within=ROUND)
        if isinstance(waiting, Late) or waiting is None:
            return ()
        self._stall.see(waiting, now)
        ours = [name for name in self._stall.stuck(now) if read_name(name) is not None]
        files = [waiting[name] / name for name in ours]
        back = await self._threads.do(lambda: self._hide(files), within=ROUND)
        if isinstance(back, Late):
            return ()
        self._stall.take_back([file.name for file in back], now)
        return tuple(file for file in files if file not in back)

    def _waiting(self) -> dict[str, Path] | None:
        """What waits, with its folder; None if that cannot be said."""
        waiting: dict[str, Path] = {}
        try:
            for folder in (self._layout.outgoing, *self._layout.taken):
                waiting |= dict.fromkeys(names_in(folder), folder)
        except OSError:
            return None
        return waiting

    def _hide(self, files: Sequence[Path]) -> list[Path]:
        """Rename what lies in the outgoing folder, so that the daemon lets it be."""
        back: list[Path] = []
        for file in files:
            if file.parent == self._layout.outgoing:
                with suppress(OSError):
                    file.rename(file.with_name(f".{file.name}{BACK}"))
                    back.append(file)
        if back:
            with suppress(OSError):
                sync_folder(self._layout.outgoing)
        return back

    def _read(self, stuck: Sequence[Path]) -> list[News]:
        """Everything that is new, in the order in which it happens to a message."""
        return [
            *self._sent(),
            *self._failed(),
            *self._reported(),
            *self._taken_back(),
            *self._stuck(stuck),
        ]

    def _sent(self) -> Iterator[News]:
        for file, ours, content in self._new(self._layout.sent):
            key = self._reading.key_in(content)
            if key is not None:
                sent_at, _ = _changed_at(file)
                self._by_key.setdefault(key, []).append((sent_at, ours))
            yield self._tell(file, ours, content, Delivery.PENDING, "sent")

    def _failed(self) -> Iterator[News]:
        for file, ours, content in self._new(self._layout.failed):
            reason = self._reading.reason_in(content) or f"{self._layout.daemon} failed"
            yield self._tell(file, ours, content, Delivery.FAILED, reason)

    def _stuck(self, files: Sequence[Path]) -> Iterator[News]:
        for file in files:
            ours = read_name(file.name)
            if ours is None or file.name in self._known.get(file.parent, ()):
                continue
            content = _content(file)
            if content is not None:
                code = f"{self._layout.daemon} has it, and does not send it"
                # Not final: it may leave yet.
                yield self._tell(
                    file, ours, content, Delivery.FAILED, code, final=False
                )

    def _taken_back(self) -> Iterator[News]:
        """What was hidden, also by a process before us that did not get to tell."""
        folder = self._layout.outgoing
        for file in _sorted(folder, f".*{BACK}"):
            ours = read_name(file.name.removeprefix(".").removesuffix(BACK))
            content = _content(file)
            if file.name in self._known.get(folder, ()):
                # Told, and it cannot be deleted: it is another user's.
                continue
            if ours is not None and content is not None:
                code = f"{self._layout.daemon} did not take it"
                told = self._tell(file, ours, content, Delivery.FAILED, code)
                yield News(told.report, file, is_ours=True)

    def _reported(self) -> Iterator[News]:
        folder = self._reading.reports
        if folder is None:
            return
        for file in self._unknown(folder):
            content = _content(file)
            if content is None:
                continue
            status = self._reading.status_in(content)
            ours = None if status is None else self._message_of(status.key, file)
            if status is None or ours is None:
                # Somebody's SMS, a report about somebody else's, or half a file.
                self._unclear[file] = looks = self._unclear.get(file, 0) + 1
                if looks >= PATIENCE:
                    del self._unclear[file]
                    self._known[folder].add(file.name)
                continue
            yield self._tell(file, ours, content, status.delivery, status.code)

    def _message_of(self, key: str, report: Path) -> OurName | None:
        """The last one that was sent under *key* before there was a report.

        Keys come again: a report that still lies there from last week must not be
        taken for one about today's message.
        """
        reported_at, _ = _changed_at(report)
        before = [one for one in self._by_key.get(key, ()) if one[0] <= reported_at]
        return max(before, key=lambda one: one[0])[1] if before else None

    def _new(self, folder: Path) -> Iterator[tuple[Path, OurName, bytes]]:
        for file in self._unknown(folder):
            ours = read_name(file.name)
            if ours is None:
                self._known[folder].add(file.name)
                continue
            content = None if _is_locked(file) else _content(file)
            if content is not None:
                yield file, ours, content

    def _unknown(self, folder: Path) -> list[Path]:
        """Files that were not told of; of those at the start, the newest only."""
        try:
            names = set(names_in(folder))
        except OSError:
            # `check` and `list_sent` say why.
            return []
        first = folder not in self._known
        known = self._known.setdefault(folder, set())
        known &= names
        files = sorted((folder / name for name in names - known), key=_changed_at)
        if first:
            known |= {file.name for file in files[:-MOST_AT_FIRST]}
            files = files[-MOST_AT_FIRST:]
        return files

    def _delete(self, files: Sequence[Path]) -> None:
        """Take away what was told of, and make room for its name to come again."""
        for file in files:
            discard(file)
            if not file.exists():
                self._known[file.parent].discard(file.name)

    def _tell(
        self,
        file: Path,
        ours: OurName,
        content: bytes,
        delivery: Delivery,
        code: str,
        *,
        final: bool = True,
    ) -> News:
        report = DeliveryReport(
            provider_id=ours.name,
            reference=ours.reference,
            number=number_of(self._reading.number_in(content)),
            delivery=delivery,
            final=final and delivery is not Delivery.PENDING,
            code=code,
            at=None,
        )
        return News(report, file)


def _sorted(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


def _is_locked(file: Path) -> bool:
    """Whether smsd is still copying it."""
    return file.with_name(f"{file.name}.LOCK").exists()


def _content(file: Path) -> bytes | None:
    """The beginning of a file; None if it has moved on, or cannot be read."""
    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES)
    except OSError:
        return None


def _changed_at(file: Path) -> tuple[int, str]:
    try:
        return file.stat().st_mtime_ns, file.name
    except OSError:
        return 0, file.name
