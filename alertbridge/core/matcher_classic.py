"""The classic matcher grammar: what every Alertmanager before 0.27 reads.

Tolerant by design: quotes are optional, a value may be empty or hold almost anything.
It follows Alertmanager's `labels.ParseMatchers` to the letter, oddities too, since a
config that works there must mean the same here.
"""

import string
from collections.abc import Iterator

from alertbridge.core.matcher_syntax import GO_SPACE, MatcherError, Op, Term

_SPACE = "\t\n\f\r "
"""What `\\s` means in a Go regular expression."""

_NAME_START = frozenset(string.ascii_letters + "_:")
_NAME_REST = _NAME_START | frozenset(string.digits)

_ESCAPES = {"n": "\n", '"': '"', "\\": "\\"}

# The two-character operators first: `=` would take the half of `=~`.
_OPERATORS = (Op.MATCH, Op.NOT_MATCH, Op.NOT_EQUAL, Op.EQUAL)


def is_classic_name(name: str) -> bool:
    """Say whether *name* is a label name in the classic sense, colons allowed."""
    return name[:1] in _NAME_START and all(letter in _NAME_REST for letter in name)


def read_classic(text: str) -> tuple[Term, ...]:
    """Read a comma list of matchers; a leading `{` and a trailing `}` are dropped.

    Raises:
        MatcherError: with the column of the matcher that cannot be read.
    """
    return tuple(read_classic_term(part, column) for part, column in _split(text))


def _split(text: str) -> Iterator[tuple[str, int]]:
    """Cut at the commas outside double quotes; the last part may be blank."""
    start = 1 if text.startswith("{") else 0
    end = len(text)
    if text.endswith("}") and end > start:
        end -= 1
    inside_quotes = escaped = False
    begin = start
    for index in range(start, end):
        match text[index]:
            case ",":
                if not inside_quotes:
                    yield text[begin:index], begin + 1
                    begin = index + 1
            case '"':
                if not escaped:
                    inside_quotes = not inside_quotes
                escaped = False
            case "\\":
                escaped = not escaped
            case _:
                escaped = False
    last = text[begin:end]
    if last.strip(GO_SPACE):
        yield last.strip(GO_SPACE), begin + 1 + len(last) - len(last.lstrip(GO_SPACE))


def read_classic_term(text: str, column: int = 1) -> Term:
    """Read one matcher, which begins at *column* of what the caller reads.

    Raises:
        MatcherError: no name, no operator, or a stray double quote.
    """
    body = text.strip(_SPACE)
    column += len(text) - len(text.lstrip(_SPACE))
    length = 0
    if body[:1] in _NAME_START:
        length = next(
            (at for at, letter in enumerate(body) if letter not in _NAME_REST),
            len(body),
        )
    if not length:
        raise MatcherError(
            column,
            f"expected a label name, found {body[:20]!r}" if body else "no matcher",
            'write name="value", or remove the comma',
        )
    rest = body[length:].lstrip(_SPACE)
    operator = next((op for op in _OPERATORS if rest.startswith(op)), None)
    if operator is None:
        raise MatcherError(
            column + len(body) - len(rest),
            f"expected an operator after {body[:length]!r}",
            "write one of = != =~ !~",
        )
    raw = rest[len(operator) :].lstrip(_SPACE)
    value = _unescape(raw, column + len(body) - len(raw))
    return Term(name=body[:length], op=operator, value=value, column=column)


def _unescape(raw: str, column: int) -> str:
    r"""Undo `\n`, `\"` and `\\`; any other backslash is a backslash."""
    quoted = raw.startswith('"')
    body = raw[1:] if quoted else raw
    column += len(raw) - len(body)
    value: list[str] = []
    escaped = closed = False
    last = len(body) - 1
    for index, letter in enumerate(body):
        if escaped:
            escaped = False
            value.append(_ESCAPES.get(letter, "\\" + letter))
        elif letter == "\\" and index < last:
            escaped = True
        elif letter == '"':
            if not quoted or index < last:
                raise MatcherError(
                    column + index,
                    "a double quote inside the value",
                    'write \\" for a quote, and quotes around the whole value',
                )
            closed = True
        else:
            value.append(letter)
    if quoted and not closed:
        raise MatcherError(
            column - 1, "the quoted value has no end", 'add the closing "'
        )
    return "".join(value)
