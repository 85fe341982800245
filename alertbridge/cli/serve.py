"""`alertbridge serve`: run the daemon."""

import os
import sys
from pathlib import Path

import click

from alertbridge.cli.options import config_option, exit_with, problem_line
from alertbridge.cli.standard_streams import open_missing
from alertbridge.config import ConfigError
from alertbridge.ports import StoreRefused
from alertbridge.wiring import read_config, run, run_until_done


@click.command("serve")
@config_option
@click.option(
    "--strict",
    is_flag=True,
    help="Refuse to start on a broken config, instead of on the last good copy of it.",
)
def command(config_file: Path, strict: bool) -> None:
    """Run the daemon until SIGTERM.

    SIGHUP reads the config again; a broken one changes nothing. Started on a broken
    config, it runs on the last good copy, says so on /-/ready, and pages the admins.
    """
    open_missing()
    try:
        read = read_config(config_file, os.environ, strict=strict)
    except ConfigError as exc:
        exit_with(exc)
    if read.problem is not None:
        for problem in read.problem.problems:
            click.echo(problem_line(problem), err=True)
    try:
        run_until_done(run(read, config_file, os.environ))
    except (OSError, StoreRefused) as exc:
        click.echo(f"alertbridge: {exc}", err=True)
        sys.exit(1)
    except BaseExceptionGroup as exc:
        for part in exc.exceptions:
            click.echo(f"alertbridge: {type(part).__name__}: {part}", err=True)
        sys.exit(1)
