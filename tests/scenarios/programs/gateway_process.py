"""The simulated gateway as a process, and what its journal says rang."""

import json
import sys
from datetime import datetime
from pathlib import Path

from aiohttp import ClientSession
from processes import Child, Late, free_port, none_of, until

TOKEN = "canary-token-5d20"


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

    def times(self) -> list[float]:
        """When each SMS was taken, in seconds since 1970 by the gateway's clock."""
        return [datetime.fromisoformat(sms["at"]).timestamp() for sms in self.sms()]

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
