"""What a text costs: its data coding, its segments, and how to cut it to a budget.

One character outside the GSM alphabet turns the whole text into UCS-2, which more
than halves what a segment holds. Figures from 3GPP TS 23.040, 9.2.3.24.1: a segment
has 140 octets, and 6 of them carry the part number once there is more than one.
"""

import unicodedata
from dataclasses import dataclass

from alertbridge.core.gsm import is_gsm, septets
from alertbridge.core.message import DataCoding, Text

ELLIPSIS = "..."
"""Marks a cut. Three dots: `…` is not in the GSM alphabet and would double the cost."""

_ZERO_WIDTH_JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class _Room:
    """How much a segment holds, in septets (GSM) or UTF-16 units (UCS-2)."""

    alone: int
    in_series: int


_GSM = _Room(160, 153)
_UCS2 = _Room(70, 67)


@dataclass(frozen=True, slots=True)
class Outsider:
    """A character that the GSM alphabet lacks; line and column count from 1."""

    character: str
    column: int
    line: int


def first_outside_gsm(body: str) -> Outsider | None:
    """Find the character that makes *body* UCS-2; None if there is none."""
    for number, line in enumerate(body.split("\n"), start=1):
        for column, character in enumerate(line, start=1):
            if not is_gsm(character):
                return Outsider(character, column, number)
    return None


def measure(body: str) -> Text:
    """Say how *body* is carried, and how many segments it takes (at least one)."""
    if is_gsm(body):
        return Text(body, DataCoding.GSM, len(_parts(body, DataCoding.GSM)))
    return Text(body, DataCoding.UCS2, len(_parts(body, DataCoding.UCS2)))


def split(body: str) -> tuple[str, ...]:
    """Cut *body* into the parts a phone would receive.

    An escape pair and a surrogate pair never straddle two parts, so parts are filled
    greedily: 306 septets can need three.
    """
    return _parts(body, DataCoding.GSM if is_gsm(body) else DataCoding.UCS2)


def fit(body: str, budget: int, tail: str = "") -> Text:
    """Cut *body* so that with *tail* it takes at most *budget* segments.

    Nothing is cut that need not be; a cut ends in `...`, falls between graphemes, and
    never touches *tail*, unless *tail* alone is over the budget: then it is cut too.

    Raises:
        ValueError: *budget* is below one segment.
    """
    if budget < 1:
        raise ValueError(f"a text takes at least one segment, the budget is {budget}")
    whole = measure(body + tail) if len(body) + len(tail) <= budget * 160 else None
    if whole is not None and whole.segments <= budget:
        return whole
    if tail and measure(ELLIPSIS + tail).segments > budget:
        return fit(tail, budget)
    # No segment holds more characters than this, whatever they are.
    ends = _grapheme_ends(body[: budget * _GSM.alone])
    low, high = 0, len(ends)
    best = measure(ELLIPSIS + tail)
    while low < high:
        middle = (low + high) // 2
        kept = body[: ends[middle]].rstrip(" \n.,;:-")
        attempt = measure(kept + ELLIPSIS + tail)
        if attempt.segments <= budget:
            best = attempt
            low = middle + 1
        else:
            high = middle
    return best


def _parts(body: str, coding: DataCoding) -> tuple[str, ...]:
    room = _GSM if coding is DataCoding.GSM else _UCS2
    costs = [_cost(character, coding) for character in body]
    if sum(costs) <= room.alone:
        return (body,)
    parts: list[str] = []
    start = used = 0
    for index, cost in enumerate(costs):
        if used + cost > room.in_series:
            parts.append(body[start:index])
            start, used = index, 0
        used += cost
    parts.append(body[start:])
    return tuple(parts)


def _cost(character: str, coding: DataCoding) -> int:
    if coding is DataCoding.GSM:
        return septets(character)
    # Beyond the basic plane UTF-16 needs a surrogate pair.
    return 2 if ord(character) > 0xFFFF else 1


def _grapheme_ends(text: str) -> list[int]:
    """Where *text* may be cut without taking a written character apart.

    An approximation of UAX 29 for what alerts hold: combining marks, emoji
    modifiers, joined emoji, and flags. Hangul jamo and Indic conjuncts may be cut.
    """
    ends: list[int] = []
    indicators = 0
    for index, character in enumerate(text):
        previous = text[index - 1] if index else ""
        joined = _extends(character) or previous == _ZERO_WIDTH_JOINER
        if _is_regional_indicator(character):
            indicators += 1
            joined = joined or indicators % 2 == 0
        else:
            indicators = 0
        if joined and ends:
            ends[-1] = index + 1
        else:
            ends.append(index + 1)
    return ends


def _extends(character: str) -> bool:
    return (
        character == _ZERO_WIDTH_JOINER
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or unicodedata.category(character) in ("Mn", "Mc", "Me")
    )


def _is_regional_indicator(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
