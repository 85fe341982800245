"""No text breaks out of its place, whatever stands in it."""

import json
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.providers.http_template import (
    VALUES,
    Template,
    escape_as,
    fill_tree,
    in_url,
    names_in,
    parse_template,
    parse_tree,
)

HOSTILE = [
    '"}, "to": ["+46701740699"], "x": "',
    "{{ number }}",
    "{{ secrets.token }}",
    "{{",
    "}} {% raw %}",
    "a&to=%2B46701740699#x=y;z",
    "</text><to>+46701740699</to><!--",
    "]]>",
    "line\r\nX-Evil: 1\r\n\r\nbody",
    "tab\tnul\0esc\x1b del\x7f",
    '\\" \\\\ \\u0022 \\',
    "%22%0d%0a %7B",
    "\u2028\u2029\ufeff\u202e",
    "🔥👩‍👩‍👧 å ß ﷽",
    "\ud83d half a pair",
    "' or 1=1 --",
    "$(reboot) `reboot` ;reboot",
]

TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=60),
    st.text(alphabet="{}<>&\"'\\%", max_size=20),
)


def values(text: str) -> dict[str, str]:
    """Something for every place, and *text* for the text."""
    return {**dict.fromkeys(VALUES, "v"), "text": text, "secrets.token": "canary"}


def storable(text: str) -> str:
    """What is left of *text* in UTF-8."""
    return text.encode("utf-8", "replace").decode()


@given(TEXTS)
def test_json_holds_exactly_the_text(text: str) -> None:
    """Every hostile text is one string, and the document has the shape it was given."""
    tree = parse_tree(
        {"a": ["{{ text }}", {"b": "<{{ text }}>"}], "to": "{{ number }}"}
    )

    document = json.loads(json.dumps(fill_tree(tree, values(text))))

    assert document == {"a": [text, {"b": f"<{text}>"}], "to": "v"}


@given(TEXTS)
def test_a_json_body_by_hand_holds_exactly_the_text(text: str) -> None:
    """The same, written as text."""
    template = parse_template('{"a": "{{ text }}", "to": "{{number}}"}')

    filled = template.fill(values(text), escape_as("json"))

    assert json.loads(filled) == {"a": text, "to": "v"}


@given(TEXTS)
def test_xml_holds_exactly_the_text(text: str) -> None:
    """As far as XML can hold it; in an element and in an attribute."""
    template = parse_template(
        '<sms to="{{ number }}" note="{{ text }}"><text>{{ text }}</text></sms>'
    )

    filled = template.fill(values(text), escape_as("xml")).encode("utf-8", "replace")
    document = ET.fromstring(filled)

    assert [element.tag for element in document.iter()] == ["sms", "text"]
    assert document.attrib.keys() == {"to", "note"}
    assert document.attrib["to"] == "v"
    said = document.findtext("text")
    wanted = "".join(
        char if char in "\t\n\r" or ord(char) > 0x1F else "\ufffd" for char in text
    )
    if not any(0xD800 <= ord(c) < 0xE000 or c in "\ufffe\uffff" for c in wanted):
        # XML reads every line end as a line feed (section 2.11).
        assert (said or "") == wanted.replace("\r\n", "\n").replace("\r", "\n")


@given(TEXTS)
def test_a_url_holds_exactly_the_text(text: str) -> None:
    """In a body of form fields that is written by hand, and in a path."""
    template = parse_template("text={{ text }}&to={{ number }}")

    filled = template.fill(values(text), escape_as("url"))

    wanted = text.encode("utf-8", "replace").decode()
    assert parse_qsl(filled, keep_blank_values=True) == [("text", wanted), ("to", "v")]
    assert unquote(in_url(text)) == wanted
    assert not set(in_url(text)) & set("/?#&=+;% \r\n") - {"%"}


@given(TEXTS)
def test_what_is_filled_in_is_not_read_again(text: str) -> None:
    """A label that says `{{ secrets.token }}` says just that."""
    filled = parse_template("{{ text }}").fill(values(text))

    assert filled == text
    assert "canary" not in filled or "canary" in text


def test_without_escapes_a_text_would_break_out() -> None:
    """The claims above can fail: as plain text the same body says who gets it."""
    template = parse_template('{"to": "{{ number }}", "a": "{{ text }}"}')
    text = 'x", "to": "somebody else'

    plain = json.loads(template.fill(values(text), escape_as("plain")))
    escaped = json.loads(template.fill(values(text), escape_as("json")))

    assert plain["to"] == "somebody else"
    assert escaped == {"to": "v", "a": text}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{{ numbr }}", id="unknown"),
        pytest.param("{{ text | upper }}", id="filter"),
        pytest.param("{{ secrets }}", id="all-secrets"),
        pytest.param("{{ secrets. }}", id="no-name"),
        pytest.param("{{ text.upper }}", id="attribute"),
        pytest.param("{{ 7 }}", id="number"),
        pytest.param("{{", id="open"),
        pytest.param("{{ text }} {{ ", id="open-at-the-end"),
    ],
)
def test_a_place_that_is_none_is_refused(text: str) -> None:
    """With the list of those that are."""
    with pytest.raises(ValueError, match=r"write \{\{ digits \}\}"):
        parse_template(text)


def test_single_brackets_are_text() -> None:
    """JSON by hand is full of them."""
    assert parse_template('{"a": {"b": 1}}') == Template(('{"a": {"b": 1}}',))


def test_names_are_found_in_a_document() -> None:
    """In values at any depth."""
    tree = parse_tree(
        {"a": [{"b": "{{ text }} {{secrets.x}}"}, 1], "c": "{{ number }}"}
    )

    assert sorted(names_in(tree)) == ["number", "secrets.x", "text"]


@pytest.mark.parametrize(
    ("value", "filled"), [("{{ ttl }}", 60), ("{{ ttl }}s", "60s"), ("{{ text }}", "7")]
)
def test_only_a_time_to_live_alone_is_a_number(value: str, filled: object) -> None:
    """A text of digits stays a text."""
    given_values = {**values("7"), "ttl": "60"}

    assert fill_tree(parse_tree({"a": value}), given_values) == {"a": filled}


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"{{ text }}": 1}, id="place-in-a-key"),
        pytest.param({1: 1}, id="key-that-is-no-text"),
        pytest.param({"a": float("nan")}, id="nan"),
        pytest.param({"a": {1, 2}}, id="set"),
    ],
)
def test_what_json_cannot_hold_is_refused(document: object) -> None:
    """When the config is read."""
    with pytest.raises(ValueError, match="; "):
        parse_tree(document)
