"""No link of a stranger can be tapped; one of ours can."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.cleaning import clean
from alertbridge.core.links import defang, is_linked

OURS = frozenset({"alertbridge.example.org"})

TAPPABLE = re.compile(
    r"[a-z][a-z0-9+.-]*://|(?<![\w-])www\.\w|(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?[/?#]",
    re.IGNORECASE,
)
"""What a phone makes a link of, by itself: written without our code."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see http://evil.tld/x", "see evil,tld/x"),
        ("see https://www.evil.tld", "see evil,tld"),
        ("www.evil.tld", "evil,tld"),
        ("evil.tld/x", "evil,tld/x"),
        ("evil.tld:8080/x?y", "evil,tld:8080/x?y"),
        ("evil.tld?x", "evil,tld?x"),
        ("//evil.tld/x", "//evil,tld/x"),
        ("http://10.0.0.1/x", "10,0,0,1/x"),
        ("10.0.0.1/login", "10,0,0,1/login"),
        ("10.0.0.0/24 is down", "10.0.0.0/24 is down"),
        ("http://user@evil.tld/", "user@evil,tld/"),
        ("hthttp://tp://evil.tld", "evil,tld"),
        ("db1.example.org is down", "db1.example.org is down"),
        ("db1.example.org:9100", "db1.example.org:9100"),
        ("/var/lib/postgresql", "/var/lib/postgresql"),
        ("payments/api-1", "payments/api-1"),
        ("1.5/2", "1.5/2"),
        ("пример.рф/x", "пример,рф/x"),
    ],
)
def test_defang(text: str, expected: str) -> None:
    """Scheme and `www.` go, dots become commas; a host alone says where, and stays."""
    assert defang(text) == expected


@pytest.mark.parametrize(
    "link",
    [
        "https://alertbridge.example.org/a/7HGK2M4QWXYZA",
        "http://alertbridge.example.org:8080/a?b=c",
        "https://eu.alertbridge.example.org/a",
        "HTTPS://AlertBridge.example.org/",
        "https://alertbridge.example.org",
    ],
)
def test_a_link_to_us_stays_whole(link: str) -> None:
    """To a host of the config, or one below it."""
    assert defang(f"tap {link} now", OURS) == f"tap {link} now"
    assert clean(f"tap {link}.", OURS) == f"tap {link}."


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.tld/alertbridge.example.org",
        "https://alertbridge.example.org.evil.tld/x",
        "https://alertbridge.example.org@evil.tld/x",
        "https://alertbridge.example.org:80@evil.tld/x",
        "https://alertbridge.example.org:x@evil.tld/x",
        "https://evilalertbridge.example.org/x",
        r"https://alertbridge.example.org\@evil.tld/x",
        "https://alertbridge.example.org%2eevil.tld/x",
        "https://alertbridge.example.org.evil/x",
        "ftp://alertbridge.example.org/x",
        "xhttps://alertbridge.example.org/x",
    ],
)
def test_a_link_that_only_looks_like_ours_is_defanged(link: str) -> None:
    """Whatever is put in front of the host or behind it."""
    assert "://" not in defang(link, OURS)


def test_no_stranger_hides_in_a_link_of_ours() -> None:
    """What follows a link of ours is looked at by itself."""
    text = defang("https://alertbridge.example.org/a,http://evil.tld/x", OURS)

    assert text == "https://alertbridge.example.org/a,evil,tld/x"


def test_hosts_are_compared_whole() -> None:
    """`example.org` is not linked because `a.example.org` is."""
    assert is_linked("a.example.org", frozenset({"Example.org"}))
    assert not is_linked("example.org", frozenset({"a.example.org"}))
    assert not is_linked("badexample.org", frozenset({"example.org"}))


PIECES = st.lists(
    st.sampled_from(
        [
            *("http", "https", "://", ":/", "//", "www.", ".", "/", "?", "#", "@", ":"),
            *("evil", "tld", "a", "1", "-", " ", "\u200b", "х", "[", ",", "\\", "80"),
        ]
    ),
    max_size=14,
).map("".join)


@pytest.mark.parametrize(
    "link", ["http://a", "WWW.evil.tld", "a evil.tld/x", "x.yz:1?"]
)
def test_the_check_sees_a_link(link: str) -> None:
    """What it is to find in no text, it finds."""
    assert TAPPABLE.search(link) is not None


@given(PIECES)
def test_nothing_tappable_is_left(text: str) -> None:
    """However a link is taken apart and hidden, and the text grows by nothing."""
    cleaned = clean(text)

    assert TAPPABLE.search(cleaned) is None
    assert clean(cleaned) == cleaned
    assert len(defang(text)) <= len(text)


@given(PIECES, PIECES)
def test_beside_a_link_of_ours_nothing_else_is_tappable(
    before: str, after: str
) -> None:
    """A host of ours in the text opens no door to others."""
    ours = "https://alertbridge.example.org/a/x"

    cleaned = clean(f"{before} {ours} {after}", OURS)

    assert TAPPABLE.search(cleaned.replace(ours, "", 1)) is None
