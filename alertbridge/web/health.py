"""Is it alive, would it keep a page, what does it count; and read the config again."""

from aiohttp import web

from alertbridge.web.auth import may_operate
from alertbridge.web.doors import DOORS


async def healthy(request: web.Request) -> web.Response:  # noqa: ARG001
    """The process answers: no more is said."""
    return web.Response(text="alertbridge is healthy\n")


async def ready(request: web.Request) -> web.Response:
    """200 if a webhook posted now would be kept; else 503, a line for each reason."""
    problems = await request.app[DOORS].readiness.problems()
    if not problems:
        return web.Response(text="alertbridge is ready\n")
    lines = [f"{part}: {problem}\n" for part, problem in sorted(problems.items())]
    return web.Response(status=503, text="".join(lines))


async def metrics(request: web.Request) -> web.Response:
    """Everything that is counted, for Prometheus."""
    accept = request.headers.get("Accept", "")
    body, content_type = await request.app[DOORS].exposition(accept)
    return web.Response(body=body, headers={"Content-Type": content_type})


async def reload(request: web.Request) -> web.Response:
    """Read the config again; a bad file changes nothing, and is a 500 with why."""
    doors = request.app[DOORS]
    if not may_operate(request, doors.api_tokens):
        return web.Response(status=401, text="not authorized\n")
    result = await doors.reload()
    return web.Response(status=200 if result.ok else 500, text=result.message + "\n")


def routes() -> list[web.RouteDef]:
    """The paths every Prometheus-like daemon has."""
    return [
        web.get("/-/healthy", healthy),
        web.get("/-/ready", ready),
        web.post("/-/reload", reload),
        web.put("/-/reload", reload),
        web.get("/metrics", metrics),
    ]
