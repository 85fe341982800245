"""Make text from elsewhere fit for an SMS: visible, one line, no dearer than need be.

Labels and annotations are written by people and programs we do not know. What cannot
be seen is removed (it can hide or reorder what is read); what merely looks better
than ASCII is written plainly (one `“` or no-break space costs the whole text more
than half its room); links are written so that no phone offers them for a tap
(`links`). Letters and pictures stay as they are.
"""

import re
import unicodedata

from alertbridge.core.gsm import is_gsm, septets
from alertbridge.core.links import defang

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


def clean(text: str, linked_hosts: frozenset[str] = frozenset()) -> str:
    """Make *text* one visible line, in plain typography, without a link to tap.

    Links to *linked_hosts* stay whole.
    """
    if not is_gsm(text):
        visible = "".join(filter(_is_shown, _TERMINAL_CODE.sub("", text)))
        # Composed first: `a` and a combining ring are one character too many, and
        # outside the GSM alphabet; `å` is inside it.
        text = "".join(map(_plain, unicodedata.normalize("NFC", visible)))
    return " ".join(defang(" ".join(text.split()), linked_hosts).split())


def clean_lines(text: str, linked_hosts: frozenset[str] = frozenset()) -> str:
    """As `clean`, for a text whose line breaks are meant; blank lines go."""
    lines = (clean(line, linked_hosts) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


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
