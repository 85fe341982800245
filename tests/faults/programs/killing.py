"""Runs a trial in a process, and kills it before its n-th system call on storage."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from types import TracebackType
from typing import Self

CALLS = ",".join(
    f"?{name}"
    for name in (
        *("write", "writev", "pwrite64", "pwritev", "pwritev2", "sendfile"),
        *("copy_file_range", "fsync", "fdatasync", "sync_file_range", "msync"),
        *("ftruncate", "truncate", "fallocate", "unlink", "unlinkat", "link", "linkat"),
        *("rename", "renameat", "renameat2", "mkdir", "mkdirat", "creat", "chmod"),
        *("fchmod", "fchown", "symlink", "symlinkat"),
    )
)
"""All that changes a file or a folder, or asks for it to be kept; `write` is also how
a trial speaks. Some do not exist on every machine: the question mark says so."""

ZYGOTE = Path(__file__).with_name("zygote.py")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended, what it said, and what it found wrong."""

    status: int
    said: list[str]
    wrong: list[str]

    @property
    def killed(self) -> bool:
        """Whether it was killed on the way."""
        return self.status == -SIGKILL


class Zygote:
    """A process that forks trials; one at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(ZYGOTE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout

    def __enter__(self) -> Self:
        """It is ready when it answers."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it, and what it forked."""
        self._process.kill()
        self._process.wait()
        self._in.close()
        self._out.close()

    def prepare(self, trial: str, detail: str, folder: Path) -> None:
        """Make the files that a trial begins with."""
        ended = self._do("prepare", trial, folder, detail=detail)
        assert ended.status == 0, ended

    def act(self, trial: str, folder: Path, mutant: str = "") -> Ended:
        """Let it run to its end."""
        return self._do("act", trial, folder, mutant=mutant)

    def act_until(
        self, trial: str, folder: Path, gate: str, n: int, mutant: str = ""
    ) -> Ended:
        """Kill it before the *n*-th call of the thread that waits at *gate*."""
        argv = [
            *("strace", "-o", "/dev/null", "-e", f"trace={CALLS}"),
            *("-e", f"inject={CALLS}:signal=KILL:when={n}"),
        ]
        return self.act_under(argv, trial, folder, gate, mutant)

    def act_under(
        self, strace: list[str], trial: str, folder: Path, gate: str, mutant: str = ""
    ) -> Ended:
        """Let it run with *strace* on the thread that waits at *gate*."""
        self._ask("act", trial, folder, gate=gate, mutant=mutant)
        word, _, thread = self._line().partition(" ")
        assert word == "GATE", (word, thread)
        argv = [*strace, "-p", thread]
        with subprocess.Popen(argv, stderr=subprocess.PIPE) as tracing:
            assert tracing.stderr is not None
            said = tracing.stderr.readline()
            assert b"attached" in said, said
            self._in.write(b"\n")
            ended = self._wait()
            tracing.stderr.read()
        return ended

    def judge(self, trial: str, folder: Path, said: list[str]) -> list[str]:
        """Say what is wrong with what was left."""
        ended = self._do("judge", trial, folder, said="\n".join(said))
        if ended.status != 0 and not ended.wrong:
            return [f"the judge ended with {ended.status}"]
        return ended.wrong

    def _do(self, deed: str, trial: str, folder: Path, **more: str) -> Ended:
        self._ask(deed, trial, folder, **more)
        return self._wait()

    def _ask(self, deed: str, trial: str, folder: Path, **more: str) -> None:
        command = {"do": deed, "trial": trial, "folder": str(folder), **more}
        self._in.write(json.dumps(command).encode() + b"\n")

    def _wait(self) -> Ended:
        said: list[str] = []
        wrong: list[str] = []
        while True:
            word, _, rest = (line := self._line()).partition(" ")
            if word == "ENDED":
                return Ended(int(rest), said, wrong)
            if word == "WRONG":
                wrong.append(json.loads(rest))
            else:
                said.append(line)

    def _line(self) -> str:
        line = self._out.readline()
        assert line, "the zygote has ended"
        return line.decode().rstrip("\n")


def why_not() -> str | None:
    """Why nothing can be traced here; None: it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    done = subprocess.run(
        ["strace", "-o", "/dev/null", "true"], check=False, capture_output=True
    )
    return None if done.returncode == 0 else "tracing is not permitted (ptrace)"
