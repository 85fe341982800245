"""The text that tells several alerts: counts first, then the worst, by name.

What does not fit is counted, never dropped: the first line's numbers are those of the
lines below plus `+N more`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from alertbridge.core.compose_single import Limits, describe
from alertbridge.core.encoding import fit, measure
from alertbridge.core.mailbox import Letter
from alertbridge.core.message import Text
from alertbridge.core.notification import Fact
from alertbridge.core.severity import Severity
from alertbridge.core.wording import Wording
from alertbridge.core.wording_place import shorten

MOST_PLACES = 5
"""Places named of alerts of one name; nobody reads the twentieth host name."""

MOST_LINES = 40
"""Lines tried at all: no budget holds more, and a storm must not cost a search."""

MOST_TOLD_IN_FULL = 8
"""Alerts beyond this number leave no room for summaries, so none is looked at."""

_LIMITS = Limits(40, 44)


class _Section(IntEnum):
    """What a line is about, in the order of the lines."""

    FIRING = 0
    RESOLVED = 1
    OVER = 2


@dataclass(frozen=True, slots=True)
class _Group:
    """Alerts of one name and severity: one line."""

    section: _Section
    label: str
    name: str
    rows: tuple[tuple[str, Fact], ...]


@dataclass(frozen=True, slots=True)
class _Detail:
    """How much each line says."""

    places: int
    times: bool = False
    what: bool = False


_DETAILS = (
    _Detail(MOST_PLACES, times=True, what=True),
    _Detail(MOST_PLACES, times=True),
    _Detail(3, times=True),
    _Detail(3),
    _Detail(2),
    _Detail(1),
)


def say_many(letter: Letter, wording: Wording, budget: int, notes: str = "") -> Text:
    """Tell all of *letter* within *budget* segments; counts and *notes* stay whole."""
    groups = _groups(letter, wording)
    total = sum(len(group.rows) for group in groups)
    text = Text("", measure("").coding, 0)
    for lines in _candidates(letter, groups, wording, total):
        text = measure("\n".join(filter(None, (*lines, notes))))
        if text.segments <= budget:
            return text
    return fit(text.body, budget)


def _candidates(
    letter: Letter, groups: Sequence[_Group], wording: Wording, total: int
) -> Iterator[list[str]]:
    """Ways to say it, the fullest first; the last has nothing but counts."""
    late = wording.late(letter.leads)
    counts = ", ".join(filter(None, (_counts(letter), late)))
    counts_since = ", ".join(filter(None, (_counts(letter, wording), late)))
    if len(groups) <= MOST_LINES:
        for detail in _DETAILS:
            if detail.what and total > MOST_TOLD_IN_FULL:
                continue
            first = counts if detail.times else counts_since
            yield [first, *(_line(group, detail, wording) for group in groups)]
    lines = [_line(group, _Detail(1), wording) for group in groups[:MOST_LINES]]
    for shown in range(min(len(lines), len(groups) - 1), 0, -1):
        yield [counts_since, *lines[:shown], _more(groups[shown:])]
    yield [_counts(letter, brief=True), _more(groups)]


def _groups(letter: Letter, wording: Wording) -> list[_Group]:
    """Bring together what has one line: the worst first, then by name and place."""
    found: dict[tuple[_Section, Severity, str, str], list[tuple[str, Fact]]] = {}
    for section, fact in _sections(letter):
        name = shorten(wording.name(fact.episode), _LIMITS.name)
        label = _label(section, fact, wording)
        place = wording.place(fact.episode, name, _LIMITS.place)
        key = (section, fact.severity, label, name)
        found.setdefault(key, []).append((place, fact))
    return [
        _Group(section, label, name, tuple(sorted(rows, key=_by_place)))
        for (section, _, label, name), rows in sorted(found.items(), key=lambda i: i[0])
    ]


def _sections(letter: Letter) -> Iterable[tuple[_Section, Fact]]:
    for fact in letter.firing + letter.escalated + letter.reminders:
        yield _Section.FIRING, fact
    for fact in letter.resolved:
        yield _Section.RESOLVED, fact
    for fact in letter.over:
        yield _Section.OVER, fact


def _by_place(
    row: tuple[str, Fact],
) -> tuple[list[str | int], float, list[tuple[str, str]]]:
    """Order rows by what they say, never by ids: two people's texts stay equal."""
    place, fact = row
    labels = sorted((str(k), str(v)) for k, v in fact.episode.labels.items())
    return _natural(place), fact.episode.starts_at.timestamp(), labels


