"""What operators ask and do over HTTP; `docs/openapi.yaml` describes it.

Reads and writes alike need `web.auth.may_operate`: who was paged when is personal
data.
"""

import asyncio
import dataclasses
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Annotated, TypeVar

import structlog
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alertbridge.core.ack import CODE_LIFE, AckText, Code
from alertbridge.core.notification import EpisodeId, NotificationId
from alertbridge.core.recipient import RecipientName, mask
from alertbridge.ports import StoreUnavailable
from alertbridge.web.auth import may_operate
from alertbridge.web.bodies import BodyMissing, BodyUnreadable, read_body
from alertbridge.web.doors import DOORS

log = structlog.get_logger()

MAX_BODY = 1024 * 1024
"""Bytes of a request: 10,000 ids are a fifth of it."""

Model = TypeVar("Model", bound=BaseModel)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refused(Exception):
    """A request that cannot be followed: the status, and one line that says why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Hold(BaseModel):
    """Hold the outbox for so many seconds (at most a day: a hold is forgotten)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    seconds: float = Field(gt=0, le=86400)


class Ids(BaseModel):
    """Which notifications."""

    model_config = ConfigDict(extra="forbid", strict=True)

    # The store's ids are 64 bits wide; a larger number is an error of its own there.
    notifications: list[Annotated[int, Field(ge=1, lt=2**63)]] = Field(
        min_length=1, max_length=10_000
    )


class Ack(BaseModel):
    """Who acknowledges."""

    model_config = ConfigDict(extra="forbid", strict=True)

    by: str = Field(min_length=1, max_length=100)


class Backup(BaseModel):
    """Where to write a copy: a path on the daemon's machine that does not exist yet."""

    model_config = ConfigDict(extra="forbid", strict=True)

    path: str = Field(min_length=1, max_length=4096, pattern=r"^/[^\x00]*$")


def _operator(handler: Handler) -> Handler:
    """Let only operators in, and turn what they did wrong into one line."""

    @wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        if not may_operate(request, request.app[DOORS].api_tokens):
            return _no(401, "not authorized")
        try:
            return await handler(request)
        except ValidationError as exc:
            first = exc.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "body"
            return _no(400, f"{place}: {first['msg']}")
        except Refused as exc:
            return _no(exc.status, str(exc))
        except StoreUnavailable as exc:
            return _no(503, str(exc))

    return guarded


def _no(code: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=code)


def jsonable(value: object) -> object:
    """A record as JSON: times in RFC 3339, numbers of phones masked."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: jsonable(getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, str) and value.startswith("+") and value[1:].isdigit():
        # A recipient that is a bare number.
        return mask(value)
    return value


async def _read(request: web.Request, model: type[Model]) -> Model:
    try:
        body = await read_body(request, MAX_BODY)
    except (BodyUnreadable, BodyMissing) as exc:
        raise Refused(400, str(exc)) from exc
    if body.oversized:
        raise Refused(413, f"the body is over {MAX_BODY} bytes")
    return model.model_validate_json(body.content)


def _limit(request: web.Request, most: int = 10_000) -> int:
    text = request.query.get("limit", "100")
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= most:
        raise Refused(400, f"limit: a number from 1 to {most}")
    return int(text)


def _number(request: web.Request) -> int:
    return int(request.match_info["id"])


@_operator
async def history(request: web.Request) -> web.Response:
    """Who was told what, and who was not and why; newest first."""
    rows = await request.app[DOORS].store.history(
        limit=_limit(request), recipient=request.query.get("recipient")
    )
    return web.json_response(jsonable(rows))


@_operator
async def show(request: web.Request) -> web.Response:
    """One episode, and everybody's part in it."""
    row = await request.app[DOORS].store.show(EpisodeId(_number(request)))
    if row is None:
        return _no(404, "no such episode")
    return web.json_response(jsonable(row))


@_operator
async def acknowledge(request: web.Request) -> web.Response:
    """A human took it: reminders end."""
    body = await _read(request, Ack)
    doors = request.app[DOORS]
    episode, now = EpisodeId(_number(request)), doors.clock.now()
    if not await doors.store.acknowledge(episode, body.by, now):
        return _no(404, "no such episode")
    row = await doors.store.show(episode)
    if row is None:
        return _no(404, "no such episode any more")
    news = (row.acknowledged_at, row.acknowledged_by) == (now, body.by)
    log.info("episodes.acknowledged", by=body.by, via="episode", amount=int(news))
    answer = {
        "acknowledged": episode,
        "labels": row.labels,
        "acknowledged_at": row.acknowledged_at,
        "acknowledged_by": row.acknowledged_by,
        "news": news,
    }
    return web.json_response(jsonable(answer))


@_operator
async def show_code(request: web.Request) -> web.Response:
    """What the text that ends with a code told, as it stands now."""
    doors, code = request.app[DOORS], Code(_number(request))
    text = await doors.store.read_text(code, doors.clock.now() - CODE_LIFE)
    return _text_of(code, text)


