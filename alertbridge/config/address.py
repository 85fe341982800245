"""Addresses in a config: where we listen, and URLs we call or print."""

import ipaddress
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from alertbridge.config.section import refusal

_UNITS = {"": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_SIZE = re.compile(r"([0-9]{1,9})(KiB|MiB|GiB|)", re.ASCII)
_SQLITE = "sqlite://"


@dataclass(frozen=True, slots=True)
class Listen:
    """A TCP address; `host` is empty for every interface."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return _is_loopback(self.host)


def parse_listen(text: str) -> Listen:
    """Read `HOST:PORT`; an IPv6 host stands in brackets; port 0 lets the system pick.

    Raises:
        ValueError: anything else.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not re.fullmatch(r"[0-9]{1,5}", port, re.ASCII):
        raise ValueError("no port")
    if host.startswith("[") and host.endswith("]"):
        host = str(ipaddress.IPv6Address(host[1:-1]))
    elif not re.fullmatch(r"[A-Za-z0-9.-]{0,253}", host, re.ASCII):
        raise ValueError("no host")
    if int(port) > 65535:
        raise ValueError("no such port")
    return Listen(host, int(port))


def sqlite_path(url: str) -> PurePosixPath:
    """Take the path out of `sqlite:///var/lib/…`: all that follows the two slashes."""
    return PurePosixPath(url.removeprefix(_SQLITE))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_listen(text: str) -> str:
    try:
        parse_listen(text)
    except ValueError as exc:
        fix = "write HOST:PORT, such as 127.0.0.1:10876 or [::1]:10876"
        raise refusal("not an address to listen on", fix) from exc
    return text


def _check_url(url: str) -> str:
    # No message repeats the URL: people put passwords into them.
    fix = "write https://host/path"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as exc:
        raise refusal("not a URL", fix) from exc
    if parts.scheme not in {"http", "https"} or not host:
        raise refusal("not an http or https URL", fix)
    if not url.isascii() or not url.isprintable() or " " in url:
        raise refusal("a URL with characters that no URL holds", fix)
    if "@" in parts.netloc:
        raise refusal("a URL with a user or password in it", "leave them out")
    if _is_link_local(host):
        # The cloud's metadata address: whoever can make us fetch it owns the machine.
        raise refusal("a link-local address", "write the name of a real host")
    return url.rstrip("/")


def _is_link_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_link_local
    except ValueError:
        return False


def _check_storage(url: str) -> str:
    if not url.startswith(_SQLITE):
        fix = "write sqlite:///var/lib/alertbridge/alertbridge.db"
        raise refusal("a store that this version does not have", fix)
    path = sqlite_path(url)
    if not path.is_absolute() or ".." in path.parts or "?" in url or not path.name:
        fix = "write the absolute path of a file: sqlite:///var/lib/…"
        raise refusal("not an absolute path after sqlite://", fix)
    return url


def _bytes(value: object) -> int:
    text = str(value) if isinstance(value, int | str) else ""
    match = _SIZE.fullmatch(text)
    if not match:
        raise refusal("not a size", 'write it as "32MiB", or as a number of bytes')
    return int(match[1]) * _UNITS[match[2]]


def _read_room(value: object) -> int:
    size = _bytes(value)
    if size > 64 * 1024**3:
        raise refusal("a size over 64 GiB", 'write "32MiB", or 0')
    return size


def _read_size(value: object) -> int:
    size = _bytes(value)
    if not 1024 <= size <= 1024**3:
        raise refusal("a size outside 1 KiB to 1 GiB", 'write "32MiB"')
    return size


ListenText = Annotated[str, AfterValidator(_check_listen)]
"""`HOST:PORT`."""

Url = Annotated[
    str,
    AfterValidator(_check_url),
    WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https?://"}),
]
"""An http or https URL without a password; no slash at its end."""

StorageUrl = Annotated[
    str,
    AfterValidator(_check_storage),
    WithJsonSchema({"type": "string", "pattern": "^sqlite:///"}),
]
"""Where the store is."""

Size = Annotated[
    int,
    BeforeValidator(_read_size),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": "^[0-9]+(KiB|MiB|GiB|)$"},
                {"type": "integer", "minimum": 1024},
            ]
        }
    ),
]
"""A number of bytes; the file holds text such as `32MiB`."""

Room = Annotated[
    int,
    BeforeValidator(_read_room),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": "^[0-9]+(KiB|MiB|GiB|)$"},
                {"type": "integer", "minimum": 0},
            ]
        }
    ),
]
"""Room on a disk, in bytes; 0 turns off what it is for."""
