"""`alertbridge ack`: a human took it."""

import getpass
import os
from pathlib import Path

import click

from alertbridge.cli.daemon_client import must_ask
from alertbridge.cli.options import config_option, load_or_exit
from alertbridge.cli.output import visible


@click.command("ack")
@config_option
@click.argument("episode", type=click.IntRange(min=1))
@click.option(
    "--by", metavar="NAME", help="Who took it; default: who is behind this shell."
)
def command(config_file: Path, episode: int, by: str | None) -> None:
    """Acknowledge EPISODE (its number stands in `alertbridge history`).

    Reminders of it end. The page stays in the history, with who took it and when.
    Exit with 1 if there is no such episode.
    """
    settings = load_or_exit(config_file).settings
    who = by or _myself()
    must_ask(settings, "POST", f"/api/v1/episodes/{episode}/ack", {"by": who})
    click.echo(f"episode {episode} acknowledged by {visible(who)}")


def _myself() -> str:
    """The person, not the root that they became."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError) as exc:
        raise click.UsageError("this shell has no user; say who: --by NAME") from exc
