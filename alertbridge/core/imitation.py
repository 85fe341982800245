"""What an alert says cannot pass for what we say.

A person acts on our words: replies `Ack 14`, goes back to sleep at RESOLVED, believes a
count. Text from labels and annotations is somebody else's, so it is kept from reading
like ours: `Ack 14` becomes `Ack_14`, and a name that begins as one of our lines does is
put in quotation marks.
"""

import re

from alertbridge.core.language import WORDS, Counted, Words

# With the letters of other scripts that look the same.
_ACK = re.compile(
    r"(?<![^\W_])([aаα]\s?[cсϲ]\s?[kкκ])(?:[\W_]{0,3})(?=\d)", re.IGNORECASE
)

_KEYS = frozenset("kKкКκΚ\u212a")
"""One of these is in every imitation; most values have none."""


def _line_starts(words: Words) -> set[str]:
    return {
        words.critical,
        words.firing,
        words.still_firing,
        words.escalated,
        words.resolved,
        words.over.rstrip(":"),
    }


def _counts(words: Words) -> set[str]:
    # A bare number of alerts begins no text of ours but the last resort.
    names = set(Words.__dataclass_fields__) - {"count_alerts"}
    counted = (getattr(words, name) for name in names)
    return {
        form
        for word in counted
        if isinstance(word, Counted)
        for form in (word.one, word.many)
    }


STATE_WORDS = frozenset(
    word.casefold() for words in WORDS.values() for word in _line_starts(words)
)
"""The words our lines begin with, in every language: a reader may know several."""

_COUNTED = frozenset(
    word.casefold() for words in WORDS.values() for word in _counts(words)
)


def _any_of(words: frozenset[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words))


_ENDS = frozenset(words.resolved.casefold() for words in WORDS.values())
_AS_WRITTEN = frozenset(
    word
    for words in WORDS.values()
    for word in (*_line_starts(words), words.over)
    if word.isupper() or word.endswith(":")
)
_OURS = re.compile(
    # What says that all is well is guarded however it is written; the other words only
    # as we write them, as `Critical memory` is a name like any other.
    rf"[\W_]*(?:(?i:{_any_of(_ENDS)})(?!\w)|(?:{_any_of(_AS_WRITTEN)})(?!\w)"
    rf"|\+\s?\d|\d+\s+(?i:{_any_of(_COUNTED)})(?!\w))"
)


def disarm(text: str) -> str:
    """Write *text* so that nothing in it reads as an answer we ask for."""
    return text if _KEYS.isdisjoint(text) else _ACK.sub(r"\1_", text)


def disarm_start(text: str) -> str:
    """Put *text* in quotation marks if it begins as one of our own lines does."""
    return f'"{text}"' if _OURS.match(text) else text