def _natural(text: str) -> list[str | int]:
    """Order web2 before web10: text and numbers in turn, text first."""
    parts = _NUMBERS.split(text)
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]


# At most 15 digits: a longer number is an identifier, and costly to read.
_NUMBERS = re.compile(r"([0-9]{1,15})")


def _label(section: _Section, fact: Fact, wording: Wording) -> str:
    match section:
        case _Section.FIRING:
            return wording.severity(fact)
        case _Section.RESOLVED:
            return "RESOLVED"
        case _Section.OVER:
            return "over:"


def _counts(
    letter: Letter, wording: Wording | None = None, *, brief: bool = False
) -> str:
    """`12 firing (3 critical) since 03:12, 2 resolved`; the time if *wording*."""
    facts = letter.firing + letter.escalated + letter.reminders
    critical = sum(fact.severity is Severity.CRITICAL for fact in facts)
    among = (
        f"{critical} critical" if critical else "",
        f"{len(letter.escalated)} escalated" if letter.escalated and not brief else "",
        _reminders(len(letter.reminders)) if letter.reminders and not brief else "",
    )
    aside = ", ".join(filter(None, among))
    firing = f"{len(facts)} firing" if facts else ""
    if aside:
        firing += f" ({aside})"
    if facts and wording is not None:
        start = min(fact.episode.starts_at for fact in facts)
        firing += f" since {wording.clock(start)}"
    counts = (
        firing,
        f"{len(letter.resolved)} resolved" if letter.resolved else "",
        f"{len(letter.over)} over" if letter.over else "",
    )
    return ", ".join(filter(None, counts))


def _reminders(amount: int) -> str:
    return "1 reminder" if amount == 1 else f"{amount} reminders"


def _more(groups: Sequence[_Group]) -> str:
    left = sum(len(group.rows) for group in groups)
    return f"+{left} more" if left else ""


def _line(group: _Group, detail: _Detail, wording: Wording) -> str:
    """`CRITICAL DiskFull x20 db1, db2, db3 +17, since 03:12`."""
    # Nobody hears again of what is over: its times are said here or never.
    timed = detail.times or group.section is _Section.OVER
    times = _times(group, wording) if timed else ""
    if detail.what and group.section is _Section.FIRING and len(group.rows) == 1:
        (_, fact) = group.rows[0]
        sentence = describe(fact.episode, group.label, wording, _LIMITS)
        return sentence.whole + times
    size = len(group.rows)
    named = [place for place in dict.fromkeys(row[0] for row in group.rows) if place]
    shown = named[: detail.places]
    unnamed = sum(place not in shown for place, _ in group.rows)
    words = (
        group.label,
        group.name,
        f"x{size}" if size > 1 else "",
        ", ".join(shown),
        f"+{unnamed}" if unnamed and shown else "",
    )
    return " ".join(filter(None, words)) + times


def _times(group: _Group, wording: Wording) -> str:
    episodes = [fact.episode for _, fact in group.rows]
    start = min(episode.starts_at for episode in episodes)
    if group.section is _Section.FIRING:
        return f", since {wording.clock(start)}"
    ends = [wording.now if e.ends_at is None else e.ends_at for e in episodes]
    return f" {wording.period(start, max(ends))}"
