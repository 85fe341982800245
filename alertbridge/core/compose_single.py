"""The text that tells one alert.

In order: state (and how late, how often), how bad, the alert's name, where, what is
wrong, since when, and what closes the text. When room is short it is written shorter in
a fixed order, and at last the tail of "what" is cut; the rest says which alert this is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from alertbridge.core.encoding import ELLIPSIS, fit, measure
from alertbridge.core.imitation import disarm
from alertbridge.core.message import Text
from alertbridge.core.notification import Fact, Kind
from alertbridge.core.script import to_gsm
from alertbridge.core.summary import briefer
from alertbridge.core.wording import What, Wording, span
from alertbridge.core.wording_place import Form, Value, place, shorten


def spell(text: str) -> str:
    """Write *text* in the GSM alphabet, for want of room for its own script."""
    return disarm(to_gsm(text))


@dataclass(frozen=True, slots=True)
class Limits:
    """How many characters a name and a place may take, and whether as written."""

    name: int
    place: int
    spelled: Callable[[str], str] = str


LADDER = (
    Limits(64, 80),
    Limits(44, 44),
    Limits(28, 24),
    Limits(20, 12),
    # A name in another script, and room for 70 characters in all: spelled out in
    # Latin letters it has 160.
    Limits(64, 80, spell),
    Limits(44, 44, spell),
    Limits(28, 24, spell),
    Limits(20, 12, spell),
)
"""Only names and places beyond all measure go below the first step."""

_LEVELS = (
    (Form.FULL, False),
    (Form.NO_DOMAIN, False),
    (Form.SHORT_POD, False),
    (Form.SHORT_PATH, False),
    (Form.SHORT_PATH, True),
)
"""The order in which a text is written shorter before anything of it is cut."""

_LEFT_OUT = len(_LEVELS)
"""What it counts for that a sentence is left out, against being written shorter."""

_CUT = 2 * _LEFT_OUT
"""What it counts for that a sentence is cut."""

_LEAST_CUT = 12
"""Characters of a cut summary below which it tells nothing, and is left out."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A way to say it, and how much was given up for it (0: nothing)."""

    text: Text
    given_up: int


def say_one(
    fact: Fact,
    wording: Wording,
    budget: int,
    notes: str = "",
    closings: Sequence[str] = ("",),
) -> tuple[Text, str]:
    """Tell *fact* within *budget* segments; say which of *closings* it got.

    *notes* and the last closing are never cut. A fuller closing is used if nothing of
    the alert has to be cut or shortened for it.
    """
    alert = _Alert(fact, wording)
    notes = f"\n{notes}" if notes else ""
    least = closings[-1]
    said = next(alert.ways(budget, notes + _line(least)), None)
    if said is None:
        return alert.last_resort(budget, notes, _line(least)), least
    for closing in closings[:-1]:
        for fuller in alert.ways(budget, notes + _line(closing)):
            if fuller.given_up <= said.given_up and fuller.given_up < _CUT:
                return fuller.text, closing
    return said.text, least


def _line(closing: str) -> str:
    return f"\n{closing}" if closing else ""


