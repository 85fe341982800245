"""Put a file into a folder that somebody watches: whole and on disk, or not at all.

It is written under a hidden name in the same folder, which both smsd and gammu-smsd
leave alone, synced, and renamed. A file that is there is the daemon's, and on the disk.
"""

import os
from contextlib import suppress
from pathlib import Path

from alertbridge.core.message import Accepted, Deferred, Outcome, Uncertain
from alertbridge.providers.spool_folders import Layout, why

PART = ".part"
"""How the hidden name of a file that is being written ends."""


def place(layout: Layout, name: str, content: bytes) -> Outcome:
    """Write *content* to the outgoing folder as *name*.

    Deferred if surely no file of that name is there, Uncertain if it is there but
    may be gone after a power cut.
    """
    folder = layout.outgoing
    hidden, target = folder / f".{name}{PART}", folder / name
    try:
        _write(hidden, content, layout.mode)
    except OSError as exc:
        discard(hidden)
        return Deferred(detail=why(exc, folder, layout))
    try:
        hidden.rename(target)
    except OSError as exc:
        discard(hidden)
        # A network file system may have renamed it, and lost the answer.
        there = _is_there(target)
        if there is None:
            return Uncertain(detail=f"perhaps written: {why(exc, folder, layout)}")
        if not there:
            return Deferred(detail=why(exc, folder, layout))
    try:
        sync_folder(folder)
    except OSError as exc:
        return Uncertain(detail=f"written, but not synced: {why(exc, folder, layout)}")
    return Accepted(provider_id=name)


def try_writing(layout: Layout) -> float:
    """Write a file that nobody sees, and take it away; says the folder's own time.

    Raises:
        OSError: it cannot be written.
    """
    hidden = layout.outgoing / f".alertbridge-check{PART}"
    try:
        _write(hidden, b"x", layout.mode)
        return hidden.stat().st_mtime
    finally:
        discard(hidden)


def _write(path: Path, content: bytes, mode: int) -> None:
    # What a process that was killed left here is not appended to, and a link that
    # somebody else put here is not followed.
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        # Not by the umask: the daemon is another user, and must read it.
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Have the names in *folder* on the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def discard(path: Path) -> None:
    """Take a hidden file of ours away, if that can be done."""
    with suppress(OSError):
        path.unlink()


def _is_there(path: Path) -> bool | None:
    """Whether it is there; None if that cannot be said."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return None
    return True
