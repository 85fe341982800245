"""Sample alerts: what every template is tried on, and what the demo shows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from alertbridge.core.alert import Labels, SourceName
from alertbridge.core.compose import Style, compose
from alertbridge.core.compose_context import context_of
from alertbridge.core.mailbox import Letter
from alertbridge.core.message import Text
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
from alertbridge.core.style import budget_of, template_of
from alertbridge.core.template import Template, TemplateFailed
from alertbridge.core.wording import Wording
from alertbridge.core.writing import BUILT_IN
from alertbridge.simulator.explain import ALL_THE_ROOM

_NOW = datetime(2026, 1, 15, 3, 30, tzinfo=UTC)
_STARTED = _NOW - timedelta(minutes=12)

ENDLESS = frozenset({"long", "hostile labels"})
"""Samples with more in them than any text has room for: a cut is what they are for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of one template on one sample.

    `template` may be `BUILT_IN`. `whole` is the text with all the room there is;
    `error` says why the built-in text stands here, and `line` where in the template.
    """

    template: str
    sample: str
    text: Text
    whole: Text
    budget: int
    error: str | None = None
    line: int = 1

    @property
    def is_cut(self) -> bool:
        """Whether the budget made the text say less."""
        return self.text.body != self.whole.body


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
    hours_ago = replace(disk.episode, starts_at=_NOW - timedelta(hours=4))
    flapping = replace(disk.episode, starts_at=_NOW - timedelta(minutes=3), flaps=5)
    wide = _fact(
        4,
        {"alertname": "دیسک پر است", "instance": "sérvör-1"},
        {"summary": "ディスクがいっぱいです 🔥"},
    )
    own_language = _fact(
        6,
        {"alertname": "DiskFull", "instance": "db1", severity_label: "warning"},
        {"summary": "Disken är full på databasservern, städa före klockan åtta"},
    )
    long = _fact(5, {"alertname": "Long"}, {"summary": "word " * 2000})
    return {
        "firing": Letter(firing=(disk,)),
        "resolved": Letter(resolved=(resolved,)),
        "mixed": Letter(firing=(disk,), resolved=(resolved,)),
        "reminder": Letter(
            reminders=(replace(disk, kind=Kind.REMINDER, episode=hours_ago),)
        ),
        "flapping": Letter(firing=(replace(disk, episode=flapping),)),
        "late": Letter(firing=(replace(disk, created_at=_STARTED),)),
        "truncated": Letter(
            firing=(replace(disk, note=PostNote("sample", truncated=950)),)
        ),
        "digest": _digest(severity_label),
        "empty": Letter(firing=(_fact(3, {}, {}),)),
        "own language": Letter(firing=(own_language,)),
        "non-ASCII": Letter(firing=(wide,)),
        "long": Letter(firing=(long,)),
        "hostile labels": Letter(firing=(_hostile(severity_label),)),
    }


def _digest(severity_label: str) -> Letter:
    """Twenty alerts of four names, a third of them over."""
    names = ("DiskFull", "HighLoad", "PodCrashLooping", "CertificateExpires")
    words = ("critical", "warning", "warning", "info")
    facts = [
        _fact(
            10 + n,
            {
                "alertname": names[n % 4],
                "instance": f"host-{n:02}.example.org:9100",
                severity_label: words[n % 4],
            },
            {"summary": f"{names[n % 4]} on host {n}"},
            (Severity.CRITICAL, Severity.HIGH, Severity.HIGH, Severity.LOW)[n % 4],
        )
        for n in range(20)
    ]
    ended = [
        replace(
            fact,
            kind=Kind.RESOLVED,
            heard=True,
            episode=replace(fact.episode, ends_at=_NOW),
        )
        for fact in facts[14:]
    ]
    return Letter(firing=tuple(facts[:14]), resolved=tuple(ended), more=3)


def _hostile(severity_label: str) -> Fact:
    """Labels as nobody should write them, and as somebody will."""
    return _fact(
        7,
        {
            "alertname": "{{ 7 * 7 }}{% for %} \u202egnp.exe\x1b[2J",
            "instance": "a\nb\r\n\tc\x00d",
            severity_label: " " * 40,
            "": "no name",
            "get": "a method's name",
            "items": "%s %(x)s {0} ${y}",
            "long": "x" * 10_000,
            "emoji": "👩‍👩‍👧‍👦" * 30,
            "url": "https://example.org/" + "a/" * 500,
        },
        {"summary": "", "description": "\u200b", "message": "`'\"<b>&amp;</b>\\" * 90},
    )


def _fact(
    number: int,
    labels: Labels,
    annotations: Labels,
    severity: Severity | None = None,
) -> Fact:
    if severity is None:
        severity = Severity.CRITICAL if number == 1 else Severity.HIGH
    return Fact(
        id=NotificationId(number),
        kind=Kind.FIRING,
        round=0,
        severity=severity,
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


def try_templates(rules: Rules) -> tuple[Tried, ...]:
    """Render the built-in text and every template on every sample."""
    templates: Mapping[str, Template | None] = {BUILT_IN: None, **rules.templates}
    return tuple(
        _try(name, template, sample, letter, rules)
        for name, template in templates.items()
        for sample, letter in sample_letters(rules.severity.label).items()
    )


def _try(
    name: str, template: Template | None, sample: str, letter: Letter, rules: Rules
) -> Tried:
    budget = smallest_budget(name, letter.severity, rules)
    style = Style(
        timezone=UTC,
        budget=budget,
        template=template,
        severity_label=rules.severity.label,
    )
    composed = compose(letter, style, _NOW)
    whole = compose(letter, replace(style, budget=ALL_THE_ROOM), _NOW)
    return Tried(
        template=name,
        sample=sample,
        text=composed.text,
        whole=whole.text,
        budget=budget,
        error=composed.template_error,
        line=1 if template is None else _line_of_fault(template, letter, rules),
    )


def _line_of_fault(template: Template, letter: Letter, rules: Rules) -> int:
    wording = Wording(now=_NOW, timezone=UTC, severity_label=rules.severity.label)
    try:
        template.render(context_of(letter, wording))
    except TemplateFailed as exc:
        return exc.line
    return 1


def smallest_budget(template: str, severity: Severity, rules: Rules) -> int:
    """The least room that *template* is given by any route that it is for."""
    return min(_budgets(template, severity, rules), default=rules.budget.of(severity))


def _budgets(template: str, severity: Severity, rules: Rules) -> Iterator[int]:
    for route in rules.tree.root.walk():
        if template_of(route, route.receiver, rules).value == template:
            yield budget_of(route, severity, rules).value