class _Alert:
    """One alert in words, ready to be written longer or shorter."""

    def __init__(self, fact: Fact, wording: Wording) -> None:
        episode = fact.episode
        self._ended = fact.kind is Kind.RESOLVED
        self._state = state_of(fact, wording)
        self._name = wording.name(episode)
        self._where = wording.where(episode)
        # What was wrong is no longer true.
        self._what = What("") if self._ended else wording.what(episode)
        self._when = when(fact, wording)

    def ways(self, budget: int, tail: str) -> Iterator[_Said]:
        """Ways to say it within *budget*, with *tail*: the best first.

        One segment before two, if all that is lost is in how it is written.
        """
        what = self._what
        plain = What("") if what.extra else what
        for segments in dict.fromkeys((1, budget)):
            for told, left_out in {what: 0, plain: _LEFT_OUT * (plain != what)}.items():
                for level, (form, brief) in enumerate(_LEVELS):
                    text = measure(self._whole(told, form, brief=brief) + tail)
                    if text.segments <= segments:
                        yield _Said(text, level + left_out)
        for limits in LADDER:
            cut = self._cut(limits, budget, tail)
            if cut is not None:
                yield _Said(cut, _CUT)
                return

    def last_resort(self, budget: int, notes: str, closing: str) -> Text:
        """State, name and place alone, where the rest leaves no room for more."""
        head = ""
        for limits in LADDER:
            where = place(self._where, form=Form.SHORT_PATH, limit=limits.place)
            head = self._head(limits, limits.spelled(where))
            text = measure(head + notes + closing)
            if text.segments <= budget:
                return text
        head = self._head(LADDER[-1], "")
        if measure(head + notes + closing).segments > budget:
            return fit(head + notes, budget, closing)
        return fit(head, budget, notes + closing)

    def _whole(self, what: What, form: Form, *, brief: bool) -> str:
        limits = LADDER[0]
        where = place(self._where, said=what.text, form=form, limit=limits.place)
        text = _in_form(what.text, self._where, form)
        head = self._head(limits, where)
        return _sentence(head, briefer(text) if brief else text, self._when)

    def _cut(self, limits: Limits, budget: int, tail: str) -> Text | None:
        """Cut what is wrong, so that all else fits; None if not even then."""
        # What a cut summary says of the place may be in the part that goes.
        where = place(self._where, form=Form.SHORT_PATH, limit=limits.place)
        head = self._head(limits, limits.spelled(where))
        plain = measure(_sentence(head, "", self._when) + tail)
        what = "" if self._what.extra else self._what.text
        if what:
            text = briefer(_in_form(what, self._where, Form.SHORT_PATH))
            whole = measure(_sentence(head, text, self._when) + tail)
            if whole.segments <= budget:
                return whole
            end = f" {_capital(self._when)}{tail}"
            least = f"{head}: {text[:_LEAST_CUT]}{ELLIPSIS}{end}"
            if measure(least).segments <= budget:
                return fit(f"{head}: {text}", budget, end)
        return plain if plain.segments <= budget else None

    def _head(self, limits: Limits, where: str) -> str:
        name = shorten(limits.spelled(self._name), limits.name)
        return " ".join(filter(None, (self._state, name, where)))


def state_of(fact: Fact, wording: Wording) -> str:
    """The words a text begins with: state, how late and how often, how bad."""
    flags = ", ".join(wording.flags(fact))
    aside = f"({flags})" if flags else ""
    state = wording.state(fact)
    ended = fact.kind is Kind.RESOLVED
    severity = wording.ended_severity(fact) if ended else wording.severity(fact)
    words = (state, aside, severity) if state else (severity, aside)
    return " ".join(filter(None, words))


def when(fact: Fact, wording: Wording) -> str:
    """Since when it fires, or how long it did."""
    episode, words = fact.episode, wording.words
    if fact.kind is Kind.RESOLVED:
        ends_at = wording.now if episode.ends_at is None else episode.ends_at
        took = words.after.format(span(ends_at - episode.starts_at))
        flapped = f", {words.flapped.format(episode.flaps)}" if episode.flaps else ""
        return f"{took} ({wording.period(episode.starts_at, ends_at)}){flapped}"
    times = f"{words.since} {wording.clock(episode.starts_at)}"
    if fact.kind is Kind.REMINDER:
        times += f" ({span(wording.now - episode.starts_at)})"
    return f"{times}, {words.until_it_settles}" if episode.flaps else times


def _sentence(head: str, what: str, times: str) -> str:
    if not what:
        return f"{head} {times}"
    stop = "" if what.endswith(("!", "?")) else "."
    return f"{head}: {what}{stop} {_capital(times)}"


def _in_form(text: str, where: Sequence[Value], form: Form) -> str:
    """Write the places that a summary names as short as the place itself."""
    for value in where if form else ():
        for raw in value.raw:
            shorter = Value(raw, (raw,), value.is_host).written(form)
            if shorter != raw:
                text = text.replace(raw, shorter)
    return text


def _capital(words: str) -> str:
    """Begin a sentence; `capitalize` would take the capital off `Nov`."""
    return words[:1].upper() + words[1:]
