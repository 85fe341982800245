"""What the files in a spool tell: which of ours are sent, failed, stuck or reported on.

Everything here blocks, and is done in a thread. Files are read, and nothing else; only
what was taken back under a hidden name, and is ours, is deleted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from alertbridge.core.report import Blame, Delivery, DeliveryReport
from alertbridge.providers.report_fields import number_of
from alertbridge.providers.spool_folders import Layout, OurName, names_in, read_name
from alertbridge.providers.spool_place import discard

MOST_AT_FIRST = 1000
"""Files in a folder that are told of again after a start, the newest; reports that are
known already change nothing."""

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


class SpoolNews:
    """Remembers which files were told of; its memory is gone with it."""

    def __init__(self, layout: Layout, reading: Reading) -> None:
        self._layout = layout
        self._reading = reading
        self._known: dict[Path, set[str]] = {}
        self._unclear: dict[Path, int] = {}
        self._by_key: dict[str, dict[str, tuple[int, OurName]]] = {}

    def read(self, stuck: Sequence[Path]) -> list[News]:
        """Everything that is new, in the order in which it happens to a message.

        *stuck* are files of ours that the daemon has taken, and does not send.
        """
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
                self._by_key.setdefault(key, {})[file.name] = (sent_at, ours)
            yield self._tell(file, ours, content, Delivery.PENDING, code="sent")

    def _failed(self) -> Iterator[News]:
        for file, ours, content in self._new(self._layout.failed):
            reason = self._reading.reason_in(content) or f"{self._layout.daemon} failed"
            yield self._tell(file, ours, content, code=reason)

    def _stuck(self, files: Sequence[Path]) -> Iterator[News]:
        for file in files:
            ours = read_name(file.name)
            if ours is None or file.name in self._known.get(file.parent, ()):
                continue
            content = _content(file)
            if content is not None:
                code = f"{self._layout.daemon} has it, and does not send it"
                # It may leave yet, late; a page that might be lost is worse.
                yield self._tell(file, ours, content, code=code, is_stuck=True)

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
                told = self._tell(file, ours, content, code=code, is_stuck=True)
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
            yield self._tell(file, ours, content, status.delivery, code=status.code)

    def _message_of(self, key: str, report: Path) -> OurName | None:
        """The last one that was sent under *key* before there was a report.

        Keys come again: a report that still lies there from last week must not be
        taken for one about today's message.
        """
        reported_at, _ = _changed_at(report)
        sent = self._by_key.get(key, {}).values()
        before = [one for one in sent if one[0] <= reported_at]
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

    def note_told(self, news: Sequence[News]) -> None:
        """Remember what was written down, and delete what is ours."""
        for one in news:
            self._known.setdefault(one.file.parent, set()).add(one.file.name)
            if one.is_ours:
                discard(one.file)
                if not one.file.exists():
                    # The name may come again.
                    self._known[one.file.parent].discard(one.file.name)

    def _tell(
        self,
        file: Path,
        ours: OurName,
        content: bytes,
        delivery: Delivery = Delivery.FAILED,
        *,
        code: str,
        is_stuck: bool = False,
    ) -> News:
        report = DeliveryReport(
            provider_id=ours.name,
            reference=ours.reference,
            number=number_of(self._reading.number_in(content)),
            delivery=delivery,
            final=delivery is not Delivery.PENDING,
            code=code,
            at=None,
            # Nothing leaves, whatever the number: the next page must not wait as long.
            blames=Blame.ACCOUNT if is_stuck else None,
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
