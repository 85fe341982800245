"""Every mistake of a config is told in one exact line, with its place and its fix.

Each file in `data/` has one mistake (or one that brings others near), named by the
file. The lines that start with `#says ` are what must be said of it, word by word.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from alertbridge.config import ConfigError, Loaded

DATA = Path(__file__).parent / "data"
FILES = sorted(DATA.glob("conf.*.yaml"))
SAYS = "#says "


def said(text: str, name: str, load_text: Callable[..., Loaded]) -> list[str]:
    """List what is said of *text*, with the level before each line."""
    try:
        loaded = load_text(text, name)
    except ConfigError as exc:
        return [f"{problem.level}: {problem}" for problem in exc.problems]
    return [f"{problem.level}: {problem}" for problem in loaded.warnings]


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_mistake_is_told_in_exactly_these_lines(
    path: Path, load_text: Callable[..., Loaded]
) -> None:
    """What is said of a file is what the file says will be said."""
    text = path.read_text(encoding="utf-8")
    expected = [
        line.removeprefix(SAYS) for line in text.splitlines() if line.startswith(SAYS)
    ]

    assert said(text, path.name, load_text) == expected


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_no_message_holds_a_whole_phone_number_or_a_secret(
    path: Path, load_text: Callable[..., Loaded]
) -> None:
    """Problems are logged: nobody can be called, and nothing opened, with them."""
    text = path.read_text(encoding="utf-8")

    lines = "\n".join(said(text, path.name, load_text))

    assert "70174" not in lines
    assert "canary" not in lines
