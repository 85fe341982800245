"""Sample alerts: what every template is tried on, and what the demo shows."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alertbridge.core.alert import Labels, SourceName
from alertbridge.core.compose import Style, compose
from alertbridge.core.mailbox import Letter
from alertbridge.core.notification import (
    EpisodeId,
    EpisodeView,
    Fact,
    Kind,
    NotificationId,
    PostNote,
)
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity

_NOW = datetime(2026, 1, 15, 3, 30, tzinfo=UTC)
_STARTED = _NOW - timedelta(minutes=12)


def sample_letters(severity_label: str) -> Mapping[str, Letter]:
    """Letters that a template must cope with, by what is odd about them."""
    disk = _fact(
        1,
        {"alertname": "DiskFull", "instance": "db1", severity_label: "critical"},
        {"summary": "Disk /var is 97% full"},
    )
    load = _fact(
        2, {"alertname": "HighLoad", "instance": "web1"}, {"summary": "Load 42"}
    )
    ended = replace(load.episode, ends_at=_NOW)
    resolved = replace(load, kind=Kind.RESOLVED, heard=True, episode=ended)
    truncated = replace(disk, note=PostNote("sample", truncated=950))
    empty = _fact(3, {}, {})
    wide = _fact(
        4,
        {"alertname": "دیسک پر است", "instance": "sérvör-1"},
        {"summary": "ディスクがいっぱいです 🔥"},
    )
    long = _fact(5, {"alertname": "Long"}, {"summary": "word " * 2000})
    return {
        "firing": Letter(firing=(disk,)),
        "resolved": Letter(resolved=(resolved,)),
        "mixed": Letter(firing=(disk,), resolved=(resolved,)),
        "truncated": Letter(firing=(truncated,)),
        "empty": Letter(firing=(empty,)),
        "non-ASCII": Letter(firing=(wide,)),
        "long": Letter(firing=(long,)),
    }


def _fact(number: int, labels: Labels, annotations: Labels) -> Fact:
    return Fact(
        id=NotificationId(number),
        kind=Kind.FIRING,
        round=0,
        severity=Severity.CRITICAL if number == 1 else Severity.HIGH,
        episode=EpisodeView(
            id=EpisodeId(number),
            source=SourceName("sample"),
            labels=labels,
            annotations=annotations,
            starts_at=_STARTED,
        ),
        receiver="sample",
        numbers=(),
        created_at=_NOW,
    )


def failing_templates(rules: Rules) -> tuple[str, ...]:
    """Render every template on every sample; one line for each that fails."""
    return tuple(_failures(rules))


def _failures(rules: Rules) -> Iterator[str]:
    letters = sample_letters(rules.severity.label)
    for name, template in rules.templates.items():
        style = Style(
            timezone=UTC,
            budget=rules.budget.critical,
            template=template,
            severity_label=rules.severity.label,
        )
        for sample, letter in letters.items():
            error = compose(letter, style, _NOW).template_error
            if error is not None:
                yield f"templates.{name}: on the {sample} sample: {error}"
