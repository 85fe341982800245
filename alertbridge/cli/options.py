"""Options that several commands share, and reading the config behind them."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from alertbridge.config import ConfigError, Forgive, Level, Loaded, Problem
from alertbridge.wiring.loading import DEFAULT_CONFIG, load

F = TypeVar("F", bound=Callable[..., object])

UNIT_CREDENTIALS = Path("/run/credentials/alertbridge.service")
"""Where systemd shows the credentials of our unit, while it runs; root may look."""


def config_option(function: F) -> F:
    """Add `--config.file`, as Prometheus' tools spell it."""
    return click.option(
        "--config.file",
        "-c",
        "config_file",
        metavar="FILE",
        type=click.Path(path_type=Path),
        envvar="ALERTBRIDGE_CONFIG",
        default=DEFAULT_CONFIG,
        show_default=True,
        show_envvar=True,
        help="The config file.",
    )(function)


def same_config_option(function: F) -> F:
    """Add `--config.file` to a sub-command of a group that has it, too.

    People write it before the sub-command's name, and after it: either is meant.
    """
    return click.option(
        "--config.file",
        "-c",
        "config_file",
        metavar="FILE",
        type=click.Path(path_type=Path),
        default=_of_the_group,
        show_default="as before the sub-command",
        help="The config file.",
    )(function)


def _of_the_group() -> object:
    group = click.get_current_context().parent
    assert group is not None
    return group.params["config_file"]


def json_option(function: F) -> F:
    """Add `--json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print JSON instead of a table."
    )(function)


def environment() -> Mapping[str, str]:
    """Read the environment, and find the credentials of the running unit in it.

    A shell is not the unit: without this, every secret that the config names as
    `{credential:}` would be missing here.
    """
    if "CREDENTIALS_DIRECTORY" in os.environ or not os.access(
        UNIT_CREDENTIALS, os.R_OK | os.X_OK
    ):
        return os.environ
    return {**os.environ, "CREDENTIALS_DIRECTORY": str(UNIT_CREDENTIALS)}


def load_or_exit(path: Path) -> Loaded:
    """Read the config; print every problem and exit with 2 if it is broken.

    Secrets that cannot be read do not matter here: who looks at a queue at night is
    not the daemon's user, and opens no gateway.
    """
    try:
        return load(path, environment(), forgive=Forgive.ALL)
    except ConfigError as exc:
        exit_with(exc)


def problem_line(problem: Problem) -> str:
    """One problem as editors and CI read it: the place first."""
    mark = " (warning)" if problem.level is Level.WARNING else ""
    return f"{problem}{mark}"


def exit_with(error: ConfigError) -> NoReturn:
    """Print a config's problems and exit with 2."""
    for problem in error.problems:
        click.echo(problem_line(problem), err=True)
    sys.exit(2)
