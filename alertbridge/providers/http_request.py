"""One request to a gateway over HTTP, and what is known when it ends badly.

The line that matters runs through `HttpGateway.send`: before a connection stands,
nothing was sent, and trying again is free; once a byte may have left, every trouble
is Uncertain and nothing here tries again.
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
)
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_fixed,
)

from alertbridge.core.message import Deferred, Uncertain
from alertbridge.core.notification import ProviderName
from alertbridge.core.secret import Secret
from alertbridge.ports import ProviderCheckFailed
from alertbridge.providers.asking import Asking

MAX_ANSWER = 1024 * 1024
"""Bytes of an answer, decompressed, that we read; what is known has under 10 KiB."""

# Raised before a connection stands (refused, no route, DNS, TLS, connect timeout): the
# request was not written, and a second try cannot duplicate an SMS.
NOT_SENT = (ClientConnectorError, ConnectionTimeoutError)

# `connect` ends the phase in which nothing was sent; it is the shorter one, so when
# `total` runs out the request had left: a bare TimeoutError is always Uncertain.
# ceil_threshold: without it aiohttp rounds the 10 s up to a whole second of its loop.
TIMEOUT = ClientTimeout(total=10, connect=3, sock_connect=3, ceil_threshold=10)

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to ask; nothing of it shows in a log, for it holds secrets and numbers."""

    method: str = "POST"
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response as far as it could be read; `body` is None if it broke off."""

    status: int
    body: bytes | None
    retry_after: str = ""
    link: str = ""


class HttpGateway:
    """Asks one gateway, each time on a fresh connection, and never twice too often.

    `title` is what people call it: it stands in the details of outcomes. `per_second`
    is what the account allows.
    """

    def __init__(
        self,
        name: ProviderName,
        title: str,
        session: ClientSession,
        per_second: int,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        timeout: ClientTimeout = TIMEOUT,
    ) -> None:
        self._name = name
        self._title = title
        self._session = session
        self._asking = Asking(per_second, sleep)
        self._sleep = sleep
        self._timeout = timeout

    async def send(self, request: Request) -> Answer | Deferred | Uncertain:
        """Hand over what must not be handed over twice.

        Two quick tries to reach the gateway, then it is Deferred: seconds are waited
        out here, minutes belong to the store, which survives a restart.
        """
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(NOT_SENT),
            # A first try that used up its 3 s is not repeated: 1.5 + 10 s is what
            # leaves a caller's 12 s whole.
            stop=stop_after_attempt(2) | stop_before_delay(1.5),
            wait=wait_fixed(0.4),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            answer: Answer = await retrying(self._once, request)
        except NOT_SENT as exc:
            return Deferred(detail=f"cannot reach {self._title}: {describe(exc)}")
        except (ClientError, TimeoutError, OSError) as exc:
            return Uncertain(detail=f"no clear answer: {describe(exc)}")
        return answer

    async def ask(self, request: Request) -> Answer:
        """Ask for something that sends nothing, when its turn has come.

        Raises:
            ProviderCheckFailed: there was no answer; one line for the operator.
        """
        await self._asking.turn()
        try:
            return await self._once(request)
        except (ClientError, TimeoutError, OSError) as exc:
            raise ProviderCheckFailed(
                f"{self._name}: cannot ask {self._title}: {describe(exc)}"
            ) from exc

    async def ask_members(self, request: Request) -> dict[str, object]:
        """Ask for a JSON object that only a holder of the credentials gets.

        Raises:
            ProviderCheckFailed: the credentials are refused, or it is not the gateway.
        """
        answer = await self.ask(request)
        if answer.status in {401, 403}:
            raise ProviderCheckFailed(
                f"{self._name}: HTTP {answer.status}: {self._title} refuses the"
                " credentials; copy them again from its portal"
            )
        members = read_members(answer.body)
        if answer.status != 200 or not members:
            raise ProviderCheckFailed(
                f"{self._name}: HTTP {answer.status} from {self._title}, and not what"
                " it would say; is base_url right?"
            )
        return members

    async def _once(self, request: Request) -> Answer:
        async with self._session.request(
            request.method,
            request.url,
            data=request.body,
            headers={"Accept-Encoding": "identity", **request.headers},
            # Credentials go to nobody that the config does not name.
            allow_redirects=False,
            timeout=self._timeout,
        ) as response:
            return Answer(
                status=response.status,
                body=await read_capped(response),
                retry_after=response.headers.get("Retry-After", ""),
                link=", ".join(response.headers.getall("Link", [])),
            )


async def read_capped(response: ClientResponse) -> bytes | None:
    """Read at most MAX_ANSWER bytes; None if the body broke off, or is longer.

    The status line arrived whole, and that is what decides.
    """
    body = bytearray()
    try:
        async for chunk in response.content.iter_chunked(64 * 1024):
            body += chunk
            if len(body) > MAX_ANSWER:
                return None
    except (ClientError, TimeoutError, OSError):
        return None
    return bytes(body)


def read_json(body: bytes | None) -> object:
    """Read a body as JSON; None if it is anything else."""
    try:
        document: object = json.loads(body or b"")
    except (ValueError, RecursionError):
        # RecursionError: a few kilobytes of "[" are enough.
        return None
    return document


def read_members(body: bytes | None) -> dict[str, object]:
    """Read a body as a JSON object; empty if it is anything else."""
    document = read_json(body)
    return document if isinstance(document, dict) else {}


def form_body(fields: Mapping[str, str]) -> bytes:
    """Write a form in UTF-8; half a surrogate pair, which has none, becomes a "?"."""
    return urlencode(fields, errors="replace").encode("ascii")


def basic_auth(username: str, password: Secret) -> str:
    """Write the value of an Authorization header (RFC 7617), in UTF-8."""
    pair = f"{username}:{password.reveal()}"
    return f"Basic {b64encode(pair.encode()).decode('ascii')}"


def describe(exc: BaseException) -> str:
    """Name an error by its class and the system's own words.

    Never by `str` or `repr`: aiohttp's hold the request's headers, token included.
    """
    if isinstance(exc, ClientConnectorCertificateError):
        return f"{type(exc).__name__} ({_verify_message(exc.certificate_error)})"
    words = exc.strerror if isinstance(exc, OSError) else None
    return f"{type(exc).__name__} ({words})" if words else type(exc).__name__


def _verify_message(exc: Exception) -> str:
    return str(getattr(exc, "verify_message", "") or "certificate refused")
