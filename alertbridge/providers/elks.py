"""46elks (https://46elks.com/docs/send-sms): one SMS a request, as a form.

Documented: the request's fields, the answer's `id`, 403 for an account without credit,
what `whendelivered` is told (https://46elks.com/docs/sms-delivery-reports), and what a
message says that is asked for by its id (https://46elks.com/docs/show-sms-id). Assumed,
and not confirmed here: that the body of a 400 is JSON, or a line of plain text. There
is no idempotency key, no reference of ours, and no time to live: a text that is old
when a switched-off phone comes back is delivered all the same. `failed` has no cause:
no report blames the number or the account. Reports are not signed, so the address they
go to must be secret.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated

from aiohttp import ClientSession
from pydantic import AfterValidator, Field

from alertbridge.core.balance import Balance, BalanceUnknown
from alertbridge.core.message import Outcome, Outcomes, Reference, Submission
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.report import Answer as Report
from alertbridge.core.report import Delivery, DeliveryReport
from alertbridge.core.secret import Secret
from alertbridge.ports import ProviderCheckFailed, ReportRequest
from alertbridge.providers.balance import balance_line, read_balance
from alertbridge.providers.blame import blamed
from alertbridge.providers.http_request import (
    FORM,
    Answer,
    HttpGateway,
    Request,
    basic_auth,
    form_body,
    read_json,
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
from alertbridge.providers.report_asking import ask_about
from alertbridge.providers.report_fields import (
    make_report,
    needed,
    read_form,
    text_of,
)

_HOME = "https://api.46elks.com"

LONGEST = 2000
"""Characters of a text. No limit is documented; ours are far shorter."""

LONGEST_REMARK = 500
"""Bytes of a plain-text error; what is longer is somebody's web page."""

DELIVERIES = {"delivered": Delivery.DELIVERED, "failed": Delivery.FAILED}
"""What `status` says; `created`, `sent` and what is not known are on the way."""


class ElksOptions(ProviderOptions):
    """An account at 46elks (https://46elks.com)."""

    base_url: Annotated[str, AfterValidator(https_url(_HOME, "password"))] = Field(
        default=_HOME, description="Where the API is; plain http only to loopback."
    )
    username: AccountId = Field(description="The API username of the account.")
    password: Annotated[Secret, AfterValidator(one_line("46elks.com/account"))] = Field(
        description="The API password of the account."
    )
    sender: Sender = Field(
        description="What the handset shows: a number of the account with its `+`, or"
        " up to 11 letters and digits."
    )
    requests_per_second: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="How fast we ask; 46elks itself queues above 100 SMS a minute.",
    )


class Elks:
    """A `Provider` for one 46elks account."""

    def __init__(
        self,
        name: ProviderName,
        options: ElksOptions,
        session: ClientSession,
        *,
        report_url: str | None = None,
    ) -> None:
        self.name = name
        self.requests_per_second = options.requests_per_second
        # One: its `to` is one number.
        self.most_numbers = 1
        self._options = options
        self._http = HttpGateway(name, "46elks", session, options.requests_per_second)
        self._one_by_one = OneByOne(options.requests_per_second)
        self.report_url = report_url

    async def submit(self, submission: Submission) -> Outcomes:
        """Hand *submission* over, a request for each number."""

        async def send(number: Msisdn) -> Outcome:
            answer = await self._http.send(self._sms(submission, number))
            if not isinstance(answer, Answer):
                return answer
            return self._classify(answer, submission, number)

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
        account = await self._http.ask_members(self._request("GET", "/a1/me"))
        amount = account.get("balance")
        # In ten thousandths, as all of its amounts.
        if isinstance(amount, int | float) and not isinstance(amount, bool):
            amount = amount / 10_000
        return read_balance(amount, account.get("currency"))

    @property
    def reports_here(self) -> bool:
        """Whether the gateway is told to post its reports to us."""
        return self.report_url is not None

    def read_reports(self, request: ReportRequest) -> tuple[DeliveryReport, ...]:
        """Read a post to `whendelivered`; it names the message, and not the phone."""
        return (_report(read_form(request)),)

    async def ask_reports(self, reference: Reference, provider_id: str) -> Report:
        """Ask for the message *provider_id*, and its status."""
        return await ask_about(
            reference,
            provider_id,
            self._http,
            lambda message: self._request("GET", f"/a1/sms/{message}"),
            lambda members: (_report(members),),
        )

    def _sms(self, submission: Submission, number: Msisdn) -> Request:
        fields = {
            "from": self._options.sender,
            "to": number,
            "message": submission.text.body,
        }
        if self.report_url is not None:
            fields["whendelivered"] = self.report_url
        return self._request("POST", "/a1/sms", form_body(fields))

    def _request(self, method: str, path: str, body: bytes | None = None) -> Request:
        authorization = basic_auth(self._options.username, self._options.password)
        headers = {"Authorization": authorization, "Content-Type": FORM}
        return Request(
            method=method,
            url=self._options.base_url + path,
            headers=headers,
            body=body,
        )

    def _classify(
        self, answer: Answer, submission: Submission, number: Msisdn
    ) -> Outcome:
        if 200 <= answer.status < 300:
            return taken(answer, read_members(answer.body).get("id"), "id")
        body = answer.body or b""
        remark = 0 < len(body) <= LONGEST_REMARK and b"<" not in body
        own_words = answer.status in {400, 422} and remark
        return refusal_of(
            answer,
            submission.began_at,
            explained=own_words or isinstance(read_json(body), dict),
            number_is_bad=bool(blamed(body, [number])),
        )


def _report(fields: Mapping[str, object]) -> DeliveryReport:
    """Read a status, posted or asked for; only the latter says whose phone it is."""
    status = needed(fields, "status")
    return make_report(
        needed(fields, "id"),
        DELIVERIES.get(status, Delivery.PENDING),
        code=status,
        number=text_of(fields, "to"),
        at=text_of(fields, "delivered"),
    )
