"""Our ids of submissions: short, sortable by time, never the same twice."""

import secrets
from collections.abc import Callable, Iterator
from datetime import datetime

from alertbridge.core.message import Reference

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80


def references(now: Callable[[], datetime]) -> Iterator[Reference]:
    """Yield `ab-` and a ULID, 29 characters (iP.1 takes 40).

    The 80 random bits are new for each: a cloned machine must not reuse one.
    """
    while True:
        milliseconds = int(now().timestamp() * 1000)
        yield reference(milliseconds, secrets.randbits(_RANDOM_BITS))


def reference(milliseconds: int, random: int) -> Reference:
    """Spell one (Crockford's base 32, 26 digits)."""
    value = (milliseconds << _RANDOM_BITS) | random
    digits = [_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5)]
    return Reference("ab-" + "".join(digits))
