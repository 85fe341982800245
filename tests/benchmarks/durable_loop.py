"""Yardstick: the same, plus one durable row. Usage: durable_loop.py PORT FILE.

SQLite in WAL with synchronous=FULL, one writer thread, many rows to a commit: what
any bridge that keeps its promise must at least do.
"""

import asyncio
import json
import queue
import sqlite3
import sys
import threading

from aiohttp import web

jobs: "queue.SimpleQueue[tuple[bytes, asyncio.Future[None]]]" = queue.SimpleQueue()


def write(path: str, loop: asyncio.AbstractEventLoop) -> None:
    """Commit what has gathered, then tell everybody who waits."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE body (id INTEGER PRIMARY KEY, content BLOB)")
    while True:
        batch = [jobs.get()]
        while len(batch) < 256:
            try:
                batch.append(jobs.get_nowait())
            except queue.Empty:
                break
        db.execute("BEGIN IMMEDIATE")
        for body, _ in batch:
            db.execute("INSERT INTO body (content) VALUES (?)", (body,))
        db.execute("COMMIT")
        loop.call_soon_threadsafe(answer, batch)


def answer(batch: list[tuple[bytes, "asyncio.Future[None]"]]) -> None:
    """Tell everybody whose body is on disk."""
    for _, future in batch:
        future.set_result(None)


async def webhook(request: web.Request) -> web.Response:
    """Parse the body, keep it, say yes."""
    body = await request.read()
    json.loads(body)
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    jobs.put((body, future))
    await future
    return web.Response(text="stored\n")


async def start(_: web.Application) -> None:
    """Start the writer beside the loop."""
    arguments = (sys.argv[2], asyncio.get_running_loop())
    threading.Thread(target=write, args=arguments, daemon=True).start()


app = web.Application(client_max_size=32 * 1024 * 1024)
app.router.add_post("/v1/webhooks/alertmanager", webhook)
app.on_startup.append(start)
web.run_app(
    app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=lambda *_: None
)
