"""Matchers mean what they mean in Alertmanager, in either syntax."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.matcher import (
    Matcher,
    MatcherError,
    Op,
    make_matcher,
    parse_matcher,
    parse_matchers,
)
from alertbridge.core.regex import PatternError


def eq(name: str, value: str) -> Matcher:
    """Make a `=` matcher."""
    return Matcher(name, Op.EQUAL, value)


def ne(name: str, value: str) -> Matcher:
    """Make a `!=` matcher."""
    return Matcher(name, Op.NOT_EQUAL, value)


def re(name: str, value: str) -> Matcher:
    """Make a `=~` matcher."""
    return Matcher(name, Op.MATCH, value)


def nre(name: str, value: str) -> Matcher:
    """Make a `!~` matcher."""
    return Matcher(name, Op.NOT_MATCH, value)


BOTH_GRAMMARS = [
    pytest.param("", (), id="nothing"),
    pytest.param("{}", (), id="empty-braces"),
    pytest.param("  ", (), id="blank"),
    pytest.param("{foo=bar}", (eq("foo", "bar"),), id="braces"),
    pytest.param("{foo=bar,}", (eq("foo", "bar"),), id="trailing-comma"),
    pytest.param("foo=bar, ", (eq("foo", "bar"),), id="trailing-comma-no-braces"),
    pytest.param("{foo!=bar}", (ne("foo", "bar"),), id="not-equal"),
    pytest.param("{foo=~[a-z]+}", (re("foo", "[a-z]+"),), id="regex"),
    pytest.param("{foo!~[a-z]+}", (nre("foo", "[a-z]+"),), id="not-regex"),
    pytest.param("{foo=🙂bar}", (eq("foo", "🙂bar"),), id="emoji"),
    pytest.param('foo=""', (eq("foo", ""),), id="empty-value"),
    pytest.param(r'{foo="bar\n"}', (eq("foo", "bar\n"),), id="line-feed"),
    pytest.param(r'{foo="\"bar\""}', (eq("foo", '"bar"'),), id="quotes"),
    pytest.param(r'{foo="bar\\"}', (eq("foo", "bar\\"),), id="backslash"),
    pytest.param("{foo=bar,bar!=baz}", (eq("foo", "bar"), ne("bar", "baz")), id="two"),
    pytest.param(
        ' foo = "bar" , dings != "bums" ,',
        (eq("foo", "bar"), ne("dings", "bums")),
        id="spaces",
    ),
    pytest.param(
        '{foo="bar,quux", job="job1"}',
        (eq("foo", "bar,quux"), eq("job", "job1")),
        id="comma-in-quotes",
    ),
    pytest.param(
        '{quote="She said: \\"Hi, ladies! That\'s gender-neutral…\\""}',
        (eq("quote", 'She said: "Hi, ladies! That\'s gender-neutral…"'),),
        id="prose",
    ),
    pytest.param(
        'severity=~"critical|page"', (re("severity", "critical|page"),), id="no-braces"
    ),
]

ONLY_UTF8 = [
    pytest.param('"foo"="bar"', (eq("foo", "bar"),), id="quoted-name"),
    pytest.param('{"my.label"="x"}', (eq("my.label", "x"),), id="dotted-quoted"),
    pytest.param("my.label=x", (eq("my.label", "x"),), id="dotted"),
    pytest.param("name-with-dashes = x", (eq("name-with-dashes", "x"),), id="dashes"),
    pytest.param('"a b"="c d"', (eq("a b", "c d"),), id="space-in-name"),
    pytest.param("🙂=bar", (eq("🙂", "bar"),), id="emoji-name"),
    pytest.param(r'"\U0001f642"="x"', (eq("🙂", "x"),), id="escaped-name"),
    pytest.param(
        r'{"foo"="\xf0\x9f\x99\x82"}', (eq("foo", "🙂"),), id="bytes-in-value"
    ),
    pytest.param(r'"foo"="\t\101"', (eq("foo", "\tA"),), id="tab-and-octal"),
    pytest.param(
        'foo=bar,"a.b"=~"c|d",', (eq("foo", "bar"), re("a.b", "c|d")), id="mixed"
    ),
]

ONLY_CLASSIC = [
    pytest.param("job=", (eq("job", ""),), id="no-value"),
    pytest.param("{foo=,bar=}", (eq("foo", ""), eq("bar", "")), id="two-no-values"),
    pytest.param("foo=bar baz", (eq("foo", "bar baz"),), id="space"),
    pytest.param("tricky=~~~", (re("tricky", "~~"),), id="tildes"),
    pytest.param(
        r"trickier==\\=\=\"", (eq("trickier", r"=\=\=" + '"'),), id="trickier"
    ),
    pytest.param("{foo='}", (eq("foo", "'"),), id="single-quote"),
    pytest.param(r"{foo=bar\}", (eq("foo", "bar\\"),), id="lone-backslash"),
    pytest.param("{foo=bar}}", (eq("foo", "bar}"),), id="extra-brace"),
    pytest.param("{foo=", (eq("foo", ""),), id="only-open-brace"),
    pytest.param("{", (), id="nothing-but-a-brace"),
    pytest.param("foo=bar}", (eq("foo", "bar"),), id="only-close-brace"),
    pytest.param("{foo=}b", (eq("foo", "}b"),), id="brace-inside"),
    pytest.param(r'foo=~"\d+"', (re("foo", r"\d+"),), id="regex-escape"),
    pytest.param(r'foo=~"a\.b"', (re("foo", r"a\.b"),), id="escaped-dot"),
    pytest.param("foo=~a{2}b", (re("foo", "a{2}b"),), id="unquoted-repetition"),
    pytest.param('foo="a\nb"', (eq("foo", "a\nb"),), id="line-break-in-quotes"),
    pytest.param(r"a=b\,c=d", (eq("a", "b\\"), eq("c", "d")), id="comma-not-escaped"),
]

DISAGREEMENT = [
    pytest.param(r'foo="bar\t"', (eq("foo", r"bar\t"),), id="tab"),
    pytest.param(r'foo="\u00e5"', (eq("foo", r"\u00e5"),), id="code-point"),
    pytest.param(r'foo="\x41"', (eq("foo", r"\x41"),), id="byte"),
    pytest.param(r'foo=~"\x41"', (re("foo", r"\x41"),), id="byte-in-a-regex"),
]


@pytest.mark.parametrize(
    ("text", "expected"), [*BOTH_GRAMMARS, *ONLY_UTF8, *ONLY_CLASSIC, *DISAGREEMENT]
)
def test_parse_matchers(text: str, expected: tuple[Matcher, ...]) -> None:
    """What either grammar can read is read, and classic wins where they disagree."""
    assert parse_matchers(text) == expected


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        pytest.param(",", 1, "no matcher|label name", id="comma"),
        pytest.param("{,}", 2, "no matcher|label name", id="comma-in-braces"),
        pytest.param("foo", 4, "operator", id="no-operator"),
        pytest.param("foo bar", 5, "operator", id="word-for-operator"),
        pytest.param("foo=bar,baz", 12, "operator", id="second-has-no-operator"),
        pytest.param("foo=bar,,baz=x", 9, "label name|no matcher", id="two-commas"),
        pytest.param('foo="bar', 5, "no end", id="open-quote"),
        pytest.param('foo=bar"', 8, "quote", id="quote-at-the-end"),
        pytest.param('foo=ba"r', 7, "quote", id="quote-in-the-middle"),
        pytest.param('"foo"="bar', 7, "no end", id="open-quote-quoted-name"),
        pytest.param(r'"foo"="\w"', 7, "escape", id="unknown-escape"),
        pytest.param(r'"foo"="\xf0\x9f"', 7, "UTF-8", id="half-a-character"),
        pytest.param('"foo"', 6, "operator", id="only-a-name"),
        pytest.param('""="x"', 1, "label name", id="empty-name"),
        pytest.param("=x", 1, "label name", id="no-name"),
        pytest.param('{"foo"="bar"', 13, "closing brace", id="brace-not-closed"),
        pytest.param('"foo"="bar"}', 12, "the end", id="brace-not-opened"),
        pytest.param('{{foo="bar"}', 2, "label name", id="two-open-braces"),
        pytest.param('"foo"!"bar"', 6, "no operator", id="lone-exclamation-mark"),
        pytest.param('foo=~"("', 1, "regular expression", id="bad-pattern"),
        pytest.param('a=b,foo=~"[x"', 5, "regular expression", id="second-pattern"),
        pytest.param(r'foo=~"(a)\1"', 1, "regular expression", id="back-reference"),
    ],
)
def test_an_unreadable_matcher_is_shown_with_its_column(
    text: str, column: int, problem: str
) -> None:
    """The error says what is wrong, and where."""
    with pytest.raises(MatcherError, match=problem) as caught:
        parse_matchers(text)

    assert caught.value.column == column


def test_an_error_says_how_to_mend_it() -> None:
    """One line names the place, the problem and the fix."""
    with pytest.raises(MatcherError) as caught:
        parse_matchers("severity")

    assert str(caught.value) == (
        "column 9: expected an operator after 'severity'; write one of = != =~ !~"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("foo=bar", eq("foo", "bar"), id="plain"),
        pytest.param("foo=a,b", eq("foo", "a,b"), id="comma-belongs-to-the-value"),
        pytest.param('"a.b"=x', eq("a.b", "x"), id="utf8"),
        pytest.param("foo=", eq("foo", ""), id="empty"),
    ],
)
def test_parse_matcher(text: str, expected: Matcher) -> None:
    """A single matcher, as a command line gives it."""
    assert parse_matcher(text) == expected


@pytest.mark.parametrize("text", ["", "{foo=bar}", "foo=}", '"a"=b,"c"=d', "foo"])
def test_parse_matcher_wants_exactly_one(text: str) -> None:
    """None, several, or braces around it are errors."""
    with pytest.raises(MatcherError):
        parse_matcher(text)


@pytest.mark.parametrize(
    ("matcher", "value", "expected"),
    [
        pytest.param(eq("a", "x"), "x", True, id="equal"),
        pytest.param(eq("a", "x"), "X", False, id="case-counts"),
        pytest.param(eq("a", ""), None, True, id="missing-equals-empty"),
        pytest.param(ne("a", ""), None, False, id="missing-is-not-unempty"),
        pytest.param(ne("a", "x"), None, True, id="missing-is-not-x"),
        pytest.param(re("a", "x|"), None, True, id="missing-matches-empty-branch"),
        pytest.param(re("a", ".*"), None, True, id="missing-matches-star"),
        pytest.param(re("a", ".+"), None, False, id="missing-has-no-letter"),
        pytest.param(nre("a", "x"), None, True, id="missing-does-not-match"),
        pytest.param(nre("a", "x"), "xx", True, id="anchored"),
        pytest.param(nre("a", "x+"), "xx", False, id="not-regex"),
    ],
)
def test_matches(matcher: Matcher, value: str | None, expected: bool) -> None:
    """A label that is not there is the empty string, for every operator."""
    labels = {"other": "x"} if value is None else {"other": "x", "a": value}

    assert matcher.matches(labels) is expected


@pytest.mark.parametrize(
    ("matcher", "expected"),
    [
        pytest.param(eq("foo", "bar"), 'foo="bar"', id="plain"),
        pytest.param(nre("foo", r'a\."'), r'foo!~"a\\.\""', id="escapes"),
        pytest.param(eq("my.label", "x"), 'my.label="x"', id="dotted"),
        pytest.param(eq("my label", "x\ty"), r'"my label"="x\ty"', id="reserved"),
    ],
)
def test_str(matcher: Matcher, expected: str) -> None:
    """A matcher prints as Alertmanager prints it."""
    assert str(matcher) == expected


@given(
    name=st.text(min_size=1),
    op=st.sampled_from([Op.EQUAL, Op.NOT_EQUAL]),
    value=st.text(),
)
def test_what_is_printed_can_be_read_back(name: str, op: Op, value: str) -> None:
    """`routes` prints what a config may hold."""
    matcher = Matcher(name, op, value)

    assert parse_matchers(str(matcher)) == (matcher,)


@given(st.text(alphabet='ab=!~,{}"\\\n \t1:'))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No input raises anything but MatcherError, with a column inside the text."""
    column = 1
    try:
        parse_matchers(text)
    except MatcherError as error:
        column = error.column

    assert 1 <= column <= len(text) + 1


def test_old_maps_take_classic_names_only() -> None:
    """`match:` refuses a name that Alertmanager refuses there."""
    with pytest.raises(MatcherError, match=r"my\.label"):
        make_matcher("my.label", Op.EQUAL, "x")


def test_old_maps_take_any_value() -> None:
    """A value of `match:` is taken as it is, quotes and braces too."""
    assert make_matcher("foo", Op.EQUAL, '{"x"}') == eq("foo", '{"x"}')


def test_old_maps_check_the_pattern() -> None:
    """A bad `match_re:` is an error when it is read."""
    with pytest.raises(MatcherError, match="regular expression"):
        make_matcher("foo", Op.MATCH, "(")


def test_a_matcher_cannot_be_made_with_a_bad_pattern() -> None:
    """There is no matcher that fails when an alert comes."""
    with pytest.raises(PatternError):
        Matcher("foo", Op.MATCH, "(")
