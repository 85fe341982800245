"""Narrow what a sender wrote to what the rest may rely on: text, label maps, times.

Nothing here raises for odd data: a page is better than a perfect page. Only a body that
is no JSON object at all is refused. All text that leaves here is bounded and can be
stored (UTF-8, no NUL), so that one odd body cannot fail in the store for ever.
"""

import codecs
import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from alertbridge.core.alert import Fingerprint, Labels, fingerprint_of
from alertbridge.ports import PayloadError

LABEL_LIMIT = 4 * 1024
"""Characters of a label's name or value, and of a URL."""

ANNOTATION_LIMIT = 16 * 1024
"""Characters of an annotation's value: far more than any SMS tells."""

KEY_LIMIT = 1024
"""Characters of a receiver or group key.

`group_by: ['...']` puts every label into the key; PostgreSQL refuses an index row
above 2,704 bytes.
"""

RAW_LIMIT = 4 * 1024
"""Characters kept of an element that could not be read."""

MOST_LABELS = 128
MOST_ALERTS = 10_000
"""Elements of one post that are looked at; the rest is counted as truncated."""

MOST_TRUNCATED = 1_000_000

FURTHEST_AHEAD = timedelta(days=366)
"""A time further ahead is a mistake. Ends are posted ahead by hours, and a start can
be as late as its end; a start in the year 9999 would keep the alert open for ever."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

_FINGERPRINT_LIMIT = 64
_HASHED_AS_ALERTMANAGER = 1_000
# What a text cannot do without: kept when a label map is too large to keep whole.
_KEPT_FIRST = frozenset({"alertname", "rulename", "severity", "summary", "description"})


def _integer(digits: str) -> int | str:
    # int() raises ValueError for more digits than the interpreter is set to allow,
    # which is never under 640: a longer number stays text.
    return int(digits) if len(digits) <= 640 else digits


# Not strict: a hand-written payload template puts raw line breaks into strings.
DECODER = json.JSONDecoder(strict=False, parse_int=_integer)


def read_object(body: bytes) -> Mapping[str, object]:
    """Read a JSON object; with duplicate keys the last one counts.

    Raises:
        PayloadError: not JSON, nested too deeply, or not an object.
    """
    if not body.strip():
        raise PayloadError("the body is empty")
    try:
        document: object = DECODER.decode(decode(body))
    except json.JSONDecodeError as exc:
        place = f"line {exc.lineno} column {exc.colno}"
        raise PayloadError(f"not JSON: {exc.msg}, {place}") from exc
    except RecursionError as exc:
        raise PayloadError("not readable: the JSON is nested too deeply") from exc
    if not isinstance(document, dict):
        raise PayloadError(f"not a JSON object but {_kind(document)}")
    return document


def decode(body: bytes) -> str:
    """Decode a body; bytes that are not UTF-8 become U+FFFD and cost nothing else."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace")
    return body.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")


def text(value: object, limit: int) -> str:
    """Take a string as it is, anything else as its JSON text; storable, bounded."""
    if not isinstance(value, str):
        value = json_text(value)
    if not value.isascii() or "\0" in value:
        # A lone surrogate cannot be encoded, and PostgreSQL refuses NUL.
        value = value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    return value if len(value) <= limit else _cut(value, limit)


def _cut(value: str, limit: int) -> str:
    """Cut to *limit* characters so that different long texts stay different."""
    digest = hashlib.blake2b(value.encode("utf-8", "replace"), digest_size=8)
    return f"{value[: limit - 17]}~{digest.hexdigest()}"


def json_text(value: object) -> str:
    """Write a value as compact JSON: `true`, `97.5`, `["a"]`."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        # Reading and writing give up at different depths.
        return "(nested too deeply)"


def text_map(value: object, limit: int) -> dict[str, str]:
    """Read labels or annotations: values as text, nulls left out, at most 128.

    What is not an object is an empty map, as a null is. Of a larger map the names that
    a text is made of are kept before the others.
    """
    if not isinstance(value, dict):
        return {}
    if _is_plain(value):
        return value
    names: Iterable[str] = value
    if len(value) > MOST_LABELS:
        names = sorted(value, key=lambda name: name not in _KEPT_FIRST)[:MOST_LABELS]
    return {
        text(name, LABEL_LIMIT): text(value[name], limit)
        for name in names
        if value[name] is not None
    }


def _is_plain(value: dict[str, object]) -> bool:
    """Whether a map may stay as it is, asked of all its text at once.

    Nearly every map of a storm may, and a look at each value would cost more than the
    JSON did.
    """
    try:
        whole = "".join(value) + "".join(value.values())  # type: ignore[arg-type]
    except TypeError:
        return False
    return (
        len(value) <= MOST_LABELS
        and len(whole) <= LABEL_LIMIT
        and whole.isascii()
        and "\0" not in whole
    )


def read_fingerprint(value: object, labels: Labels) -> Fingerprint:
    """Take the sender's fingerprint, or hash *labels* if there is none to take.

    Two alerts without fingerprint that differ only beyond their 128th label are taken
    for one; no known sender is near that.
    """
    if isinstance(value, str) and 0 < len(value) <= _FINGERPRINT_LIMIT:
        return Fingerprint(text(value, _FINGERPRINT_LIMIT))
    return identity_of(labels)


def identity_of(labels: Labels) -> Fingerprint:
    """Hash a label set that came without fingerprint: as Alertmanager, if it is small.

    Alertmanager's hash goes byte by byte, here 90 ns each: 3 s for a body of 32 MiB, in
    which nothing else is served. Larger sets only need a hash that stays the same.
    """
    if (
        sum(map(len, labels.values())) + sum(map(len, labels))
        <= _HASHED_AS_ALERTMANAGER
    ):
        return fingerprint_of(labels)
    said = json_text(sorted(labels.items())).encode("utf-8", "replace")
    return Fingerprint(hashlib.blake2b(said, digest_size=8).hexdigest())


def read_time(value: object, now: datetime) -> datetime | None:
    """Read an RFC 3339 time as UTC, fractions cut to microseconds.

    None for what is no time, for Go's zero time (year 1: "not yet"), and for what is
    before 1970 or more than a year ahead of *now*. Without a zone it is UTC.
    """
    # Year 1 cannot even be moved to UTC from an eastern zone, and is the common case.
    if not isinstance(value, str) or value.startswith("0001-"):
        return None
    try:
        at = datetime.fromisoformat(value)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if EARLIEST <= at <= now + FURTHEST_AHEAD else None


def read_count(value: object) -> int:
    """Read a number of alerts: 0 to 1,000,000, and 0 for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    # NaN compares false with everything, so it falls to 0 as a negative count does.
    return int(min(value, MOST_TRUNCATED)) if value > 0 else 0


def raw_text(value: object) -> str:
    """Keep the beginning of an element that could not be read, for the quarantine."""
    return text(json_text(value)[:RAW_LIMIT], RAW_LIMIT)


def _kind(document: object) -> str:
    match document:
        case list():
            return "an array"
        case str():
            return "a string"
        case None:
            return "null"
        case _:
            return "a number or a truth value"
