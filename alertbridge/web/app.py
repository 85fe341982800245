"""The HTTP application: its routes in one table, its limits, its last resort."""

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from alertbridge.web import api, health, webhooks
from alertbridge.web.doors import DOORS, Doors

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


@web.middleware
async def last_resort(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 500 to what nobody foresaw: Alertmanager posts it again.

    The error is logged by its type and place alone: its message may quote the body, and
    bodies and headers hold other people's data.
    """
    try:
        response = await handler(request)
    except web.HTTPException:
        raise
    except Exception as exc:  # noqa: BLE001  a bug in one request is not the daemon's end
        log.error("request.failed", path=request.path, error=_type_and_place(exc))
        return web.Response(status=500, text="internal error\n")
    return response


def _type_and_place(error: Exception) -> str:
    """Name an error and where it was raised, with nothing of what it says."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f" in {code.co_qualname}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return type(error).__name__ + place


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    if not request.path.startswith("/v1/"):
        response.headers.update(_HEADERS)


def build_app(doors: Doors) -> web.Application:
    """Build the application around *doors*.

    Bodies are limited where they are read (`web.bodies`), not by aiohttp: its limit
    answers 413, which loses the biggest incident of all.
    """
    app = web.Application(middlewares=[last_resort])
    app[DOORS] = doors
    webhooks.add_routes(app)
    health.add_routes(app)
    api.add_routes(app)
    app.on_response_prepare.append(_add_headers)
    return app
