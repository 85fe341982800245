"""The HTTP application: its routes in one table, its limits, its last resort."""

from collections.abc import Awaitable, Callable
from functools import wraps

import structlog
from aiohttp import web

from alertbridge.telemetry import type_and_place
from alertbridge.web import ack, api, health, reports, webhooks
from alertbridge.web.doors import DOORS, Doors

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def serve(handler: Handler) -> Handler:
    """Wrap a handler: counted while it runs, and a 500 for what nobody foresaw.

    Alertmanager posts a 500 again. The error is logged by its type and place alone: its
    message may quote the body, and bodies and headers hold other people's data. A plain
    wrapper, not a middleware: aiohttp builds a chain of those for every request.
    """

    @wraps(handler)
    async def served(request: web.Request) -> web.StreamResponse:
        under_way = request.app[DOORS].under_way
        # One at a time on each: what is pipelined waits.
        connection = request.protocol
        under_way.begin(connection)
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception as exc:  # noqa: BLE001  one request's bug is not our end
            path = _without_secret(request.path)
            log.error("request.failed", path=path, error=type_and_place(exc))
            return web.Response(status=500, text="internal error\n")
        finally:
            under_way.end(connection)

    return served


def _without_secret(path: str) -> str:
    """The path of a link, and of a report, is its secret."""
    for begin in ("/a/", "/v1/reports/"):
        if path.startswith(begin):
            return f"{begin}..."
    return path


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Mark every answer that a browser may see, those to unknown paths too."""
    if not request.path.startswith("/v1/"):
        for name, value in _HEADERS.items():
            # A page has a policy of its own.
            response.headers.setdefault(name, value)


def build_app(doors: Doors) -> web.Application:
    """Build the application around *doors*.

    Bodies are limited where they are read (`web.bodies`), not by aiohttp: its limit
    answers 413, which loses the biggest incident of all.
    """
    app = web.Application()
    app[DOORS] = doors
    app.add_routes(
        web.RouteDef(route.method, route.path, serve(route.handler), route.kwargs)
        for routes in (webhooks, reports, health, api, ack)
        for route in routes.routes()
    )
    reports.add_limit(app)
    app.on_response_prepare.append(_add_headers)
    return app
