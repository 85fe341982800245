"""What both matcher grammars read: operators, terms, and the error of either."""

from dataclasses import dataclass
from enum import StrEnum


class Op(StrEnum):
    """How a matcher compares a label with its value."""

    EQUAL = "="
    NOT_EQUAL = "!="
    MATCH = "=~"
    NOT_MATCH = "!~"

    @property
    def is_regex(self) -> bool:
        """Whether the value is a regular expression."""
        return self in (Op.MATCH, Op.NOT_MATCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One matcher as written; `column` is where it begins, the first is 1."""

    name: str
    op: Op
    value: str
    column: int


class MatcherError(ValueError):
    """A matcher that cannot be read: where, what is wrong, and what to write.

    `column` counts characters of the text that was parsed, from 1.
    """

    def __init__(self, column: int, problem: str, fix: str) -> None:
        super().__init__(f"column {column}: {problem}; {fix}")
        self.column = column
        self.problem = problem
        self.fix = fix


GO_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What Go's `unicode.IsSpace` calls white space; Python's has four characters more."""

RESERVED = frozenset(GO_SPACE + "{}!=~,\\\"'`")
"""What a name or value may not hold unless it is quoted (UTF-8 grammar)."""
