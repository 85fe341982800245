"""What the options of gateways have in common, checked before anything is sent.

No message here repeats a value: it may hold a password.
"""

import ipaddress
import re
from collections.abc import Callable
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict

from alertbridge.core.secret import Secret


class ProviderOptions(BaseModel):
    """A gateway's part of the config: no unknown keys, no conversions, no changes."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
    )


def https_url(example: str, secret: str) -> Callable[[str], str]:
    """Make the check of a URL; *secret* is the option that a password goes to."""

    def check(url: str) -> str:
        parts = split_url(url, example)
        if "@" in parts.netloc:
            raise ValueError(
                f"has a user or password in it; the {secret} goes into `{secret}`"
            )
        if "?" in url or "#" in url:
            raise ValueError("ends at the host or a path; leave out `?` and `#`")
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            raise ValueError(f"would send the {secret} in clear; write https://")
        return url.rstrip("/")

    return check


def split_url(url: str, example: str) -> SplitResult:
    """Take a URL apart.

    Raises:
        ValueError: it is none, or could not stand in a request line.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"is not a URL; write {example}") from None
    if parts.scheme not in {"https", "http"} or not host:
        raise ValueError(f"is not an https:// URL; write {example}")
    if not (url.isascii() and url.isprintable()) or " " in url:
        raise ValueError("has characters that a URL cannot hold")
    return parts


def is_loopback(host: str) -> bool:
    """Whether it is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def one_line(where: str) -> Callable[[Secret], Secret]:
    """Make the check of a secret that goes into a header; *where* it is copied from."""

    def check(secret: Secret) -> Secret:
        value = secret.reveal()
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            raise ValueError(
                "is empty, or has spaces or characters that a header cannot hold;"
                f" copy it again from {where}"
            )
        return secret

    return check


_PATH_PART = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _path_part(value: str) -> str:
    if not _PATH_PART.fullmatch(value):
        raise ValueError("is not an id of letters, digits, `-` and `_`; copy it again")
    return value


AccountId = Annotated[str, AfterValidator(_path_part)]
"""An id that stands in the path of a URL."""

_SENDER = re.compile(r"\+[1-9][0-9]{4,14}|[A-Za-z0-9 ]{1,11}|[0-9]{3,15}")


def check_sender(sender: str) -> str:
    """Take a sender.

    Raises:
        ValueError: it is none.
    """
    if not _SENDER.fullmatch(sender) or sender != sender.strip():
        raise ValueError(
            'is not a sender; write a number as "+46701740605", a short code,'
            " or 1 to 11 letters A-Z, digits and spaces"
        )
    return sender


Sender = Annotated[str, AfterValidator(check_sender)]
"""What the handset shows, as most gateways take it."""
