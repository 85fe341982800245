"""Many places in few words: what they share is said once, and numbers are ranges.

`db1.example.org` to `db20.example.org` read `db1-db20 (example.org)`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from alertbridge.core.wording_place import shorten

LEAST_RANGE = 3
"""Numbers in a row from which on they are a range; two are as short as they are."""

_LONGEST = 80
_LEAST_PREFIX = 8
_NUMBERED = re.compile(r"(.*?)([0-9]{1,9})", re.DOTALL)
_DOMAIN = re.compile(r"([\w-]*[^\W\d_][\w-]*)\.((?:[\w-]+\.)*[^\W\d_]{2,})")
# At most 15 digits: a longer number is an identifier, and costly to read.
_NUMBERS = re.compile(r"([0-9]{1,15})")


@dataclass(frozen=True, slots=True)
class Chunk:
    """One name or one range, and how many alerts it names."""

    text: str
    size: int


@dataclass(frozen=True, slots=True)
class Places:
    """The places of alerts of one name: `front`, some of `chunks`, `back`.

    `unnamed` alerts have no place.
    """

    front: str
    chunks: tuple[Chunk, ...]
    back: str
    unnamed: int

    def said(self, most: int | None = None) -> str:
        """Say them, *most* of the chunks at the most: `db1, db3-db7 /var +12`."""
        chunks = self.chunks[:most]
        if not chunks:
            return ""
        shown = ", ".join(chunk.text for chunk in chunks)
        left = self.left(most)
        words = f"{self.front}{shown}{self.back}"
        return f"{words} +{left}" if left else words

    def left(self, most: int | None = None) -> int:
        """How many alerts are not named by the first *most* chunks."""
        hidden = () if most is None else self.chunks[most:]
        return self.unnamed + sum(chunk.size for chunk in hidden)


def gather(rows: Sequence[tuple[str, ...]]) -> Places:
    """Bring together the places of alerts of one name, each one or more values."""
    named = [row for row in rows if row]
    unnamed = len(rows) - len(named)
    if not named:
        return Places("", (), "", unnamed)
    width = len(named[0])
    front = back = ""
    items = named
    if all(len(row) == width for row in named):
        columns = list(zip(*named, strict=True))
        varies = [len(set(column)) > 1 for column in columns]
        if any(varies):
            first = varies.index(True)
            front = "".join(f"{value} " for value in named[0][:first])
            common = (named[0][i] for i in range(first, width) if not varies[i])
            back = "".join(f" {value}" for value in common)
            items = [
                tuple(value for value, own in zip(row, varies, strict=True) if own)
                for row in named
            ]
    counted = Counter(items)
    if all(len(item) == 1 for item in counted):
        words = {item[0]: size for item, size in counted.items()}
        prefix, words, domain = _factored(words)
        chunks = _ranges(words)
        return Places(front + prefix, _brief(chunks), domain + back, unnamed)
    texts = sorted((" ".join(item), size) for item, size in counted.items())
    texts.sort(key=lambda text: natural(text[0]))
    chunks = [Chunk(shorten(text, _LONGEST), size) for text, size in texts]
    return Places(front, tuple(chunks), back, unnamed)


def natural(text: str) -> list[str | int]:
    """Order web2 before web10: text and numbers in turn, text first."""
    parts = _NUMBERS.split(text)
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]


def _factored(words: dict[str, int]) -> tuple[str, dict[str, int], str]:
    """Take off the namespace and the domain that all of several names share."""
    if len(words) < 2:
        return "", words, ""
    outer = {word.partition("/")[0] if "/" in word else "" for word in words}
    if len(outer) == 1 and (namespace := outer.pop()):
        cut = len(namespace) + 1
        return f"{namespace}/", {word[cut:]: n for word, n in words.items()}, ""
    found = [_DOMAIN.fullmatch(word) for word in words]
    domains = {"" if match is None else match[2] for match in found}
    if len(domains) == 1 and (domain := domains.pop()):
        cut = len(domain) + 1
        return "", {word[:-cut]: n for word, n in words.items()}, f" ({domain})"
    return "", words, ""


def _ranges(words: dict[str, int]) -> list[Chunk]:
    """Names in their natural order, with three numbers in a row as a range."""
    runs: list[list[tuple[str, str, str]]] = []
    for word in sorted(words, key=lambda word: (natural(word), word)):
        found = _NUMBERED.fullmatch(word)
        stem, digits = (word, "") if found is None else (found[1], found[2])
        if runs and digits and _follows(*runs[-1][-1][1:], stem, digits):
            runs[-1].append((word, stem, digits))
        else:
            runs.append([(word, stem, digits)])
    chunks: list[Chunk] = []
    for run in runs:
        names = [word for word, _, _ in run]
        if len(run) < LEAST_RANGE:
            chunks += (Chunk(shorten(word, _LONGEST), words[word]) for word in names)
            continue
        _, stem, last = run[-1]
        to = f"..{last}" if "-" in stem else f"-{names[-1]}"
        chunks.append(Chunk(names[0] + to, sum(words[word] for word in names)))
    return chunks


def _follows(stem: str, digits: str, next_stem: str, next_digits: str) -> bool:
    """Say whether one numbered name comes right after another, padding and all."""
    if stem != next_stem or not digits or int(next_digits) != int(digits) + 1:
        return False
    padded = digits[0] == "0" or next_digits[0] == "0"
    return not padded or len(digits) == len(next_digits)


def _brief(chunks: list[Chunk]) -> tuple[Chunk, ...]:
    """Say a long beginning that all names share with the first of them only."""
    first, *rest = chunks
    if not rest or any(chunk.size > 1 for chunk in chunks):
        return tuple(chunks)
    shared = first.text
    for chunk in rest:
        while not chunk.text.startswith(shared):
            shared = shared[:-1]
            if len(shared) < _LEAST_PREFIX:
                return tuple(chunks)
    cut = max(shared.rfind(mark) for mark in "-_/.") + 1
    if cut < _LEAST_PREFIX:
        return tuple(chunks)
    return (first, *(Chunk(f"..{chunk.text[cut:]}", chunk.size) for chunk in rest))
