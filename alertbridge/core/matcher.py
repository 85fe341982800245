"""Does a label set match? Alertmanager's matchers, read and asked as it does.

`parse_matchers` reads what Alertmanager's default mode reads: the UTF-8 grammar and
the classic one, and where both can read a text but disagree, the classic meaning wins.
So the classic grammar is asked first, and the other only if it cannot read the text.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

from alertbridge.core.alert import Labels
from alertbridge.core.go_string import quote
from alertbridge.core.matcher_classic import (
    is_classic_name,
    read_classic,
    read_classic_term,
)
from alertbridge.core.matcher_syntax import RESERVED, MatcherError, Op, Term
from alertbridge.core.matcher_utf8 import read_utf8
from alertbridge.core.regex import PatternError, Regex

__all__ = [
    "Matcher",
    "MatcherError",
    "Op",
    "make_matcher",
    "parse_matcher",
    "parse_matchers",
]

_Grammar = Callable[[str], tuple[Term, ...]]


@dataclass(frozen=True, slots=True)
class Matcher:
    """One comparison of one label; a missing label is the empty string.

    Raises:
        PatternError: the value of `=~` or `!~` is no RE2 pattern. Parsers and
            `make_matcher` turn it into a MatcherError.
    """

    name: str
    op: Op
    value: str
    _regex: Regex | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        regex = Regex(self.value) if self.op.is_regex else None
        object.__setattr__(self, "_regex", regex)

    def matches(self, labels: Labels) -> bool:
        """Say whether *labels* satisfy this matcher."""
        return self.accepts(labels.get(self.name, ""))

    def accepts(self, value: str) -> bool:
        """Say whether a label of this *value* satisfies the matcher."""
        match self.op:
            case Op.EQUAL:
                return value == self.value
            case Op.NOT_EQUAL:
                return value != self.value
            case Op.MATCH:
                return self._described(value)
            case Op.NOT_MATCH:
                return not self._described(value)
            case other:
                assert_never(other)

    def _described(self, value: str) -> bool:
        assert self._regex is not None
        return self._regex.matches(value)

    def __str__(self) -> str:
        """Print it so that `parse_matchers` reads it back, as Alertmanager does."""
        if any(letter in RESERVED for letter in self.name):
            return f"{quote(self.name)}{self.op}{quote(self.value)}"
        value = (
            self.value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
        )
        return f'{self.name}{self.op}"{value}"'


def make_matcher(name: str, op: Op, value: str) -> Matcher:
    """Build a matcher from the old `match:` and `match_re:` maps.

    Raises:
        MatcherError: *name* is no classic label name, or *value* no pattern.
    """
    if not is_classic_name(name):
        raise MatcherError(
            1,
            f"{name!r} is no label name",
            "use `matchers:`, where a name may stand in double quotes",
        )
    return _matcher(Term(name=name, op=op, value=value, column=1))


def parse_matcher(text: str) -> Matcher:
    """Read exactly one matcher, without braces.

    Raises:
        MatcherError: none, more than one, or not readable in either grammar.
    """
    if text.startswith("{") or text.endswith("}"):
        column = 1 if text.startswith("{") else len(text)
        raise MatcherError(
            column, "braces around a single matcher", 'write name="value"'
        )
    return _first_readable(text, _one_classic, _one_utf8)[0]


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """Read one entry of a `matchers:` list: a comma list, in braces or not.

    Raises:
        MatcherError: not readable in either grammar, or a bad pattern.
    """
    return _first_readable(text, read_classic, read_utf8)


def _one_classic(text: str) -> tuple[Term, ...]:
    return (read_classic_term(text),)


def _one_utf8(text: str) -> tuple[Term, ...]:
    terms = read_utf8(text)
    if len(terms) != 1:
        column = terms[1].column if terms else 1
        raise MatcherError(
            column, f"expected one matcher, found {len(terms)}", 'write name="value"'
        )
    return terms


def _first_readable(text: str, *grammars: _Grammar) -> tuple[Matcher, ...]:
    errors: list[MatcherError] = []
    for read in grammars:
        try:
            return tuple(_matcher(term) for term in read(text))
        except MatcherError as error:
            errors.append(error)
    # The grammar that came further understood more of what was meant; one that read
    # everything and found a bad pattern came furthest.
    raise max(
        errors,
        key=lambda error: (isinstance(error, _PatternMatcherError), error.column),
    )


class _PatternMatcherError(MatcherError):
    """The grammar is fine, the regular expression is not."""


def _matcher(term: Term) -> Matcher:
    if not term.name:
        raise MatcherError(term.column, "an empty label name", 'write name="value"')
    try:
        return Matcher(term.name, term.op, term.value)
    except PatternError as error:
        raise _PatternMatcherError(
            term.column,
            f"{term.name}: bad regular expression: {error}",
            "write it in RE2 syntax (no look-around, no back-references)",
        ) from error
