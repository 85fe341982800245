"""Sinch SMS REST API (https://developers.sinch.com/docs/sms/api-reference): batches.

Documented: `POST /xms/v1/PLAN/batches` with up to 1000 numbers, 201 with the batch's
`id`, errors as a JSON object with `code` and `text`, `expire_at`, and delivery reports,
posted or asked for (`sinch_reports`). Assumed, and not confirmed here: that a 400
because of one number names it, by its digits or as `to[2]`. There is no idempotency
key; our reference travels as `client_reference`. Reports are signed only on request to
Sinch: that is not checked, so the address it posts to must be secret.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from aiohttp import ClientSession
from pydantic import AfterValidator, Field

from alertbridge.core.message import MAX_NUMBERS, Outcomes, Reference, Submission
from alertbridge.core.notification import ProviderName
from alertbridge.core.report import Answer as Report
from alertbridge.core.report import DeliveryReport
from alertbridge.core.secret import Secret
from alertbridge.ports import ReportRequest
from alertbridge.providers.batch_answers import classify_batch
from alertbridge.providers.blame import refuse_unsendable
from alertbridge.providers.http_request import (
    JSON,
    Answer,
    HttpGateway,
    Request,
    read_members,
)
from alertbridge.providers.options import (
    AccountId,
    ProviderOptions,
    Sender,
    https_url,
    one_line,
)
from alertbridge.providers.report_asking import ask_about
from alertbridge.providers.report_fields import read_object
from alertbridge.providers.sinch_reports import read_reports

_HOME = "https://eu.sms.api.sinch.com"

LONGEST = 2000
"""Characters of `body`."""

LONGEST_LIFE = timedelta(days=3)
"""The most that `expire_at` may lie ahead."""


class SinchOptions(ProviderOptions):
    """A service plan at Sinch (https://dashboard.sinch.com), by its SMS REST API."""

    base_url: Annotated[str, AfterValidator(https_url(_HOME, "token"))] = Field(
        default=_HOME,
        description="Where the API of the plan's region is; plain http only to"
        " loopback.",
    )
    service_plan_id: AccountId = Field(description="The service plan's id.")
    token: Annotated[Secret, AfterValidator(one_line("Sinch's dashboard"))] = Field(
        description="The service plan's API token; sent as a bearer token."
    )
    sender: Sender = Field(
        description="What the handset shows: a number of the plan with its `+`, or up"
        " to 11 letters and digits."
    )
    requests_per_second: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="How fast we ask; Sinch queues what the plan's rate exceeds.",
    )


class Sinch:
    """A `Provider` for one Sinch service plan."""

    def __init__(
        self,
        name: ProviderName,
        options: SinchOptions,
        session: ClientSession,
        *,
        report_url: str | None = None,
    ) -> None:
        self.name = name
        self.requests_per_second = options.requests_per_second
        # What Sinch documents for `to`.
        self.most_numbers = MAX_NUMBERS
        self._options = options
        self._http = HttpGateway(name, "Sinch", session, options.requests_per_second)
        self.report_url = report_url

    async def submit(self, submission: Submission) -> Outcomes:
        """Hand *submission* over as one batch."""
        refusal = refuse_unsendable(submission, longest=LONGEST)
        if refusal is not None:
            return refusal
        body = json.dumps(self._batch(submission)).encode()
        answer = await self._http.send(self._request("POST", "batches", body))
        if not isinstance(answer, Answer):
            return Outcomes(answer)
        members = read_members(answer.body)
        return classify_batch(
            answer,
            submission.numbers,
            submission.began_at,
            explained="code" in members and "text" in members,
        )

    async def check(self) -> Sequence[str]:
        """Ask for the list of batches, which takes the token; no SMS leaves."""
        await self._http.ask_members(self._request("GET", "batches?page_size=1"))
        return ["token: taken; the sender is not checked: Sinch has no list of them"]

    @property
    def reports_here(self) -> bool:
        """Whether the gateway is told to post its reports to us."""
        return self.report_url is not None

    def read_reports(self, request: ReportRequest) -> tuple[DeliveryReport, ...]:
        """Read a report on one recipient, or one on a batch with its recipients."""
        return tuple(read_reports(read_object(request)))

    async def ask_reports(self, reference: Reference, provider_id: str) -> Report:
        """Ask for the batch *provider_id*, and the status of each recipient."""
        return await ask_about(
            reference,
            provider_id,
            self._http,
            lambda batch: self._request(
                "GET", f"batches/{batch}/delivery_report?type=full"
            ),
            read_reports,
        )

    def _batch(self, submission: Submission) -> dict[str, object]:
        until = min(submission.closes_at, submission.began_at + LONGEST_LIFE)
        batch: dict[str, object] = {
            "from": self._options.sender.removeprefix("+"),
            "to": [number.removeprefix("+") for number in submission.numbers],
            "type": "mt_text",
            "body": submission.text.body,
            "expire_at": _iso(until),
            "client_reference": submission.reference,
            "delivery_report": "none",
        }
        if self.report_url is not None:
            batch |= {
                "delivery_report": "per_recipient",
                "callback_url": self.report_url,
            }
        return batch

    def _request(self, method: str, what: str, body: bytes | None = None) -> Request:
        options = self._options
        return Request(
            method=method,
            url=f"{options.base_url}/xms/v1/{options.service_plan_id}/{what}",
            headers={
                "Authorization": f"Bearer {options.token.reveal()}",
                "Content-Type": JSON,
                "Accept": JSON,
            },
            body=body,
        )


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
