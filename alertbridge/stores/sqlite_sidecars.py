"""Small files beside the store that say what the file itself cannot: what befell it.

They are hints, not promises: one that cannot be read or written changes nothing.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from alertbridge.ports import Incident


def beside(store: Path, what: str) -> Path:
    """The file of that name beside a store."""
    return store.with_name(f"{store.name}.{what}")


def note_incident(store: Path, incident: Incident) -> None:
    """Remember what the admins must hear, over the end of the process."""
    with suppress(OSError):
        flags = os.O_APPEND | os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC
        handle = os.open(beside(store, "incidents"), flags, 0o600)
        try:
            os.write(handle, json.dumps(asdict(incident)).encode() + b"\n")
        finally:
            os.close(handle)


def incidents(store: Path) -> tuple[Incident, ...]:
    """What was noted, and not told yet."""
    try:
        lines = beside(store, "incidents").read_bytes().splitlines()
    except OSError:
        return ()
    found: list[Incident] = []
    for line in lines:
        # Half a line is what a crash left of it.
        with suppress(ValueError, TypeError):
            found.append(Incident(**json.loads(line)))
    return tuple(found)


def forget_incidents(store: Path) -> None:
    """They are told."""
    with suppress(OSError):
        beside(store, "incidents").unlink(missing_ok=True)


def suspect(store: Path) -> None:
    """Have the next start take the file for damaged, whatever a check says."""
    with suppress(OSError):
        beside(store, "suspect").touch(mode=0o600)


def is_suspect(store: Path) -> bool:
    """Whether the last process found the file damaged."""
    return beside(store, "suspect").exists()


def clear_suspicion(store: Path) -> None:
    """It has been dealt with."""
    with suppress(OSError):
        beside(store, "suspect").unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the file had come: a count of its own writes, and of pages that waited.

    Written after the commit that it speaks of: a file that is behind it went back.
    """

    sequence: int = 0
    live: int = 0


def read_mark(store: Path) -> Mark:
    """The high-water mark; nothing at all if there is none."""
    try:
        found = json.loads(beside(store, "mark").read_bytes())
        return Mark(int(found["sequence"]), int(found["live"]))
    except (OSError, ValueError, TypeError, KeyError):
        return Mark()


def write_mark(store: Path, mark: Mark) -> None:
    """Move the high-water mark; not synced, since a hint that is behind is harmless."""
    with suppress(OSError):
        flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC
        handle = os.open(beside(store, "mark"), flags, 0o600)
        try:
            content = json.dumps(asdict(mark)).encode()
            os.pwrite(handle, content.ljust(80), 0)
        finally:
            os.close(handle)
