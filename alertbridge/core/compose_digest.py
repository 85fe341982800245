"""The text that tells several alerts: counts first, then the worst, by name.

What does not fit is counted, never dropped: the first line's numbers are those of the
lines below plus `+N more`. Where all of it fits, the counts that the lines say
themselves are left out; where one line says it all, there is no other.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from alertbridge.core.alert import OURSELVES, PAGE
from alertbridge.core.compose_counts import counts_of
from alertbridge.core.compose_single import spell
from alertbridge.core.encoding import ELLIPSIS, MOST_IN_SEGMENT, fit, measure
from alertbridge.core.gsm import is_gsm
from alertbridge.core.mailbox import Letter
from alertbridge.core.message import Text
from alertbridge.core.places import natural
from alertbridge.core.rows import Line, Section, lines_of, shared_by
from alertbridge.core.script import Script
from alertbridge.core.wording import Wording, span
from alertbridge.core.wording_place import Form

MOST_LINES = 100
"""Lines tried at all: no budget holds more, and a storm must not cost a search."""

MOST_TOLD_IN_FULL = 8
"""Alerts beyond this number leave no room for summaries, so none is looked at."""

MOST_SUMMARIES = 3
"""Alerts of one name that may each say what is wrong with them."""

_NAMES = (64, 28, 20)
"""Characters of a name; the shorter ones only where not one line would fit."""


def say_many(
    letter: Letter,
    wording: Wording,
    budget: int,
    notes: str = "",
    closings: Sequence[str] = ("",),
) -> tuple[Text, str]:
    """Tell all of *letter* within *budget* segments; say which of *closings* it got.

    Counts, *notes* and the last closing stay whole; a fuller closing is used if the
    counts and the first line are still there.
    """
    for digest in _digests(letter, wording):
        for closing in closings:
            tail = _tail(notes, closing)
            if digest.has_room(budget, tail):
                return digest.fill(budget, tail), closing
    least = closings[-1]
    tail = _tail(notes, least)
    counts = counts_of(letter, wording, brief=True)
    if measure(counts + tail).segments <= budget:
        return fit(f"{counts}\n{digest.first()}", budget, tail), least
    return fit(counts + tail, budget, _tail(least)), least


def _tail(*lines: str) -> str:
    return "".join(f"\n{line}" for line in lines if line)


def _digests(letter: Letter, wording: Wording) -> Iterator["_Digest"]:
    """The digest, then ones with shorter names and in Latin letters.

    A few alerts in another script among many do not halve the room of them all, if
    that would leave some of them out.
    """
    latin = replace(wording, script=Script.LATIN)
    for longest in _NAMES:
        lines = lines_of(letter, wording, longest)
        if wording.script is Script.AUTO and _few_are_odd(lines):
            yield _Digest(letter, wording, lines, all_or_nothing=True)
            lines = lines_of(letter, latin, longest)
        yield _Digest(letter, wording, lines)
    for longest in _NAMES:
        lines = lines_of(letter, latin, longest)
        for line in lines:
            line.name, line.severity = spell(line.name), spell(line.severity)
        yield _Digest(letter, latin, lines)


def _few_are_odd(lines: Sequence[Line]) -> bool:
    total = odd = 0
    for line in lines:
        total += len(line.rows)
        if is_gsm(line.name):
            odd += sum(
                not all(is_gsm(value.shown) for value in row.where) for row in line.rows
            )
        else:
            odd += len(line.rows)
    return 0 < 2 * odd < total


@dataclass(frozen=True, slots=True)
class _Detail:
    """How much the lines say, when all of them are there."""

    form: Form
    what: bool = False
    times: bool = True


_DETAILS = (
    _Detail(Form.FULL, what=True),
    _Detail(Form.SHORT_PATH, what=True),
    _Detail(Form.FULL),
    _Detail(Form.NO_DOMAIN),
    _Detail(Form.SHORT_POD),
    _Detail(Form.SHORT_PATH),
    _Detail(Form.FEW),
    _Detail(Form.FEW, times=False),
)


class _Digest:
    """The lines of a digest, ready to be written longer or shorter."""

    def __init__(
        self,
        letter: Letter,
        wording: Wording,
        lines: list[Line],
        *,
        all_or_nothing: bool = False,
    ) -> None:
        self._all_or_nothing = all_or_nothing
        self._letter = letter
        self._wording = wording
        self._lines = lines
        self._alone = len(lines) == 1 and len(lines[0].kinds) == 1
        shared = () if len(lines) == 1 else shared_by(lines)
        self._shared = frozenset(shared)
        self._context = "".join(f", {value}" for value in shared)
        self._counts: dict[tuple[bool, bool], str] = {}
        self._total = sum(len(line.rows) for line in lines)
        minutes = {
            fact.episode.starts_at.replace(second=0, microsecond=0)
            for line in lines
            if line.section is Section.FIRING
            for fact in line.facts
        }
        starts = {wording.clock(minute) for minute in minutes}
        self._one_start = starts.pop() if len(starts) == 1 else None

    def first(self) -> str:
        """The first line, without its places."""
        line = self._lines[0]
        return f"{self._label(line, whole=False)} {_name_and_number(line)}".lstrip()

    def has_room(self, budget: int, tail: str) -> bool:
        """Say whether the counts and the first line, or all of it, fit with *tail*."""
        if self._all_or_nothing:
            return self._all(budget, tail) is not None
        return _within(self._cut_to(1, 1), tail, budget) is not None

    def _all(self, budget: int, tail: str) -> Text | None:
        """All alerts, the fullest way that fits; None if no way does."""
        if len(self._lines) > MOST_LINES:
            return None
        for detail in _DETAILS:
            if detail.what and self._total > MOST_TOLD_IN_FULL:
                continue
            if (whole := _within(self._whole(detail), tail, budget)) is not None:
                return whole
        return None

    def fill(self, budget: int, tail: str) -> Text:
        """Say as much as *budget* segments hold with *tail*; there is room for some."""
        if (whole := self._all(budget, tail)) is not None:
            return whole

        def fits(lines: list[str]) -> Text | None:
            return _within(lines, tail, budget)

        most = min(len(self._lines), MOST_LINES)
        shown = _most(most, lambda size: fits(self._cut_to(size, 1)) is not None)
        wide = max(
            len(line.places(Form.FEW, self._shared).chunks)
            for line in self._lines[:shown]
        )
        places = _most(wide, lambda size: fits(self._cut_to(shown, size)) is not None)
        each = [places] * shown
        # What room is left goes to the first lines.
        for at in range(shown):
            if fits(self._cut_to(shown, [*each[:at], each[at] + 1, *each[at + 1 :]])):
                each[at] += 1
        named = len(self._lines) - shown
        if named:
            named = _most(
                min(named, MOST_LINES),
                lambda size: fits(self._cut_to(shown, each, size)) is not None,
                least=0,
            )
        text = fits(self._cut_to(shown, each, named))
        assert text is not None
        return text

    def _whole(self, detail: _Detail) -> list[str]:
        """Every alert, named; counts only as far as the lines do not say them."""
        lines = [self._line(line, detail) for line in self._lines]
        if self._alone:
            return lines
        return [self._first_line(since=not detail.times, shown=True), *lines]

    def _cut_to(self, shown: int, places: int | list[int], named: int = 0) -> list[str]:
        """The counts, the first *shown* lines, so many *places* on each, the rest.

        Of the rest, *named* are named: `+36 more: Kube API down, Disk full x3...`.
        """
        each = places if isinstance(places, list) else [places] * shown
        detail = _Detail(Form.FEW, times=False)
        lines = [
            self._line(line, detail, most)
            for line, most in zip(self._lines[:shown], each, strict=True)
        ]
        rest = self._lines[shown:]
        if rest:
            more = self._wording.words.more.format(sum(len(r.rows) for r in rest))
            names = ", ".join(_name_and_number(line) for line in rest[:named])
            hidden = ELLIPSIS if named < len(rest) else ""
            lines.append(f"{more}: {names}{hidden}" if names else more)
        return [self._first_line(since=True, shown=False), *lines]

    def _first_line(self, *, since: bool, shown: bool) -> str:
        """The counts; `shown` says that the lines tell all, and how bad each is."""
        key = since or bool(self._one_start), shown
        if key not in self._counts:
            letter, wording = self._letter, self._wording
            late = wording.late(letter.leads)
            counts = counts_of(letter, wording, since=key[0], shown=shown)
            self._counts[key] = counts + self._context + (f", {late}" if late else "")
        return self._counts[key]

    def _line(self, line: Line, detail: _Detail, most: int | None = None) -> str:
        """`CRITICAL Disk full x20 db1-db20 /var since 03:12`."""
        size = len(line.rows)
        said = line.places(detail.form, self._shared).said(most)
        words = (
            self._label(line, whole=most is None),
            line.name,
            f"x{size}" if size > 1 else "",
            said,
        )
        what = self._what(line) if detail.what else ""
        if what.startswith("\n"):
            # Each place is said with what is wrong there.
            words = (*words[:-1], "")
            what = what.removeprefix("\n")
        head = " ".join(filter(None, words))
        return (f"{head}: {what}" if what else head) + self._times(line, detail, what)

    def _label(self, line: Line, *, whole: bool) -> str:
        """State or severity; both where no counts stand above the line."""
        words = self._wording.words
        aside = [line.aside] if line.aside else []
        state, severity = {
            Section.RESOLVED: (words.resolved, line.severity),
            Section.OVER: (words.over, ""),
            Section.FIRING: ("", line.severity),
        }[line.section]
        if self._alone and whole:
            state = state or self._wording.state(line.rows[0].fact)
            late = self._wording.late(line.facts)
            aside += [late] if late else []
        shown = f"({', '.join(aside)})" if aside else ""
        parts = (state, shown, severity) if state else (severity, shown)
        return " ".join(filter(None, parts))

    def _what(self, line: Line) -> str:
        """What is wrong: once if it is the same of all, else with each place."""
        # Without its summary, a page about a lost page does not say which.
        alone = all(
            fact.episode.source == OURSELVES
            or fact.episode.labels.get("alertname") == PAGE
            for fact in line.facts
        )
        most = MOST_TOLD_IN_FULL if alone else MOST_SUMMARIES
        if line.section is not Section.FIRING or len(line.rows) > most:
            return ""
        whats = [self._wording.what(row.fact.episode) for row in line.rows]
        texts = ["" if what.extra else what.text for what in whats]
        if len(set(texts)) == 1:
            return texts[0]
        each = sorted(
            (natural(place), f"{place} {text}".strip())
            for row, text in zip(line.rows, texts, strict=True)
            for place in (" ".join(v.written(Form.NO_DOMAIN) for v in row.where),)
        )
        return "\n" + "; ".join(said for _, said in each if said)

    def _times(self, line: Line, detail: _Detail, what: str) -> str:
        # Nobody hears again of what is over: its times are said here or never.
        wording, start = self._wording, line.began
        if line.section is not Section.FIRING:
            if line.section is Section.RESOLVED and not detail.times:
                return ""
            episodes = [fact.episode for fact in line.facts]
            ends = [wording.now if e.ends_at is None else e.ends_at for e in episodes]
            took = f" ({span(ends[0] - start)})" if len(episodes) == 1 else ""
            return f" {wording.period(start, max(ends))}{took}"
        if not detail.times or (self._one_start and not self._alone):
            return ""
        since = f"{wording.words.since} {wording.clock(start)}"
        if self._alone and any(fact.episode.flaps for fact in line.facts):
            since += f", {wording.words.until_it_settles}"
        if what:
            stop = "" if what.endswith(("!", "?")) else "."
            return f"{stop} {since[:1].upper()}{since[1:]}"
        return f" {since}"


def _within(lines: list[str], tail: str, budget: int) -> Text | None:
    body = "\n".join(lines) + tail
    if len(body) > budget * MOST_IN_SEGMENT:
        return None
    text = measure(body)
    return text if text.segments <= budget else None


def _name_and_number(line: Line) -> str:
    return f"{line.name} x{len(line.rows)}" if len(line.rows) > 1 else line.name


def _most(limit: int, fits: Callable[[int], bool], least: int = 1) -> int:
    """The largest size from *least* to *limit* that fits; *least* is known to."""
    low, high = least, limit
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low
