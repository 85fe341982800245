"""Vonage's Messages API (https://developer.vonage.com/en/api/messages): one a request.

Chosen over Vonage's older SMS API because its HTTP status says what became of the
request; that one answers 200 to everything. Documented: basic authentication with key
and secret, the JSON fields, 202 with a `message_uuid`, errors as problem details
(RFC 9457), and status webhooks. Not confirmed here: the smallest `ttl` for SMS; we
never ask for less than five minutes. A message cannot be asked for here: the Reports
API, which can, is another product, with a price of its own. Vonage signs webhooks with
a JWT of another secret: that is not checked, so the address it posts to must be secret.
"""

import json
from collections.abc import Sequence
from typing import Annotated

from aiohttp import ClientSession
from pydantic import AfterValidator, Field

from alertbridge.core.message import DataCoding, Outcome, Outcomes, Submission
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.report import Blame, Delivery, DeliveryReport
from alertbridge.core.secret import Secret
from alertbridge.ports import ReportRequest
from alertbridge.providers.http_request import (
    JSON,
    Answer,
    HttpGateway,
    Request,
    basic_auth,
    read_members,
)
from alertbridge.providers.http_status import refusal_of, taken
from alertbridge.providers.one_by_one import OneByOne
from alertbridge.providers.options import (
    AccountId,
    ProviderOptions,
    Sender,
    https_url,
    one_line,
)
from alertbridge.providers.report_fields import (
    make_report,
    needed,
    read_object,
    text_of,
)

_HOME = "https://api.nexmo.com"

LONGEST = 1000
"""Characters of `text` in an SMS."""

SHORTEST_TTL, LONGEST_TTL = 300, 259_200
"""Seconds of `ttl` that Vonage surely takes."""

DELIVERIES = {
    "delivered": Delivery.DELIVERED,
    "read": Delivery.DELIVERED,
    "rejected": Delivery.FAILED,
    "undeliverable": Delivery.FAILED,
}
"""What `status` says; `submitted` and what is not known are on the way."""

BLAMED = {
    "1050": Blame.NUMBER,  # Number barred
    "1060": Blame.ACCOUNT,  # Partner account barred
    "1070": Blame.ACCOUNT,  # Partner quota exceeded: no credit
    "1080": Blame.ACCOUNT,  # Account not enabled for REST
    "1140": Blame.ACCOUNT,  # Facility not enabled on the account
    "1160": Blame.NUMBER,  # Not in the list of numbers that may be sent to
    "1170": Blame.NUMBER,  # Invalid number
    "1190": Blame.NUMBER,  # Absent subscriber, for good
    "1200": Blame.NUMBER,  # Portability error
    "1240": Blame.NUMBER,  # Opted out
    "1280": Blame.NUMBER,  # Blocked by the carrier: no SMS in the plan, suspended
    "1290": Blame.NUMBER,  # The phone's own prepaid account is empty
}
"""Codes (https://developer.vonage.com/en/api-errors/messages) that say more than that
this message failed. Not here: 1120, a sender that one country's rules refuse."""


class VonageOptions(ProviderOptions):
    """An account at Vonage (https://dashboard.nexmo.com), by its Messages API."""

    base_url: Annotated[str, AfterValidator(https_url(_HOME, "api_secret"))] = Field(
        default=_HOME, description="Where the API is; plain http only to loopback."
    )
    api_key: AccountId = Field(description="The account's API key.")
    api_secret: Annotated[Secret, AfterValidator(one_line("the dashboard"))] = Field(
        description="The account's API secret."
    )
    sender: Sender = Field(
        description="What the handset shows: a number of the account with its `+`, or"
        " up to 11 letters and digits."
    )
    requests_per_second: int = Field(
        default=30, ge=1, le=1000, description="What the account allows in any second."
    )


class Vonage:
    """A `Provider` for one Vonage account."""

    def __init__(
        self,
        name: ProviderName,
        options: VonageOptions,
        session: ClientSession,
        *,
        report_url: str | None = None,
    ) -> None:
        self.name = name
        self.requests_per_second = options.requests_per_second
        # One: `to` is one number.
        self.most_numbers = 1
        self._options = options
        self._http = HttpGateway(name, "Vonage", session, options.requests_per_second)
        self._one_by_one = OneByOne(options.requests_per_second)
        self.report_url = report_url

    async def submit(self, submission: Submission) -> Outcomes:
        """Hand *submission* over, a request for each number."""

        async def send(number: Msisdn) -> Outcome:
            answer = await self._http.send(self._message(submission, number))
            if not isinstance(answer, Answer):
                return answer
            return _classify(answer, submission)

        return await self._one_by_one.submit(submission, longest=LONGEST, send=send)

    async def check(self) -> Sequence[str]:
        """Say that there is nothing to ask: this API only sends."""
        return ["not checked: Vonage's Messages API can only send; try send-test"]

    @property
    def reports_here(self) -> bool:
        """Whether the gateway is told to post its reports to us."""
        return self.report_url is not None

    def read_reports(self, request: ReportRequest) -> tuple[DeliveryReport, ...]:
        """Read a status webhook."""
        fields = read_object(request)
        status = needed(fields, "status")
        error = fields.get("error")
        # The title is the code.
        title = text_of(error, "title") if isinstance(error, dict) else ""
        report = make_report(
            needed(fields, "message_uuid"),
            DELIVERIES.get(status, Delivery.PENDING),
            code=f"{status} {title}",
            reference=text_of(fields, "client_ref"),
            number=text_of(fields, "to"),
            at=text_of(fields, "timestamp"),
            blames=BLAMED.get(title),
        )
        return (report,)

    def _message(self, submission: Submission, number: Msisdn) -> Request:
        options, text = self._options, submission.text
        seconds = int((submission.closes_at - submission.began_at).total_seconds())
        message: dict[str, object] = {
            "message_type": "text",
            "channel": "sms",
            "to": number.removeprefix("+"),
            "from": options.sender.removeprefix("+"),
            "text": text.body,
            "client_ref": submission.reference,
            "ttl": min(max(seconds, SHORTEST_TTL), LONGEST_TTL),
            "sms": {
                "encoding_type": "text" if text.coding is DataCoding.GSM else "unicode"
            },
        }
        if self.report_url is not None:
            message |= {"webhook_url": self.report_url, "webhook_version": "v1"}
        return Request(
            url=f"{options.base_url}/v1/messages",
            headers={
                "Authorization": basic_auth(options.api_key, options.api_secret),
                "Content-Type": JSON,
                "Accept": JSON,
            },
            body=json.dumps(message).encode(),
        )


def _classify(answer: Answer, submission: Submission) -> Outcome:
    members = read_members(answer.body)
    if 200 <= answer.status < 300:
        return taken(answer, members.get("message_uuid"), "message_uuid")
    wrong = members.get("invalid_parameters")
    names = [
        one.get("name")
        for one in (wrong if isinstance(wrong, list) else [])
        if isinstance(one, dict)
    ]
    return refusal_of(
        answer,
        submission.began_at,
        explained=bool(members.get("title")),
        number_is_bad=names == ["to"],
    )
