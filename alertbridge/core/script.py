"""Which letters a text is written in: its own, or Latin ones that cost half as much.

One letter outside the GSM alphabet halves the room of a text. `Smörgåsbord` has none;
`Łódź` is as readable as `Lodz`; but Persian spelled out in Latin letters is read by
nobody, and stays.
"""

import unicodedata
from enum import StrEnum

from anyascii import anyascii

from alertbridge.core.gsm import is_gsm


class Script(StrEnum):
    """How text outside the GSM alphabet is written.

    `auto` spells out what is mostly Latin already, and keeps another script; `latin`
    always spells out; `own` never does (unless the alert could not be named else).
    """

    AUTO = "auto"
    LATIN = "latin"
    OWN = "own"


def in_script(text: str, script: Script) -> str:
    """Write one value as *script* has it; what the GSM alphabet has stays itself."""
    if is_gsm(text) or script is Script.OWN:
        return text
    if script is Script.AUTO and mostly_other(text):
        return text
    return spelled(text)


def mostly_other(text: str) -> bool:
    """Say whether at least half of the letters of *text* are not Latin ones.

    A Greek sigma among Latin letters is a sign, not a script; so is a lone emoji, and
    text that is nothing but pictures is kept, as nothing would be left of it.
    """
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return not any(character.isalnum() for character in text)
    other = sum(not _is_latin(letter) for letter in letters)
    return 2 * other >= len(letters)


def spelled(text: str) -> str:
    """Write *text* in the GSM alphabet, readably: pictures go, letters are spelled.

    Never empty if *text* is not: what is nothing but pictures is named.
    """
    kept = "".join(character for character in text if not _is_picture(character))
    return " ".join((to_gsm(kept) if kept.strip() else to_gsm(text)).split())


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


def _is_latin(letter: str) -> bool:
    return letter < "\u0250" or unicodedata.name(letter, "").startswith(
        ("LATIN", "MODIFIER LETTER", "FULLWIDTH LATIN")
    )


def _is_picture(character: str) -> bool:
    return unicodedata.category(character) in ("So", "Sk") and not is_gsm(character)
