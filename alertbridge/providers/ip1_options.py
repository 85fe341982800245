"""What the config says about an iP.1 account, checked before anything is sent."""

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from alertbridge.core.secret import Secret

_SENDER = re.compile(r"[1-9][0-9]{2,14}|[A-Za-z0-9]{3,11}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_base_url(url: str) -> str:
    # No message here repeats the URL: it may hold a password.
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not a URL; write https://api.ip1sms.com") from None
    if parts.scheme not in {"https", "http"} or not host:
        raise ValueError("is not an https:// URL; write https://api.ip1sms.com")
    if not (url.isascii() and url.isprintable()) or " " in url:
        raise ValueError("has characters that a URL cannot hold")
    if "@" in parts.netloc:
        raise ValueError("has a user or password in it; the token goes into `token`")
    if "?" in url or "#" in url:
        raise ValueError("ends at the host or a path; leave out `?` and `#`")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("would send the token in clear; write https://")
    return url.rstrip("/")


def _check_token(token: Secret) -> Secret:
    value = token.reveal()
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError(
            "is empty, or has spaces or characters that a header cannot hold;"
            " copy it again from portal.ip1.net"
        )
    return token


def _check_sender(sender: str) -> str:
    if not _SENDER.fullmatch(sender):
        raise ValueError(
            "is not a sender: 3 to 11 letters A-Z and digits,"
            " or a number of 3 to 15 digits without `+`"
        )
    return sender


class Ip1Options(BaseModel):
    """An account at iP.1 (https://ip1sms.com)."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
    )

    base_url: Annotated[str, AfterValidator(_check_base_url)] = Field(
        default="https://api.ip1sms.com",
        description="Where the API is; plain http only to loopback.",
    )
    token: Annotated[Secret, AfterValidator(_check_token)] = Field(
        description="API token from portal.ip1.net; sent as a bearer token.",
    )
    sender: Annotated[str, AfterValidator(_check_sender)] = Field(
        description=(
            "What the handset shows: 3 to 11 letters A-Z and digits, or a number"
            " without `+`. Must be registered on the account; trial accounts have"
            " `iP1` and `iP1sms`."
        ),
    )
    priority_for_critical: bool = Field(
        default=False,
        description=(
            "Send critical pages with iP.1's priority 2, which costs extra per SMS."
        ),
    )
    requests_per_second: int = Field(
        default=30,
        ge=1,
        le=1000,
        description=(
            "What the account allows in any second, over all its users: iP.1 says 30."
        ),
    )
