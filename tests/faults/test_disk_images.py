"""The images themselves: what a disk may and may not have kept."""

from pathlib import Path
from random import Random

import pytest
from disk_images import Disk
from disk_trace import (
    Created,
    Cut,
    Event,
    NotUnderstood,
    Removed,
    Said,
    Synced,
    Wrote,
    read_trace,
)

FOLDER = Path("/d")
DB = "store.db"


def after(*events: Event, files: dict[str, bytes] | None = None) -> Disk:
    """A disk on which all of this has happened."""
    disk = Disk({DB: b"old"} if files is None else files)
    for event in events:
        disk.apply(event)
    return disk


def hexed(text: str) -> str:
    """A string as `strace -xx` writes it."""
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def test_what_is_not_synced_may_be_there_or_not() -> None:
    """Two extremes, and nothing in between for one whole write."""
    disk = after(Wrote(DB, 0, b"new"))

    assert list(disk.extremes()) == [{DB: b"old"}, {DB: b"new"}]


def test_what_is_synced_is_there() -> None:
    """Whatever the dice say."""
    disk = after(Wrote(DB, 0, b"new"), Synced(DB), Cut(DB, 1), Synced(DB))

    dice = Random(1)
    assert [disk.random(dice), disk.torn(dice), *disk.extremes()] == [{DB: b"n"}] * 4


def test_a_later_write_may_be_there_without_the_earlier() -> None:
    """What lies between is a hole, and reads as zeros."""
    disk = after(Wrote(DB, 3, b"abc"), Wrote(DB, 6, b"def"))

    dice = Random(1)
    met = {disk.random(dice)[DB] for _ in range(200)}
    assert met == {b"old", b"oldabc", b"old\0\0\0def", b"oldabcdef"}


def test_a_torn_write_is_cut_between_sectors_of_the_file() -> None:
    """A write that begins within a sector is torn where that sector ends."""
    disk = after(Wrote(DB, 500, b"a" * 12 + b"b" * 512), files={DB: bytes(1024)})

    dice = Random(1)
    met = {(image[500:501], image[512:513], image[1023:]) for image in torn(disk, dice)}
    assert met == {(a, b, b) for a in (b"\0", b"a") for b in (b"\0", b"b")}


def torn(disk: Disk, dice: Random) -> list[bytes]:
    """Many torn images of the file."""
    return [disk.torn(dice)[DB] for _ in range(200)]


def test_a_name_is_sure_once_its_folder_is_synced() -> None:
    """Until then a new file may be missing, and a removed one be back."""
    wal = "store.db-wal"
    begun = (Created(wal), Wrote(wal, 0, b"w"), Synced(wal))

    assert list(after(*begun).extremes()) == [{DB: b"old"}, {DB: b"old", wal: b"w"}]
    kept = after(*begun, Synced(""), Removed(wal))
    assert list(kept.extremes()) == [{DB: b"old", wal: b"w"}, {DB: b"old"}]


def test_a_trace_is_read_as_what_it_did() -> None:
    """Paths and bytes are in hex; a call cut in two is put together again."""
    db = hexed(f"/d/{DB}")
    lines = [
        f'7  openat(AT_FDCWD<{hexed("/")}>, "{db}", O_RDWR|O_CREAT, 0644) = 3<{db}>',
        f'7  pwrite64(3<{db}>, "{hexed("ab")}", 2, 4096) = 2',
        f"8  fdatasync(3<{db}> <unfinished ...>",
        f'7  write(1<{hexed("pipe:[1]")}>, "{hexed("ACK 1")}", 5) = 5',
        "8  <... fdatasync resumed>)            = 0",
        f"7  fdatasync(3<{db}>)                  = -1 EIO (Input/output error)",
        f"7  ftruncate(3<{db}>, 10)              = 0",
        f"7  fsync(4<{hexed('/d')}>)             = 0",
        f'7  unlink("{db}")                      = 0',
        f'7  unlink("{db}")                      = -1 ENOENT (No such file)',
        f'7  pwrite64(5<{hexed("/e/x")}>, "", 0, 0) = 0',
    ]

    assert list(read_trace(lines, FOLDER)) == [
        Created(DB),
        Wrote(DB, 4096, b"ab"),
        Said("ACK 1"),
        Synced(DB),
        Cut(DB, 10),
        Synced(""),
        Removed(DB),
    ]


def test_a_change_that_is_not_known_is_not_passed_over() -> None:
    """Images without it would prove nothing."""
    line = f'7  rename("{hexed("/d/a")}", "{hexed("/d/b")}") = 0'

    with pytest.raises(NotUnderstood, match="rename"):
        list(read_trace([line], FOLDER))
