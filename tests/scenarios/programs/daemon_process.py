"""`alertbridge serve` as a process: its config, its log, its answers."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiohttp import ClientError, ClientSession
from gateway_process import TOKEN
from processes import Child, free_port


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
        """Write the config file; JSON is YAML too.

        Where *config* has an empty `server`, gateways may post their reports here.
        """
        server: dict[str, object] = {"listen": f"127.0.0.1:{self.port}"}
        given = config.get("server")
        if isinstance(given, dict):
            server |= given or {"external_url": self.url}
        whole = {
            # No ballast: the folders of many tests stay behind for a while.
            "storage": {"url": f"sqlite://{self.store}", "ballast": 0},
            "log": {"level": "info", "format": "json"},
            **config,
            "server": server,
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

    async def history(self, http: ClientSession) -> list[dict[str, object]]:
        """Who was told what, the newest first."""
        async with http.get(f"{self.url}/api/v1/history") as answer:
            rows: list[dict[str, object]] = await answer.json()
            return rows

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
