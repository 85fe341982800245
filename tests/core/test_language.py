"""The fixed words: complete, and never the reason that a text costs double."""

from collections.abc import Iterator
from dataclasses import fields, replace

import pytest

from alertbridge.core.gsm import is_gsm
from alertbridge.core.language import WORDS, Counted, Language, Words

NEEDS_ROOM = dict.fromkeys(
    (
        *("late", "flapping", "flapped", "after", "more", "more_next", "not_shown"),
        *("unreadable", "used_up", "wait"),
    ),
    1,
) | {"used_up_of": 2}
"""The words with places for a number, a span, a time or a name, and how many."""


def words_in(words: Words) -> Iterator[tuple[str, str]]:
    """Every word of one language, with the name of its field."""
    for one in fields(words):
        value: object = getattr(words, one.name)
        match value:
            case str():
                yield one.name, value
            case Counted():
                yield one.name, value.one
                yield one.name, value.many
            case tuple():
                yield from ((one.name, str(month)) for month in value)
            case _:
                raise AssertionError(one.name)


def odd(words: Words) -> list[str]:
    """The words that are empty, not GSM, or lack a place for what they say."""
    return [
        f"{name}: {word}"
        for name, word in words_in(words)
        if not word.strip()
        or not is_gsm(word)
        or word.count("{}") != NEEDS_ROOM.get(name, 0)
    ]


@pytest.mark.parametrize("language", Language)
def test_every_word_is_there_and_plain(language: Language) -> None:
    """No word turns a text into UCS-2, none is missing, none lost its number."""
    words = WORDS[language]

    assert odd(words) == []
    assert len(words.months) == 12
    assert len(list(words_in(words))) == len(list(words_in(WORDS[Language.ENGLISH])))


@pytest.mark.parametrize("word", ["reçu", "forêt", "", "late {}"])
def test_the_walk_finds_an_odd_word(word: str) -> None:
    """A cedilla, a circumflex, an empty word, a number where none goes."""
    assert odd(replace(WORDS[Language.FRENCH], since=word)) == [f"since: {word}"]


def test_states_are_told_apart() -> None:
    """No two states of a language begin a text alike."""
    for words in WORDS.values():
        states = (
            words.critical,
            words.firing,
            words.still_firing,
            words.escalated,
            words.resolved,
        )
        assert len(set(states)) == len(states)
        assert all(state == state.upper() for state in states)


def test_languages_are_named_as_people_write_them() -> None:
    """Two letters, as in the config."""
    assert [str(language) for language in Language] == ["en", "sv", "de", "fr"]
