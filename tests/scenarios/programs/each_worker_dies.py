"""Runs the daemon once for each worker, which dies: `each_worker_dies.py CONFIG NAME…`.

One process for all of them, since most of a start is imports. Prints a line of JSON for
each: how that run ended.
"""

import asyncio
import json
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from alertbridge.wiring import read_config, run

LONGEST = 10.0
"""Seconds after which a daemon that goes on without its worker is stopped."""

CREATE = asyncio.TaskGroup.create_task


async def die() -> None:
    """What a bug does to a worker."""
    await asyncio.sleep(0.05)
    raise ZeroDivisionError


def doom(doomed: str) -> None:
    """Let the worker of that name die, whichever it is."""

    def create(
        self: asyncio.TaskGroup, coro: Coroutine[Any, Any, Any], *, name: str
    ) -> asyncio.Task[Any]:
        if name == doomed:
            coro.close()
            coro = die()
        return CREATE(self, coro, name=name)

    asyncio.TaskGroup.create_task = create  # type: ignore[method-assign, assignment]


async def live(path: Path) -> str:
    """Run the daemon, and say how that ended."""
    read = read_config(path, os.environ)
    try:
        async with asyncio.timeout(LONGEST):
            await run(read, path, os.environ)
    except ExceptionGroup as exc:
        return ", ".join(type(part).__name__ for part in exc.exceptions)
    except TimeoutError:
        return "it went on"
    return "it stopped"


if __name__ == "__main__":
    for worker in sys.argv[2:]:
        doom(worker)
        ended = asyncio.run(live(Path(sys.argv[1])))
        sys.stdout.write(json.dumps({"worker": worker, "ended": ended}) + "\n")
