"""Read a small file once: one open, one look at what it is, one bounded read.

A path that is asked twice may be two files (a symlink swapped in between), and a FIFO
or `/dev/zero` in the place of a file must not hang the start.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileContent:
    """What was read, and the permission bits of the very file it was read from."""

    data: bytes
    mode: int

    @property
    def others_read(self) -> bool:
        """Whether people outside owner and group may read it."""
        return bool(self.mode & stat.S_IROTH)

    @property
    def others_write(self) -> bool:
        """Whether people outside owner and group may change it."""
        return bool(self.mode & stat.S_IWOTH)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why there is no content: a few words that name no secret."""

    reason: str


def read_regular(path: Path, limit: int) -> FileContent | Unreadable:
    """Read at most *limit* bytes of a regular file; a longer one is refused whole."""
    try:
        # O_NONBLOCK: opening a FIFO nobody writes to would wait for ever.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as exc:
        return Unreadable(_words(exc))
    try:
        status = os.fstat(fd)
        if stat.S_ISDIR(status.st_mode):
            return Unreadable("it is a directory")
        if not stat.S_ISREG(status.st_mode):
            return Unreadable("it is not a regular file")
        with os.fdopen(fd, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    except OSError as exc:
        return Unreadable(_words(exc))
    finally:
        os.close(fd)
    if len(data) > limit:
        return Unreadable(f"it is larger than {limit // 1024} KiB")
    return FileContent(data, stat.S_IMODE(status.st_mode))


def _words(exc: OSError | ValueError) -> str:
    match exc:
        case FileNotFoundError():
            return "there is no such file"
        case PermissionError():
            return "this user may not read it"
        case IsADirectoryError():
            return "it is a directory"
        case OSError():
            return (exc.strerror or "it cannot be opened").lower()
        case _:
            return "that is no file name"
