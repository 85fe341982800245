"""Every command says what it does, at once, and ends with a known exit code."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import click
import pytest
from click.testing import Result

from alertbridge import __version__
from alertbridge.cli import COMMANDS, cli

Run = Callable[..., Result]

HEAVY = (
    "aiohttp",
    "jinja2",
    "phonenumbers",
    "pydantic",
    "sqlite3",
    "structlog",
    "yaml",
)


def every_command() -> Iterator[tuple[str, ...]]:
    """The path of each command and sub-command."""
    ctx = click.Context(cli)
    yield ()
    for name in COMMANDS:
        yield (name,)
        command = cli.get_command(ctx, name)
        if isinstance(command, click.Group):
            for inner in command.commands:
                yield (name, inner)


PATHS = tuple(every_command())


def imported_by(*arguments: str) -> set[str]:
    """Which heavy packages `alertbridge ARGUMENTS` imports."""
    code = (
        "import contextlib, sys\n"
        "from alertbridge.cli import cli\n"
        "with contextlib.suppress(SystemExit):\n"
        f"    cli({list(arguments)!r})\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(HEAVY) & set(done.stderr.split())


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_command_has_help(run: Run, path: tuple[str, ...]) -> None:
    """At night nobody remembers options: `--help` works everywhere."""
    done = run(*path, "--help")

    assert (done.exit_code, "Usage:" in done.output) == (0, True)


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_option_says_what_it_is_for(path: tuple[str, ...]) -> None:
    """An option without help is a riddle."""
    command: click.Command = cli
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found

    riddles = [
        param.name
        for param in command.params
        if isinstance(param, click.Option) and not param.help
    ]

    assert riddles == []


def test_the_list_of_commands_fits_a_terminal(run: Run) -> None:
    """One line per command, on 80 columns."""
    lines = run("--help").stdout.splitlines()

    begin = lines.index("Commands:") + 1
    assert [line.split()[0] for line in lines[begin : begin + len(COMMANDS)]] == [
        *COMMANDS
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--help"], id="help"),
        pytest.param(["--version"], id="version"),
        pytest.param(["completion", "bash"], id="completion"),
    ],
)
def test_what_is_asked_often_imports_nothing_heavy(arguments: list[str]) -> None:
    """`alertbridge --help` answers in a tenth of a second, not in one."""
    assert imported_by(*arguments) == set()


def test_the_search_for_heavy_imports_finds_them() -> None:
    """A search that finds nothing proves nothing."""
    assert "pydantic" in imported_by("schema", "--help")


def test_the_version_is_said(run: Run) -> None:
    """With Python's: the first thing a bug report needs."""
    assert run("--version").stdout.startswith(f"alertbridge {__version__} (Python 3.")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["no-such-command"], id="command"),
        pytest.param(["history", "--no-such-option"], id="option"),
        pytest.param(["show", "none"], id="not-a-number"),
        pytest.param(["outbox", "hold"], id="missing-option"),
        pytest.param(["outbox", "hold", "--for", "25h"], id="hold-too-long"),
        pytest.param(["outbox", "hold", "--for", "0s"], id="hold-of-nothing"),
        pytest.param(["outbox", "hold", "--for", "soon"], id="not-a-span"),
        pytest.param(["page"], id="page-about-nothing"),
        pytest.param(["page", "--resolve"], id="resolve-of-nothing"),
        pytest.param(["page", "-l", "nolabel", "x"], id="not-a-label"),
        pytest.param(["routes", "test", "nolabel"], id="not-a-label-to-route"),
        pytest.param(["routes", "test", "--stdin", "a=b"], id="two-inputs"),
        pytest.param(["explain", "no-such-file"], id="no-payload"),
        pytest.param(["completion", "tcsh"], id="no-such-shell"),
    ],
)
def test_wrong_usage_exits_with_2(run: Run, arguments: list[str]) -> None:
    """And says how it is called."""
    done = run(*arguments)

    assert (done.exit_code, "Usage:" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["serve"], id="serve"),
        pytest.param(["check-config"], id="check-config"),
        pytest.param(["routes"], id="routes"),
        pytest.param(["routes", "test", "a=b"], id="routes-test"),
        pytest.param(["explain", "-"], id="explain"),
        pytest.param(["send-test", "anna"], id="send-test"),
        pytest.param(["ack", "1"], id="ack"),
        pytest.param(["history"], id="history"),
        pytest.param(["show", "1"], id="show"),
        pytest.param(["outbox", "list"], id="outbox-list"),
        pytest.param(["outbox", "release"], id="outbox-release"),
        pytest.param(["backup", "copy.db"], id="backup"),
    ],
)
def test_a_config_that_is_not_there_exits_with_2(
    run: Run, arguments: list[str]
) -> None:
    """With the option that names another."""
    done = run(*arguments, ALERTBRIDGE_CONFIG="/nowhere/pager.yaml")

    assert (done.exit_code, "--config.file" in done.stderr) == (2, True)
