"""`alertbridge backup`: a consistent copy while the daemon runs."""

from pathlib import Path

import click

from alertbridge.cli.options import config_option, load_or_exit


@click.command("backup")
@config_option
@click.argument("file", type=click.Path(path_type=Path))
def command(config_file: Path, file: Path) -> None:
    """Write a copy of the store to FILE, which must not exist.

    The running daemon writes it, as its own user; with no daemon running the file is
    read where it lies.
    """
    from alertbridge.cli.daemon_client import DaemonDown, ask, no  # noqa: PLC0415
    from alertbridge.stores.sqlite_readonly import reading  # noqa: PLC0415

    settings = load_or_exit(config_file).settings
    target = file.absolute()
    if target.exists():
        no(f"{target} exists; name a file that does not")
    try:
        ask(settings, "POST", "/api/v1/backup", {"path": str(target)})
    except DaemonDown:
        with reading(settings.storage.path) as db:
            db.execute("VACUUM INTO ?", (str(target),))
    click.echo(f"written to {target}")
