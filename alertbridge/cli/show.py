"""`alertbridge show`: one episode, and everybody's part in it."""

from pathlib import Path

import click

from alertbridge.cli.history import print_history
from alertbridge.cli.options import config_option, json_option, load_or_exit
from alertbridge.cli.output import clock_time, print_json, visible
from alertbridge.cli.reading import Row, read_episode


@click.command("show")
@config_option
@json_option
@click.argument("episode", metavar="ID", type=click.IntRange(min=1))
def command(config_file: Path, as_json: bool, episode: int) -> None:
    """Show episode ID: its labels, its times, who was told, and why others were not.

    Exit with 1 if there is no such episode. IDs stand in `alertbridge history`.
    """
    row = read_episode(load_or_exit(config_file), episode)
    if as_json:
        print_json(row)
        return
    click.echo(f"episode {row['id']} of {row['source']}, {row['severity']}")
    _print_pairs(row, "labels")
    _print_pairs(row, "annotations")
    click.echo(f"  started {clock_time(_text(row['starts_at']))}")
    ended = _text(row["ends_at"])
    click.echo(f"  ended {clock_time(ended)}" if ended else "  still firing")
    if row["stale_at"] is not None and not ended:
        since = clock_time(_text(row["stale_at"]))
        click.echo(f"  stale since {since}: no post names it any more; it may be over")
    if row["acknowledged_at"] is not None:
        at = clock_time(_text(row["acknowledged_at"]))
        click.echo(f"  acknowledged {at} by {visible(str(row['acknowledged_by']))}")
    print_history(row["rows"])


def _print_pairs(row: Row, what: str) -> None:
    pairs = row[what]
    assert isinstance(pairs, dict)
    if pairs:
        click.echo(f"  {what}")
    for name, value in sorted(pairs.items()):
        click.echo(f"    {visible(name)}: {visible(str(value))}")


def _text(value: object) -> str | None:
    return None if value is None else str(value)
