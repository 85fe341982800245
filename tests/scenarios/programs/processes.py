"""Real processes for scenarios: start, wait for a sign of life, kill, read the log.

Nothing here waits a fixed time: `until` polls with a deadline, and a deadline that
passes fails with the end of the log of whom we waited for.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from aiohttp import ClientError, ClientSession

TOKEN = "canary-token-5d20"
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


class Gateway(Child):
    """The simulated iP.1 as a process; its journal is what would have rung."""

    def __init__(self, folder: Path, *, token: str = TOKEN, port: int = 0) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.journal = folder / "journal.jsonl"
        super().__init__(
            "gateway",
            [
                sys.executable,
                "-m",
                "alertbridge.simulator.gateway",
                *("--listen", f"127.0.0.1:{self.port}"),
                *("--token", token),
                *("--journal", str(self.journal)),
            ],
            folder,
        )

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        self.journal.touch()
        self.spawn()
        await self.until_said("listening on")

    def sms(self) -> list[dict[str, str]]:
        """Every SMS taken, oldest first."""
        lines = self.journal.read_bytes().splitlines()
        return [sms for line in lines for sms in json.loads(line)["messages"]]

    def texts(self) -> list[tuple[str, str]]:
        """Every SMS as number and text, oldest first."""
        return [(sms["number"], sms["text"]) for sms in self.sms()]

    async def set_faults(self, http: ClientSession, plan: object) -> None:
        """Let *plan* decide from the next request on."""
        async with http.post(f"{self.url}/control/faults", json=plan) as answer:
            assert answer.status == 204, await answer.text()

    async def stats(self, http: ClientSession) -> dict[str, int]:
        """What it counted."""
        async with http.get(f"{self.url}/control/stats") as answer:
            stats: dict[str, int] = await answer.json()
            return stats

    async def expect_exactly(
        self, wanted: int, *, within: float = 20, quiet: float = 1.5
    ) -> list[tuple[str, str]]:
        """Wait for so many SMS, then for a while in which no other comes."""

        def arrived() -> bool:
            return len(self.sms()) >= wanted

        try:
            await until(arrived, within=within)
        except Late:
            raise Late(f"{wanted} SMS wanted, came: {self.texts()}") from None
        await none_of(lambda: len(self.sms()) > wanted, during=quiet)
        texts = self.texts()
        assert len(texts) == wanted, texts
        return texts


async def none_of(condition: Callable[[], bool], *, during: float) -> None:
    """Watch for so many seconds; ends early when *condition* comes to hold."""
    try:
        await until(condition, within=during)
    except Late:
        return


class Daemon(Child):
    """`alertbridge serve` as a process, with a config of its own."""

    def __init__(
        self,
        folder: Path,
        config: dict[str, object],
        *,
        program: Sequence[str] = ("-m", "alertbridge"),
        wrapper: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        keep_fds: Sequence[int] = (),
        flags: Sequence[str] = (),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.config = folder / "alertbridge.yaml"
        self.store = folder / "alertbridge.db"
        (folder / "gateway.token").write_text(TOKEN, "utf-8")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        super().__init__(
            "daemon",
            [
                *wrapper,
                sys.executable,
                *program,
                *("serve", "--config.file", str(self.config)),
                *flags,
            ],
            folder,
            environ={"STATE_DIRECTORY": str(folder / "state"), **(environ or {})},
            keep_fds=keep_fds,
        )
        (folder / "state").mkdir(exist_ok=True)
        self.write_config(config)

    def write_config(self, config: dict[str, object]) -> None:
        """Write the config file; JSON is YAML too."""
        whole = {
            "server": {"listen": f"127.0.0.1:{self.port}"},
            "storage": {"url": f"sqlite://{self.store}"},
            "log": {"level": "info", "format": "json"},
            **config,
        }
        self.config.write_text(json.dumps(whole, indent=1), "utf-8")

    async def start(self, *, within: float = 30) -> None:
        """Start it, and wait until it takes webhooks."""
        self.spawn()
        await self.until_said('"daemon.started"', within=within)

    def events(self, name: str) -> list[dict[str, object]]:
        """The log lines of one event since the latest start."""
        found: list[dict[str, object]] = []
        for line in self.said().splitlines():
            if not (line.startswith("{") and line.endswith("}") and name in line):
                continue
            event = json.loads(line)
            if event.get("event") == name:
                found.append(event)
        return found

    async def post(
        self, http: ClientSession, group: object, source: str = "alertmanager"
    ) -> int:
        """Post a webhook; says the status."""
        url = f"{self.url}/v1/webhooks/{source}"
        async with http.post(url, json=group) as answer:
            await answer.read()
            return answer.status

    async def get(self, http: ClientSession, path: str) -> tuple[int, str]:
        """Ask it for *path*; status 0: there was no answer."""
        try:
            async with http.get(self.url + path) as answer:
                return answer.status, await answer.text()
        except (ClientError, OSError) as exc:
            return 0, str(exc)

    async def metric(self, http: ClientSession, line: str) -> float | None:
        """Read a metric by name and labels as `/metrics` writes them."""
        _, body = await self.get(http, "/metrics")
        for row in body.splitlines():
            if row.rpartition(" ")[0] == line:
                return float(row.rpartition(" ")[2])
        return None
