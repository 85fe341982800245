"""What a text costs, how it is cut, and what it is cleaned of."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.cleaning import clean, clean_lines, to_gsm
from alertbridge.core.encoding import (
    ELLIPSIS,
    Outsider,
    first_outside_gsm,
    fit,
    measure,
    split,
)
from alertbridge.core.gsm import DEFAULT_ALPHABET, EXTENSION_TABLE, is_gsm
from alertbridge.core.message import DataCoding

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
BODIES = st.text(
    st.one_of(
        st.sampled_from(DEFAULT_ALPHABET + EXTENSION_TABLE),
        st.sampled_from("çāž’“–…\u00a0دی磁🔥👍🏽🇸🇪\u0301\u200d"),
        st.characters(),
    ),
    max_size=500,
)


@pytest.mark.parametrize(
    ("body", "coding", "segments"),
    [
        pytest.param("", "gsm", 1, id="empty"),
        pytest.param("a" * 160, "gsm", 1, id="one-full"),
        pytest.param("a" * 161, "gsm", 2, id="one-over"),
        pytest.param("a" * 306, "gsm", 2, id="two-full"),
        pytest.param("a" * 307, "gsm", 3, id="two-over"),
        pytest.param("€" * 80, "gsm", 1, id="extension-costs-two"),
        pytest.param("€" * 80 + "a", "gsm", 2, id="extension-one-over"),
        pytest.param("€" * 152, "gsm", 2, id="extension-two-full"),
        # 306 septets; each part of 153 has room for 76 pairs.
        pytest.param("€" * 153, "gsm", 3, id="escape-pair-straddles-no-part"),
        pytest.param("å" * 160, "gsm", 1, id="swedish-is-gsm"),
        pytest.param("ç", "ucs2", 1, id="lower-case-cedilla-is-not-gsm"),
        pytest.param("Ç", "gsm", 1, id="upper-case-cedilla-is-gsm"),
        pytest.param("`", "ucs2", 1, id="backtick-is-not-gsm"),
        pytest.param("д" * 70, "ucs2", 1, id="ucs2-one-full"),
        pytest.param("д" * 71, "ucs2", 2, id="ucs2-one-over"),
        pytest.param("д" * 134, "ucs2", 2, id="ucs2-two-full"),
        pytest.param("д" * 135, "ucs2", 3, id="ucs2-two-over"),
        pytest.param("🔥" * 35, "ucs2", 1, id="emoji-costs-two"),
        pytest.param("🔥" * 66, "ucs2", 2, id="emoji-two-full"),
        pytest.param("🔥" * 67, "ucs2", 3, id="surrogate-pair-straddles-no-part"),
    ],
)
def test_measure(body: str, coding: str, segments: int) -> None:
    """Segments are counted as 3GPP TS 23.040 has them, to the character."""
    text = measure(body)

    assert (text.body, text.coding, text.segments) == (body, coding, segments)


@given(BODIES)
def test_split_loses_nothing(body: str) -> None:
    """The parts are the text, and as many as were measured."""
    parts = split(body)

    assert "".join(parts) == body
    assert len(parts) == measure(body).segments


@given(BODIES, st.integers(1, 4))
def test_fit_keeps_the_budget(body: str, budget: int) -> None:
    """Whatever the text, it is never over budget, and untouched if it fits."""
    text = fit(body, budget)

    assert text.segments <= budget
    assert text == measure(text.body)
    assert text.body == body or text.body.endswith(ELLIPSIS)
    if measure(body).segments <= budget:
        assert text.body == body


@given(BODIES, st.integers(1, 3), st.sampled_from(["", ". Since 03:12", "\n+9 more"]))
def test_fit_never_cuts_the_tail(body: str, budget: int, tail: str) -> None:
    """What must stay is there, whole and last."""
    text = fit(body, budget, tail)

    assert text.body.endswith(tail)
    assert text.segments <= budget


def test_a_tail_beyond_the_budget_is_cut_too() -> None:
    """The budget is kept before all."""
    text = fit("x", 1, "y" * 200)

    assert text.segments == 1
    assert text.body == "y" * 157 + ELLIPSIS


def test_fit_cuts_no_more_than_it_must() -> None:
    """A cut text fills its last segment."""
    assert fit("x" * 400, 2).body == "x" * 303 + ELLIPSIS


def test_fit_does_not_turn_a_plain_text_into_ucs2() -> None:
    """The mark of a cut is three dots, which the GSM alphabet has."""
    assert fit("x" * 400, 1).coding is DataCoding.GSM


def test_fit_gains_room_where_the_cut_removes_what_forced_ucs2() -> None:
    """One emoji at the end does not cost the text in front of it."""
    text = fit("x" * 305 + "🔥🔥", 2)

    assert text.coding is DataCoding.GSM
    assert len(text.body) > 250


@pytest.mark.parametrize(
    "grapheme",
    [
        pytest.param("🔥", id="surrogate-pair"),
        pytest.param("👍🏽", id="skin-tone"),
        pytest.param("🇸🇪", id="flag"),
        pytest.param(FAMILY, id="joined-emoji"),
        pytest.param("ж\u0301", id="combining-accent"),
        pytest.param("❤\ufe0f", id="variation-selector"),
    ],
)
def test_fit_takes_no_grapheme_apart(grapheme: str) -> None:
    """A cut falls between what is read as characters."""
    kept = fit(grapheme * 60, 1).body.removesuffix(ELLIPSIS)

    assert kept
    assert kept == grapheme * (len(kept) // len(grapheme))


def test_fit_refuses_a_budget_of_nothing() -> None:
    """No text takes less than a segment."""
    with pytest.raises(ValueError, match="at least one segment"):
        fit("x", 0)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        pytest.param("“a” – it’s…", '"a" - it\'s...', id="typography"),
        pytest.param("a\u00a0b\u2009c", "a b c", id="no-break-and-thin-space"),
        pytest.param("a → b ≥ c • d", "a -> b >= c - d", id="arrows-and-bullets"),
        pytest.param("`systemctl`", "'systemctl'", id="backtick"),
        pytest.param("250µs 85°C", "250us 85degC", id="units"),
        pytest.param("ﬁne Ａ Ω", "fine A Ω", id="compatibility-forms"),
        pytest.param("10² m", "10² m", id="superscript-keeps-its-number"),
        pytest.param("a\u030asa", "åsa", id="combining-becomes-gsm"),
        pytest.param("a\r\nb\tc\x0bd", "a b c d", id="line-breaks-and-tabs"),
        pytest.param("x\x1b[31mred\x1b[0m\x07", "xred", id="terminal-codes"),
        pytest.param("a\u202eb\u2066c\u061cd\u200fe", "abcde", id="bidi"),
        pytest.param("a\u200bb\u200dc\ufeffd\u2060e\u00adf", "abcdef", id="zero-width"),
        pytest.param("a\ud800b\udfff", "ab", id="lone-surrogates"),
        pytest.param("a\x85b\u2028c", "a b c", id="c1-and-line-separator"),
        pytest.param("warn ⚠\ufe0f", "warn ⚠", id="variation-selector"),
        pytest.param("é å ñ ü ç", "é å ñ ü ç", id="letters-stay"),
        pytest.param("دیسک 磁盘 🔥", "دیسک 磁盘 🔥", id="scripts-and-emoji-stay"),
        pytest.param("see http://evil.tld/x", "see evil.tld/x", id="link"),
        pytest.param("HTTPS://evil.tld", "evil.tld", id="link-in-capitals"),
        pytest.param("hthttp://tp://evil.tld", "evil.tld", id="link-in-a-link"),
        pytest.param("ht\u200btp://evil.tld", "evil.tld", id="hidden-link"),
        pytest.param("http:// http:// x", "x", id="links-to-nowhere"),
        pytest.param("{sign} {{7*7}} ${x} %n", "{sign} {{7*7}} ${x} %n", id="literal"),
    ],
)
def test_clean(given_text: str, expected: str) -> None:
    """A text from elsewhere is one visible line that costs what it must."""
    assert clean(given_text) == expected


@given(st.text(max_size=200))
def test_clean_leaves_nothing_invisible(text: str) -> None:
    """Whatever comes in, no control, format or line character comes out."""
    cleaned = clean(text)

    categories = {unicodedata.category(character) for character in cleaned}
    assert categories.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
    assert re.search("[A-Za-z]://", cleaned) is None
    assert cleaned.encode().decode() == cleaned


@given(st.text(max_size=200))
def test_clean_is_done_once(text: str) -> None:
    """Cleaning what is clean changes nothing."""
    assert clean(clean(text)) == clean(text)


@given(st.text(DEFAULT_ALPHABET + EXTENSION_TABLE, max_size=100))
def test_clean_never_makes_a_plain_text_dearer(text: str) -> None:
    """What the GSM alphabet has stays in it."""
    assert is_gsm(clean(text))


def test_clean_lines_keeps_lines() -> None:
    """Line breaks that are meant stay; blank lines go."""
    assert clean_lines("a \n\n\tb\r\nc") == "a\nb\nc"


@given(st.text(max_size=50))
def test_to_gsm_spells_anything(text: str) -> None:
    """Any text can be written in the GSM alphabet."""
    assert is_gsm(to_gsm(text))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("Disk is full: 97% [€]", None, id="gsm"),
        pytest.param("", None, id="empty"),
        pytest.param("ab🔥 ç", Outsider("🔥", 3, 1), id="first-of-two"),
        pytest.param("ab\nc\n ç", Outsider("ç", 2, 3), id="third-line"),
        pytest.param("a\tb", Outsider("\t", 2, 1), id="tab"),
    ],
)
def test_the_character_that_makes_it_dear_is_found(
    body: str, expected: Outsider | None
) -> None:
    """The first one, by line and column, as an editor counts them."""
    assert first_outside_gsm(body) == expected
