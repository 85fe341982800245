"""The rows of a digest: alerts of one name, state and severity share a line.

Everything is ordered by what it says, never by ids: two people's texts stay equal.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum
from functools import cached_property

from alertbridge.core.mailbox import Letter
from alertbridge.core.notification import Fact, Kind
from alertbridge.core.places import Places, gather, natural
from alertbridge.core.severity import Severity
from alertbridge.core.wording import Wording
from alertbridge.core.wording_place import (
    FEW_VALUES,
    Form,
    Value,
    is_telling,
    shorten,
    telling,
)

MOST_COMPARED = 100
"""Alerts of one line whose labels are compared; no text names more of them."""


class Section(IntEnum):
    """What a line is about, in the order of the lines."""

    FIRING = 0
    RESOLVED = 1
    OVER = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One alert: its place, and the fact."""

    where: tuple[Value, ...]
    fact: Fact


@dataclass
class Line:
    """Alerts that are told on one line. `aside` is what else they have in common."""

    section: Section
    severity: str
    aside: str
    name: str
    rows: list[Row]
    facts: tuple[Fact, ...] = ()
    kinds: frozenset[Kind] = frozenset()
    _places: dict[Form, Places] = field(default_factory=dict)
    _forms: dict[Form, list[tuple[str, ...]]] = field(default_factory=dict)
    _gathered: dict[tuple[tuple[str, ...], ...], Places] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.facts = tuple(row.fact for row in self.rows)
        self.kinds = frozenset(fact.kind for fact in self.facts)

    @cached_property
    def began(self) -> datetime:
        """When the first of its alerts began."""
        return min(fact.episode.starts_at for fact in self.facts)

    def places(self, form: Form, shared: frozenset[str] = frozenset()) -> Places:
        """Its places in *form*, or less short if that would make two of them equal.

        Values that the whole digest has in common are *shared*, and said elsewhere.
        """
        if form not in self._places:
            full = self._written(Form.FULL, shared)
            chosen = full
            for shorter in range(form, Form.FULL, -1):
                written = self._written(Form(shorter), shared)
                if written == full or len(set(written)) == len(set(full)):
                    chosen = written
                    break
            key = tuple(chosen)
            if key not in self._gathered:
                self._gathered[key] = gather(chosen)
            self._places[form] = self._gathered[key]
        return self._places[form]

    def _written(self, form: Form, shared: frozenset[str]) -> list[tuple[str, ...]]:
        if form not in self._forms:
            most = FEW_VALUES if form >= Form.FEW else None
            self._forms[form] = [
                tuple(
                    value.written(form)
                    for value in row.where
                    if value.shown not in shared
                )[:most]
                for row in self.rows
            ]
        return self._forms[form]


def lines_of(letter: Letter, wording: Wording, longest_name: int) -> list[Line]:
    """Bring together what has one line: the worst first, then the newly worse."""
    names: dict[str, str] = {}
    found: dict[tuple[Section, Severity, bool, str, str, str], list[Row]] = {}
    for section, fact in _sections(letter):
        name = wording.name(fact.episode)
        shown = names.setdefault(name, shorten(name, longest_name))
        key = (
            section,
            # A fact that it is over is never critical; what is over may have been.
            min(fact.severity, fact.episode.severity),
            not fact.worse,
            _severity(section, fact, wording),
            shown,
            _aside(fact, wording),
        )
        row = Row(tuple(wording.where(fact.episode)), fact)
        found.setdefault(key, []).append(row)
    return [
        Line(
            section,
            severity,
            aside,
            name,
            sorted(_told_apart(rows, wording), key=_order),
        )
        for (section, _, _, severity, name, aside), rows in sorted(
            found.items(), key=lambda item: item[0]
        )
    ]


def _told_apart(rows: list[Row], wording: Wording) -> list[Row]:
    """Add a label that tells rows apart to those whose places do not.

    Two jobs may watch one machine; then the job is what one alert has and not the
    other, and it alone.
    """
    if not 1 < len(rows) <= MOST_COMPARED:
        return rows
    equal = Counter(row.where for row in rows)
    apart = len(equal)
    if apart == len(rows):
        return rows
    labels = [row.fact.episode.labels for row in rows]
    best, chosen = apart, ""
    for name in sorted(set().union(*labels) - {wording.severity_label}, key=telling):
        told = {
            (row.where, own.get(name)) for row, own in zip(rows, labels, strict=True)
        }
        if is_telling(name) and len(told) > best:
            best, chosen = len(told), name
    if not chosen:
        return rows
    return [
        replace(row, where=(*row.where, Value(shown, (shown,))))
        if shown and equal[row.where] > 1
        else row
        for row, own in zip(rows, labels, strict=True)
        for shown in (wording.read(own.get(chosen)),)
    ]


def shared_by(lines: Iterable[Line]) -> tuple[str, ...]:
    """The values that every alert of several lines has: said once for all."""
    rows = [row.where for line in lines for row in line.rows]
    first, *rest = rows
    shared = {value.shown for value in first}
    for row in rest:
        if not shared:
            return ()
        shared &= {value.shown for value in row}
    return tuple(value.shown for value in first if value.shown in shared)


def _sections(letter: Letter) -> Iterable[tuple[Section, Fact]]:
    for fact in letter.firing + letter.escalated + letter.reminders:
        yield Section.FIRING, fact
    for fact in letter.resolved:
        yield Section.RESOLVED, fact
    for fact in letter.over:
        yield Section.OVER, fact


def _severity(section: Section, fact: Fact, wording: Wording) -> str:
    match section:
        case Section.FIRING:
            return wording.severity(fact)
        case Section.RESOLVED:
            return wording.ended_severity(fact)
        case Section.OVER:
            return ""


def _aside(fact: Fact, wording: Wording) -> str:
    """What a line says beside its severity; how late is said once for all."""
    words, episode = wording.words, fact.episode
    flapping = words.flapped if fact.kind is Kind.RESOLVED else words.flapping
    aside = (
        words.worse if fact.worse and fact.kind is not Kind.RESOLVED else "",
        flapping.format(episode.flaps) if episode.flaps else "",
        words.silent if episode.stale else "",
    )
    return ", ".join(filter(None, aside))


def _order(row: Row) -> tuple[list[str | int], float, list[tuple[str, str]]]:
    fact = row.fact
    labels = sorted((str(k), str(v)) for k, v in fact.episode.labels.items())
    place = " ".join(value.shown for value in row.where)
    return natural(place), fact.episode.starts_at.timestamp(), labels
