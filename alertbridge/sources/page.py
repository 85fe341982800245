"""Our own small format: raise or resolve a page from a shell, a unit, a script.

    {"summary": "Backup of db1 failed", "severity": "critical", "key": "backup/db1"}
    {"key": "backup/db1", "resolve": true}

The format is ours, so it is strict: a misspelt `resolve` must not page.
"""

import hashlib
import json
from datetime import datetime
from typing import Annotated

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    ValidationError,
)

from alertbridge.core.alert import (
    PAGE,
    Alert,
    AlertGroup,
    GroupKey,
    SourceName,
    Status,
    fingerprint_of,
)
from alertbridge.ports import PayloadError
from alertbridge.sources.reading import (
    ANNOTATION_LIMIT,
    KEY_LIMIT,
    LABEL_LIMIT,
    json_text,
    read_object,
    read_time,
    text,
    text_map,
)

SEVERITY_LABEL = "severity"
DEFAULT_ALERTNAME = PAGE

_LONGEST_ERROR = 400

_Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Page(BaseModel):
    """The body; every key is optional, but a page that fires needs its `summary`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    summary: _Said | None = None
    severity: _Said | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    key: _Said | None = None
    resolve: StrictBool = False
    description: str | None = None
    starts_at: AwareDatetime | None = None


KNOWN_KEYS = tuple(Page.model_fields)
"""What a body may say."""


def parse(body: bytes, source: SourceName, *, now: datetime) -> AlertGroup:
    """Read one page.

    Raises:
        PayloadError: not an object, an unknown key, a wrong type, or nothing to say.
    """
    page = _read(body)
    key = _key_of(page)
    alert = Alert(
        status=Status.RESOLVED if page.resolve else Status.FIRING,
        fingerprint=fingerprint_of({"key": key}),
        labels=_labels_of(page),
        annotations=text_map(
            {"summary": page.summary, "description": page.description},
            ANNOTATION_LIMIT,
        ),
        starts_at=_starts_at(page, now),
    )
    return AlertGroup(
        source=source, receiver="", group_key=GroupKey(key), alerts=(alert,)
    )


def _read(body: bytes) -> Page:
    document = read_object(body)
    unknown = [name for name in document if name not in KNOWN_KEYS]
    if unknown:
        name = text(unknown[0], 40)
        known = ", ".join(KNOWN_KEYS)
        raise PayloadError(f"unknown key {name!r}; the known keys are {known}")
    try:
        # Through JSON again: pydantic refuses a lone surrogate, of which a page must
        # not die.
        clean = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
        return Page.model_validate_json(clean)
    except RecursionError as exc:
        raise PayloadError("not readable: the JSON is nested too deeply") from exc
    except ValidationError as exc:
        raise PayloadError(_one_line(exc)) from exc


def _one_line(error: ValidationError) -> str:
    lines = (
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False)
    )
    return " ".join(text("; ".join(lines), _LONGEST_ERROR).split())


def _key_of(page: Page) -> str:
    """Name the page: what is raised again under the same key is the same page.

    Without a key, the summary and the labels are it; the severity is not, so that a
    page can be resolved without repeating how bad it was.
    """
    if page.summary is None and not page.resolve:
        raise PayloadError('a page needs a "summary" (or "resolve": true with its key)')
    if page.key is not None:
        return text(page.key, KEY_LIMIT)
    if page.summary is None:
        raise PayloadError('"resolve" needs the "key", or the "summary" and "labels"')
    said = json_text([page.summary, sorted(page.labels.items())])
    return hashlib.blake2b(said.encode("utf-8"), digest_size=8).hexdigest()


def _labels_of(page: Page) -> dict[str, str]:
    labels = {"alertname": DEFAULT_ALERTNAME, **text_map(page.labels, LABEL_LIMIT)}
    if page.severity is not None:
        labels[SEVERITY_LABEL] = text(page.severity, LABEL_LIMIT)
    return labels


def _starts_at(page: Page, now: datetime) -> datetime | None:
    if page.starts_at is None:
        return None
    starts_at = read_time(page.starts_at.isoformat(), now)
    if starts_at is None:
        raise PayloadError("starts_at: before 1970, or more than a year ahead")
    return starts_at
