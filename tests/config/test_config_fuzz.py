"""Whatever somebody saved as a config: it loads, or ConfigError says why not."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alertbridge.config import ConfigError, Loaded

EXAMPLE = (Path(__file__).parents[2] / "config" / "alertbridge.yaml").read_text()
DATA = sorted((Path(__file__).parent / "data").glob("conf.*.yaml"))
BASES = [EXAMPLE, *(path.read_text(encoding="utf-8") for path in DATA)]
PIECES = [
    "null",
    "5",
    "-1",
    "true",
    "[]",
    "{}",
    "[[]]",
    "text",
    '""',
    '"+46701740605"',
    "1.5",
    "{file: x}",
    "~",
    "99999999999999999999",
]

within = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


def try_loading(text: str, load_text: Callable[..., Loaded]) -> None:
    """Load, and allow a refusal only."""
    try:
        load_text(text)
    except ConfigError as exc:
        problems = exc.problems
    else:
        return
    assert problems
    assert all(problem.line >= 1 for problem in problems)


@within
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_a_config_with_values_exchanged(
    seed: int, load_text: Callable[..., Loaded]
) -> None:
    """Any value of any key may be of any kind."""
    random = Random(seed)
    lines = random.choice(BASES).splitlines()
    for _ in range(random.randrange(1, 4)):
        lines = lines or [""]
        at = random.randrange(len(lines))
        key, colon, _ = lines[at].partition(": ")
        if colon:
            lines[at] = f"{key}: {random.choice(PIECES)}"

    try_loading("\n".join(lines), load_text)


@within
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_a_config_with_lines_lost_and_moved(
    seed: int, load_text: Callable[..., Loaded]
) -> None:
    """Lines may vanish, double, or be indented otherwise."""
    random = Random(seed)
    lines = random.choice(BASES).splitlines()
    for _ in range(random.randrange(1, 6)):
        lines = lines or [""]
        at = random.randrange(len(lines))
        match random.randrange(4):
            case 0:
                del lines[at]
            case 1:
                lines.insert(random.randrange(len(lines)), lines[at])
            case 2:
                lines[at] = "  " + lines[at]
            case _:
                lines[at] = lines[at].removeprefix("  ")

    try_loading("\n".join(lines), load_text)


@pytest.mark.parametrize("path", DATA, ids=[path.stem for path in DATA])
def test_the_start_of_a_config(path: Path, load_text: Callable[..., Loaded]) -> None:
    """A file that was cut off while it was written is refused, never a crash."""
    text = path.read_text(encoding="utf-8")

    for end in range(0, len(text), max(1, len(text) // 40)):
        try_loading(text[:end], load_text)


def test_ten_thousand_mistakes_are_told_in_seconds(
    minimal: str, load_text: Callable[..., Loaded]
) -> None:
    """The time grows with the mistakes, and not with their square."""
    keys = "".join(f"  k{i}: 1\n" for i in range(10_000))

    with pytest.raises(ConfigError) as caught:
        load_text(minimal + "log:\n" + keys)

    assert len(caught.value.problems) == 10_000
