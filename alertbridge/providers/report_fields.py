"""Reading what gateways post: fields of a form or a JSON object, with suspicion.

A report may come from anybody who learnt the address. Nothing of it is repeated in an
error, and what is kept is short and printable.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from alertbridge.core.recipient import Msisdn
from alertbridge.core.report import Blame, Delivery, DeliveryReport
from alertbridge.ports import PayloadError, ReportRequest
from alertbridge.providers.blame import is_number
from alertbridge.providers.http_request import FORM, read_json
from alertbridge.providers.http_status import MAX_ID

MAX_FIELDS = 100
"""Fields of a form; the known ones have under twenty."""

FAILURES = frozenset({Delivery.FAILED, Delivery.EXPIRED})


def read_form(request: ReportRequest) -> dict[str, str]:
    """Read a form that was posted.

    Raises:
        PayloadError: not a form.
    """
    if request.content_type != FORM:
        raise PayloadError(f"not a form: the content type is not {FORM}")
    try:
        fields = parse_qsl(
            request.body.decode("utf-8", "replace"),
            keep_blank_values=True,
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as exc:
        raise PayloadError(f"not a form of at most {MAX_FIELDS} fields") from exc
    return dict(fields)


def read_object(request: ReportRequest) -> dict[str, object]:
    """Read a JSON object that was posted, whatever it calls itself.

    Raises:
        PayloadError: not a JSON object.
    """
    document = read_json(request.body)
    if not isinstance(document, dict):
        raise PayloadError("not a JSON object")
    return document


def make_report(
    provider_id: str,
    delivery: Delivery,
    *,
    code: str,
    reference: str = "",
    number: str = "",
    at: str = "",
    blames: Blame | None = None,
) -> DeliveryReport:
    """Make a report of what was read; every end is final, and only *pending* is not.

    *blames* is kept of a failure only.
    """
    return DeliveryReport(
        provider_id=provider_id,
        reference=reference,
        number=number_of(number),
        delivery=delivery,
        final=delivery is not Delivery.PENDING,
        code=code.strip(),
        at=time_of(at),
        blames=blames if delivery in FAILURES else None,
    )


def text_of(fields: Mapping[str, object], *names: str) -> str:
    """Read the first of *names* that is there as short text; "" if none is."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, bool):
            continue
        if isinstance(value, int) and abs(value) < 10**15:
            return str(value)
        if isinstance(value, str) and value:
            return value if len(value) <= MAX_ID and value.isprintable() else ""
    return ""


def needed(fields: Mapping[str, object], *names: str) -> str:
    """Read the first of *names* that is there, as `text_of`.

    Raises:
        PayloadError: none is, or it is no short printable text.
    """
    value = text_of(fields, *names)
    if not value:
        raise PayloadError(f"not a delivery report: no usable {' or '.join(names)}")
    return value


def number_of(value: str) -> Msisdn | None:
    """Read a number with or without its `+`; None if it is none."""
    number = Msisdn(f"+{value.removeprefix('+')}")
    return number if is_number(number) and len(number) > 5 else None


def time_of(value: str) -> datetime | None:
    """Read an ISO 8601 time, UTC where it has no zone; None if it is none."""
    try:
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
