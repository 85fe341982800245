"""What iP.1 makes of a body of `POST /v2/batches`: a batch, or a 400 with reasons.

The checks are those of its documentation and of its own client's model; where both
are silent the stricter reading is taken, so that what passes here passes there.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from alertbridge.core.encoding import measure
from alertbridge.core.message import MAX_NUMBERS, DataCoding, Text

_SENDER = re.compile(r"[1-9][0-9]{2,14}|[A-Za-z0-9]{3,11}")
_NUMBER = re.compile(r"[0-9]{1,15}")
_URL = re.compile(r"https?://[^\s/]")


@dataclass(frozen=True, slots=True)
class Window:
    """When the SMS may be delivered."""

    opens: datetime | None
    closes: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """A request that was taken: who gets which text, digits without `+`."""

    sender: str
    body: str
    texts: tuple[tuple[str, Text], ...]
    templated: bool
    type: str
    datacoding: str
    priority: int
    windows: tuple[Window, ...]
    report_url: str | None
    reference: str | None
    tags: tuple[str, ...]

    @property
    def closes(self) -> datetime | None:
        """When the last window ends; None if one has no end."""
        ends = [window.closes for window in self.windows]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None


@dataclass(frozen=True, slots=True)
class BadBatch:
    """A request that was refused: what is wrong, by field."""

    errors: Mapping[str, str]


def read_batch(document: object, senders: Collection[str]) -> BatchRequest | BadBatch:
    """Check *document* against the documented rules, for an account with *senders*."""
    if not isinstance(document, dict):
        return BadBatch({"$": "The body must be a JSON object."})
    errors = {
        name: problem
        for name, (default, check) in _CHECKS.items()
        if (problem := check(document.get(name, default)))
    }
    errors |= _number_errors(document.get("recipients"))
    if not errors and document["sender"] not in senders:
        errors["sender"] = "The sender is not registered."
    if errors:
        return BadBatch(errors)
    request = _build(document)
    if request.datacoding == "gsm" and any(
        text.coding is not DataCoding.GSM for _, text in request.texts
    ):
        return BadBatch({"datacoding": "The body needs ucs."})
    return request


def expand(body: str, own: Mapping[str, str], default: Mapping[str, str]) -> str:
    """Fill in a template: the number's own value, else the default's, else nothing.

    A key that neither set has stays as it is, curly brackets included.
    """
    for key in own.keys() | default.keys():
        body = body.replace(f"{{{key}}}", own.get(key, default.get(key, "")))
    return body


def _build(document: Mapping[str, object]) -> BatchRequest:
    recipients, body = document["recipients"], str(document["body"])
    reference, report_url = document.get("reference"), document.get("deliveryReportUrl")
    tags, windows = document.get("tags", []), document.get("deliveryWindows", [])
    assert isinstance(tags, list)
    assert isinstance(windows, list)
    return BatchRequest(
        sender=str(document["sender"]),
        body=body,
        texts=_texts(recipients, body),
        templated=isinstance(recipients, dict),
        type=str(document.get("type", "sms")).lower(),
        datacoding=str(document.get("datacoding", "ucs")).lower(),
        priority=2 if document.get("priority") == 2 else 1,
        windows=tuple(_window(window) for window in windows),
        report_url=None if report_url is None else str(report_url),
        reference=None if reference is None else str(reference),
        tags=tuple(str(tag) for tag in tags),
    )


def _texts(recipients: object, body: str) -> tuple[tuple[str, Text], ...]:
    if isinstance(recipients, dict):
        default = recipients.get("default", {})
        return tuple(
            (number, measure(expand(body, own, default)))
            for number, own in recipients.items()
            if number != "default"
        )
    assert isinstance(recipients, list)
    text = measure(body)
    return tuple((str(number), text) for number in recipients)


def _window(value: Mapping[str, object]) -> Window:
    return Window(_instant(value.get("opens")), _instant(value.get("closes")))


def _instant(value: object) -> datetime | None:
    """Read an ISO time, UTC if it names no zone; None if absent.

    Raises:
        ValueError: it is there and is not a time.
    """
    if value is None:
        return None
    at = datetime.fromisoformat(str(value))
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _check_sender(value: object) -> str:
    if isinstance(value, str) and _SENDER.fullmatch(value):
        return ""
    return "Invalid sender."


def _check_recipients(value: object) -> str:
    words = f"1 to {MAX_NUMBERS} recipients are needed."
    if not isinstance(value, list | dict):
        return words
    numbers = value.keys() - {"default"} if isinstance(value, dict) else value
    if not 1 <= len(numbers) <= MAX_NUMBERS:
        return words
    if isinstance(value, dict) and not all(map(_is_text_map, value.values())):
        return "Each recipient needs an object of strings."
    return ""


def _is_text_map(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())


def _number_errors(value: object) -> dict[str, str]:
    numbers = value if isinstance(value, list | dict) else ()
    return {
        f"recipients[{index}]": "Not 1 to 15 digits."
        for index, number in enumerate(numbers)
        if number != "default" or isinstance(value, list)
        if not (isinstance(number, str) and _NUMBER.fullmatch(number))
    }


def _check_body(value: object) -> str:
    if isinstance(value, str) and value.strip() and len(value) <= 2000:
        return ""
    return "The body must be 1 to 2000 characters, and not only whitespace."


def _check_windows(value: object) -> str:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        return "Must be an array of windows."
    try:
        windows = [_window(row) for row in value]
    except ValueError:
        return "opens and closes must be ISO 8601 times."
    if any(w.opens and w.closes and w.closes <= w.opens for w in windows):
        return "A window must close after it opens."
    return ""


def _check_report_url(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and len(value) <= 2047 and _URL.match(value):
        return ""
    return "Must be a URL of at most 2047 characters."


def _check_reference(value: object) -> str:
    if value is None or (isinstance(value, str) and 1 <= len(value) <= 40):
        return ""
    return "Must be 1 to 40 characters."


def _check_tags(value: object) -> str:
    if isinstance(value, list) and all(isinstance(tag, str) for tag in value):
        return ""
    return "Must be an array of strings."


def _one_of(*words: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if isinstance(value, str) and value.lower() in words:
            return ""
        return f"Must be one of: {', '.join(words)}."

    return check


def _check_priority(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 2:
        return ""
    return "Must be 1 or 2."


_CHECKS: dict[str, tuple[object, Callable[[object], str]]] = {
    "sender": (None, _check_sender),
    "recipients": (None, _check_recipients),
    "body": (None, _check_body),
    "type": ("sms", _one_of("sms", "flash")),
    "datacoding": ("ucs", _one_of("gsm", "ucs")),
    "priority": (1, _check_priority),
    "deliveryWindows": ([], _check_windows),
    "deliveryReportUrl": (None, _check_report_url),
    "reference": (None, _check_reference),
    "tags": ([], _check_tags),
}
"""What each field is when absent, and what is wrong with its value ("" for nothing)."""
