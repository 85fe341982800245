"""`alertbridge ack`: an episode's number, a text's code, and never the wrong one."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]
UntilTold = Callable[..., list[dict[str, Any]]]

pytestmark = pytest.mark.usefixtures("daemon")


@pytest.fixture
def config(config: Path) -> Path:
    """The config, with codes."""
    config.write_text(config.read_text("utf-8") + "ack: {codes: true}\n", "utf-8")
    return config


@pytest.fixture
def paged(run: Run, until_told: UntilTold) -> Callable[[str], int]:
    """Page, and wait until it is told; returns the code of its text."""

    def page(what: str) -> int:
        run("page", "-l", f"what={what}", f"{what} is bad")
        text = until_told(what)[0]["text"]
        found = re.search(r"Ack ([0-9]+)$", text)
        assert found is not None, text
        return int(found[1])

    return page


def test_a_code_takes_what_its_text_told(run: Run, paged: Callable[[str], int]) -> None:
    """The answer names what it was, and the first one stays."""
    code = str(paged("disk"))

    first = run("ack", "--code", code, "--by", "anna")
    second = run("ack", "--code", code, "--by", "bo")

    assert first.stdout == "episode 1 acknowledged by anna: Page disk\n"
    assert re.fullmatch(
        r"episode 1 was acknowledged by anna at [-0-9]+ [:0-9]+: Page disk\n",
        second.stdout,
    )
    assert (first.exit_code, second.exit_code) == (0, 0)


def test_a_number_that_is_only_a_code_is_that_code(
    run: Run, paged: Callable[[str], int]
) -> None:
    """What the text says is what one types."""
    code = paged("disk")

    done = run("ack", str(code), "--by", "anna")

    assert done.stdout == "episode 1 acknowledged by anna: Page disk\n"


def test_a_number_that_is_only_an_episode_is_that_episode(
    run: Run, paged: Callable[[str], int]
) -> None:
    """As before there were codes."""
    paged("disk")

    assert run("ack", "1", "--by", "anna").stdout.startswith("episode 1 acknowledged")
    assert run("ack", "1", "--by", "bo").stdout.startswith(
        "episode 1 was acknowledged by anna at "
    )


def test_a_number_that_is_both_is_refused_and_says_which_it_may_be(
    run: Run, paged: Callable[[str], int]
) -> None:
    """The wrong page would be silenced, and nobody would know."""
    code = paged("disk")
    for n in range(code):
        run("page", "-l", f"what=more{n}", "filler", "--severity", "none")
    refused = run("ack", str(code))
    episode = run("ack", "--episode", str(code), "--by", "anna")
    taken = run("ack", "--code", str(code), "--by", "anna")

    assert refused.exit_code == 1
    assert f"--code {code}" in refused.stderr
    assert f"--episode {code}" in refused.stderr
    assert "Page disk" in refused.stderr
    assert episode.stdout.startswith(f"episode {code} acknowledged by anna: Page ")
    assert "Page disk" in taken.stdout


@pytest.mark.parametrize("number", ["99", "999"])
def test_an_unknown_code_is_1_with_a_line(run: Run, number: str) -> None:
    """Expired or never given: it reads the same."""
    done = run("ack", "--code", number)

    assert done.exit_code == 1
    assert f"no text of the last 24 hours ends with Ack {number}" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [[], ["1", "--code", "14"], ["--code", "14", "--episode", "1"], ["--code", "9"]],
)
def test_one_number_is_named_and_no_more(run: Run, arguments: list[str]) -> None:
    """Wrong usage."""
    assert run("ack", *arguments).exit_code == 2
