"""YAML is read as YAML 1.2 means it, with places, and within limits."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.config.problems import ConfigError
from alertbridge.config.yaml_document import Document, read_document
from alertbridge.config.yaml_nodes import MAX_DEPTH, Mark, resolve


def read(text: str) -> Document:
    """Read a document that has nothing to complain about."""
    document = read_document(text, "a.yaml")
    assert document.problems == ()
    return document


def problems_of(text: str) -> list[str]:
    """Read any text; say what was refused."""
    try:
        return [str(problem) for problem in read_document(text, "a.yaml").problems]
    except ConfigError as exc:
        return [str(problem) for problem in exc.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("0701740605", "0701740605", id="no-octal"),
        pytest.param("+46701740605", "+46701740605", id="plus-stays"),
        pytest.param("22:30", "22:30", id="no-base-60"),
        pytest.param("1_000", "1_000", id="no-underscores"),
        pytest.param("0x1F", "0x1F", id="no-hex"),
        pytest.param("2026-01-01", "2026-01-01", id="no-dates"),
        pytest.param("no", "no", id="no-is-text"),
        pytest.param("on", "on", id="on-is-text"),
        pytest.param("yes", "yes", id="yes-is-text"),
        pytest.param(".inf", ".inf", id="no-infinity"),
        pytest.param("9" * 5000, "9" * 5000, id="endless-digits-are-text"),
        pytest.param("١٢", "١٢", id="foreign-digits-are-text"),
        pytest.param("true", True, id="true"),
        pytest.param("False", False, id="false"),
        pytest.param("~", None, id="null"),
        pytest.param("", None, id="nothing"),
        pytest.param("-12", -12, id="int"),
        pytest.param("0", 0, id="zero"),
        pytest.param("1.5", 1.5, id="float"),
    ],
)
def test_a_plain_value_is_what_it_looks_like(text: str, value: object) -> None:
    """Nothing is converted that a person would not have converted."""
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_a_quoted_value_is_text() -> None:
    """Quotes make text of everything."""
    assert read("a: 'true'\nb: \"12\"").data == {"a": "true", "b": "12"}


def test_plain_values_are_remembered() -> None:
    """Whoever needs quotes around a value can ask whether they are there."""
    document = read("a: [x, 'y']")

    assert document.plain == {("a", 0)}


def test_places_count_characters_from_one() -> None:
    """The column is right after letters that take two bytes."""
    document = read("åäö: [é, {b: 1}]")

    assert document.mark_of(("åäö", 1, "b")) == Mark(1, 14)
    assert document.mark_of(("åäö", 1, "b"), key=True) == Mark(1, 11)


def test_what_is_absent_stands_where_its_parent_is_named() -> None:
    """A missing key is told at the nearest thing that is there."""
    document = read("a:\n  b:\n    c: 1\n")

    assert document.mark_of(("a", "b", "x", "y")) == Mark(2, 3)


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    """Editors of other systems put one first."""
    assert read("\ufeffa: 1").data == {"a": 1}


def test_merged_keys_lead_to_the_anchor() -> None:
    """A mistake in what is merged is where it was written."""
    document = read("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n")

    assert document.data == {"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}}
    assert document.mark_of(("y", "a")) == Mark(1, 11)


def test_of_several_merged_mappings_the_first_wins() -> None:
    """As the YAML merge key says."""
    document = read("x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz: {<<: [*x, *y]}\n")

    assert document.data == {
        "x": {"a": 1},
        "y": {"a": 2, "b": 2},
        "z": {"a": 1, "b": 2},
    }


def test_a_quoted_merge_sign_is_a_key() -> None:
    """Only the plain one merges."""
    assert read('"<<": 1').data == {"<<": 1}


def test_the_depth_allowed_is_read() -> None:
    """The limit itself is within it."""
    text = "[" * MAX_DEPTH + "]" * MAX_DEPTH

    assert isinstance(read(text).data, list)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 100_000, id="flow"),
        pytest.param("- " * 100_000, id="block"),
        pytest.param("{a: " * 100_000, id="mappings"),
        pytest.param("? " * 100_000, id="keys"),
        pytest.param(
            "a0: &a0 [[[[[[[[[[[[x]]]]]]]]]]]]\n"
            + "".join(f"a{i}: &a{i} [[[[*a{i - 1}]]]]\n" for i in range(1, 12)),
            id="by-alias",
        ),
        pytest.param("a: &a [x]\n" + "b: [*a, *a]\n" * 40_000, id="wide"),
        pytest.param("x" * (1024 * 1024 + 1), id="long"),
    ],
)
def test_a_bomb_is_refused_within_a_second(text: str) -> None:
    """No file can take the process down, or hold it up."""
    began = time.perf_counter()

    with pytest.raises(ConfigError):
        read_document(text, "a.yaml")

    assert time.perf_counter() - began < 1


@given(st.text(alphabet=st.characters(codec=None), max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but ConfigError comes out, lone surrogates and NUL included."""
    assert all(line.startswith("a.yaml:") for line in problems_of(text))


YAML_SIGNS = st.lists(
    st.sampled_from(
        [*"[]{}:,&*!|>?-'\"#% \n\t", "a", "b: ", "- ", "<<: ", "*a", "&a ", "!!str "]
    ),
    max_size=60,
).map("".join)


@given(YAML_SIGNS)
def test_any_mix_of_signs_is_read_or_refused(text: str) -> None:
    """Nothing but ConfigError comes out of what nearly is YAML."""
    assert all(line.startswith("a.yaml:") for line in problems_of(text))
