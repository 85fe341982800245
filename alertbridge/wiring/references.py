"""References for this process: never the same twice, on a cloned machine either."""

import secrets
from collections.abc import Callable, Iterator
from datetime import datetime

from alertbridge.core.message import Reference
from alertbridge.core.reference import RANDOM_BITS, make_reference


def references(now: Callable[[], datetime]) -> Iterator[Reference]:
    """Yield them; the 80 random bits are new for each."""
    while True:
        yield make_reference(now(), secrets.randbits(RANDOM_BITS))
