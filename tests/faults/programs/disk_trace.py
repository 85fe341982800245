"""Reads what a process asked of its disk, from the words of strace.

`strace -f -xx -y -s 1000000 -e trace=…`: every string in hex, every descriptor with its
path. Calls of two threads may be cut in two lines; a write counts from where it began,
a sync from where it returned.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    "openat,write,pwrite64,fsync,fdatasync,ftruncate,unlink,rename,?unlinkat,?renameat2,"
    "?fallocate,?pwritev,?writev,?sync_file_range,?copy_file_range"
)

STRACE = (
    *("strace", "-f", "-xx", "-y", "-s", "1000000"),
    *("-e", f"trace={CALLS}", "-e", "signal=none"),
)


@dataclass(frozen=True, slots=True)
class Created:
    """A name came to be."""

    name: str


@dataclass(frozen=True, slots=True)
class Removed:
    """A name went."""

    name: str


@dataclass(frozen=True, slots=True)
class Wrote:
    """Bytes from *offset* on."""

    name: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """A file is *length* long from here on."""

    name: str
    length: int


@dataclass(frozen=True, slots=True)
class Synced:
    """All that was asked of this file before is on the disk; '' is the folder."""

    name: str


@dataclass(frozen=True, slots=True)
class Said:
    """The process told the world: this cannot be taken back by any power cut."""

    line: str


@dataclass(frozen=True, slots=True)
class Took:
    """The sink took a request, and noted it in its own ledger."""

    line: str


Event = Created | Removed | Wrote | Cut | Synced | Said | Took

_CALL = re.compile(r"^(?P<pid>\d+) +(?P<name>\w+)\((?P<rest>.*)$")
_RESUMED = re.compile(r"^(?P<pid>\d+) +<\.\.\. \w+ resumed>(?P<rest>.*)$")
_OPENED = re.compile(r'^AT_FDCWD[^,]*, "([^"]*)", ([A-Z_|]+).*\)\s+= \d')
_UNLINKED = re.compile(r'^"([^"]*)"\)\s+= 0')
_WRITTEN = re.compile(r'^\d+<([^>]*)>, "([^"]*)", \d+, (\d+)')
_WRITTEN_ON = re.compile(r'^(\d+)(?:<([^>]*)>)?, "([^"]*)", \d+')
_TRUNCATED = re.compile(r"^\d+<([^>]*)>, (\d+)")
_SYNCED = re.compile(r"^\d+<([^>]*)>")


class NotUnderstood(ValueError):
    """A call that the images would be wrong without."""


def read_trace(lines: Iterable[str], folder: Path) -> Iterator[Event]:
    """Read what concerns *folder*, and what was said, in order.

    Raises:
        NotUnderstood: it changed a file in a way that is not known here.
    """
    halves: dict[str, str] = {}
    for line in lines:
        if resumed := _RESUMED.match(line):
            begun = halves.pop(resumed["pid"], "")
            call = _CALL.match(begun.replace("<unfinished ...>", resumed["rest"]))
            # What was written counts from its begin, which has been read already.
            if call and not _is_write(call["name"]):
                yield from _read(call["name"], call["rest"], folder)
            continue
        call = _CALL.match(line)
        if call is None:
            continue
        if line.rstrip().endswith("<unfinished ...>"):
            halves[call["pid"]] = line.rstrip()
            if not _is_write(call["name"]):
                continue
        yield from _read(call["name"], call["rest"], folder)


def _is_write(name: str) -> bool:
    return name in ("write", "pwrite64", "ftruncate")


def _read(call: str, rest: str, folder: Path) -> Iterator[Event]:
    match call:
        case "openat":
            found = _OPENED.match(rest)
            name = _inside(found[1], folder) if found else None
            if found and name and "O_CREAT" in found[2]:
                yield Created(name)
                if "O_TRUNC" in found[2]:
                    yield Cut(name, 0)
        case "unlink":
            found = _UNLINKED.match(rest)
            name = _inside(found[1], folder) if found else None
            if name:
                yield Removed(name)
        case "pwrite64":
            found = _WRITTEN.match(rest)
            name = _inside(found[1], folder) if found else None
            if found and name:
                yield Wrote(name, int(found[3]), _unhex(found[2]))
        case "write":
            yield from _read_write(rest, folder)
        case "ftruncate":
            found = _TRUNCATED.match(rest)
            name = _inside(found[1], folder) if found else None
            if found and name:
                yield Cut(name, int(found[2]))
        case "fsync" | "fdatasync":
            found = _SYNCED.match(rest)
            name = _inside(found[1], folder) if found else None
            if name is not None and rest.rstrip().endswith("= 0"):
                yield Synced(name)
        case _:
            # A path is written in hex: that of the folder shows in any argument.
            if _hex(str(folder)) in rest and "= -1" not in rest:
                raise NotUnderstood(f"{call}({rest[:200]}")


def _read_write(rest: str, folder: Path) -> Iterator[Event]:
    found = _WRITTEN_ON.match(rest)
    if found is None:
        return
    text, name = _unhex(found[3]), _inside(found[2] or "", folder)
    if found[1] == "1":
        for line in text.decode().splitlines():
            yield Said(line)
    elif name == "ledger":
        yield Took(text.decode())
    elif name:
        raise NotUnderstood(f"write({rest[:200]}")


def _inside(path: str, folder: Path) -> str | None:
    """The name of a file in the folder; '' is the folder itself."""
    found = Path(_unhex(path).decode(errors="replace"))
    if found == folder:
        return ""
    return found.name if found.parent == folder else None


def _unhex(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _hex(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())
