"""The ready templates work on every sample, and the page shows what they write.

Run with `ALERTBRIDGE_UPDATE_DOCS=1` it writes the examples anew; read them aloud before
committing them.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from alertbridge.core.compose_context import context_of
from alertbridge.core.mailbox import Letter
from alertbridge.core.message import DataCoding
from alertbridge.core.rules import Budget, Rules
from alertbridge.core.template import VARIABLES, compile_template
from alertbridge.core.template_filters import FILTERS
from alertbridge.core.wording import Wording
from alertbridge.core.writing import BUILT_IN
from alertbridge.simulator.samples import (
    ENDLESS,
    Tried,
    sample_letters,
    try_templates,
)

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "templates.md"
READY = sorted((ROOT / "config" / "templates").glob("*.j2"))
EXAMPLES = re.compile(r"(?<=<!-- examples -->\n).*(?=<!-- /examples -->)", re.DOTALL)


@pytest.fixture
def tried(rules: Rules) -> tuple[Tried, ...]:
    """Every ready template on every sample, at two segments and one."""
    return try_templates(
        replace(
            rules,
            templates={
                path.stem: compile_template(path.stem, path.read_text("utf-8"))
                for path in READY
            },
            budget=Budget(critical=2, other=1),
        )
    )


def examples(tried: tuple[Tried, ...]) -> str:
    """Write the examples, as the page has them between its marks."""
    return "".join(_section(path, tried) for path in READY) + "\n"


def _section(path: Path, tried: tuple[Tried, ...]) -> str:
    shown = "\n".join(
        line for one in tried if one.template == path.stem for line in _lines(one)
    )
    source = path.read_text("utf-8").rstrip()
    return f"\n### {path.stem}\n\n```jinja\n{source}\n```\n\n```text\n{shown}\n```\n"


def _lines(one: Tried) -> Iterator[str]:
    parts = "1 segment" if one.text.segments == 1 else f"{one.text.segments} segments"
    yield f"# {one.sample} ({parts})"
    yield from one.text.body.split("\n")


def test_the_examples_are_what_the_ready_templates_write(
    tried: tuple[Tried, ...],
) -> None:
    """No example on the page is an old one."""
    page = PAGE.read_text("utf-8")
    wanted = examples(tried)
    if os.environ.get("ALERTBRIDGE_UPDATE_DOCS"):
        page = EXAMPLES.sub(lambda _: wanted, page)
        PAGE.write_text(page, "utf-8")

    shown = EXAMPLES.search(page)

    assert shown is not None
    assert shown[0] == wanted


def test_a_ready_template_fails_on_no_sample(tried: tuple[Tried, ...]) -> None:
    """Nor is it cut: each leaves room for what it says, in the GSM alphabet."""
    own = [one for one in tried if one.template != BUILT_IN]

    assert len(own) == len(READY) * len({one.sample for one in tried})
    assert [one for one in own if one.error is not None or one.is_cut] == []
    assert {one.text.coding for one in own} == {DataCoding.GSM}


def test_the_terse_one_is_one_line_of_one_segment(tried: tuple[Tried, ...]) -> None:
    """The worst alert, and how many there are beside it."""
    terse = [one.text for one in tried if one.template == "terse"]

    assert {(text.segments, "\n" in text.body) for text in terse} == {(1, False)}


def test_no_sample_is_over_its_budget(tried: tuple[Tried, ...]) -> None:
    """Whatever words it is in; only what is endless may be cut."""
    assert all(one.text.segments <= one.budget for one in tried)
    assert {one.sample for one in tried if one.is_cut} <= ENDLESS | {"digest"}


def test_every_sample_is_odd_in_its_own_way(tried: tuple[Tried, ...]) -> None:
    """Or trying it proves nothing."""
    texts = [one.text.body for one in tried if one.template == BUILT_IN]

    assert len(set(texts)) == len(texts) >= 12


def parts_of_an_alert() -> list[str]:
    """What a template may ask of one."""
    letter: Letter = sample_letters("severity")["firing"]
    fact = letter.firing[0]
    wording = Wording(now=fact.created_at, timezone=fact.created_at.tzinfo)  # type: ignore[arg-type]
    alerts = context_of(letter, wording)["alerts"]
    assert isinstance(alerts, list)
    return list(alerts[0])


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(lambda: sorted(VARIABLES), id="variables"),
        pytest.param(lambda: sorted(FILTERS), id="filters"),
        pytest.param(parts_of_an_alert, id="parts"),
    ],
)
def test_the_page_names_everything(names: Callable[[], list[str]]) -> None:
    """What a reader may rely on is on the page."""
    page = PAGE.read_text("utf-8")

    assert [name for name in names() if f"`{name}`" not in page] == []
