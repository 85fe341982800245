"""The one typed door to google-re2: fully anchored regular expressions.

Python's own `re` backtracks: `(a+)+b` against 28 letters holds the interpreter for 25
seconds, and with it every page. RE2 is linear in the text, and it is what Prometheus
and Alertmanager mean by a regular expression.
"""

from dataclasses import dataclass, field
from typing import Protocol

import re2


class PatternError(ValueError):
    """A pattern that RE2 does not take; one line that says why."""


class _Compiled(Protocol):
    def search(self, text: str) -> object | None: ...


def _options() -> re2.Options:
    options = re2.Options()
    # RE2 would print what it thinks of a pattern on stderr, past our logs.
    options.log_errors = False
    return options


_OPTIONS = _options()


@dataclass(frozen=True, slots=True)
class Regex:
    """A pattern that must describe a whole text; never shared state, never slow.

    Raises:
        PatternError: RE2 does not know the syntax, or the pattern needs more than the
            8 MiB that one may take.
    """

    pattern: str
    _compiled: _Compiled = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_compiled", _compile(self.pattern))

    def matches(self, text: str) -> bool:
        r"""Say whether *text* as a whole is described by the pattern.

        A trailing newline is text like any other: `crit` does not match "crit\n", and
        `.` matches no newline unless the pattern says `(?s)`.
        """
        try:
            return self._compiled.search(text) is not None
        except UnicodeEncodeError:
            # JSON may carry half a surrogate pair; Go reads it as U+FFFD.
            readable = text.encode("utf-16", "surrogatepass").decode(
                "utf-16", "replace"
            )
            return self._compiled.search(readable) is not None


def _compile(pattern: str) -> _Compiled:
    # Anchored as Alertmanager anchors it, and searched: `a)|(?:b` is then as loose
    # here as it is there, where a full match would be stricter.
    try:
        compiled: _Compiled = re2.compile(f"^(?:{pattern})$", _OPTIONS)
    except re2.error as error:
        reason = error.args[0]
        told = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
        raise PatternError(str(told)) from error
    except UnicodeEncodeError as error:
        raise PatternError("not valid Unicode text") from error
    return compiled
