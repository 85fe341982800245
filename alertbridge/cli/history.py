"""`alertbridge history`: who was told what, and who was not, and by which rule."""

from pathlib import Path

import click

from alertbridge.cli.options import config_option, json_option, load_or_exit
from alertbridge.cli.output import clock_time, print_json, print_table
from alertbridge.cli.reading import read_rows

HEAD = ("TIME", "EPISODE", "ALERT", "WHAT", "RECIPIENT", "STATE", "WHY", "RULE", "TEXT")


@click.command("history")
@config_option
@json_option
@click.option("--recipient", "-r", help="Only this person's.")
@click.option(
    "--limit", "-n", type=click.IntRange(1, 10_000), default=50, show_default=True
)
def command(
    config_file: Path, as_json: bool, recipient: str | None, limit: int
) -> None:
    """List the latest notifications, and the reasons why there was none.

    STATE is told (a provider took it), waiting, in_flight, cancelled, expired, dead,
    or not_told; RULE is the line of the config that decided.
    """
    settings = load_or_exit(config_file).settings
    rows = read_rows(settings, "history", {"limit": limit, "recipient": recipient})
    if as_json:
        print_json(rows)
        return
    print_table(HEAD, (history_line(row) for row in rows))


def history_line(row: dict[str, object]) -> tuple[object, ...]:
    """One row of a history as cells."""
    times = f" x{row['times']}" if row["times"] != 1 else ""
    kind = str(row["kind"] or "")
    if row["round"]:
        kind += f" {row['round']}"
    return (
        clock_time(str(row["at"])),
        row["episode"],
        row["alert"],
        kind or "-",
        row["recipient"] or "-",
        row["state"],
        f"{row['reason']}{times}",
        row["where"] or "-",
        row["text"] or "",
    )
