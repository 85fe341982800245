"""`alertbridge show`: one episode, and everybody's part in it."""

from pathlib import Path

import click

from alertbridge.cli.history import HEAD, history_line
from alertbridge.cli.options import config_option, json_option, load_or_exit
from alertbridge.cli.output import clock_time, print_json, print_table
from alertbridge.cli.reading import read_episode


@click.command("show")
@config_option
@json_option
@click.argument("episode", metavar="ID", type=click.IntRange(min=1))
def command(config_file: Path, as_json: bool, episode: int) -> None:
    """Show episode ID: its labels, its times, who was told, and why others were not."""
    row = read_episode(load_or_exit(config_file).settings, episode)
    if as_json:
        print_json(row)
        return
    labels = row["labels"]
    assert isinstance(labels, dict)
    click.echo(f"episode {row['id']} of {row['source']}, {row['severity']}")
    for name, value in sorted(labels.items()):
        click.echo(f"  {name}={value}")
    click.echo(f"  started {clock_time(_text(row['starts_at']))}")
    ended = _text(row["ends_at"])
    click.echo(f"  ended {clock_time(ended)}" if ended else "  still firing")
    if row["acknowledged_at"] is not None:
        at = clock_time(_text(row["acknowledged_at"]))
        click.echo(f"  acknowledged {at} by {row['acknowledged_by']}")
    rows = row["rows"]
    assert isinstance(rows, list)
    print_table(HEAD, (history_line(item) for item in rows))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
