"""A disk of some MiB for one test: mounted, filled, emptied, taken away."""

import os
import shutil
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


def may_loop() -> bool:
    """Whether a file can be mounted as an ext4 disk, and told to fail."""
    if not may_mount() or shutil.which("mkfs.ext4") is None:
        return False
    return Path("/dev/loop-control").exists() and Path("/sys/fs/ext4").exists()


class FailingDisk:
    """An ext4 file system that turns read-only when its kernel finds it broken."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self._image = folder.with_suffix(".img")
        with self._image.open("wb") as image:
            image.truncate(32 * 1024 * 1024)
        self._run("mkfs.ext4", "-q", str(self._image))
        self.mount()

    def mount(self) -> None:
        """Mount it read-write."""
        self._run(
            *("mount", "-o", "loop,errors=remount-ro"),
            *(str(self._image), str(self.folder)),
        )

    def fail(self) -> None:
        """Have the kernel find an error in it: it is read-only from now on."""
        for line in Path("/proc/self/mounts").read_text("utf-8").splitlines():
            device, folder, *_ = line.split()
            if folder == str(self.folder):
                name = device.removeprefix("/dev/")
                Path(f"/sys/fs/ext4/{name}/trigger_fs_error").write_text("test\n")

    def mend(self) -> None:
        """What the operator does: check it, and mount it again."""
        self._run("umount", str(self.folder))
        # 1: errors were found, and corrected.
        done = subprocess.run(
            ["fsck.ext4", "-y", str(self._image)], check=False, capture_output=True
        )
        assert done.returncode in (0, 1), done.stdout
        self.mount()

    def take_away(self) -> None:
        """Unmount it, whoever still uses it."""
        self._run("umount", "--lazy", str(self.folder))

    @staticmethod
    def _run(*argv: str) -> None:
        subprocess.run(argv, check=True, capture_output=True)
