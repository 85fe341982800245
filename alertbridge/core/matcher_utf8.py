"""The UTF-8 matcher grammar of Alertmanager 0.27 and later.

Strict: names may be any text, in quotes if need be, and a value is either in double
quotes, with Go's escapes, or free of every reserved character.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from alertbridge.core.go_string import unquote
from alertbridge.core.matcher_syntax import GO_SPACE, RESERVED, MatcherError, Op, Term


class _Kind(Enum):
    OPEN = auto()
    CLOSE = auto()
    COMMA = auto()
    OPERATOR = auto()
    TEXT = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: _Kind
    text: str
    column: int

    @property
    def shown(self) -> str:
        return "the end" if self.kind is _Kind.END else repr(self.text[:20])


_PUNCTUATION = {"{": _Kind.OPEN, "}": _Kind.CLOSE, ",": _Kind.COMMA}


def read_utf8(text: str) -> tuple[Term, ...]:
    """Read a comma list of matchers, in braces or not, one trailing comma allowed.

    Raises:
        MatcherError: with the column of the first thing that does not fit.
    """
    return tuple(_Reader(text).terms())


class _Reader:
    """One pass over the tokens, with one token of look-ahead."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._token = next(self._tokens)

    def terms(self) -> Iterator[Term]:
        braces = self._token.kind is _Kind.OPEN
        if braces:
            self._take()
        while self._token.kind not in (_Kind.CLOSE, _Kind.END):
            yield self._term()
            if self._token.kind is _Kind.COMMA:
                self._take()
            elif self._token.kind not in (_Kind.CLOSE, _Kind.END):
                raise self._unexpected(
                    "a comma", "quote the value if this is part of it"
                )
        if braces:
            if self._token.kind is not _Kind.CLOSE:
                raise self._unexpected("a closing brace", "end the list with }")
            self._take()
        if self._token.kind is not _Kind.END:
            raise self._unexpected("the end", "braces come in pairs, around the list")

    def _term(self) -> Term:
        name = self._expect(_Kind.TEXT, "a label name", 'write name="value"')
        operator = self._expect(
            _Kind.OPERATOR, "an operator", "write one of = != =~ !~"
        )
        value = self._expect(
            _Kind.TEXT, "a value", 'put the value in double quotes, "" if it is empty'
        )
        return Term(
            name=_content(name),
            op=Op(operator.text),
            value=_content(value),
            column=name.column,
        )

    def _expect(self, kind: _Kind, what: str, fix: str) -> _Token:
        if self._token.kind is not kind:
            raise self._unexpected(what, fix)
        return self._take()

    def _take(self) -> _Token:
        token, self._token = self._token, next(self._tokens)
        return token

    def _unexpected(self, what: str, fix: str) -> MatcherError:
        token = self._token
        return MatcherError(token.column, f"expected {what}, found {token.shown}", fix)


def _tokens(text: str) -> Iterator[_Token]:
    index = 0
    while index < len(text):
        letter = text[index]
        if letter in GO_SPACE:
            index += 1
            continue
        if letter in _PUNCTUATION:
            token = _Token(_PUNCTUATION[letter], letter, index + 1)
        elif letter in "=!":
            token = _operator(text, index)
        elif letter == '"':
            token = _Token(_Kind.TEXT, text[index : _end_quote(text, index)], index + 1)
        elif letter not in RESERVED:
            token = _Token(_Kind.TEXT, text[index : _end_bare(text, index)], index + 1)
        else:
            raise MatcherError(
                index + 1,
                f"{letter!r} may not stand outside quotes",
                "put the value in double quotes",
            )
        yield token
        index += len(token.text)
    yield _Token(_Kind.END, "", len(text) + 1)


def _operator(text: str, index: int) -> _Token:
    for length in (2, 1):
        operator = text[index : index + length]
        if operator in tuple(Op):
            return _Token(_Kind.OPERATOR, operator, index + 1)
    raise MatcherError(
        index + 1, f"{text[index]!r} is no operator", "write one of = != =~ !~"
    )


def _end_quote(text: str, start: int) -> int:
    index = start + 1
    while index < len(text):
        if text[index] == '"':
            return index + 1
        index += 2 if text[index] == "\\" else 1
    raise MatcherError(start + 1, "the quoted text has no end", 'add the closing "')


def _end_bare(text: str, start: int) -> int:
    return next(
        (at for at in range(start, len(text)) if text[at] in RESERVED), len(text)
    )


def _content(token: _Token) -> str:
    if not token.text.startswith('"'):
        return token.text
    try:
        return unquote(token.text)
    except ValueError as error:
        raise MatcherError(
            token.column, str(error), "write \\\\ for a backslash"
        ) from error
