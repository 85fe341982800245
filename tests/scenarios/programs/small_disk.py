"""A disk of some MiB for one test: mounted, filled, emptied, taken away."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

CHUNK = 65536


def may_mount() -> bool:
    """Whether this user may mount anything at all."""
    if os.geteuid() != 0:
        return False
    done = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"],
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


class SmallDisk:
    """A tmpfs of its own."""

    def __init__(self, folder: Path, size: str) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self._filler = folder / "somebody-elses-logs"
        self._run("mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder))

    def fill(self, leave: int = 0) -> None:
        """Take all room but so many bytes."""
        with self._filler.open("ab", buffering=0) as filler:
            for size in (CHUNK, 4096):
                with suppress(OSError):
                    while leave == 0 or self.free() > leave + size:
                        filler.write(b"x" * size)

    def empty(self) -> None:
        """Give it back."""
        self._filler.unlink()

    def free(self) -> int:
        """Bytes left."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def take_away(self) -> None:
        """Unmount it, whoever still uses it."""
        self._run("umount", "--lazy", str(self.folder))

    @staticmethod
    def _run(*argv: str) -> None:
        subprocess.run(argv, check=True, capture_output=True)
