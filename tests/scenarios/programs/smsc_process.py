"""The SMSC of tests as a process: what it took, and how it is told to misbehave."""

import asyncio
import json
import sys
from pathlib import Path

from gateway_process import TOKEN
from processes import Child, free_port, until

SYSTEM_ID = "bridge"
PASSWORD = TOKEN


class SmscProcess(Child):
    """`smsc.py` as a process of its own; it may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.port, self.control = free_port(), free_port()
        self.journal = folder / "smsc.jsonl"
        super().__init__(
            "smsc",
            [
                sys.executable,
                str(Path(__file__).with_name("smsc.py")),
                *("--port", str(self.port)),
                *("--control", str(self.control)),
                *("--journal", str(self.journal)),
                *("--system-id", SYSTEM_ID),
                *("--password", PASSWORD),
            ],
            folder,
        )

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        self.spawn()
        await self.until_said("listening")

    async def tell(self, **orders: object) -> int:
        """Give it *orders*; says how many are bound."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.control)
        writer.write(json.dumps(orders).encode() + b"\n")
        answer: dict[str, int] = json.loads(await reader.readline())
        writer.close()
        await writer.wait_closed()
        return answer["bound"]

    def noted(self, kind: str) -> list[dict[str, object]]:
        """The lines of its journal of one kind, oldest first."""
        if not self.journal.exists():
            return []
        # The last line may be half written.
        lines = self.journal.read_text("utf-8").split("\n")[:-1]
        return [note for note in map(json.loads, lines) if note["kind"] == kind]

    def texts(self) -> list[tuple[str, str]]:
        """Every text that came whole: to whom, and what."""
        return [(f"+{one['to']}", str(one["text"])) for one in self.noted("message")]

    async def until_noted(
        self, kind: str, count: int = 1, *, within: float = 15
    ) -> list[dict[str, object]]:
        """Wait for so many lines of one kind."""
        await until(
            lambda: len(self.noted(kind)) >= count, within=within, what=f"{kind} noted"
        )
        return self.noted(kind)
