"""Regular expressions mean what Prometheus means by them, and never hang."""

import pytest

from alertbridge.core.regex import PatternError, Regex

A_MILLION = 10**6


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        pytest.param("crit", "crit", True, id="whole"),
        pytest.param("crit", "critical", False, id="not-a-prefix"),
        pytest.param("crit", "subcrit", False, id="not-a-suffix"),
        pytest.param("crit", "crit\n", False, id="trailing-newline-is-text"),
        pytest.param("crit\n", "crit\n", True, id="newline-in-the-pattern"),
        pytest.param("a|b", "xxb", False, id="alternation-is-anchored-right"),
        pytest.param("a|b", "axx", False, id="alternation-is-anchored-left"),
        pytest.param("a|b", "b", True, id="alternation"),
        pytest.param("", "", True, id="empty-matches-empty"),
        pytest.param("", "x", False, id="empty-matches-nothing-else"),
        pytest.param("|x", "", True, id="empty-branch"),
        pytest.param(".*", "", True, id="star-matches-empty"),
        pytest.param(".+", "", False, id="plus-needs-one"),
        pytest.param(".*", "a\nb", False, id="dot-is-no-newline"),
        pytest.param("(?s).*", "a\nb", True, id="dot-is-newline-with-s"),
        pytest.param("(?m)a$", "a\nb", False, id="multiline-stays-inside"),
        pytest.param("(?i)crit", "CRIT", True, id="case"),
        pytest.param("^crit$", "crit", True, id="own-anchors-are-harmless"),
        pytest.param("a)|(?:b", "b-and-more", False, id="unbalanced-right-branch"),
        pytest.param("a)|(?:b", "a-and-more", True, id="unbalanced-as-loose-as-there"),
        pytest.param(r"\d{2}", "١٢", False, id="digits-are-ascii"),
        pytest.param(r"\p{Greek}+", "αβγ", True, id="unicode-class"),
        pytest.param("å.ö", "åäö", True, id="characters-not-bytes"),
        pytest.param("\ufffd", "\ud800", True, id="half-a-surrogate-pair"),
    ],
)
def test_a_pattern_describes_the_whole_text(
    pattern: str, text: str, expected: bool
) -> None:
    """RE2 syntax, anchored at both ends, as Go does it."""
    assert Regex(pattern).matches(text) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("(?=x)", id="look-ahead"),
        pytest.param("(?<!x)", id="look-behind"),
        pytest.param(r"(a)\1", id="back-reference"),
        pytest.param(r"\p{Klingon}", id="unknown-class"),
        pytest.param("a(", id="unbalanced"),
        pytest.param("[a", id="open-class"),
        pytest.param("*", id="nothing-to-repeat"),
        pytest.param("a**", id="repeated-repeat"),
        pytest.param("a{1001}", id="repetition-too-large"),
        pytest.param("((a{100}){100}){100}", id="program-too-large"),
        pytest.param("\ud800", id="not-unicode"),
    ],
)
def test_what_re2_does_not_take_is_an_error(pattern: str) -> None:
    """A bad pattern is refused when it is read, not when an alert comes."""
    with pytest.raises(PatternError, match=r".+"):
        Regex(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)+$", "(a|a)*b", "(.*)(.*)(.*)x"])
@pytest.mark.timeout(10)
def test_a_million_letters_take_no_time(pattern: str) -> None:
    """A pattern that makes a backtracking engine hang for years is linear here."""
    text = "a" * A_MILLION + "!"

    assert not Regex(pattern).matches(text)


def test_a_hundred_kilobytes_of_pattern_work() -> None:
    """An operator's generated alternation of ten thousand hosts is no trouble."""
    regex = Regex("|".join(f"host{number}" for number in range(10_000)))

    assert regex.matches("host9999")
