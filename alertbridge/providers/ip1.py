"""iP.1 (https://api.ip1sms.com, REST v2): hand over a submission, ask about an account.

The line that matters runs through `_post`: before a connection stands, nothing was
sent, and trying again is free; once a byte may have left, every trouble is Uncertain
and nothing here tries again. There is no idempotency key: the `reference` in the
batch is how the caller finds an uncertain send afterwards.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime

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

from alertbridge.core.inquiry import Listing, NotListed
from alertbridge.core.message import (
    Deferred,
    Outcomes,
    Reference,
    Submission,
    Uncertain,
)
from alertbridge.core.notification import ProviderName
from alertbridge.ports import ProviderCheckFailed
from alertbridge.providers.ip1_answers import Answer, classify, read_json
from alertbridge.providers.ip1_list import list_sent
from alertbridge.providers.ip1_options import Ip1Options
from alertbridge.providers.ip1_request import batch_request, refuse_unsendable

MAX_ANSWER = 1024 * 1024
"""Bytes of an answer, decompressed, that we read; a batch document has under 1 KiB."""

SENDERS_PAGE = 200

LISTING = 10.0
"""Seconds for all pages of the list of batches."""

# Raised before a connection stands (refused, no route, DNS, TLS, connect timeout): the
# request was not written, and a second try cannot duplicate an SMS.
NOT_SENT = (ClientConnectorError, ConnectionTimeoutError)

# `connect` ends the phase in which nothing was sent; it is the shorter one, so when
# `total` runs out the request had left: a bare TimeoutError is always Uncertain.
# ceil_threshold: without it aiohttp rounds the 10 s up to a whole second of its loop.
TIMEOUT = ClientTimeout(total=10, connect=3, sock_connect=3, ceil_threshold=10)


class Ip1:
    """A `Provider` for one iP.1 account; serves any number of submissions at once."""

    def __init__(
        self,
        name: ProviderName,
        options: Ip1Options,
        session: ClientSession,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        timeout: ClientTimeout = TIMEOUT,
    ) -> None:
        self._name = name
        self._options = options
        self._session = session
        self._sleep = sleep
        self._timeout = timeout

    @property
    def name(self) -> ProviderName:
        """The configured name."""
        return self._name

    @property
    def requests_per_second(self) -> int:
        """What the account allows; iP.1 counts per account, not per token."""
        return self._options.requests_per_second

    async def submit(self, submission: Submission) -> Outcomes:
        """Hand *submission* over as one batch.

        Two quick tries to reach the gateway, then it is Deferred: seconds are waited
        out here, minutes belong to the store, which survives a restart.
        """
        refusal = refuse_unsendable(submission)
        if refusal is not None:
            return refusal
        payload = json.dumps(batch_request(submission, self._options)).encode()
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
            answer: Answer = await retrying(
                self._request, "POST", "/v2/batches", payload
            )
        except NOT_SENT as exc:
            return Outcomes(Deferred(detail=f"cannot reach iP.1: {describe(exc)}"))
        except (ClientError, TimeoutError, OSError) as exc:
            return Outcomes(Uncertain(detail=f"no clear answer: {describe(exc)}"))
        return classify(answer, submission.numbers, submission.began_at)

    async def list_sent(
        self, references: Collection[Reference], since: datetime
    ) -> Listing:
        """Look for *references* in the account's list of batches."""
        try:
            async with asyncio.timeout(LISTING):
                return await list_sent(
                    lambda path: self._request("GET", path),
                    self._options.base_url,
                    references,
                    since,
                )
        except (ClientError, TimeoutError, OSError) as exc:
            return NotListed(f"cannot read the list: {describe(exc)}")

    async def check(self) -> Sequence[str]:
        """Ask about the token, the sender and the balance; no SMS leaves.

        Raises:
            ProviderCheckFailed: with one line that says what is wrong.
        """
        return [await self._check_sender(), await self._check_balance()]

    async def _check_sender(self) -> str:
        answer = await self._get(f"/v2/me/senders?limit={SENDERS_PAGE}")
        if answer.status in {401, 403}:
            raise ProviderCheckFailed(
                f"{self._name}: HTTP {answer.status}: the token is refused;"
                " make a new one in portal.ip1.net, or allow this address there"
            )
        rows = read_json(answer.body)
        if answer.status != 200 or not isinstance(rows, list):
            raise ProviderCheckFailed(
                f"{self._name}: HTTP {answer.status} for the list of senders;"
                " is base_url right?"
            )
        sender = self._options.sender
        if any(isinstance(row, dict) and row.get("sender") == sender for row in rows):
            return f"sender {sender}: registered"
        if len(rows) >= SENDERS_PAGE:
            return f"sender {sender}: not among the first {SENDERS_PAGE} on the account"
        raise ProviderCheckFailed(
            f"{self._name}: sender {sender} is not registered on the account;"
            " register it in portal.ip1.net, or use one that is"
        )

    async def _check_balance(self) -> str:
        # The one endpoint outside /v2: whether it takes our kind of token is not
        # documented, so a no from it says nothing about the token.
        answer = await self._get("/api/me")
        account = read_json(answer.body)
        if answer.status != 200 or not isinstance(account, dict):
            return f"balance: not known (HTTP {answer.status})"
        balance, currency = account.get("Balance"), account.get("Currency")
        if (
            isinstance(balance, bool)
            or not isinstance(balance, int | float)
            or not isinstance(currency, str)
        ):
            return "balance: not known (the answer does not say)"
        low = ", so only an invoiced account can send" if balance <= 0 else ""
        unit = currency if currency.isalpha() and len(currency) == 3 else "units"
        return f"balance: {balance:.2f} {unit}{low}"

    async def _get(self, path: str) -> Answer:
        try:
            return await self._request("GET", path)
        except (ClientError, TimeoutError, OSError) as exc:
            raise ProviderCheckFailed(
                f"{self._name}: cannot ask iP.1: {describe(exc)}"
            ) from exc

    async def _request(
        self, method: str, path: str, payload: bytes | None = None
    ) -> Answer:
        """Ask once, on a fresh connection, with the answer's body read to its cap."""
        async with self._session.request(
            method,
            self._options.base_url + path,
            data=payload,
            headers={
                "Authorization": f"Bearer {self._options.token.reveal()}",
                "Content-Type": "application/json",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            },
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
    """Read a body of at most 1 MiB; None if it is longer or breaks off.

    The status has been seen by then, and often says enough: it must not be lost
    because the body behind it was.
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
