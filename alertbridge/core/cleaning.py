"""Make text from elsewhere fit for an SMS: visible, one line, no dearer than need be.

Labels and annotations are written by people and programs we do not know. What cannot
be seen is removed (it can hide or reorder what is read); what merely looks better
than ASCII is written plainly (one `“` or no-break space costs the whole text more
than half its room); links lose their scheme, so that a phone does not offer a
stranger's page for a tap. Letters and pictures stay as they are.
"""

import re
import unicodedata

from anyascii import anyascii

from alertbridge.core.gsm import is_gsm, septets

_PLAIN = {
    # Quotation marks and their look-alikes; the backtick is not in the GSM alphabet.
    **dict.fromkeys("‘’‚‛‹›′‵`´ʹʼˈ", "'"),
    **dict.fromkeys("“”„‟«»″‶〝〞", '"'),
    # Dashes, the minus sign, bullets.
    **dict.fromkeys("‐‑‒–—―−⁃•‣◦·∙●▪■", "-"),
    "…": "...",
    "‼": "!!",
    "⁄": "/",
    "∕": "/",
    "¦": "|",
    "×": "x",
    "÷": "/",
    "±": "+/-",
    "≈": "~",
    "≠": "!=",
    "≤": "<=",
    "≥": ">=",
    "∞": "inf",
    "→": "->",
    "←": "<-",
    "↔": "<->",
    "⇒": "=>",
    "➜": "->",
    "➔": "->",
    "↑": "^",
    # Units that alerts are full of: 250µs, 85°C.
    "µ": "u",
    "μ": "u",
    "°": "deg",
    "℃": "degC",
    "℉": "degF",
    "©": "(c)",
    "®": "(R)",
    "™": "(TM)",
}

_DROPPED = ("Cc", "Cf", "Cs")
"""Control, format (bidi, zero-width, tags) and lone surrogates: never shown."""

_TERMINAL_CODE = re.compile(r"\x1b\[[0-9;?]*[@-~]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,31}:/{2,}", re.IGNORECASE)


def clean(text: str) -> str:
    """Make *text* one visible line, in plain typography, its links without scheme."""
    if not is_gsm(text):
        visible = "".join(filter(_is_shown, _TERMINAL_CODE.sub("", text)))
        # Composed first: `a` and a combining ring are one character too many, and
        # outside the GSM alphabet; `å` is inside it.
        text = "".join(map(_plain, unicodedata.normalize("NFC", visible)))
    return " ".join(_SCHEME.sub("", text).split())


def clean_lines(text: str) -> str:
    """As `clean`, for a text whose line breaks are meant; blank lines go."""
    lines = (clean(line) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def to_gsm(text: str) -> str:
    """Write *text* in the GSM alphabet, whatever it takes; `?` for what has no letter.

    For the one case where the alternative is to say less: a name that would not fit.
    """
    return "".join(
        character
        if is_gsm(character)
        else "".join(c if is_gsm(c) else "?" for c in anyascii(character) or "?")
        for character in text
    )


def _is_shown(character: str) -> bool:
    """Say whether anything of *character* is seen: itself, or a space."""
    if unicodedata.category(character) in _DROPPED:
        return character.isspace()
    # Variation selectors choose between two pictures of one character.
    return not (
        "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    )


def _plain(character: str) -> str:
    if septets(character):
        return character
    if character in _PLAIN:
        return _PLAIN[character]
    if character.isspace():
        return " "
    compatible = unicodedata.normalize("NFKC", character)
    # Ligatures, full-width letters, the ohm sign; but not superscripts, where plain
    # digits would say another number (10², 102).
    if is_gsm(compatible) and not unicodedata.decomposition(character).startswith(
        ("<super>", "<sub>", "<fraction>")
    ):
        return compatible
    return character
