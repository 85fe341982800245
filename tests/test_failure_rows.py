"""The table of what can fail: no row is missing, and every test that it names exists.

`ALERTBRIDGE_WRITE_DOCS=1` in the environment writes the page from the data instead.
"""

import ast
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
DATA = ROOT / "tests" / "data" / "failure_rows.yaml"
PAGE = ROOT / "docs" / "failure-rows.md"

PARTS = {
    "A": ("Webhooks in", 23, ""),
    "B": ("Storage", 19, ""),
    "C": ("Gateways", 27, ""),
    "D": ("Delivery reports and replies", 11, ""),
    "E": ("Process and time", 15, ""),
    "F": ("Network", 9, "n"),
    "G": ("Storm, fairness, cost", 10, "s"),
    "H": ("Who watches the watcher", 7, ""),
}
"""The letter of each part: what it is about, how many rows, and what ends their ids."""

ROWS = tuple(
    f"{letter}{number}{end}"
    for letter, (_, amount, end) in PARTS.items()
    for number in range(1, amount + 1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What can fail, what is done about it, what proves that, and what nothing does."""

    fault: str
    does: str
    by: tuple[str, ...] = ()
    missing: str = ""


def read_rows(text: str) -> dict[str, Row]:
    """Read the data; a key that comes twice is an error, which YAML would not say."""
    top = yaml.compose(text)
    assert isinstance(top, yaml.MappingNode)
    names = [key.value for key, _ in top.value]
    assert len(names) == len(set(names)), "a row is there twice"
    return {
        name: Row(**{**row, "by": tuple(row.get("by", ()))})
        for name, row in yaml.safe_load(text).items()
    }


@cache
def names_in(path: str) -> frozenset[str]:
    """Every test of a file, by its name."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text("utf-8"))
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    )


def mistakes(rows: Mapping[str, Row]) -> list[str]:
    """What is wrong with the table, a line for each."""
    found = [f"{name}: no such row" for name in rows if name not in ROWS]
    found += [f"{name}: is missing" for name in ROWS if name not in rows]
    for name, row in rows.items():
        if not row.by and not row.missing:
            found.append(f"{name}: neither proven nor said to be missing")
        if len(set(row.by)) < len(row.by):
            found.append(f"{name}: a test is named twice")
        for test in row.by:
            path, _, function = test.partition("::")
            if function not in names_in(path):
                found.append(f"{name}: there is no {test}")
    return found


def page_of(rows: Mapping[str, Row]) -> str:
    """Write the page."""
    proven = sum(1 for row in rows.values() if not row.missing)
    partly = sum(1 for row in rows.values() if row.missing and row.by)
    lines = [
        "# What can fail, and which test proves what we do then",
        "",
        "Each row is a fault that a daemon which pages people meets sooner or later.",
        f"{len(rows)} rows: {proven} proven, {partly} proven in part, the others not.",
        "`pytest` with the name of a test runs it.",
        "",
        "Written from `tests/data/failure_rows.yaml`; every test that is named exists.",
    ]
    for letter, (title, _, _) in PARTS.items():
        lines += ["", f"## {letter}. {title}", ""]
        lines += ["| row | fault | what we do | proven by |", "|---|---|---|---|"]
        lines += [
            f"| {name} | {row.fault} | {row.does} | {proof(row)} |"
            for name, row in rows.items()
            if name.startswith(letter)
        ]
    return "\n".join(lines) + "\n"


def proof(row: Row) -> str:
    """What proves a row, and what is not proven."""
    parts = [f"`{test.removeprefix('tests/')}`" for test in row.by]
    if row.missing:
        parts.append(f"not proven: {row.missing}")
    return "<br>".join(parts)


def test_every_row_is_there_and_every_test_it_names_exists() -> None:
    """A row without a test says so; a test that was renamed is found."""
    assert mistakes(read_rows(DATA.read_text("utf-8"))) == []


def test_the_page_is_what_the_data_says() -> None:
    """Who reads the page reads what was checked."""
    page = page_of(read_rows(DATA.read_text("utf-8")))
    if os.environ.get("ALERTBRIDGE_WRITE_DOCS"):
        PAGE.write_text(page, "utf-8")

    assert PAGE.read_text("utf-8") == page


REAL = "tests/test_failure_rows.py::test_the_page_is_what_the_data_says"


@pytest.mark.parametrize(
    ("name", "row", "mistake"),
    [
        pytest.param("A1", None, "A1: is missing", id="a-row-less"),
        pytest.param(
            "Z1", Row(fault="x", does="y", by=(REAL,)), "Z1: no such row", id="no-row"
        ),
        pytest.param(
            "A1",
            Row(fault="x", does="y", by=(REAL + "_no",)),
            f"A1: there is no {REAL}_no",
            id="no-such-test",
        ),
        pytest.param(
            "A1",
            Row(fault="x", does="y", by=("tests/gone.py::test_x",)),
            "A1: there is no tests/gone.py::test_x",
            id="no-such-file",
        ),
        pytest.param(
            "A1",
            Row(fault="x", does="y"),
            "A1: neither proven nor said to be missing",
            id="nothing-said",
        ),
        pytest.param(
            "A1",
            Row(fault="x", does="y", by=(REAL, REAL)),
            "A1: a test is named twice",
            id="named-twice",
        ),
    ],
)
def test_a_table_that_is_wrong_is_seen(
    name: str, row: Row | None, mistake: str
) -> None:
    """Each mistake that the check is for is found by it."""
    rows = {known: Row(fault="x", does="y", by=(REAL,)) for known in ROWS}
    del rows["A1"]
    if row is not None:
        rows["A1"] = Row(fault="x", does="y", by=(REAL,))
        rows[name] = row

    assert mistakes(rows) == [mistake]


def test_a_row_that_is_there_twice_is_seen() -> None:
    """YAML itself would keep the last of them."""
    with pytest.raises(AssertionError, match="twice"):
        read_rows("A1: {fault: x, does: y}\nA1: {fault: x, does: z}\n")
