"""Floods one source: as many posts as its connections can carry, nobody's retry policy.

    python tests/scenarios/programs/flood_poster.py URL --connections 256 --seconds 10

Every alert is one that nobody has heard of. Prints one line of JSON: how often each
status was answered, and how long it took. A process of its own, so that what it costs
to flood does not count as the daemon's.
"""

import argparse
import asyncio
import json
import time
from collections import defaultdict
from urllib.parse import urlsplit

from groups import alert, group


class Flood:
    """Connections that post, read the answer, and post again."""

    def __init__(
        self,
        url: str,
        *,
        alerts: int,
        severity: str,
        seconds: float,
        most: int,
        first: int,
        body: str,
    ) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._host = parts.hostname
        self._port = parts.port or 80
        self._path = parts.path
        made = [
            alert(f"Flood{n % 20}", {"instance": f"i{n}-@@"}, severity=severity)
            for n in range(alerts)
        ]
        template = body or json.dumps(group(*made, key="{}:{@@}"))
        self._pieces = template.encode().split(b"@@")
        self._until = time.monotonic() + seconds
        self._left = most
        self._count = first
        self.waits: dict[str, list[float]] = defaultdict(list)

    async def run(self, connections: int) -> None:
        """Post until the time is over, or enough has been posted."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(connections):
                tasks.create_task(self._connection())

    async def _connection(self) -> None:
        while self._goes_on():
            try:
                await self._keep_posting()
            except (OSError, EOFError, ValueError):
                self.waits["none"].append(0.0)
                await asyncio.sleep(0.05)

    def _goes_on(self) -> bool:
        return time.monotonic() < self._until and self._left > 0

    async def _keep_posting(self) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            while self._goes_on():
                self._left -= 1
                self._count += 1
                body = str(self._count).encode().join(self._pieces)
                began = time.monotonic()
                writer.write(
                    f"POST {self._path} HTTP/1.1\r\nHost: {self._host}\r\n"
                    "Content-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )
                head = await reader.readuntil(b"\r\n\r\n")
                status = head.split(b" ", 2)[1].decode()
                self.waits[status].append(time.monotonic() - began)
                for line in head.split(b"\r\n"):
                    if line.lower().startswith(b"content-length:"):
                        await reader.readexactly(int(line.split(b":")[1]))
        finally:
            writer.close()


def summary(waits: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Counts and times in milliseconds, by status."""
    found: dict[str, dict[str, float]] = {}
    for status, times in waits.items():
        times.sort()
        found[status] = {
            "amount": len(times),
            "p50": round(times[len(times) // 2] * 1000, 1),
            "p99": round(times[int(len(times) * 0.99)] * 1000, 1),
            "max": round(times[-1] * 1000, 1),
        }
    return found


def main() -> None:
    """Flood, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--alerts", type=int, default=1)
    parser.add_argument("--severity", default="high")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--posts", type=int, default=10**9, help="stop after so many")
    parser.add_argument("--first", type=int, default=0, help="count posts from here")
    parser.add_argument("--body", default="", help="post this; @@ is the count")
    chosen = parser.parse_args()
    flood = Flood(
        chosen.url,
        alerts=chosen.alerts,
        severity=chosen.severity,
        seconds=chosen.seconds,
        most=chosen.posts,
        first=chosen.first,
        body=chosen.body,
    )
    asyncio.run(flood.run(chosen.connections))
    print(json.dumps(summary(flood.waits)), flush=True)


if __name__ == "__main__":
    main()
