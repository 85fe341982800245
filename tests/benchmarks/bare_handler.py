"""Yardstick: aiohttp and json, and nothing else. Usage: bare_handler.py PORT."""

import json
import sys

from aiohttp import web


async def webhook(request: web.Request) -> web.Response:
    """Parse the body and say yes; nothing is kept."""
    json.loads(await request.read())
    return web.Response(text="stored\n")


app = web.Application(client_max_size=32 * 1024 * 1024)
app.router.add_post("/v1/webhooks/alertmanager", webhook)
web.run_app(
    app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=lambda *_: None
)
