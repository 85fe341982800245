"""What may be on a disk after a power cut: every state that the syncs so far allow.

What a file was synced with is there. Of the rest, each write may be there or not, in
any combination, and the last may be torn between sectors of 512 bytes. A name that came
or went is sure only once its folder is synced. `-shm` is never looked at: it is memory.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import assert_never

from disk_trace import Created, Cut, Event, Removed, Said, Synced, Took, Wrote

SECTOR = 512

Image = Mapping[str, bytes]
"""The files of a folder."""

Change = Wrote | Cut
Tears = Callable[[Change], bool | list[Change]]
"""Whether a change made it to the disk, or which parts of it did."""

CHANCES = (0.1, 0.5, 0.9)
"""How likely each write is to have made it, in images at random."""


@dataclass(slots=True)
class _File:
    kept: bytearray = field(default_factory=bytearray)
    pending: list[Change] = field(default_factory=list)

    def sync(self) -> None:
        for change in self.pending:
            _apply(self.kept, change)
        self.pending.clear()

    def read(self, changes: list[Change]) -> bytes:
        data = bytearray(self.kept)
        for change in changes:
            _apply(data, change)
        return bytes(data)


class Disk:
    """A folder while a process works on it, and what is left if the power goes."""

    def __init__(self, files: Image) -> None:
        self.ledger = files.get("ledger", b"").decode()
        self._now = {
            name: _File(bytearray(data))
            for name, data in files.items()
            if _counts(name)
        }
        self._kept = dict(self._now)
        self._names: list[tuple[str, _File | None]] = []
        self.said: list[str] = []

    def apply(self, event: Event) -> None:
        """Take one more event; files that do not count are passed over."""
        match event:
            case Said(line):
                self.said.append(line)
            case Took(line):
                self.ledger += line
            case Synced(""):
                self._kept = dict(self._now)
                self._names.clear()
            case Created(name) if _counts(name) and name not in self._now:
                self._now[name] = _File()
                self._names.append((name, self._now[name]))
            case Removed(name) if name in self._now:
                del self._now[name]
                self._names.append((name, None))
            case Wrote(name) | Cut(name) if name in self._now:
                self._now[name].pending.append(event)
            case Synced(name) if name in self._now:
                self._now[name].sync()
            case Created() | Removed() | Wrote() | Cut() | Synced():
                pass
            case _:
                assert_never(event)

    def extremes(self) -> Iterator[Image]:
        """Nothing of what is not synced, and all of it."""
        yield self._image(lambda _: False, lambda _: False)
        yield self._image(lambda _: True, lambda _: True)

    def random(self, dice: Random) -> Image:
        """Some of what is not synced."""
        chance = dice.choice(CHANCES)
        return self._image(
            lambda _: dice.random() < chance, lambda _: dice.random() < chance
        )

    def torn(self, dice: Random) -> Image:
        """All of what is not synced, but of one file's last write some sectors only."""
        writes = [f.pending[-1] for f in self._now.values() if f.pending]
        if not writes:
            return self._image(lambda _: True, lambda _: True)
        last = dice.choice(writes)
        lost = dice.random()
        return self._image(
            lambda _: True,
            lambda change: _torn(change, dice, lost) if change is last else True,
        )

    def _image(
        self,
        keeps_name: Callable[[tuple[str, "_File | None"]], bool],
        keeps: Tears,
    ) -> Image:
        names = dict(self._kept)
        for entry in self._names:
            if keeps_name(entry):
                name, file = entry
                names.pop(name, None)
                if file is not None:
                    names[name] = file
        return {name: file.read(_kept(file, keeps)) for name, file in names.items()}


def _kept(file: _File, keeps: Tears) -> list[Change]:
    kept: list[Change] = []
    for change in file.pending:
        what = keeps(change)
        if what is True:
            kept.append(change)
        elif what:
            kept += what
    return kept


def _torn(change: Change, dice: Random, lost: float) -> list[Change]:
    if isinstance(change, Cut):
        return [change]
    # Sectors are of the file, not of the write.
    first = change.offset // SECTOR * SECTOR
    pieces: list[Change] = []
    for at in range(first, change.offset + len(change.data), SECTOR):
        begin, end = max(at, change.offset), at + SECTOR
        data = change.data[begin - change.offset : end - change.offset]
        if dice.random() >= lost:
            pieces.append(Wrote(change.name, begin, data))
    return pieces


def _apply(data: bytearray, change: Change) -> None:
    match change:
        case Cut(_, length):
            del data[length:]
            data.extend(bytes(length - len(data)))
        case Wrote(_, offset, written):
            # What lies between is a hole: it reads as zeros.
            data.extend(bytes(max(0, offset - len(data))))
            data[offset : offset + len(written)] = written
        case _:
            assert_never(change)


def _counts(name: str) -> bool:
    return name.startswith("store.db") and not name.endswith(("-shm", ".lock"))
