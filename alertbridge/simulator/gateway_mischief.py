"""How each fault looks on the wire."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import assert_never

from aiohttp import web

from alertbridge.simulator.gateway_faults import Fault, FaultKind

Sleep = Callable[[float], Awaitable[None]]

PORTAL = "<!doctype html><title>Welcome</title><p>Log in to use this network.</p>"
"""What a captive portal says to everything, with status 200."""


def problem(status: int, title: str, errors: object = None) -> web.Response:
    """Answer with problem details, as iP.1's list endpoints do."""
    body: dict[str, object] = {"type": "about:blank", "title": title, "status": status}
    if errors is not None:
        body["errors"] = errors
    return web.json_response(
        body, status=status, content_type="application/problem+json"
    )


def fail_early(request: web.Request, fault: Fault) -> web.Response | None:
    """Fail without taking anything; None if this fault does not."""
    match fault.kind:
        case FaultKind.THROTTLE:
            response = problem(429, "Rate limit is exceeded.")
            if fault.retry_after is not None:
                response.headers["Retry-After"] = fault.retry_after
            return response
        case FaultKind.ERROR | FaultKind.ERROR_SLOWLY:
            return problem(fault.status, "An error occurred.")
        case FaultKind.HTML:
            return web.Response(text=PORTAL, content_type="text/html")
        case FaultKind.REDIRECT:
            # Back to itself: a client that follows is seen to ask twice.
            return web.Response(status=307, headers={"Location": request.path_qs})
        case FaultKind.RESET:
            return cut(request)
        case (
            FaultKind.NONE
            | FaultKind.ACCEPT_THEN_ERROR
            | FaultKind.ACCEPT_THEN_RESET
            | FaultKind.ACCEPT_SLOWLY
            | FaultKind.ACCEPT_ENDLESSLY
            | FaultKind.ACCEPT_LATE
        ):
            return None
        case _:
            assert_never(fault.kind)


async def fail_late(
    request: web.Request, fault: Fault, answer: web.Response, sleep: Sleep
) -> web.StreamResponse:
    """Give *answer*, or spoil it: the messages have been taken by now."""
    match fault.kind:
        case FaultKind.ACCEPT_THEN_ERROR:
            return problem(fault.status, "An error occurred.")
        case FaultKind.ACCEPT_THEN_RESET:
            return cut(request)
        case FaultKind.ACCEPT_SLOWLY:
            await sleep(fault.seconds)
            return answer
        case FaultKind.ACCEPT_ENDLESSLY:
            return await never_end(request)
        case (
            FaultKind.NONE
            | FaultKind.THROTTLE
            | FaultKind.ERROR
            | FaultKind.ERROR_SLOWLY
            | FaultKind.HTML
            | FaultKind.REDIRECT
            | FaultKind.RESET
            | FaultKind.ACCEPT_LATE
        ):
            return answer
        case _:
            assert_never(fault.kind)


def cut(request: web.Request) -> web.Response:
    """Drop the connection; the response that is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def never_end(request: web.Request) -> web.StreamResponse:
    """Answer 200 and go on for as long as the client reads."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    try:
        while True:
            await response.write(b" " * 65536)
            # A fast reader never fills the buffer, and then `write` never yields.
            await asyncio.sleep(0)
    except ConnectionResetError:
        return response
