"""Sums over what decides who is called: a flipped bit is found before an SMS leaves.

CRC-32 finds every change of up to three bits in rows this short, and of any others all
but one in four billion. It is no signature: whoever may write the file may page anyway.
"""

from collections.abc import Callable
from functools import lru_cache
from sqlite3 import Connection
from zlib import crc32


def sum_of_notification(episode: int, kind: str, round_: int, recipient: str) -> int:
    """Whom a notification is for, and what it is about."""
    return _sum(f"{episode}\n{kind}\n{round_}\n{recipient}")


@lru_cache(maxsize=4096)
def sum_of_numbers(numbers: str) -> int:
    """The numbers frozen at intake, as JSON."""
    return _sum(numbers)


def sum_of_message(submission: str, recipient: str, number: str, body: str) -> int:
    """What goes to which number, under which reference."""
    return _sum(f"{submission}\n{recipient}\n{number}\n{body}")


def _sum(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass"))


def register(db: Connection) -> None:
    """Let the SQL of a migration compute them."""
    for function, arguments in (
        (sum_of_notification, 4),
        (sum_of_numbers, 1),
        (sum_of_message, 4),
    ):
        db.create_function(
            function.__name__, arguments, _lenient(function), deterministic=True
        )


def _lenient(function: Callable[..., int]) -> Callable[..., int | None]:
    """Of a row that is not whole there is no sum."""

    def call(*values: object) -> int | None:
        return None if None in values else function(*values)

    return call
