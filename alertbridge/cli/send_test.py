"""`alertbridge send-test`: one person, one test page, the whole path."""

from pathlib import Path
from urllib.parse import quote

import click

from alertbridge.cli.daemon_client import must_ask
from alertbridge.cli.options import config_option, load_or_exit


@click.command("send-test")
@config_option
@click.argument("recipient")
def command(config_file: Path, recipient: str) -> None:
    """Send RECIPIENT a page that says it is a test.

    It goes through store, pace, composition and provider like any other, but waits for
    no quiet hours: you asked for it. Follow it with `alertbridge show`. Exit with 1 if
    the config has no such recipient.
    """
    settings = load_or_exit(config_file).settings
    path = f"/api/v1/test/{quote(recipient, safe='')}"
    answer = must_ask(settings, "POST", path)
    episode = answer.get("episode") if isinstance(answer, dict) else None
    click.echo(f"test page stored; follow it: alertbridge show {episode}")
