"""strace as a bad disk: whether it may be used here, and how it is called."""

import os
import shutil
from pathlib import Path

_SCOPE = Path("/proc/sys/kernel/yama/ptrace_scope")


def may_attach() -> bool:
    """Whether strace is here and may trace a process that it did not start."""
    free = not _SCOPE.exists() or _SCOPE.read_text("ascii").strip() == "0"
    return shutil.which("strace") is not None and (free or os.geteuid() == 0)


def failing(when: str, calls: str, error: str) -> list[str]:
    """The tracer that fails system calls of what it starts, as `when=` counts them.

    It counts in each thread on its own.
    """
    return [
        *("strace", "-f", "--seccomp-bpf", "-o", "/dev/null"),
        *("-e", f"trace={calls}", "-e", f"inject={calls}:error={error}:when={when}"),
    ]
