"""`alertbridge backup`: a consistent copy while the daemon runs."""

from pathlib import Path

import click

from alertbridge.cli.daemon_client import DaemonDown, ask, no
from alertbridge.cli.options import config_option, load_or_exit
from alertbridge.stores.sqlite_readonly import reading
from alertbridge.stores.sqlite_schema import copy_to

PATIENCE = 600.0
"""Seconds: years of history are some gigabytes, on a disk that is busy."""


@click.command("backup")
@config_option
@click.argument("file", type=click.Path(path_type=Path))
def command(config_file: Path, file: Path) -> None:
    """Write a copy of the store to FILE, which must not exist.

    The running daemon writes it, as its own user: under the unit that comes with
    alertbridge, name a FILE in /var/lib/alertbridge. With no daemon running, the store
    is read where it lies.
    """
    settings = load_or_exit(config_file).settings
    target = file.absolute()
    if target.exists():
        no(f"{target} exists; name a file that does not")
    body = {"path": str(target)}
    try:
        ask(settings, "POST", "/api/v1/backup", body, patience=PATIENCE)
    except DaemonDown:
        try:
            with reading(settings.storage.path) as db:
                copy_to(db, target)
        except OSError as exc:
            no(f"{target}: {exc.strerror}")
        click.echo(f"written to {target}")
        return
    if not target.exists():
        # PrivateTmp= and its like: the daemon's /tmp is not this shell's.
        no(f"the daemon wrote {target}, but in folders of its own; name one you share")
    click.echo(f"written to {target}")
