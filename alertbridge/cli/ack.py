"""`alertbridge ack`: a human took it."""

import getpass
from pathlib import Path

import click

from alertbridge.cli.options import config_option, load_or_exit


@click.command("ack")
@config_option
@click.argument("episode", type=click.IntRange(min=1))
@click.option("--by", help="Who acknowledges; default: the user of this shell.")
def command(config_file: Path, episode: int, by: str | None) -> None:
    """Acknowledge EPISODE (its number stands in `alertbridge history`).

    Reminders of it end. The page stays in the history, with who took it and when.
    """
    from alertbridge.cli.daemon_client import must_ask  # noqa: PLC0415 - heavy

    settings = load_or_exit(config_file).settings
    who = by or getpass.getuser()
    must_ask(settings, "POST", f"/api/v1/episodes/{episode}/ack", {"by": who})
    click.echo(f"episode {episode} acknowledged by {who}")