@_operator
async def acknowledge_code(request: web.Request) -> web.Response:
    """A human took what a text told: all that still fires and nobody has."""
    body = await _read(request, Ack)
    doors, code = request.app[DOORS], Code(_number(request))
    now = doors.clock.now()
    text = await doors.store.acknowledge_text(code, body.by, now - CODE_LIFE, now)
    if text is not None:
        amount = sum(line.news for line in text.lines)
        log.info("episodes.acknowledged", by=body.by, via="code", amount=amount)
    return _text_of(code, text)


def _text_of(code: Code, text: AckText | None) -> web.Response:
    if text is None:
        return _no(404, f"no text of the last 24 hours ends with Ack {code}")
    lines = [
        {
            "episode": line.episode.id,
            "labels": line.episode.labels,
            "severity": line.severity.word,
            "kind": line.kind,
            "starts_at": line.episode.starts_at,
            "ends_at": line.episode.ends_at,
            "acknowledged_at": line.acknowledged_at,
            "acknowledged_by": line.acknowledged_by,
            "news": line.news,
        }
        for line in text.lines
    ]
    answer = {
        "code": code,
        "at": text.at,
        "recipients": text.recipients,
        "episodes": lines,
    }
    return web.json_response(jsonable(answer))


@_operator
async def outbox(request: web.Request) -> web.Response:
    """What waits or is under way; `?dead=1`: what nobody could be told."""
    dead = request.query.get("dead", "0") in ("1", "true")
    rows = await request.app[DOORS].store.outbox(limit=_limit(request), dead=dead)
    return web.json_response(jsonable(rows))


@_operator
async def hold(request: web.Request) -> web.Response:
    """Let nothing leave for a while; it ends by itself."""
    body = await _read(request, Hold)
    doors = request.app[DOORS]
    until = doors.clock.now() + timedelta(seconds=body.seconds)
    await doors.store.hold(until)
    return web.json_response({"held_until": jsonable(until)})


@_operator
async def release(request: web.Request) -> web.Response:
    """End a hold now."""
    doors = request.app[DOORS]
    await doors.store.hold(None)
    doors.wake()
    return web.json_response({"held_until": None})


@_operator
async def cancel(request: web.Request) -> web.Response:
    """Take waiting notifications out; says which still waited."""
    ids = (await _read(request, Ids)).notifications
    doors = request.app[DOORS]
    done = await doors.store.cancel(
        [NotificationId(number) for number in ids], doors.clock.now()
    )
    return web.json_response({"cancelled": list(done)})


@_operator
async def requeue(request: web.Request) -> web.Response:
    """Let ended notifications wait again; says which could be."""
    ids = (await _read(request, Ids)).notifications
    doors = request.app[DOORS]
    now = doors.clock.now()
    done = await doors.store.requeue(
        [NotificationId(number) for number in ids], now, now + doors.page_time_to_live
    )
    doors.wake()
    return web.json_response({"requeued": list(done)})


@_operator
async def quarantine(request: web.Request) -> web.Response:
    """What could not be read."""
    rows = await request.app[DOORS].store.quarantined(limit=_limit(request, 1000))
    return web.json_response(jsonable(rows))


@_operator
async def backup(request: web.Request) -> web.Response:
    """Write a consistent copy of the store while it runs."""
    body = await _read(request, Backup)
    target = Path(body.path)
    why_not = await asyncio.to_thread(_why_no_file, target)
    if why_not is not None:
        raise Refused(400, why_not)
    await request.app[DOORS].store.backup(target)
    return web.json_response({"backup": body.path})


def _why_no_file(target: Path) -> str | None:
    """Say why a new file cannot be made there, and what to name instead."""
    folder = target.parent
    try:
        if os.path.lexists(target):
            return f"{target} exists; name a file that does not"
        if not folder.is_dir():
            return f"there is no folder {folder} here; make it, or name another"
    except OSError as exc:
        return f"{target}: {exc.strerror}; name another"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"the daemon may not write in {folder}; name the folder of its store"
    return None


@_operator
async def send_test(request: web.Request) -> web.Response:
    """Page one recipient through the whole path, as itself a page."""
    doors = request.app[DOORS]
    name = RecipientName(request.match_info["recipient"])
    if name not in doors.current.rules.recipients:
        names = sorted(doors.current.rules.recipients)[:20]
        known = ", ".join(str(jsonable(known)) for known in names)
        return _no(404, f"no such recipient; the config has: {known}")
    recorded = await doors.intake.test(name)
    return web.json_response({"episode": next(iter(recorded.episodes.values()))})


def routes() -> list[web.RouteDef]:
    """The operator's paths."""
    number = "{id:[0-9]{1,18}}"
    return [
        web.get("/api/v1/history", history),
        web.get(f"/api/v1/episodes/{number}", show),
        web.post(f"/api/v1/episodes/{number}/ack", acknowledge),
        web.get(f"/api/v1/codes/{number}", show_code),
        web.post(f"/api/v1/codes/{number}/ack", acknowledge_code),
        web.get("/api/v1/outbox", outbox),
        web.post("/api/v1/outbox/hold", hold),
        web.post("/api/v1/outbox/release", release),
        web.post("/api/v1/outbox/cancel", cancel),
        web.post("/api/v1/outbox/requeue", requeue),
        web.get("/api/v1/quarantine", quarantine),
        web.post("/api/v1/backup", backup),
        web.post("/api/v1/test/{recipient}", send_test),
    ]
