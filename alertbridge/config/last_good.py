"""The last config that loaded, kept in the state directory.

A typo and a reboot must not end paging: a start with a broken file runs on this copy,
not ready, and says so.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

NAME: Final = "last-good.yaml"
"""The copy's name in the state directory."""

_FILES: Final = "\n# The files that templates were read from, kept by alertbridge:\n"
_FILE: Final = "#: "


def with_files(text: str, files: Mapping[str, str]) -> str:
    """Add *files* (texts by their paths) to a config's *text*, as comments at its end.

    One file holds both, so that no crash leaves a config beside another one's files.
    """
    if not files:
        return text
    lines = (_FILE + json.dumps(pair) + "\n" for pair in files.items())
    return text + _FILES + "".join(lines)


def without_files(copy: str) -> tuple[str, dict[str, str]]:
    """Take a copy apart again: the config's own text, and the files.

    What is no file of ours in those comments is passed over: somebody edited it.
    """
    text, _, kept = copy.partition(_FILES)
    files: dict[str, str] = {}
    for line in kept.splitlines():
        try:
            pair = json.loads(line.removeprefix(_FILE))
        except (ValueError, RecursionError):
            continue
        match pair:
            case [str(path), str(content)]:
                files[path] = content
            case _:
                continue
    return text, files


def keep(text: str, state_dir: Path) -> None:
    """Put *text* in the place of the last copy; a crash leaves the old or the new.

    Raises:
        OSError: the state directory cannot be written to.
    """
    target = state_dir / NAME
    fresh = state_dir / f"{NAME}.{os.getpid()}.tmp"
    # 0600: it holds everybody's phone numbers. O_EXCL: no symlink is followed.
    fresh.unlink(missing_ok=True)
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    _sync_directory(state_dir)


def fallback(state_dir: Path) -> Path | None:
    """Say where the last good copy is; None if there never was one."""
    path = state_dir / NAME
    return path if path.is_file() else None


def _sync_directory(directory: Path) -> None:
    # Without it the rename may be lost with the power, and the copy's name with it.
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
