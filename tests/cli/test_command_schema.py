"""`schema` and `completion`: for editors and shells."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import Result
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

Run = Callable[..., Result]

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", ["alertbridge.yaml", "minimal.yaml"])
def test_the_schema_takes_the_examples(run: Run, name: str) -> None:
    """An editor that marks a right line as wrong is worse than none."""
    example = yaml.safe_load((ROOT / "config" / name).read_text("utf-8"))

    Draft202012Validator(json.loads(run("schema").stdout)).validate(example)


def test_the_table_of_keys_is_markdown(run: Run) -> None:
    """What docs/config.md is made of."""
    assert "| key | default | meaning |" in run("schema", "--markdown").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_script(run: Run, shell: str) -> None:
    """It asks this program for the words, so it never ages."""
    done = run("completion", shell)

    assert (done.exit_code, "_ALERTBRIDGE_COMPLETE" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        pytest.param("alertbridge out", ["plain,outbox"], id="command"),
        pytest.param(
            "alertbridge outbox re", ["plain,release", "plain,requeue"], id="sub"
        ),
        pytest.param("alertbridge history --li", ["plain,--limit"], id="option"),
    ],
)
def test_words_are_completed(run: Run, words: str, offered: list[str]) -> None:
    """Commands, sub-commands and options."""
    last = str(len(words.split()) - 1)

    done = run(_ALERTBRIDGE_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=last)

    assert done.stdout.split() == offered
