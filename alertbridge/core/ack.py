"""The end of a text that may be answered: a code to say, a link to tap (rule 7).

A text is composed before its code is known: it ends with one that nobody has, of the
most letters a real one takes. So texts compare equal for all who are told the same,
and putting the real one in its place never costs a segment.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NewType

from alertbridge.core.encoding import measure
from alertbridge.core.message import Text
from alertbridge.core.notification import EpisodeView, Kind
from alertbridge.core.recipient import RecipientName
from alertbridge.core.severity import Severity

Code = NewType("Code", int)
"""What people say: `Ack 14`. 10 to 999."""

Token = NewType("Token", str)
"""What the link ends with: 65 bits that nobody guesses, in Crockford's base 32."""

FIRST_CODE, LAST_CODE = 10, 999
"""Two digits as long as they last: a single one is typed by accident."""

CODE_LIFE = timedelta(hours=24)
"""How long a code means one text, and is given to no other."""

TOKEN_BITS = 65
"""How much of a token is chance."""

TOKEN_LENGTH = TOKEN_BITS // 5
"""Letters of a token: five bits each."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ = str.maketrans({"I": "1", "L": "1", "O": "0"})

_BLANK_CODE = "Ack 000"
_BLANK_TOKEN = "/a/" + "0" * TOKEN_LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class AckRule:
    """How texts end. `address` is what the world calls us, None: without links.

    A link opens its page for `link_lifetime`.
    """

    codes: bool = False
    address: str | None = None
    link_lifetime: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class AckLine:
    """One alert that a text told, as it stands now.

    `kind` is what the text said of it; None for what came and went untold. `news` says
    that the acknowledgement just asked for is the one that counts.
    """

    episode: EpisodeView
    severity: Severity
    kind: Kind | None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    news: bool = False

    @property
    def open(self) -> bool:
        """Whether there is something to take: told to fire, still does, nobody has."""
        told_to_fire = self.kind is not None and self.kind is not Kind.RESOLVED
        still = not self.episode.ended and self.acknowledged_at is None
        return told_to_fire and still


@dataclass(frozen=True, slots=True, kw_only=True)
class AckText:
    """A text that can be answered: whom it may have reached, and what it told.

    `at` is when it left; of one sent again, the last time.
    """

    recipients: tuple[RecipientName, ...]
    at: datetime
    lines: tuple[AckLine, ...]


def closings(rule: AckRule, *, several: bool = False) -> tuple[str, ...]:
    """Ways to end a text, the fullest first; the last is never left out.

    With codes and links, a text of one alert that is short of room keeps the code
    alone. One of *several* keeps the link, too: what it has no room for is behind it.
    """
    link = None if rule.address is None else rule.address + _BLANK_TOKEN
    if not rule.codes:
        return ("",) if link is None else (link,)
    if link is None:
        return (_BLANK_CODE,)
    both = f"{link} {_BLANK_CODE}"
    return (both,) if several else (both, _BLANK_CODE)


def is_closed(text: Text, closing: str) -> bool:
    """Whether *text* ends with *closing* as composed, and so has a place for more."""
    return bool(closing) and text.body.endswith(closing)


def wants_code(closing: str) -> bool:
    """Whether a text that ends so needs a code."""
    return closing.endswith(_BLANK_CODE)


def wants_token(closing: str) -> bool:
    """Whether a text that ends so needs a token."""
    return closing.removesuffix(f" {_BLANK_CODE}").endswith(_BLANK_TOKEN)


def sign(text: Text, closing: str, code: Code | None, token: Token | None) -> Text:
    """Put what was allocated where *closing* kept its place, at the end of *text*.

    Without a *code* (all are taken) its words go, too: never over the budget.
    """
    if not is_closed(text, closing):
        return text
    end = closing
    if wants_code(end):
        end = end.removesuffix(_BLANK_CODE) + ("" if code is None else f"Ack {code}")
    if token is not None:
        link, space, rest = end.partition(" ")
        end = f"{link.removesuffix(_BLANK_TOKEN)}/a/{token}{space}{rest}"
    return measure((text.body.removesuffix(closing) + end).rstrip())


def free_code(taken: Collection[int]) -> Code | None:
    """Choose the lowest code that is not *taken*; None: all are."""
    return next(
        (Code(n) for n in range(FIRST_CODE, LAST_CODE + 1) if n not in taken), None
    )


def spell(bits: int) -> Token:
    """Spell 65 random bits."""
    places = range(TOKEN_BITS - 5, -1, -5)
    return Token("".join(_ALPHABET[bits >> place & 31] for place in places))


def read_token(text: str) -> Token | None:
    """Read a token as a person may have typed it; None: it cannot be one."""
    if len(text) != TOKEN_LENGTH or not text.isascii():
        return None
    token = text.upper().translate(_READ)
    return Token(token) if all(letter in _ALPHABET for letter in token) else None
