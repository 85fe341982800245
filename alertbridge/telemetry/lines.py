"""A stream for log lines that never makes a page wait, and never fails one."""

import os
import select
from collections.abc import Callable, Mapping
from typing import TextIO

# POSIX: a pipe that polls as writable takes PIPE_BUF at once; 4096 on Linux.
_CHUNK = 4096


class Lines:
    """Writes whole lines, or drops them.

    A full pipe (journald stalled, a stopped terminal), a closed one and a full disk
    all end the same: the line is dropped, and `on_drop` is told.
    """

    def __init__(self, stream: TextIO, on_drop: Callable[[], None]) -> None:
        self._stream = stream
        self._on_drop = on_drop
        self._fd = file_descriptor(stream)
        self._torn = False

    def msg(self, line: str) -> None:
        """Write one line, or drop it."""
        try:
            if self._fd is None:
                self._stream.write(f"{line}\n")
                self._stream.flush()
            elif not self._write(self._fd, line):
                self._on_drop()
        except (OSError, ValueError):
            self._on_drop()

    # structlog calls the level's name on what it logs to.
    debug = info = warning = error = exception = critical = msg

    def _write(self, fd: int, line: str) -> bool:
        data = f"{line}\n".encode("utf-8", "backslashreplace")
        if self._torn:
            # The line before was cut short: this one begins on its own.
            data = b"\n" + data
        poll = select.poll()
        poll.register(fd, select.POLLOUT)
        position = 0
        while position < len(data):
            ready = poll.poll(0)
            if not ready or not ready[0][1] & select.POLLOUT:
                self._torn = self._torn or position > 0
                return False
            position += os.write(fd, data[position : position + _CHUNK])
        self._torn = False
        return True


def file_descriptor(stream: TextIO) -> int | None:
    """Ask a stream for its file descriptor; None if it has none, or is closed."""
    try:
        return stream.fileno()
    except (OSError, ValueError):
        return None


def is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Say whether *stream* goes to journald (`JOURNAL_STREAM`, systemd.exec(5))."""
    fd = file_descriptor(stream)
    if fd is None or "JOURNAL_STREAM" not in environ:
        return False
    try:
        status = os.fstat(fd)
    except OSError:
        return False
    return environ["JOURNAL_STREAM"] == f"{status.st_dev}:{status.st_ino}"


def is_terminal(stream: TextIO) -> bool:
    """Say whether somebody reads *stream* on a terminal."""
    fd = file_descriptor(stream)
    return fd is not None and os.isatty(fd)
