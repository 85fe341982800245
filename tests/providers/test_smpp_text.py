"""A text becomes the octets that a phone turns into the same text again."""

from itertools import pairwise

import gsmcodecs  # noqa: F401  registers the codec by being imported
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.encoding import split
from alertbridge.core.gsm import DEFAULT_ALPHABET, EXTENSION_TABLE
from alertbridge.providers.smpp_text import GSM, UCS2, UDHI, Part, parts_of

GSM_CODEC = "gsm23.038"


def read(parts: tuple[Part, ...]) -> str:
    """Put a text together as a phone does."""
    texts = []
    for part in parts:
        octets = part.octets[6:] if part.esm_class & UDHI else part.octets
        codec = "utf-16-be" if part.data_coding == UCS2 else GSM_CODEC
        texts.append(octets.decode(codec))
    return "".join(texts)


@pytest.mark.parametrize("character", DEFAULT_ALPHABET + EXTENSION_TABLE)
def test_a_character_has_the_code_of_the_specification(character: str) -> None:
    """Unpacked; what the extension table has is an escape and its code."""
    (part,) = parts_of(character, "ref-1", "parts")

    assert part == Part(character.encode(GSM_CODEC), GSM)


@pytest.mark.parametrize("how", ["parts", "payload"])
@given(
    st.text(st.sampled_from("aåÅ€{}[~^|\\\n @Ñ"), min_size=1, max_size=600)
    | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)
    | st.text(st.sampled_from("aå🔥č"), min_size=1, max_size=300)
)
def test_a_phone_reads_what_was_written(how: str, body: str) -> None:
    """Whatever the alphabet, and wherever it was cut."""
    assert how in ("parts", "payload")
    parts = parts_of(body, "ref-1", "parts" if how == "parts" else "payload")

    assert read(parts) == body
    assert len(parts) == (len(split(body)) if how == "parts" else 1)
    if how == "parts":
        assert max(len(part.octets) for part in parts) <= 160


def test_parts_say_which_they_are() -> None:
    """In the header of 3GPP TS 23.040: length, 00, 03, tie, of how many, which."""
    parts = parts_of("x" * 400, "ref-1", "parts")

    heads = [part.octets[:6] for part in parts]
    assert [(head[0], head[1], head[2], head[4], head[5]) for head in heads] == [
        (5, 0, 3, 3, index) for index in (1, 2, 3)
    ]
    assert {part.esm_class for part in parts} == {UDHI}
    assert all(a[3] == b[3] for a, b in pairwise(heads))


def test_a_text_sent_again_fits_the_parts_of_the_first_time() -> None:
    """A phone that has one half takes the other from the repeat."""
    body = "x" * 200

    assert parts_of(body, "ref-1", "parts") == parts_of(body, "ref-1", "parts")
    ties = {parts_of(body, f"ref-{n}", "parts")[0].octets[3] for n in range(200)}
    assert len(ties) > 100


def test_one_segment_is_a_short_message_either_way() -> None:
    """A payload is for what does not fit."""
    assert parts_of("x" * 160, "r", "payload") == parts_of("x" * 160, "r", "parts")
    (long,) = parts_of("x" * 161, "r", "payload")
    assert long == Part(b"x" * 161, GSM, payload=True)


def test_half_a_surrogate_pair_is_a_question_mark() -> None:
    """UTF-16 has no place for it, and a page must not fail by it."""
    (part,) = parts_of("\ud83d half č", "r", "parts")

    assert part.octets.decode("utf-16-be") == "? half č"
