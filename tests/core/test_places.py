"""Many places in few words, and still every one of them."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.places import gather


def said(*rows: str, most: int | None = None) -> str:
    """The places of rows, each given as its values with `|` between."""
    return gather([tuple(filter(None, row.split("|"))) for row in rows]).said(most)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["db1", "db2", "db3"], "db1-db3"),
        (["db1", "db2"], "db1, db2"),
        (["db1", "db3", "db4", "db5"], "db1, db3-db5"),
        (["db08", "db09", "db10"], "db08-db10"),
        (["db8", "db9", "db10"], "db8-db10"),
        (["db08", "db9", "db010"], "db08, db9, db010"),
        (["web-01", "web-02", "web-03"], "web-01..03"),
        (["b", "a10", "a9", "a"], "a, a9, a10, b"),
        (["db1.example.org", "db2.example.org"], "db1, db2 (example.org)"),
        (["db1.a.org", "db1.b.org"], "db1.a.org, db1.b.org"),
        (["10.0.0.1", "10.0.0.2", "10.0.0.3"], "10.0.0.1-10.0.0.3"),
        (["shop/db-0", "shop/db-1", "shop/db-2"], "shop/db-0..2"),
        (["a/x", "b/x"], "a/x, b/x"),
        (
            ["shop/api-6c9f7d5b8c-aaaaa", "shop/api-6c9f7d5b8c-bbbbb"],
            "shop/api-6c9f7d5b8c-aaaaa, ..bbbbb",
        ),
        (["db1|/var", "db2|/var"], "db1, db2 /var"),
        (["db1|/var", "db1|/data"], "db1 /data, /var"),
        (["db1|/var|prod", "db1|/data|prod"], "db1 /data, /var prod"),
        (["db1|/var", "db2|/data"], "db1 /var, db2 /data"),
        (["db1|/var", "db2"], "db1 /var, db2"),
        (["db1", "db1"], "db1"),
        (["db1", ""], "db1 +1"),
        (["", ""], ""),
    ],
)
def test_gather(rows: list[str], expected: str) -> None:
    """What they share is said once; numbers in a row are a range."""
    assert said(*rows) == expected
    assert said(*reversed(rows)) == expected


def test_what_is_left_out_is_counted() -> None:
    """A range counts for all of it."""
    rows = ["db1", "db2", "db3", "x", "y", ""]

    assert said(*rows, most=1) == "db1-db3 +3"
    assert said(*rows, most=2) == "db1-db3, x +2"


def expanded(text: str) -> Iterator[str]:
    """Read a list of names and ranges back, as a person would."""
    for part in text.split(", "):
        ends = re.fullmatch(r"(\D+)(\d+)-\1(\d+)", part)
        if ends is None:
            yield part
            continue
        stem, first, last = ends.groups()
        width = len(first) if first[0] == "0" else 0
        for number in range(int(first), int(last) + 1):
            yield f"{stem}{number:0{width}}"


@given(st.sets(st.from_regex(r"(db|web|x)[0-9]{1,3}", fullmatch=True), min_size=1))
def test_a_range_names_exactly_what_is_in_it(names: set[str]) -> None:
    """Read back, no name is missing, and none was made up."""
    assert sorted(expanded(said(*names))) == sorted(names)
