"""What has been said already: nothing of an alert is told twice."""

import re
from collections.abc import Sequence

from alertbridge.core.readable import words_of

_FILLERS = (
    "a an the is are was were be been being has have had it its this that there on in "
    "at of for to by with from and alert instance namespace pod node host server"
)
FILLERS = frozenset(_FILLERS.split())
"""Words that tell nothing by themselves. `not` and `no` are none of them."""

_BEFORE = r"(?<![\w/.:-])"
_AFTER = r"(?![\w/-]|[.:,]\w)"
_LONGEST_COMPOUND = 3


def says(text: str, value: str) -> bool:
    """Say whether *text* already has *value* as a word of its own.

    `/var` is not said by `/var/lib`, nor `db1` by `db1.example.org`.
    """
    if not value or value.casefold() not in text.casefold():
        return False
    return as_word(value).search(text) is not None


def as_word(value: str) -> re.Pattern[str]:
    """Find *value* as a word of its own."""
    return re.compile(_BEFORE + re.escape(value) + _AFTER, re.IGNORECASE)


def repeats(text: str, said: str) -> bool:
    """Say whether *text* only says in other words what *said* says.

    `Clock skew detected` repeats `NodeClockSkewDetected`, and `Pod is crashlooping`
    repeats `KubePodCrashLooping`; `Disk is not full` does not repeat `Disk full`.
    """
    known = words_of(said)
    compounds = set(known)
    for size in range(2, _LONGEST_COMPOUND + 1):
        compounds.update(
            "".join(known[at : at + size]) for at in range(len(known) - size + 1)
        )
    told = [word for word in words_of(text) if word not in FILLERS]
    at = 0
    while at < len(told):
        size = _matched(told, at, compounds)
        if not size:
            return False
        at += size
    return True


def _matched(told: Sequence[str], at: int, known: set[str]) -> int:
    """How many words of *told* from *at* on are one or more known words."""
    for size in range(1, _LONGEST_COMPOUND + 1):
        if "".join(told[at : at + size]) in known:
            return size
    return 0


def without_start(text: str, name: str) -> str:
    """Take *name*, or its last words, off the start of *text*, if it begins so.

    `High CPU usage above 90%` after `HighCPUUsage` leaves `above 90%`, and `Generation
    mismatch due to roll-back` after `KubeGenerationMismatch` leaves `due to roll-back`.
    """
    words = words_of(name)
    for start in range(max(len(words) - 1, 1)):
        rest = _after("".join(words[start:]), text)
        if rest is not None:
            return rest
    return text


def _after(start: str, text: str) -> str | None:
    """What is left of *text* behind the words that make up *start*; None: others."""
    left = start
    for found in re.finditer(r"\w+", text) if start else ():
        word = "".join(words_of(found[0]))
        if left.startswith(word):
            left = left.removeprefix(word)
        elif word not in FILLERS:
            return None
        if not left:
            return text[found.end() :].lstrip(" .,:;-")
    return None
