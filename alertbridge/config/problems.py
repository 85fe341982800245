"""What is wrong with a config, said so that a person can mend it at once."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from alertbridge.core.recipient import mask

Path = tuple[str | int, ...]
"""Where a value stands in the document: keys and list indexes from the top."""

MAX_SHOWN = 60
"""Characters of a value that a message repeats; a config may hold megabytes."""

_NUMBER = re.compile(r"\+?[0-9]{7,}")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.@-]+", re.ASCII)


class Level(StrEnum):
    """Whether the daemon may run with it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, where, and what to write instead.

    `line` and `column` count from 1, in characters. `path` names the value from the
    top of the document, such as `receivers[2].phones[0]`.
    """

    file: str
    line: int
    column: int
    path: str
    problem: str
    fix: str
    level: Level = Level.ERROR

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line}:{self.column}: {self.path}: "
            f"{self.problem}; {self.fix}"
        )


class ConfigError(Exception):
    """A config that the daemon must not run with; `problems` holds every reason.

    Warnings that were found on the way are among them, so that one look shows all.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def path_text(path: Path) -> str:
    """Write a path as people read it; the top is `document`.

    >>> path_text(("receivers", 2, "phones", 0))
    'receivers[2].phones[0]'
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        key = part if _PLAIN_KEY.fullmatch(part) else shown(part)
        key = _NUMBER.sub(lambda match: mask(match.group()), key)
        text += f".{key}" if text else key
    return text or "document"


def shown(value: str) -> str:
    """Repeat a value of the config in a message: short, one line, numbers masked.

    >>> shown("+46701740605")
    '"+467*****605"'
    """
    masked = _NUMBER.sub(lambda match: mask(match.group()), value)
    if len(masked) > MAX_SHOWN:
        masked = masked[: MAX_SHOWN - 3] + "..."
    printable = "".join(char if char.isprintable() else "?" for char in masked)
    return f'"{printable}"'


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """Propose the known word that is nearest to *word*, or say *otherwise*."""
    near = difflib.get_close_matches(word[:MAX_SHOWN], list(known), n=1, cutoff=0.6)
    return f"did you mean {shown(near[0])}?" if near else otherwise


def one_of(words: Iterable[str]) -> str:
    """List words for a fix: `write a, b or c`."""
    listed = [word for word in words if word]
    if not listed:
        return "there is none to choose from"
    if len(listed) == 1:
        return f"write {listed[0]}"
    return f"write {', '.join(listed[:-1])} or {listed[-1]}"
