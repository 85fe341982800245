"""Any gateway that takes an SMS in one HTTP request, described in the config.

The contract is the config's: which request, and which answer means what
(`http_options`, `http_mapping`, `http_template`). Not here: answers in XML but for a
word in them, OAuth, signatures of requests or reports, gateways that must be asked for
the outcome, and certificates that nobody vouches for.
"""

import json
from collections.abc import Sequence
from urllib.parse import urlencode

from aiohttp import ClientSession

from alertbridge.core.message import Outcome, Outcomes, Submission
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.report import DeliveryReport
from alertbridge.ports import PayloadError, ReportRequest
from alertbridge.providers.http_mapping import outcome_of, reports_of
from alertbridge.providers.http_options import HttpOptions
from alertbridge.providers.http_request import (
    FORM,
    JSON,
    Answer,
    HttpGateway,
    Request,
    basic_auth,
    form_body,
)
from alertbridge.providers.http_template import (
    escape_as,
    fill_tree,
    in_url,
    parse_template,
    parse_tree,
)
from alertbridge.providers.one_by_one import OneByOne


class Http:
    """A `Provider` for one gateway that the config describes."""

    def __init__(
        self,
        name: ProviderName,
        options: HttpOptions,
        session: ClientSession,
        *,
        report_url: str | None = None,
    ) -> None:
        self.name = name
        self.requests_per_second = options.requests_per_second
        # One: there is a place for one number.
        self.most_numbers = 1
        self._options = options
        self._http = HttpGateway(
            name, "the gateway", session, options.requests_per_second
        )
        self._one_by_one = OneByOne(options.requests_per_second)
        self.report_url = report_url

    async def submit(self, submission: Submission) -> Outcomes:
        """Hand *submission* over, a request for each number."""
        options = self._options

        async def send(number: Msisdn) -> Outcome:
            answer = await self._http.send(self._request(submission, number))
            if not isinstance(answer, Answer):
                return answer
            return outcome_of(answer, options.answer, submission.began_at)

        return await self._one_by_one.submit(
            submission, longest=options.longest_text, send=send
        )

    async def check(self) -> Sequence[str]:
        """Say that there is nothing to ask: only sending is described."""
        return ["not checked: the config says how to send, and no more; try send-test"]

    @property
    def reports_here(self) -> bool:
        """Whether it is told to post its reports to us, in a shape that is mapped."""
        return self.report_url is not None and self._options.report is not None

    def read_reports(self, request: ReportRequest) -> tuple[DeliveryReport, ...]:
        """Read a report as `report` maps it."""
        if self._options.report is None:
            raise PayloadError("this provider has no `report` in the config")
        return reports_of(request, self._options.report)

    def _request(self, submission: Submission, number: Msisdn) -> Request:
        options, values = self._options, self._values(submission, number)
        url = parse_template(options.url).fill(values, in_url)
        query = _filled(options.query, values)
        if query:
            url += ("&" if "?" in url else "?") + urlencode(query, errors="replace")
        headers = _filled(options.headers, values)
        if options.basic_auth is not None:
            auth = options.basic_auth
            headers["Authorization"] = basic_auth(auth.username, auth.password)
        content_type, body = self._body(values)
        if content_type and not any(h.casefold() == "content-type" for h in headers):
            headers["Content-Type"] = content_type
        return Request(method=options.method, url=url, headers=headers, body=body)

    def _values(self, submission: Submission, number: Msisdn) -> dict[str, str]:
        life = (submission.closes_at - submission.began_at).total_seconds()
        return {
            "number": number,
            "digits": number.removeprefix("+"),
            "text": submission.text.body,
            "sender": self._options.sender,
            "reference": submission.reference,
            "report_url": self.report_url or "",
            "ttl": str(max(int(life), 1)),
            **{
                f"secrets.{name}": secret.reveal()
                for name, secret in self._options.secrets.items()
            },
        }

    def _body(self, values: dict[str, str]) -> tuple[str, bytes | None]:
        """Write the body, and say what it is."""
        options = self._options
        if options.form is not None:
            return FORM, form_body(_filled(options.form, values))
        if options.json_ is not None:
            document = fill_tree(parse_tree(options.json_), values)
            return JSON, json.dumps(document).encode()
        if options.body is not None:
            raw = options.body
            text = parse_template(raw.text).fill(values, escape_as(raw.escape))
            return raw.content_type, text.encode("utf-8", "replace")
        return "", None


def _filled(fields: dict[str, str], values: dict[str, str]) -> dict[str, str]:
    return {name: parse_template(text).fill(values) for name, text in fields.items()}
