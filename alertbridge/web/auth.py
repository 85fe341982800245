"""Who may come in: constant-time comparison, several live secrets for rotation."""

import hmac
import ipaddress
import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from aiohttp import web

from alertbridge.core.secret import Secret
from alertbridge.sources.signature import Invalid, verify
from alertbridge.web.doors import Signed, SourceDoor


def shows_authorization(door: SourceDoor, request: web.Request) -> Invalid | None:
    """None if the request carries an `Authorization` value of the source, else why not.

    A source that asks for nothing is for this machine's own programs alone.
    """
    if not door.authorizations:
        if door.signed is not None:
            return None
        stranger = why_not_ours(request)
        if stranger is None:
            return None
        return Invalid(f"without credentials, {stranger}")
    shown = request.headers.getall("Authorization", [])
    if len(shown) == 1 and is_one_of(shown[0], door.authorizations):
        return None
    return Invalid("wrong credentials" if shown else "without credentials")


def is_one_of(shown: str, secrets: Sequence[Secret]) -> bool:
    """Compare with every secret, in a time that tells nothing about any."""
    # The scheme's case is free (RFC 9110, section 11.1); the credentials' is not.
    scheme, _, rest = shown.partition(" ")
    value = f"{scheme.lower()} {rest.strip()}".encode("utf-8", "surrogateescape")
    found = False
    for secret in secrets:
        scheme, _, rest = secret.reveal().partition(" ")
        expected = f"{scheme.lower()} {rest}".encode()
        found |= hmac.compare_digest(value, expected)
    return found


def shows_signature(
    signed: Signed | None, request: web.Request, body: bytes, now: datetime
) -> Invalid | None:
    """None if the body is signed as the source must sign it, else why not."""
    if signed is None:
        return None
    timestamp = None
    if signed.timestamp_header is not None:
        timestamp = request.headers.get(signed.timestamp_header, "")
    verdict = verify(
        [secret.reveal().encode() for secret in signed.secrets],
        body,
        request.headers.get(signed.header, ""),
        timestamp,
        now=now,
    )
    return verdict if isinstance(verdict, Invalid) else None


def may_operate(request: web.Request, tokens: Sequence[Secret]) -> bool:
    """Whether a request may use the operator's side of the API.

    With tokens configured one of them must be shown; without, only this machine's own
    programs may acknowledge, cancel or send.
    """
    if tokens:
        shown = request.headers.getall("Authorization", [])
        return len(shown) == 1 and is_one_of(shown[0], tokens)
    return why_not_ours(request) is None


def why_not_ours(request: web.Request) -> str | None:
    """Say how a request came that is not of a program on this machine; None if it is.

    Not from the network; not from a page in somebody's browser, which may post to
    loopback as well; not through a proxy here, behind which everybody seems to be here.
    """
    if not is_loopback(request.remote):
        return "from another machine"
    if _is_browser(request):
        return "from a web page"
    if any(header in request.headers for header in _FORWARDED):
        return "through a proxy"
    # `request.host` would ask the resolver where there is no header.
    if not _names_this_machine(request.headers.get("Host", "")):
        return "under a name that is not loopback's"
    return None


_FORWARDED = (
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "Via",
)
"""What proxies add. One that adds none of them, and passes its own name on, cannot be
told from a program here: a source behind it needs credentials."""


def _is_browser(request: web.Request) -> bool:
    """Whether a web page may be behind it; what people type into a browser is not."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    return "Origin" in request.headers or site not in ("none", "same-origin")


def _names_this_machine(host: str) -> bool:
    """Whether a `Host` is loopback's, or there is none (HTTP/1.0; no browser's).

    Any other is a name that somebody made to point here, so that a browser takes us
    for a part of their site (DNS rebinding), or the public one of a proxy.
    """
    name = host.rpartition(":")[0] if _PORT.search(host) else host
    return name.lower() == "localhost" or is_loopback(name.strip("[]"))


_PORT = re.compile(r":[0-9]*$")


@lru_cache(maxsize=256)
def is_loopback(address: str | None) -> bool:
    """Whether a peer is this machine; a Unix socket's peer has no address, and is."""
    if not address:
        return True
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    # A socket for both families shows IPv4 as ::ffff:127.0.0.1.
    mapped = found.ipv4_mapped if found.version == 6 else None
    return (mapped or found).is_loopback
