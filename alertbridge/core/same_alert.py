"""One alert at two severities is one thing that is wrong: one row, under the worse."""

from collections.abc import Iterable
from dataclasses import replace

from alertbridge.core.mailbox import Letter
from alertbridge.core.notification import Fact


def one_row_each(letter: Letter, severity_label: str = "severity") -> Letter:
    """Leave out what the same alert at a worse severity says as well.

    The same: of one source, with labels that are equal but for *severity_label*. Only
    among what fires; the end of a warning is news though the critical goes on.
    """
    firing = letter.firing + letter.escalated + letter.reminders
    if len(firing) < 2:
        return letter
    spoken_for = frozenset(_lesser(firing, severity_label))
    if not spoken_for:
        return letter
    return replace(
        letter,
        firing=_without(letter.firing, spoken_for),
        escalated=_without(letter.escalated, spoken_for),
        reminders=_without(letter.reminders, spoken_for),
    )


def _lesser(facts: Iterable[Fact], severity_label: str) -> Iterable[int]:
    """Find the facts that another speaks for; known by where they are in memory."""
    alike: dict[object, dict[str, list[Fact]]] = {}
    for fact in facts:
        labels = fact.episode.labels
        rest = frozenset(i for i in labels.items() if i[0] != severity_label)
        at = alike.setdefault((fact.episode.source, rest), {})
        at.setdefault(labels.get(severity_label, ""), []).append(fact)
    for by_word in alike.values():
        if len(by_word) > 1:
            worst = min(by_word, key=lambda word: (by_word[word][0].severity, word))
            for word, lesser in by_word.items():
                if word != worst:
                    yield from (id(fact) for fact in lesser)


def _without(facts: tuple[Fact, ...], spoken_for: frozenset[int]) -> tuple[Fact, ...]:
    return tuple(fact for fact in facts if id(fact) not in spoken_for)
