"""Options that several commands share, and reading the config behind them."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from alertbridge.config import ConfigError, Loaded

F = TypeVar("F", bound=Callable[..., object])

DEFAULT_CONFIG = "/etc/alertbridge/alertbridge.yaml"


def config_option(function: F) -> F:
    """Add `--config.file`, as Prometheus' tools spell it."""
    return click.option(
        "--config.file",
        "-c",
        "config_file",
        type=click.Path(path_type=Path),
        envvar="ALERTBRIDGE_CONFIG",
        default=DEFAULT_CONFIG,
        show_default=True,
        show_envvar=True,
        help="The config file.",
    )(function)


def json_option(function: F) -> F:
    """Add `--json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print JSON instead of a table."
    )(function)


def load_or_exit(path: Path) -> Loaded:
    """Read the config; print every problem and exit with 2 if it is broken."""
    from alertbridge.wiring.loading import load  # noqa: PLC0415 - heavy

    try:
        return load(path, os.environ)
    except ConfigError as exc:
        exit_with(exc)


def exit_with(error: ConfigError) -> NoReturn:
    """Print a config's problems and exit with 2."""
    for problem in error.problems:
        click.echo(str(problem), err=True)
    sys.exit(2)
