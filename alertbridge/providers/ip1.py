"""iP.1 (https://api.ip1sms.com, REST v2): hand over a submission, ask about an account.

There is no idempotency key: the `reference` in the batch is how the caller finds an
uncertain send afterwards.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime

from aiohttp import ClientSession, ClientTimeout

from alertbridge.core.balance import Balance, BalanceUnknown
from alertbridge.core.inquiry import Listing, NotListed
from alertbridge.core.message import MAX_NUMBERS, Outcomes, Reference, Submission
from alertbridge.core.notification import ProviderName
from alertbridge.core.report import Answer as Report
from alertbridge.core.report import DeliveryReport, NotReported
from alertbridge.ports import ProviderCheckFailed, ReportRequest
from alertbridge.providers.balance import balance_line, read_balance
from alertbridge.providers.http_request import (
    JSON,
    TIMEOUT,
    Answer,
    HttpGateway,
    Request,
    read_json,
)
from alertbridge.providers.ip1_answers import classify
from alertbridge.providers.ip1_list import list_sent
from alertbridge.providers.ip1_messages import ask_batch
from alertbridge.providers.ip1_options import Ip1Options
from alertbridge.providers.ip1_reports import read_report
from alertbridge.providers.ip1_request import batch_request, refuse_unsendable

__all__ = ["TIMEOUT", "Ip1"]

SENDERS_PAGE = 200

LISTING = 10.0
"""Seconds for all pages of a list."""


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
        report_url: str | None = None,
    ) -> None:
        self.name = name
        # What the account allows; iP.1 counts per account, not per token.
        self.requests_per_second = options.requests_per_second
        # What iP.1 recommends as the most recipients of one request.
        self.most_numbers = MAX_NUMBERS
        self._options = options
        self._http = HttpGateway(
            name,
            "iP.1",
            session,
            options.requests_per_second,
            sleep=sleep,
            timeout=timeout,
        )
        self.report_url = report_url

    async def submit(self, submission: Submission) -> Outcomes:
        """Hand *submission* over as one batch."""
        refusal = refuse_unsendable(submission)
        if refusal is not None:
            return refusal
        batch = batch_request(submission, self._options, self.report_url)
        answer = await self._http.send(
            self._request("POST", "/v2/batches", json.dumps(batch).encode())
        )
        if not isinstance(answer, Answer):
            return Outcomes(answer)
        return classify(answer, submission.numbers, submission.began_at)

    async def list_sent(
        self, references: Collection[Reference], since: datetime
    ) -> Listing:
        """Look for *references* in the account's list of batches."""
        try:
            async with asyncio.timeout(LISTING):
                return await list_sent(
                    self._get, self._options.base_url, references, since
                )
        except ProviderCheckFailed as exc:
            return NotListed(str(exc))
        except TimeoutError:
            return NotListed(f"the list takes more than {LISTING:.0f} s")

    async def ask_reports(self, reference: Reference, provider_id: str) -> Report:
        """Ask for the messages of the batch *provider_id*, and their latest status."""
        try:
            async with asyncio.timeout(LISTING):
                return await ask_batch(
                    self._get, self._options.base_url, reference, provider_id
                )
        except ProviderCheckFailed as exc:
            return NotReported(str(exc))
        except TimeoutError:
            return NotReported(f"the messages take more than {LISTING:.0f} s")

    @property
    def reports_here(self) -> bool:
        """Whether the gateway is told to post its reports to us."""
        return self.report_url is not None

    def read_reports(self, request: ReportRequest) -> tuple[DeliveryReport, ...]:
        """Read a post to `deliveryReportUrl`; iP.1 signs nothing."""
        return (read_report(request),)

    async def check(self) -> Sequence[str]:
        """Ask about the token, the sender and the balance; no SMS leaves.

        Raises:
            ProviderCheckFailed: with one line that says what is wrong.
        """
        return [await self._check_sender(), balance_line(await self._ask_balance())]

    async def balance(self) -> Balance | BalanceUnknown:
        """Ask for the account's balance."""
        try:
            return await self._ask_balance()
        except ProviderCheckFailed as exc:
            return BalanceUnknown(str(exc))

    async def _check_sender(self) -> str:
        answer = await self._get(f"/v2/me/senders?limit={SENDERS_PAGE}")
        if answer.status in {401, 403}:
            raise ProviderCheckFailed(
                f"{self.name}: HTTP {answer.status}: the token is refused;"
                " make a new one in portal.ip1.net, or allow this address there"
            )
        rows = read_json(answer.body)
        if answer.status != 200 or not isinstance(rows, list):
            raise ProviderCheckFailed(
                f"{self.name}: HTTP {answer.status} for the list of senders;"
                " is base_url right?"
            )
        sender = self._options.sender
        if any(isinstance(row, dict) and row.get("sender") == sender for row in rows):
            return f"sender {sender}: registered"
        if len(rows) >= SENDERS_PAGE:
            return f"sender {sender}: not among the first {SENDERS_PAGE} on the account"
        raise ProviderCheckFailed(
            f"{self.name}: sender {sender} is not registered on the account;"
            " register it in portal.ip1.net, or use one that is"
        )

    async def _ask_balance(self) -> Balance | BalanceUnknown:
        # The one endpoint outside /v2: whether it takes our kind of token is not
        # documented, so a no from it says nothing about the token.
        answer = await self._get("/api/me")
        account = read_json(answer.body)
        if answer.status != 200 or not isinstance(account, dict):
            return BalanceUnknown(f"HTTP {answer.status}")
        return read_balance(account.get("Balance"), account.get("Currency"))

    async def _get(self, path: str) -> Answer:
        return await self._http.ask(self._request("GET", path))

    def _request(self, method: str, path: str, body: bytes | None = None) -> Request:
        return Request(
            method=method,
            url=self._options.base_url + path,
            headers={
                "Authorization": f"Bearer {self._options.token.reveal()}",
                "Content-Type": JSON,
                "Accept": JSON,
            },
            body=body,
        )
