"""Go's double-quoted strings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.go_string import quote, unquote


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        pytest.param(r'"a\tb"', "a\tb", id="tab"),
        pytest.param(r'"\a\b\f\n\r\v\\\""', '\a\b\f\n\r\v\\"', id="simple"),
        pytest.param(r'"\xf0\x9f\x99\x82"', "🙂", id="bytes"),
        pytest.param(r'"\360\237\231\202"', "🙂", id="octal-bytes"),
        pytest.param(r'"\U0001f642"', "🙂", id="long-code-point"),
        pytest.param(r'"\u00e5\u00E4"', "åä", id="code-point"),
        pytest.param('"åäö"', "åäö", id="as-is"),
        pytest.param('""', "", id="empty"),
    ],
)
def test_unquote(literal: str, expected: str) -> None:
    """Every escape Go knows is read."""
    assert unquote(literal) == expected


@pytest.mark.parametrize(
    "literal",
    [
        pytest.param(r'"\w"', id="unknown"),
        pytest.param(r'"\'"', id="single-quote"),
        pytest.param(r'"\xf0\x9f"', id="half-a-character"),
        pytest.param(r'"\x4"', id="one-hex-digit"),
        pytest.param(r'"\x+4"', id="sign-is-no-digit"),
        pytest.param(r'"\u12"', id="two-of-four-digits"),
        pytest.param(r'"\ud800"', id="surrogate"),
        pytest.param(r'"\U00110000"', id="past-unicode"),
        pytest.param(r'"\400"', id="octal-past-a-byte"),
        pytest.param(r'"\18"', id="octal-is-three-digits"),
        pytest.param('"a\nb"', id="line-break"),
    ],
)
def test_what_go_refuses_is_refused(literal: str) -> None:
    """A literal that Go's strconv.Unquote refuses is an error here."""
    with pytest.raises(ValueError, match=r".+"):
        unquote(literal)


@given(st.text())
def test_what_is_quoted_can_be_read_back(text: str) -> None:
    """Quoting loses nothing."""
    assert unquote(quote(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a\x7fb", r'"a\x7fb"', id="ascii-control"),
        pytest.param("\u200b", r'"\u200b"', id="invisible"),
        pytest.param("\U000e0001", r'"\U000e0001"', id="invisible-and-far"),
        pytest.param("smörgås", '"smörgås"', id="letters"),
    ],
)
def test_what_does_not_print_is_escaped(text: str, expected: str) -> None:
    """A person who reads a quoted text sees everything that is in it."""
    assert quote(text) == expected
