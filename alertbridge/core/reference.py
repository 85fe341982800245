"""Our ids of submissions: short, sortable by time, and telling when they were made.

`ab-` and a ULID, 29 characters (iP.1 takes 40). A provider's list shows them again:
the first of ours that is old enough says that the list was read far enough back.
"""

from datetime import UTC, datetime, timedelta

from alertbridge.core.message import Reference

RANDOM_BITS = 80
"""Random bits beside the time (the ULID's)."""

_PREFIX = "ab-"
_DIGITS = 26
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def make_reference(at: datetime, random: int) -> Reference:
    """Spell one (Crockford's base 32, 26 digits); *random* has 80 bits."""
    value = ((at - _EPOCH) // _MILLISECOND << RANDOM_BITS) | random
    digits = [_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5)]
    return Reference(_PREFIX + "".join(digits))


def made_at(reference: str) -> datetime | None:
    """Read when a reference was made; None if it is not one of ours.

    >>> made_at(make_reference(datetime(2026, 1, 15, tzinfo=UTC), 7)).isoformat()
    '2026-01-15T00:00:00+00:00'
    """
    digits = reference.removeprefix(_PREFIX)
    if digits == reference or len(digits) != _DIGITS:
        return None
    value = 0
    for digit in digits:
        place = _ALPHABET.find(digit)
        if place < 0:
            return None
        value = value << 5 | place
    try:
        return _EPOCH + (value >> RANDOM_BITS) * _MILLISECOND
    except OverflowError:
        return None
