"""Which answer of a gateway means what, and which report: as the config says.

What the config does not map is Uncertain, but for statuses by which an HTTP server says
of itself that it did not act on the request (a redirect, 401, 404, 429, 503): as
uncertain ones they would end a page after two tries, where waiting loses nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, Strict, model_validator

from alertbridge.core.message import Accepted, Deferred, Outcome, Rejected, Uncertain
from alertbridge.core.report import Delivery, DeliveryReport
from alertbridge.ports import PayloadError, ReportRequest
from alertbridge.providers.blame import blame_number
from alertbridge.providers.http_request import Answer, read_json
from alertbridge.providers.http_status import Ruling, read_retry_after, rule, taken
from alertbridge.providers.options import ProviderOptions
from alertbridge.providers.report_fields import (
    make_report,
    read_form,
    read_object,
    text_of,
)

T = TypeVar("T")
Many = Annotated[tuple[T, ...], Strict(strict=False)]

Status = Annotated[int, Field(ge=100, le=599)]


def _path(path: str) -> str:
    if not all(path.split(".")) or len(path) > 200:
        raise ValueError("is not a path; write names and indexes, such as result.0.id")
    return path


JsonPath = Annotated[str, AfterValidator(_path)]
"""The way to a value in JSON: names and indexes from 0, with dots between them."""


class AnswerRule(ProviderOptions):
    """Answers that mean the same. All that is given must hold."""

    status: Many[Status] = Field(
        default=(), description="Any of these HTTP statuses; none given: any at all."
    )
    json_: dict[JsonPath, object] = Field(
        default={},
        alias="json",
        description="Values by their path, such as `result.0.id`; of a list of values"
        " any may be there.",
    )
    text: str | None = Field(
        default=None, min_length=1, description="Text that stands in the body."
    )

    @model_validator(mode="after")
    def _says_something(self) -> "AnswerRule":
        if not (self.status or self.json_ or self.text):
            raise ValueError("matches every answer; give status, json or text")
        return self

    def matches(self, answer: Answer, document: object) -> bool:
        """Whether *answer*, whose body is *document* as JSON, is one of these."""
        return (
            (not self.status or answer.status in self.status)
            and all(
                _is_one_of(value_at(document, path), wanted)
                for path, wanted in self.json_.items()
            )
            and (self.text is None or self.text.encode() in (answer.body or b""))
        )


class AnswerMapping(ProviderOptions):
    """What each answer means. The refusals are looked at first, `accepted` last."""

    accepted: AnswerRule = Field(
        description="The gateway took it; only with a status of 2xx. A bare status is"
        " also what a hotel's login page answers: name something of the body."
    )
    id: JsonPath | None = Field(
        default=None,
        description="Where the message's id is in the JSON; without one there the"
        " answer is unclear. null: no id, and no delivery reports by id.",
    )
    rejected_number: Many[AnswerRule] = Field(
        default=(), description="It will not send to this number."
    )
    rejected: Many[AnswerRule] = Field(
        default=(), description="It will not take this, however often it is asked."
    )
    deferred: Many[AnswerRule] = Field(
        default=(), description="It surely did not send it, and may be asked again."
    )


class ReportMapping(ProviderOptions):
    """Where a delivery report says what."""

    format: Literal["json", "form", "query"] = Field(
        default="json",
        description="A JSON object in the body, a form in the body, or a query.",
    )
    id: JsonPath | None = Field(default=None, description="Where the message's id is.")
    reference: JsonPath | None = Field(
        default=None, description="Where our own reference is."
    )
    number: JsonPath | None = Field(default=None, description="Where the number is.")
    at: JsonPath | None = Field(default=None, description="Where the time is.")
    status: JsonPath = Field(description="Where the word is that says what happened.")
    delivered: Many[str] = Field(
        min_length=1, description="Words that mean: it is on the phone."
    )
    failed: Many[str] = Field(
        default=(), description="Words that mean: it will not arrive."
    )
    expired: Many[str] = Field(
        default=(), description="Words that mean: it was too late."
    )

    @model_validator(mode="after")
    def _finds_the_message(self) -> "ReportMapping":
        if self.id is None and self.reference is None:
            raise ValueError("does not say which message it is about; give id")
        return self


def outcome_of(answer: Answer, mapping: AnswerMapping, now: datetime) -> Outcome:
    """Say what an answer means for the message."""
    document = read_json(answer.body)
    words = f"HTTP {answer.status}: as the config maps it"
    if any(one.matches(answer, document) for one in mapping.rejected_number):
        return blame_number(words)
    if any(one.matches(answer, document) for one in mapping.rejected):
        return Rejected(detail=words)
    wait = read_retry_after(answer.retry_after, now)
    if any(one.matches(answer, document) for one in mapping.deferred):
        return Deferred(detail=words, retry_after=wait)
    if 200 <= answer.status < 300:
        if mapping.accepted.matches(answer, document):
            return _accepted(answer, document, mapping)
        return Uncertain(detail=f"HTTP {answer.status}: an answer that is not mapped")
    ruling, words = rule(answer.status)
    if ruling in {Ruling.NOT_NOW, Ruling.SHUT, Ruling.NOT_THERE}:
        detail = f"HTTP {answer.status}: {words.replace('base_url', 'url')}"
        asked = wait if answer.status in {429, 503} else None
        shut = ruling is Ruling.SHUT
        return Deferred(detail=detail, retry_after=asked, account_is_shut=shut)
    return Uncertain(detail=f"HTTP {answer.status}: an answer that is not mapped")


def _accepted(answer: Answer, document: object, mapping: AnswerMapping) -> Outcome:
    if mapping.id is None:
        return Accepted()
    found = value_at(document, mapping.id)
    return taken(answer, text_of({"id": found}, "id"), f"id at {mapping.id}")


def reports_of(
    request: ReportRequest, mapping: ReportMapping
) -> tuple[DeliveryReport, ...]:
    """Read a report.

    Raises:
        PayloadError: it says nothing of a message, or nothing of what became of it.
    """
    fields: Mapping[str, object]
    match mapping.format:
        case "json":
            document = read_object(request)
            paths = (
                *(mapping.id, mapping.reference, mapping.number),
                *(mapping.at, mapping.status),
            )
            fields = {path: value_at(document, path) for path in paths if path}
        case "form":
            fields = read_form(request)
        case "query":
            fields = request.query

    def read(path: str | None) -> str:
        return text_of(fields, path) if path else ""

    status, found, reference = (
        read(mapping.status),
        read(mapping.id),
        read(mapping.reference),
    )
    if not status or not (found or reference):
        raise PayloadError("not a delivery report: no usable status, or id")
    report = make_report(
        found,
        _delivery(status, mapping),
        code=status,
        reference=reference,
        number=read(mapping.number),
        at=read(mapping.at),
    )
    return (report,)


def _delivery(status: str, mapping: ReportMapping) -> Delivery:
    for words, delivery in (
        (mapping.delivered, Delivery.DELIVERED),
        (mapping.failed, Delivery.FAILED),
        (mapping.expired, Delivery.EXPIRED),
    ):
        if status.casefold() in {word.casefold() for word in words}:
            return delivery
    return Delivery.PENDING


def value_at(document: object, path: str) -> object:
    """Follow a path; None where there is nothing."""
    for part in path.split("."):
        match document:
            case dict():
                document = document.get(part)
            case list() if part.isascii() and part.isdigit() and len(part) < 6:
                index = int(part)
                document = document[index] if index < len(document) else None
            case _:
                return None
    return document


def _is_one_of(found: object, wanted: object) -> bool:
    choices = wanted if isinstance(wanted, list) else [wanted]
    # 1 and true are equal in Python, and not in JSON.
    return any(
        found == choice and isinstance(found, bool) is isinstance(choice, bool)
        for choice in choices
    )
