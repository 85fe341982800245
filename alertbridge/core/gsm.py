"""The GSM 7-bit default alphabet: which characters it has, and what each costs.

3GPP TS 23.038, section 6.2.1 (default alphabet) and 6.2.1.1 (extension table). The
national language tables are left out: they need a header that an HTTP gateway does
not let us set.
"""

DEFAULT_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ"
    "ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""127 characters of one septet each; the 128th code is the escape.

It has `Ç` and no `ç`, and neither the backtick nor the tab.
"""

EXTENSION_TABLE = "\f^{}\\[~]|€"
"""Characters that cost two septets: an escape, then the character."""

_SEPTETS = dict.fromkeys(DEFAULT_ALPHABET, 1) | dict.fromkeys(EXTENSION_TABLE, 2)
_ALL = frozenset(_SEPTETS)


def septets(character: str) -> int:
    """How many septets *character* takes: 1 or 2, or 0 if the alphabet lacks it."""
    return _SEPTETS.get(character, 0)


def is_gsm(text: str) -> bool:
    """Say whether the alphabet has every character of *text*."""
    return _ALL.issuperset(text)
