"""Twilio's Message resource (https://www.twilio.com/docs/messaging/api): one a request.

Documented: the form's fields, 201 with the message's `sid`, errors as a JSON object
with Twilio's own `code` (https://www.twilio.com/docs/api/errors), status callbacks, and
their signature, which is checked
(https://www.twilio.com/docs/usage/webhooks/webhooks-security). There is no idempotency
key and no reference of ours. `ValidityPeriod` ends the wait in Twilio's queue only: how
long a carrier keeps an SMS it does not say. What Twilio says of a message later is in
`twilio_reports`.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Annotated

from aiohttp import ClientSession
from pydantic import AfterValidator, Field

from alertbridge.core.balance import Balance, BalanceUnknown
from alertbridge.core.message import Outcome, Outcomes, Reference, Submission
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.report import Answer as Report
from alertbridge.core.report import DeliveryReport
from alertbridge.core.secret import Secret
from alertbridge.ports import PayloadError, ProviderCheckFailed, ReportRequest
from alertbridge.providers.balance import balance_line, read_balance
from alertbridge.providers.http_request import (
    FORM,
    Answer,
    HttpGateway,
    Request,
    basic_auth,
    form_body,
    read_members,
)
from alertbridge.providers.http_status import refusal_of, taken
from alertbridge.providers.one_by_one import OneByOne
from alertbridge.providers.options import (
    AccountId,
    ProviderOptions,
    check_sender,
    https_url,
    one_line,
)
from alertbridge.providers.report_asking import ask_about
from alertbridge.providers.report_fields import read_form
from alertbridge.providers.twilio_reports import (
    BAD_NUMBER,
    callback_report,
    resource_report,
)

_HOME = "https://api.twilio.com"

LONGEST = 1600
"""Characters of `Body`."""

LONGEST_VALIDITY = 14_400
"""Seconds of `ValidityPeriod`: newer documentation allows 36,000, older only this, and
a value that is refused would cost the page."""

_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")


def _sender_or_service(sender: str) -> str:
    return sender if _SERVICE.fullmatch(sender) else check_sender(sender)


class TwilioOptions(ProviderOptions):
    """An account at Twilio (https://www.twilio.com)."""

    base_url: Annotated[str, AfterValidator(https_url(_HOME, "auth_token"))] = Field(
        default=_HOME, description="Where the API is; plain http only to loopback."
    )
    account_sid: AccountId = Field(description="The account's SID, `AC…`.")
    auth_token: Annotated[Secret, AfterValidator(one_line("Twilio's console"))] = Field(
        description="The account's auth token. It signs status callbacks, too: an API"
        " key will not do."
    )
    sender: Annotated[str, AfterValidator(_sender_or_service)] = Field(
        description="What the handset shows: a number of the account with its `+`, or"
        " up to 11 letters and digits; or the SID of a messaging service, `MG…`."
    )
    requests_per_second: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="How fast we ask; Twilio queues what the sender's rate exceeds.",
    )


class Twilio:
    """A `Provider` for one Twilio account."""

    def __init__(
        self,
        name: ProviderName,
        options: TwilioOptions,
        session: ClientSession,
        *,
        report_url: str | None = None,
    ) -> None:
        self.name = name
        self.requests_per_second = options.requests_per_second
        # One: `To` is one number.
        self.most_numbers = 1
        self._options = options
        self._http = HttpGateway(name, "Twilio", session, options.requests_per_second)
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
        """Ask for the balance, which takes the credentials; no SMS leaves."""
        return [balance_line(await self._ask_balance())]

    async def balance(self) -> Balance | BalanceUnknown:
        """Ask for the account's balance."""
        try:
            return await self._ask_balance()
        except ProviderCheckFailed as exc:
            return BalanceUnknown(str(exc))

    async def _ask_balance(self) -> Balance | BalanceUnknown:
        account = await self._http.ask_members(self._request("GET", "Balance.json"))
        try:
            amount: object = float(str(account.get("balance")))
        except ValueError:
            amount = None
        return read_balance(amount, account.get("currency"))

    @property
    def reports_here(self) -> bool:
        """Whether the gateway is told to post its reports to us."""
        return self.report_url is not None

    def read_reports(self, request: ReportRequest) -> tuple[DeliveryReport, ...]:
        """Read a status callback, signed by a holder of the auth token."""
        fields = read_form(request)
        self._verify(request.headers.get("x-twilio-signature", ""), fields)
        return (callback_report(fields),)

    async def ask_reports(self, reference: Reference, provider_id: str) -> Report:
        """Ask for the message *provider_id*, and its status."""
        return await ask_about(
            reference,
            provider_id,
            self._http,
            lambda sid: self._request("GET", f"Messages/{sid}.json"),
            lambda members: (resource_report(members),),
        )

    def _verify(self, signature: str, fields: Mapping[str, str]) -> None:
        if self.report_url is None:
            raise PayloadError("no callbacks are expected: Twilio has no address of us")
        signed = self.report_url + "".join(
            name + fields[name] for name in sorted(fields)
        )
        key = self._options.auth_token.reveal().encode()
        # SHA-1 is Twilio's choice; as an HMAC it is not broken.
        made = b64encode(hmac.digest(key, signed.encode("utf-8", "replace"), "sha1"))
        if not hmac.compare_digest(made, signature.encode("utf-8", "replace")):
            raise PayloadError("X-Twilio-Signature does not match the callback")

    def _message(self, submission: Submission, number: Msisdn) -> Request:
        options = self._options
        service = _SERVICE.fullmatch(options.sender) is not None
        seconds = int((submission.closes_at - submission.began_at).total_seconds())
        fields = {
            "To": number,
            "MessagingServiceSid" if service else "From": options.sender,
            "Body": submission.text.body,
            "ValidityPeriod": str(min(max(seconds, 1), LONGEST_VALIDITY)),
        }
        if self.report_url is not None:
            fields["StatusCallback"] = self.report_url
        return self._request("POST", "Messages.json", form_body(fields))

    def _request(self, method: str, what: str, body: bytes | None = None) -> Request:
        options = self._options
        authorization = basic_auth(options.account_sid, options.auth_token)
        return Request(
            method=method,
            url=f"{options.base_url}/2010-04-01/Accounts/{options.account_sid}/{what}",
            headers={"Authorization": authorization, "Content-Type": FORM},
            body=body,
        )


def _classify(answer: Answer, submission: Submission) -> Outcome:
    members = read_members(answer.body)
    if 200 <= answer.status < 300:
        return taken(answer, members.get("sid"), "sid")
    code = members.get("code")
    return refusal_of(
        answer,
        submission.began_at,
        explained=isinstance(code, int),
        number_is_bad=code in BAD_NUMBER,
    )
