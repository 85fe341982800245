"""The folders of an SMS daemon's spool: what lies where, and what cannot be read.

A file goes one way, from `outgoing` over what the daemon has `taken` to `sent` or
`failed`. The folders are read in that order: smsd copies a file before it removes it,
and gammu-smsd renames it, so that a file that moves while we look is seen in the next
folder, if not in both.

Our files are known by their names: the reference, and a tag of eight hexadecimal
digits for the number, which must not stand in a log. Everything else is somebody
else's, and only counted where it waits.
"""

import errno
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2s
from pathlib import Path

from alertbridge.core.message import Reference
from alertbridge.core.recipient import Msisdn


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a daemon's folders are, and what it is called.

    `group` is who may write there as Debian sets it up, `mode` what our files get.
    """

    daemon: str
    group: str
    outgoing: Path
    taken: tuple[Path, ...]
    sent: Path
    failed: Path
    mode: int


@dataclass(frozen=True, slots=True)
class OurName:
    """What the name of a file of ours says; `of` counts its submission's files."""

    name: str
    reference: Reference
    tag: str
    of: int


_OURS = re.compile(
    r"(?:OUT[A-Z]_)?(?P<reference>[A-Za-z0-9-]{1,40})\.(?P<tag>[0-9a-f]{8})"
    r"(?:\.(?P<of>[0-9]{1,4}))?(?:\.smsbackup)?"
)


def tag_of(reference: Reference, number: Msisdn) -> str:
    """Tell the numbers of a submission apart, without writing them down."""
    return blake2s(f"{reference} {number}".encode(), digest_size=4).hexdigest()


def stem_of(reference: Reference, number: Msisdn, of: int) -> str:
    """Name the file of one number; the same for every attempt under *reference*."""
    many = f".{of}" if of > 1 else ""
    return f"{reference}.{tag_of(reference, number)}{many}"


def read_name(name: str) -> OurName | None:
    """Read the name of a file of ours; None for anybody else's."""
    found = _OURS.fullmatch(name)
    if found is None:
        return None
    of = int(found["of"] or 1)
    return OurName(name, Reference(found["reference"]), found["tag"], of)


@dataclass(slots=True)
class Seen:
    """What one look found.

    `waiting` are all files that the daemon has still to send, anybody's, by name and
    with the folder where they lie; `ours` those of ours, wherever they lie; `unread`
    says why a folder could not be read.
    """

    waiting: dict[str, Path] = field(default_factory=dict)
    ours: dict[str, OurName] = field(default_factory=dict)
    unread: dict[Path, str] = field(default_factory=dict)

    def find(self, reference: Reference, number: Msisdn) -> str | None:
        """The name of the file that was written for *number*, if there is one."""
        tag = tag_of(reference, number)
        for one in self.ours.values():
            if one.reference == reference and one.tag == tag:
                return one.name
        return None


def look(layout: Layout) -> Seen:
    """Read all folders, the way that files go."""
    seen = Seen()
    for folder in (layout.outgoing, *layout.taken, layout.sent, layout.failed):
        waits = folder not in {layout.sent, layout.failed}
        try:
            for name in names_in(folder):
                ours = read_name(name)
                if ours is not None:
                    seen.ours[name] = ours
                if waits:
                    seen.waiting[name] = folder
        except OSError as exc:
            seen.unread[folder] = why(exc, folder, layout)
    return seen


def names_in(folder: Path) -> Iterator[str]:
    """Name the files that the daemon would see; locks and what is hidden is none."""
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith(".") or name.endswith(".LOCK"):
                continue
            if entry.is_file(follow_symlinks=False):
                yield name


def why(exc: OSError, folder: Path, layout: Layout) -> str:
    """Say what is wrong with *folder*, and what to do; no file's name is repeated."""
    match exc.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return (
                f"{folder} is not there; install {layout.daemon}, or name the folder"
                " that its config names"
            )
        case errno.EACCES | errno.EPERM:
            return (
                f"{folder} is closed to alertbridge; add its user to the group"
                f" {layout.group} (SupplementaryGroups= in its unit)"
            )
        case errno.EROFS:
            return (
                f"{folder} is read-only for alertbridge; name it in ReadWritePaths= of"
                " its unit, or mount it writable"
            )
        case errno.ENOSPC | errno.EDQUOT:
            return f"no room left in {folder}; delete what is old there"
        case _:
            return f"{folder}: {os.strerror(exc.errno or 0)}"
