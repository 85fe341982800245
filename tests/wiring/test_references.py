"""References on two machines that began as one: same clock, same state."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from random import Random

from alertbridge.core.message import Reference
from alertbridge.core.reference import RANDOM_BITS, make_reference
from alertbridge.wiring.references import references

CLONED_AT = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
AMOUNT = 20_000


def shared(one: Iterator[Reference], other: Iterator[Reference]) -> int:
    """How many references both machines make."""
    return len(set(islice(one, AMOUNT)) & set(islice(other, AMOUNT)))


def test_two_clones_make_no_reference_twice() -> None:
    """In the same millisecond, all of them (E15)."""
    one, other = (references(lambda: CLONED_AT) for _ in range(2))

    assert shared(one, other) == 0


def test_dice_that_a_clone_shares_would_be_seen() -> None:
    """A generator with a state in memory throws the same on both."""

    def seeded() -> Iterator[Reference]:
        dice = Random(7)
        while True:
            yield make_reference(CLONED_AT, dice.getrandbits(RANDOM_BITS))

    assert shared(seeded(), seeded()) == AMOUNT
