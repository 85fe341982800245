"""Webhooks in: 2xx after the fsync, 503 if it cannot be stored in time, never 429.

Alertmanager retries only 5xx and network errors, Grafana nothing at all: a 4xx is for
what no repetition can mend.
"""

import asyncio
from contextlib import ExitStack
from functools import partial
from time import monotonic

import structlog
from aiohttp import web

from alertbridge.ports import PayloadError, StoreUnavailable
from alertbridge.sources.oversized import salvage
from alertbridge.sources.signature import Invalid
from alertbridge.telemetry import type_and_place
from alertbridge.web.auth import shows_authorization, shows_signature
from alertbridge.web.bodies import Body, BodyMissing, BodyUnreadable, read_body
from alertbridge.web.doors import DOORS, Doors, SourceDoor
from alertbridge.web.share import Share, size_of

log = structlog.get_logger()

SIGNED_LIMIT = 4
"""A signed body is kept up to so many times the limit: its signature covers it all."""

RETRY_AFTER = {"Retry-After": "5"}


async def webhook(request: web.Request) -> web.Response:
    """Take one post of a source."""
    began = monotonic()
    doors = request.app[DOORS]
    name = request.match_info.get("source", "page")
    door = doors.sources.get(name)
    if door is None:
        known = ", ".join(sorted(doors.sources))
        return answer(404, f"no source of that name; configured are: {known}")
    response = await _take(request, doors, door)
    log.info(
        "webhook.answered",
        source=name,
        code=response.status,
        seconds=monotonic() - began,
    )
    return response


async def _take(request: web.Request, doors: Doors, door: SourceDoor) -> web.Response:
    unknown = shows_authorization(door, request)
    if unknown is not None:
        return _refuse(doors, door, unknown)
    if doors.readiness.stopping:
        # Asked before the body: who has begun is let finish, and waited for.
        return answer(503, "shutting down", RETRY_AFTER)
    keep = None if door.signed is None else doors.max_body * SIGNED_LIMIT
    size = size_of(request, keep or doors.max_body)
    share = doors.shares.of(door.name)
    if not share.has_room(size, doors.max_body):
        return answer(503, "too much of this source waits already", RETRY_AFTER)
    with ExitStack() as held:
        held.enter_context(share.hold(size))
        return await _take_in(request, doors, door, keep, share, size, held)


def _refuse(doors: Doors, door: SourceDoor, why: Invalid) -> web.Response:
    log.warning("webhook.unauthorized", source=door.name, reason=why.reason)
    doors.refused(door.name)
    return answer(401, "not authorized")


async def _take_in(
    request: web.Request,
    doors: Doors,
    door: SourceDoor,
    keep: int | None,
    share: Share,
    size: int,
    held: ExitStack,
) -> web.Response:
    try:
        body = await read_body(request, doors.max_body, keep)
    except BodyUnreadable as exc:
        return answer(400, str(exc))
    except BodyMissing as exc:
        return answer(503, str(exc), RETRY_AFTER)
    now = doors.clock.now()
    invalid = shows_signature(door.signed, request, body.content, now)
    if invalid is not None:
        return _refuse(doors, door, invalid)
    doors.let_in(door.name)
    writing = asyncio.create_task(  # noqa: TID251 - waited for, or kept and watched
        _write(doors, door, body, share, size, held.pop_all()), name="one post"
    )
    done, _ = await asyncio.wait([writing], timeout=doors.answer_within)
    if done:
        return writing.result()
    # It is written all the same, and holds its share until then; what the sender
    # posts again is a copy of it.
    doors.late.add(writing)
    writing.add_done_callback(partial(_end_late, doors))
    log.error("store.failed", reason="the disk is slow: a post was not kept in time")
    return answer(503, "cannot store it in time; post it again", RETRY_AFTER)


async def _write(
    doors: Doors, door: SourceDoor, body: Body, share: Share, size: int, held: ExitStack
) -> web.Response:
    """Store a post in its turn; *held* is its place in the share."""
    with held:
        await share.begin(size)
        try:
            return await _record(doors, door, body)
        except StoreUnavailable as exc:
            log.error("store.failed", reason=str(exc))
            return answer(503, "cannot store it now; post it again", RETRY_AFTER)
        finally:
            share.end(size)


async def _record(doors: Doors, door: SourceDoor, body: Body) -> web.Response:
    now = doors.clock.now()
    if body.oversized:
        prefix = body.content[: doors.max_body]
        group = salvage(prefix, door.name, door.type, now=now)
        if group is None:
            await doors.intake.accept_oversized(door.name, body.size)
        else:
            await doors.intake.accept(group)
        return answer(200, "oversized; what could be read of it is stored")
    try:
        group = door.parse(body.content, door.name, now=now)
    except PayloadError as exc:
        await doors.intake.refuse(door.name, str(exc), body.content)
        return answer(400, str(exc))
    recorded = await doors.intake.accept(group)
    if door.type == "page":
        episodes = " ".join(str(episode) for episode in recorded.episodes.values())
        return answer(200, f"stored {episodes}".rstrip())
    return answer(200, "stored")


def _end_late(doors: Doors, writing: asyncio.Task[web.Response]) -> None:
    """Forget a late post; a bug that ended it has nobody else to be seen by."""
    doors.late.discard(writing)
    if not writing.cancelled() and (bug := writing.exception()) is not None:
        log.error("request.failed", path="late", error=type_and_place(bug))


def answer(code: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    """One line of plain text: the sender logs it."""
    return web.Response(status=code, text=text + "\n", headers=headers)


def routes() -> list[web.RouteDef]:
    """`/v1/webhooks/{source}` for every source, `/v1/page` for our own."""
    return [
        web.route(method, path, webhook)
        for method in ("POST", "PUT")
        for path in ("/v1/webhooks/{source}", "/v1/page")
    ]
