"""Room on the disk: a gate before it is full, and a ballast to throw off when it is.

On a full disk not even the row "about to be sent" can be written, and so nothing that
waits could leave. A file of nothing lies beside the store: thrown off, it is the room
in which what waits is still sent. Intake stops before that, and opens by itself.
"""

import os
from contextlib import suppress
from pathlib import Path
from time import monotonic

from alertbridge.ports import Room

BALLAST = 32 * 1024 * 1024
"""Bytes of ballast by default: twice the write-ahead log, which may have to be written
out whole (16 MiB) before it can be copied into the file (16 MiB more)."""

MIN_FREE = 16 * 1024 * 1024
"""Bytes that must be free beside the ballast for intake: one write-ahead log."""

TIGHT = 1024 * 1024
"""With less than so much free at a start the ballast goes first: the file could not
even be opened (its index in shared memory takes room too)."""

MEASURE_EVERY = 1.0
"""Least seconds between two looks at the disk."""


class DiskRoom:
    """Watches the file system of one store; all but `state` on the writer's thread."""

    def __init__(self, store: Path, ballast: int = 0, min_free: int = 0) -> None:
        self._folder = store.parent
        self._file = store.with_name(store.name + ".ballast")
        self._ballast = ballast
        self._min_free = min_free
        self._measured = float("-inf")
        self.state = Room()

    def prepare(self) -> None:
        """Before the file is opened: make room for that, at need by the ballast."""
        if self._free() < TIGHT:
            self.throw_off()
        if not self._ballast:
            # It was turned off in the config.
            self.throw_off()
        self.measure()

    def measure_sometimes(self) -> None:
        """Look at the disk again, unless that was done just now."""
        if monotonic() - self._measured >= MEASURE_EVERY:
            self.measure()

    def measure(self) -> None:
        """Look at the disk; lay the ballast out again once there is room for it."""
        self._measured = monotonic()
        free, lies = self._free(), self._lies()
        wanted = self._min_free + self._ballast
        if self._ballast and lies < self._ballast and free + lies >= wanted:
            self._lay_out()
            free, lies = self._free(), self._lies()
        short = ""
        if free + min(lies, self._ballast) < wanted:
            need = wanted - min(lies, self._ballast)
            short = (
                f"{_mib(free)} free in {self._folder}, {_mib(need)} are needed"
                " (storage.min_free, storage.ballast): make room there; what waits is"
                " sent meanwhile"
            )
        self.state = Room(free=free, ballast=lies, short=short)

    def throw_off(self) -> bool:
        """Give the ballast's room to what must still be written; False if none lay."""
        try:
            self._file.unlink()
        except OSError:
            return False
        self.measure()
        return True

    def _lay_out(self) -> None:
        flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC
        try:
            handle = os.open(self._file, flags, 0o600)
            try:
                # Blocks, not a hole: a sparse file would have nothing to give back.
                os.posix_fallocate(handle, 0, self._ballast)
                os.ftruncate(handle, self._ballast)
            finally:
                os.close(handle)
        except OSError:
            # Somebody was quicker; half a ballast would only be in the way.
            with suppress(OSError):
                self._file.unlink()

    def _lies(self) -> int:
        try:
            return self._file.stat().st_size
        except OSError:
            return 0

    def _free(self) -> int:
        """Bytes that this user may still write; plenty if nobody can say."""
        try:
            found = os.statvfs(self._folder)
        except OSError:
            return 2**62
        return found.f_bavail * found.f_frsize


def _mib(size: int) -> str:
    return f"{size / 1048576:.1f} MiB"
