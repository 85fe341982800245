"""Delivery reports in: a secret address for each provider, and 200 after the fsync.

iP.1 sends a report again unless it gets exactly 200, every ten minutes, ten times; then
it is lost. Who knows no secret learns nothing here, not even which providers there are.
"""

import asyncio
import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable

import structlog
from aiohttp import web

from alertbridge.core.notification import ProviderName
from alertbridge.core.secret import Secret
from alertbridge.ports import (
    PayloadError,
    ReportReader,
    ReportRequest,
    StoreUnavailable,
)
from alertbridge.web.bodies import BodyMissing, BodyUnreadable, read_body
from alertbridge.web.doors import DOORS, Doors

log = structlog.get_logger()

MAX_REPORT = 64 * 1024
"""Bytes of a report; those of the known gateways have under two thousand."""

BODY_DEADLINE = 10.0
"""Seconds that a body may take to come in."""

AT_ONCE = 64
"""Reports written at a time; what is over it is told to come again, since a gateway
does, and webhooks must not wait behind ten thousand of them."""

_UNDER_WAY = web.AppKey("_UNDER_WAY", asyncio.Semaphore)


def report_path(provider: ProviderName, key: Secret) -> str:
    """Where *provider* posts its reports: a path that only a holder of *key* can make.

    A name may have any character, and is not what makes the path secret.
    """
    made = hmac.digest(key.reveal().encode(), provider.encode(), hashlib.sha256)
    secret = urlsafe_b64encode(made).decode().rstrip("=")
    return f"/v1/reports/{_in_path(provider)}/{secret}"


def _in_path(provider: ProviderName) -> str:
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in provider)
    return kept or "-"


async def report(request: web.Request) -> web.Response:
    """Take what a gateway says of messages."""
    doors = request.app[DOORS]
    provider = _provider_at(doors, request.path)
    reader = None if provider is None else doors.report_readers().get(provider)
    if provider is None or reader is None:
        return _answer(404, "not found")
    under_way = request.app[_UNDER_WAY]
    if under_way.locked():
        return _answer(503, "too many reports at once; post it again")
    async with under_way:
        return await _take(request, doors, provider, reader)


async def _take(
    request: web.Request, doors: Doors, provider: ProviderName, reader: ReportReader
) -> web.Response:
    try:
        body = await read_body(request, MAX_REPORT, deadline=BODY_DEADLINE)
    except BodyUnreadable as exc:
        return _answer(400, str(exc))
    except BodyMissing as exc:
        return _answer(503, f"{exc}; post it again")
    if body.oversized:
        return _answer(413, f"a report has at most {MAX_REPORT} bytes")
    made = ReportRequest(
        method=request.method,
        # By its pairs: as a mapping it would give the first of a name's values.
        query=dict(request.query.items()),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body.content,
        content_type=request.content_type if "Content-Type" in request.headers else "",
    )
    try:
        reports = reader.read_reports(made)
    except PayloadError as exc:
        log.warning("report.refused", provider=provider, reason=str(exc))
        return _answer(400, str(exc))
    try:
        await doors.hear(provider, reports)
    except StoreUnavailable as exc:
        log.error("store.failed", reason=str(exc))
        return _answer(503, "cannot store it now; post it again")
    return _answer(200, "ok")


def _provider_at(doors: Doors, path: str) -> ProviderName | None:
    """Whose address it is. Every one is compared: the time says nothing of a guess."""
    found: ProviderName | None = None
    for known, provider in doors.report_paths.items():
        if hmac.compare_digest(known.encode(), path.encode()):
            found = provider
    return found


def paths_of(providers: Iterable[ProviderName], key: Secret) -> dict[str, ProviderName]:
    """The address of each provider."""
    return {report_path(name, key): name for name in providers}


def _answer(code: int, text: str) -> web.Response:
    return web.Response(status=code, text=text + "\n")


def add_limit(app: web.Application) -> None:
    """Give *app* the count of the reports that are being written."""
    app[_UNDER_WAY] = asyncio.Semaphore(AT_ONCE)


def routes() -> list[web.RouteDef]:
    """`/v1/reports/{provider}/{secret}`: some gateways post, one can only GET."""
    path = "/v1/reports/{provider}/{secret}"
    return [web.route(method, path, report) for method in ("POST", "GET")]
