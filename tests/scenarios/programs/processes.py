"""Real processes for scenarios: start, wait for a sign of life, kill, read the log.

Nothing here waits a fixed time: `until` polls with a deadline, and a deadline that
passes fails with the end of the log of whom we waited for.
"""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

POLL = 0.02


class Late(AssertionError):
    """What was waited for did not happen in time."""


async def until(
    condition: Callable[[], bool | Awaitable[bool]],
    *,
    within: float = 15,
    what: str = "the condition",
) -> None:
    """Wait for *condition*; it is asked every 20 ms.

    Raises:
        Late: it did not hold within so many seconds.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while True:
        holds = condition()
        if not isinstance(holds, bool):
            holds = await holds
        if holds:
            return
        if loop.time() > deadline:
            raise Late(f"{what}: not within {within} s")
        await asyncio.sleep(POLL)


def free_port() -> int:
    """Pick a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def none_of(condition: Callable[[], bool], *, during: float) -> None:
    """Watch for so many seconds; ends early when *condition* comes to hold."""
    try:
        await until(condition, within=during)
    except Late:
        return


class Child:
    """A program run as a process of its own; output goes to one file.

    It may be started again after its end: the log grows, `said` reads on from the
    latest start.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        folder: Path,
        *,
        environ: Mapping[str, str] | None = None,
        keep_fds: Sequence[int] = (),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.argv = list(argv)
        self.folder = folder
        self.environ = {**os.environ, **(environ or {})}
        self.log = folder / f"{name}.log"
        self.log.touch()
        self._keep_fds = keep_fds
        self._from = 0
        self.process: subprocess.Popen[bytes] | None = None

    def spawn(self) -> None:
        """Start it; returns at once."""
        self._from = self.log.stat().st_size
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                env=self.environ,
                pass_fds=self._keep_fds,
                # Its own group: what it started is ended with it.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id of the latest start."""
        assert self.process is not None
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def said(self) -> str:
        """What it has written since its latest start."""
        with self.log.open("rb") as log:
            log.seek(self._from)
            return log.read().decode("utf-8", "replace")

    async def until_said(self, text: str, *, within: float = 30) -> None:
        """Wait until it has written *text*; fails at once if it ends before."""

        def has_said() -> bool:
            if text in self.said():
                return True
            if not self.alive:
                raise Late(f"{self.name} ended before {text!r}:\n{self.said()[-3000:]}")
            return False

        try:
            await until(has_said, within=within, what=f"{self.name}: {text!r}")
        except Late as exc:
            raise Late(f"{exc}\n{self.said()[-3000:]}") from None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    async def ended(self, *, within: float = 25) -> int:
        """Wait for its end; says its exit status (negative: killed by that signal)."""
        await until(lambda: not self.alive, within=within, what=f"end of {self.name}")
        assert self.process is not None
        return self.process.returncode

    def kill(self) -> None:
        """End it and all it started, at once, as a power cut would."""
        if self.process is None:
            return
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
