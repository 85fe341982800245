"""What an own template may use: the facts of a letter, as plain values.

Every text in it is cleaned and bounded, so that no template can put on a phone what
the built-in text would keep off it. It is cleaned when it is read: a letter of 2,000
alerts holds megabytes, and an SMS has room for some hundred characters.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from alertbridge.core.alert import Labels, is_hidden
from alertbridge.core.cleaning import clean
from alertbridge.core.compose_notes import truncated_of
from alertbridge.core.gsm import is_gsm
from alertbridge.core.mailbox import Letter
from alertbridge.core.notification import Fact
from alertbridge.core.template_meter import TooCostlyError
from alertbridge.core.wording import Wording

LONGEST_VALUE = 1000
"""Characters of one label or annotation; an SMS has room for a third of it."""

MOST_READ = 200_000
"""Characters that a template may read of one letter: some 0.1 s. Those of a text in
the GSM alphabet, which cost next to nothing to clean, count a sixth."""

_A_VALUE = 16
_A_PLACE = 60
"""What a value costs beside its characters; a place looks at all labels."""

_PARTS = (
    "status", "kind", "name", "severity", "place", "summary", "source", "labels",
    "annotations", "starts_at", "flaps", "stale", "ends_at",
)  # fmt: skip
"""What a template may ask of an alert."""


class Lazy(Mapping[str, object]):
    """A mapping whose values are made when they are first read, and then kept."""

    __slots__ = ("_made", "_make", "_names")

    def __init__(self, names: Sequence[str], make: Callable[[str], object]) -> None:
        self._names = names
        self._make = make
        self._made: dict[str, object] = {}

    def __getitem__(self, name: str) -> object:
        if name not in self._made:
            if name not in self._names:
                raise KeyError(name)
            self._made[name] = self._make(name)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    # By identity: to compare what is in it would be to read it all.
    __eq__ = object.__eq__
    __hash__ = object.__hash__


def context_of(letter: Letter, wording: Wording) -> dict[str, object]:
    """Build the variables of a template (`template.VARIABLES` names them all)."""
    view = _View(wording)
    firing = view.alerts(letter.firing + letter.escalated + letter.reminders, "firing")
    resolved = view.alerts(letter.resolved, "resolved")
    over = view.alerts(letter.over, "over")
    return {
        "status": "firing" if firing else "resolved",
        "alerts": firing + resolved + over,
        "firing": firing,
        "resolved": resolved,
        "over": over,
        "truncated": truncated_of(letter),
        "more": letter.more,
        "severity": letter.severity.word,
        "late": wording.late(letter.leads),
        "now": wording.local(wording.now),
    }


@dataclass(slots=True)
class _View:
    """Shows the facts of one letter, and counts what is read of them."""

    wording: Wording
    left: int = MOST_READ

    def alerts(self, facts: Sequence[Fact], status: str) -> list[Lazy]:
        # Compared as they came: cleaned values would all have to be read for it.
        return [
            Lazy(_PARTS, partial(self.part, fact, status))
            for fact in sorted(facts, key=_order)
        ]

    def part(self, fact: Fact, status: str, name: str) -> object:
        episode = fact.episode
        match name:
            case "name":
                self.spend(_A_VALUE + _cost(episode.labels.get("alertname")))
                return self.wording.name(episode)
            case "place":
                self.spend(_A_PLACE + sum(map(_cost, episode.labels.values())))
                return self.wording.place(episode, self.wording.name(episode))
            case "summary":
                # Of the others only one is read, but which is the wording's affair.
                said = episode.annotations
                cost = _cost(said.get("summary")) or sum(map(_cost, said.values()))
                self.spend(_A_VALUE + cost)
                return self.wording.what(episode)
            case "labels":
                return self.texts(episode.labels)
            case "annotations":
                return self.texts(episode.annotations)
            case "status":
                return status
            case _:
                return self.at_hand(fact, name)

    def at_hand(self, fact: Fact, name: str) -> object:
        """What needs no cleaning."""
        episode = fact.episode
        match name:
            case "kind":
                return str(fact.kind)
            case "severity":
                return fact.severity.word
            case "source":
                return str(episode.source)
            case "starts_at":
                return self.wording.local(episode.starts_at)
            case "flaps":
                return episode.flaps
            case "stale":
                return episode.stale
            case _:
                ends_at = episode.ends_at
                return None if ends_at is None else self.wording.local(ends_at)

    def texts(self, raw: Labels) -> Lazy:
        names = sorted(name for name in raw if not is_hidden(name))
        return Lazy(names, lambda name: self.text(raw[name]))

    def text(self, raw: object) -> str:
        self.spend(_A_VALUE + _cost(raw))
        return clean(str(raw)[:LONGEST_VALUE])

    def spend(self, characters: int) -> None:
        self.left -= characters
        if self.left < 0:
            raise TooCostlyError("reads too much text of too many alerts")


def _cost(raw: object) -> int:
    """What cleaning *raw* takes, in odd characters."""
    text = "" if raw is None else str(raw)[:LONGEST_VALUE]
    return len(text) // 6 if is_gsm(text) else len(text)


def _order(fact: Fact) -> tuple[int, str, list[str]]:
    """The worst first, as a template may show no more than that.

    Then by name and labels: texts to several people must come out the same.
    """
    labels = fact.episode.labels
    named = str(labels.get("alertname", ""))
    return (
        fact.severity,
        named,
        [f"{name}={str(labels[name])[:100]}" for name in sorted(labels)],
    )
