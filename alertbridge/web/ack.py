"""`/a/{token}`: what a text told, and a button that acknowledges it.

Open to whoever has the link, so that a phone needs nothing but the text. A GET never
acknowledges: mail scanners and link previews follow links.
"""

import asyncio
from datetime import UTC, tzinfo
from urllib.parse import parse_qs, urlsplit

import structlog
from aiohttp import web

from alertbridge.core.ack import AckText, Token, read_token
from alertbridge.ports import StoreUnavailable
from alertbridge.web.ack_page import FIELD, HEADERS, notice_page, text_page
from alertbridge.web.bodies import BodyMissing, BodyUnreadable, read_body
from alertbridge.web.doors import DOORS, Doors
from alertbridge.web.guesses import client_of

log = structlog.get_logger()

MAX_BODY = 10 * 1024
"""Bytes of a form that has one button."""

FORM_DEADLINE = 10.0
"""Seconds for them."""

ANYBODY = "link"
"""Who acknowledged, where the text went to several people, or to a bare number."""


async def show(request: web.Request) -> web.Response:
    """Show the full list of what a text told, as it stands now."""
    token = read_token(request.match_info["token"])
    try:
        found = await _find(request, token)
    except StoreUnavailable as exc:
        return _away(exc)
    if isinstance(found, web.Response):
        return found
    doors = request.app[DOORS]
    rules = doors.current.rules
    # Not in the loop: a list of 2,000 takes half a second, and webhooks come in.
    html = await asyncio.to_thread(
        text_page,
        found,
        doors.clock.now(),
        _zone(found, doors),
        rules.severity.label,
    )
    return _page(html)


async def take(request: web.Request) -> web.Response:
    """Acknowledge all that the text told to fire, and show how it stands then."""
    doors = request.app[DOORS]
    if doors.current.rules.ack.address is None:
        return _unknown()
    refused = await _refuse_form(request)
    if refused is not None:
        return refused
    token = read_token(request.match_info["token"])
    try:
        found = await _find(request, token)
        if isinstance(found, web.Response):
            return found
        assert token is not None
        by, now = _taker(found), doors.clock.now()
        since = now - doors.current.rules.ack.link_lifetime
        taken = await doors.store.acknowledge_text(token, by, since, now)
    except StoreUnavailable as exc:
        return _away(exc)
    if taken is not None:
        amount = sum(line.news for line in taken.lines)
        log.info("episodes.acknowledged", by=by, via="link", amount=amount)
    # A reload of what follows must not post again. Relative: a proxy may have put us
    # under a path of its own.
    return web.Response(status=303, headers={**HEADERS, "Location": token})


async def _find(request: web.Request, token: Token | None) -> AckText | web.Response:
    """Find the text of a link; an unknown and an expired one have the same answer."""
    doors = request.app[DOORS]
    rule, now = doors.current.rules.ack, doors.clock.now()
    if rule.address is None or token is None:
        return _unknown()
    client = client_of(request)
    if doors.guesses.too_many(client, now):
        page = notice_page("Too many", "Too many unknown links. Wait a minute.")
        return _page(page, 429, {"Retry-After": "60"})
    text = await doors.store.read_text(token, now - rule.link_lifetime)
    if text is None:
        doors.guesses.note(client, now)
        return _unknown()
    return text


async def _refuse_form(request: web.Request) -> web.Response | None:
    """None if our own page's button was pressed, else the answer."""
    if not _is_same_origin(request):
        page = notice_page(
            "Not from here", "Open the link of the text, and press there."
        )
        return _page(page, 403)
    try:
        body = await read_body(request, MAX_BODY, deadline=FORM_DEADLINE)
    except (BodyUnreadable, BodyMissing) as exc:
        return _page(notice_page("Not understood", str(exc)), 400)
    if body.oversized:
        return _page(notice_page("Too long", f"Over {MAX_BODY} bytes."), 413)
    if not _presses_button(request.content_type, body.content):
        return _page(notice_page("Not understood", "Press the page's button."), 400)
    return None


def _presses_button(content_type: str, body: bytes) -> bool:
    if content_type != "application/x-www-form-urlencoded":
        return False
    try:
        fields = parse_qs(body.decode(), max_num_fields=10)
    except ValueError:
        return False
    name, value = FIELD
    return fields.get(name) == [value]


def _is_same_origin(request: web.Request) -> bool:
    """Whether no page of another site posted this, as far as browsers say."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    address = request.app[DOORS].current.rules.ack.address or ""
    ours = {request.headers.get("Host", ""), urlsplit(address).netloc} - {""}
    return origin.partition("://")[2].lower() in {host.lower() for host in ours}


def _taker(text: AckText) -> str:
    """Who has the link, as far as we know: the one who got the text."""
    names = text.recipients
    if len(names) == 1 and not names[0].startswith("+"):
        return names[0]
    return ANYBODY


def _zone(text: AckText, doors: Doors) -> tzinfo:
    """The time zone of everybody who got the text, if they have one."""
    people = doors.current.rules.recipients
    found = [people[n].timezone if n in people else UTC for n in text.recipients]
    zones = {str(zone): zone for zone in found}
    return next(iter(zones.values())) if len(zones) == 1 else UTC


def _unknown() -> web.Response:
    what = "It is mistyped, or older than links are kept. The next text has a new one."
    return _page(notice_page("There is nothing behind this link", what), 404)


def _away(exc: StoreUnavailable) -> web.Response:
    log.error("store.failed", reason=str(exc))
    page = notice_page("Not now", "The store does not answer. Try again in a moment.")
    return _page(page, 503, {"Retry-After": "5"})


def _page(
    html: str, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    return web.Response(
        status=status,
        text=html,
        content_type="text/html",
        headers={**HEADERS, **(headers or {})},
    )


def routes() -> list[web.RouteDef]:
    """The one path, to see and to take."""
    return [web.get("/a/{token}", show), web.post("/a/{token}", take)]
