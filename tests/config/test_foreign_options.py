"""A provider declares its options as it likes; its mistakes read like all others."""

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from alertbridge.config import ConfigError, json_schema, load
from alertbridge.config.model_types import file_model


def even(number: int) -> int:
    """Refuse what is odd, with a fix after the semicolon."""
    if number % 2:
        raise ValueError("is odd; write an even number")
    return number


def short(text: str) -> str:
    """Refuse what is long, without a fix."""
    if len(text) > 3:
        raise ValueError("is too long")
    return text


class Nested(BaseModel):
    """A section of its own."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    depth: int = Field(default=1, gt=0, lt=9)


class Options(BaseModel):
    """Options with every kind of rule."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    parity: Annotated[int, AfterValidator(even)] = 2
    word: Annotated[str, AfterValidator(short)] = "abc"
    code: str = Field(default="a1", pattern="^[a-z][0-9]$")
    share: float = Field(default=0.5, multiple_of=0.5)
    inner: Nested = Nested()


def lines_for(tmp_path: Path, options: str) -> list[str]:
    """Say what is wrong with a provider's *options*, without the file's name."""
    path = tmp_path / "a.yaml"
    path.write_text(
        "sources: [{name: a, type: page}]\n"
        f"providers: [{{name: p, type: own, {options}}}]\n"
        'receivers: [{name: r, phones: ["+46701740605"]}]\n'
        "route: {receiver: r}\n"
    )
    path.chmod(0o600)
    try:
        load(path, provider_types={"own": Options}, source_types=["page"], environ={})
    except ConfigError as exc:
        return [str(problem).removeprefix("a.yaml:2:") for problem in exc.problems]
    return []


@pytest.mark.parametrize(
    ("options", "line"),
    [
        pytest.param(
            "parity: 3",
            "42: providers[0].parity: is odd; write an even number",
            id="validator-with-a-fix",
        ),
        pytest.param(
            "word: abcd",
            "40: providers[0].word: is too long; see docs/config.md for what it takes",
            id="validator-without-a-fix",
        ),
        pytest.param(
            "code: x",
            "40: providers[0].code: not of the form it needs; match ^[a-z][0-9]$",
            id="pattern",
        ),
        pytest.param(
            "inner: {depth: 0}",
            "49: providers[0].inner.depth: too small; write more than 0",
            id="greater-than",
        ),
        pytest.param(
            "inner: {depth: 9}",
            "49: providers[0].inner.depth: too large; write less than 9",
            id="less-than",
        ),
        pytest.param(
            "share: 0.3",
            "41: providers[0].share: Input should be a multiple of 0.5; "
            "see docs/config.md for what it takes",
            id="a-rule-we-have-no-words-for",
        ),
        pytest.param(
            "inner: {deph: 1}",
            '42: providers[0].inner.deph: unknown key "deph"; did you mean "depth"?',
            id="unknown-key-further-in",
        ),
    ],
)
def test_a_mistake_in_options_has_its_place_and_a_fix(
    tmp_path: Path, options: str, line: str
) -> None:
    """The words of a validator are kept; the value is never repeated."""
    assert lines_for(tmp_path, options) == [line]


def test_options_that_fit_are_taken(tmp_path: Path) -> None:
    """With a single provider type there is nothing to choose from."""
    assert lines_for(tmp_path, "parity: 4") == []


def test_options_are_in_the_schema() -> None:
    """An editor knows them as well."""
    definitions = json_schema({"own": Options}, ["page"])["$defs"]

    assert isinstance(definitions, dict)
    assert "parity" in definitions["OwnProvider"]["properties"]


def test_a_build_without_types_is_a_mistake_of_ours() -> None:
    """Every config would be refused: better to say so at once."""
    with pytest.raises(ValueError, match="at least one type"):
        file_model({}, ["page"])
