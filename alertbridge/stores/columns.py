"""How our values stand in columns: times as microseconds, maps and lists as JSON."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from alertbridge.core.notification import ProviderName, Way
from alertbridge.core.recipient import Msisdn
from alertbridge.core.report import Blame, Delivery, DeliveryReport
from alertbridge.core.severity import Severity

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LAST = datetime(9999, 12, 31, tzinfo=UTC)
_SEVERITIES = {one.value: one for one in Severity}

FAR = 2**62
"""A due time that only an event moves nearer."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def stamp(at: datetime) -> int:
    """A time as a column."""
    return (at - _EPOCH) // _MICROSECOND


def stamp_or_none(at: datetime | None) -> int | None:
    """A time that may be absent."""
    return None if at is None else (at - _EPOCH) // _MICROSECOND


def moment(column: int) -> datetime:
    """A column as a time; what cannot be one (a damaged row's) is the last there is."""
    try:
        return _EPOCH + timedelta(microseconds=column)
    except OverflowError:
        return _LAST if column > 0 else _EPOCH


def moment_or_none(column: int | None) -> datetime | None:
    """A column that may be NULL."""
    return None if column is None else moment(column)


def severity(column: int) -> Severity:
    """A column as a severity; of what is none (a damaged row's) the worst is made."""
    return _SEVERITIES.get(column, Severity.CRITICAL)


def dump(value: Mapping[str, str] | Iterable[str]) -> str:
    """A label set or a list of names as JSON."""
    return _encode(dict(value) if isinstance(value, Mapping) else list(value))


def load_map(column: str) -> dict[str, str]:
    """A label set."""
    loaded: dict[str, str] = json.loads(column)
    return loaded


@lru_cache(maxsize=4096)
def dump_numbers(numbers: tuple[Msisdn, ...]) -> str:
    """The numbers to freeze; the same few people are told again and again."""
    return _encode(list(numbers))


@lru_cache(maxsize=4096)
def load_numbers(column: str) -> tuple[Msisdn, ...]:
    """The numbers frozen at intake."""
    return tuple(json.loads(column))


def dump_ways(ways: Iterable[Way]) -> str:
    """The refused ways; '' for none, the usual case."""
    rows = [[way.number, way.provider] for way in ways]
    return json.dumps(rows) if rows else ""


def load_ways(column: str) -> tuple[Way, ...]:
    """The refused ways."""
    if not column:
        return ()
    return tuple(
        Way(Msisdn(number), ProviderName(name)) for number, name in json.loads(column)
    )


def dump_mutes(mutes: tuple[str, ...], actives: tuple[str, ...]) -> str:
    """The interval names that hold a fact; '' for none, the usual case."""
    if not mutes and not actives:
        return ""
    return json.dumps([list(mutes), list(actives)])


def load_mutes(column: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The interval names that hold a fact."""
    if not column:
        return (), ()
    mutes, actives = json.loads(column)
    return tuple(mutes), tuple(actives)


def dump_report(report: DeliveryReport) -> str:
    """A delivery report as JSON."""
    return _encode(
        {
            "provider_id": report.provider_id,
            "reference": report.reference,
            "number": report.number,
            "delivery": report.delivery,
            "final": report.final,
            "code": report.code,
            "at": stamp_or_none(report.at),
            "blames": report.blames,
        }
    )


def load_report(column: str) -> DeliveryReport | None:
    """A delivery report; None: nothing was heard, or it is damaged and says nothing."""
    try:
        fields = json.loads(column)
        return DeliveryReport(
            provider_id=fields["provider_id"],
            reference=fields["reference"],
            number=fields["number"],
            delivery=Delivery(fields["delivery"]),
            final=fields["final"],
            code=fields["code"],
            at=moment_or_none(fields["at"]),
            blames=None if fields["blames"] is None else Blame(fields["blames"]),
        )
    except (ValueError, TypeError, KeyError):
        return None
