"""The text that tells one alert.

In order: state and how bad, the alert's name, where, what is wrong, since when. When
room is short the tail of "what" goes first; the rest says which alert this is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from alertbridge.core.cleaning import to_gsm
from alertbridge.core.encoding import ELLIPSIS, fit, measure
from alertbridge.core.message import Text
from alertbridge.core.notification import EpisodeView, Fact, Kind
from alertbridge.core.wording import CRITICAL, Wording, span
from alertbridge.core.wording_place import says, shorten


@dataclass(frozen=True, slots=True)
class Limits:
    """How many characters a name and a place may take, and whether as written."""

    name: int
    place: int
    spell: Callable[[str], str] = str


_LADDER = (
    Limits(64, 80),
    Limits(48, 48),
    Limits(32, 24),
    # A name in another script, and room for 70 characters in all: spelled out in
    # Latin letters it has 160.
    Limits(64, 80, to_gsm),
    Limits(32, 24, to_gsm),
)

_LEAST = Limits(32, 0, to_gsm)


@dataclass(frozen=True, slots=True)
class Sentence:
    """An alert in words: `head` names it, `body` may be cut, `aside` may not."""

    head: str
    body: str
    aside: str = ""

    @property
    def whole(self) -> str:
        """All of it, uncut."""
        return self.head + self.body + self.aside


def say_one(fact: Fact, wording: Wording, budget: int, notes: str = "") -> Text:
    """Tell *fact* within *budget* segments; *notes* are appended, and never cut."""
    closing = _closing(fact, wording)
    ended = fact.kind is Kind.RESOLVED
    state = state_of(fact, wording)
    telling = describe_ended if ended else describe
    for limits in _LADDER:
        whole = telling(fact.episode, state, wording, limits)
        text = measure(whole.whole + _join(whole, closing) + notes)
        if text.segments <= budget:
            return text
        if ended:
            continue
        # The summary will be cut: what it says of the place may be in the part that
        # goes, so the place is said by itself.
        cut = describe(fact.episode, state, wording, limits, summary_is_cut=True)
        tail = f"{cut.aside} {_capital(closing)}{notes}"
        if measure(cut.head + ELLIPSIS + tail).segments <= budget:
            return fit(cut.head + cut.body, budget, tail)
    name = shorten(_LEAST.spell(wording.name(fact.episode)), _LEAST.name)
    return fit(f"{state} {name}", budget, notes)


def state_of(fact: Fact, wording: Wording) -> str:
    """The words a text begins with: state, and how bad.

    A critical alert that fires begins with CRITICAL alone: of the first words a
    lock screen shows, none is spent on what the other states rule out.
    """
    severity = wording.severity(fact)
    match fact.kind:
        case Kind.FIRING:
            state = "" if severity == CRITICAL else "FIRING"
        case Kind.REMINDER:
            state = "STILL FIRING"
        case Kind.ESCALATED:
            state = "ESCALATED"
        case Kind.RESOLVED:
            return "RESOLVED"
        case _:
            assert_never(fact.kind)
    return f"{state} {severity}".strip()


def describe(
    episode: EpisodeView,
    state: str,
    wording: Wording,
    limits: Limits,
    *,
    summary_is_cut: bool = False,
) -> Sentence:
    """Put an alert that fires into words, saying nothing twice."""
    name = wording.name(episode)
    what = wording.what(episode)
    said = name if summary_is_cut else f"{name} {what}"
    place = limits.spell(wording.place(episode, said, limits.place))
    shown = shorten(limits.spell(name), limits.name)
    head = " ".join(filter(None, (state, shown, place)))
    if says(what, name) and what.casefold().startswith(name.casefold()):
        # "High CPU usage: High CPU usage on web1" would say it twice.
        rest = what[len(name) :]
        if not rest:
            return Sentence(head, "")
        aside = f" ({place})" if place else ""
        return Sentence(f"{state} {shown}".lstrip(), rest, aside)
    return Sentence(head, f": {what}" if what else "")


def describe_ended(
    episode: EpisodeView, state: str, wording: Wording, limits: Limits
) -> Sentence:
    """Put an alert that is over into words; its summary is no longer true."""
    name = wording.name(episode)
    place = limits.spell(wording.place(episode, name, limits.place))
    shown = shorten(limits.spell(name), limits.name)
    return Sentence(" ".join(filter(None, (state, shown, place))), "")


def _closing(fact: Fact, wording: Wording) -> str:
    """When, and how late this is told."""
    episode = fact.episode
    if fact.kind is Kind.RESOLVED:
        ends_at = wording.now if episode.ends_at is None else episode.ends_at
        took = span(ends_at - episode.starts_at)
        times = f"was firing {wording.period(episode.starts_at, ends_at)} ({took})"
    else:
        times = f"since {wording.clock(episode.starts_at)}"
        if fact.kind is Kind.REMINDER:
            times += f" ({span(wording.now - episode.starts_at)})"
    return ", ".join(filter(None, (times, wording.late((fact,)))))


def _join(sentence: Sentence, closing: str) -> str:
    """Add when: as a sentence of its own after a summary, else in the same one."""
    if sentence.whole == sentence.head:
        return f" {closing}" if closing.startswith("since") else f", {closing}"
    stop = "" if sentence.whole.endswith(("!", "?")) else "."
    return f"{stop} {_capital(closing)}"


def _capital(words: str) -> str:
    """Begin a sentence; `capitalize` would take the capital off `Nov`."""
    return words[:1].upper() + words[1:]
