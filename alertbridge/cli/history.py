"""`alertbridge history`: who was told what, and who was not, and by which rule."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from alertbridge.cli.options import config_option, json_option, load_or_exit
from alertbridge.cli.output import clock_time, print_json, table_lines, visible
from alertbridge.cli.reading import Row, read_rows

HEAD = ("TIME", "EPISODE", "ALERT", "WHAT", "RECIPIENT", "STATE", "WHY", "RULE")


@click.command("history")
@config_option
@json_option
@click.option("--recipient", "-r", metavar="NAME", help="Only this person's.")
@click.option(
    "--limit",
    "-n",
    metavar="N",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="How many lines.",
)
def command(
    config_file: Path, as_json: bool, recipient: str | None, limit: int
) -> None:
    """List who was told what, and why others were not; the newest first.

    STATE is told (a provider took it), waiting, in_flight, cancelled, expired, dead,
    or not_told. WHY is delivered once the carrier says that the phone has it, and
    undelivered or unconfirmed if it did not or says nothing. RULE is the line of the
    config that decided. The SMS stands below the lines it told. Times are in this
    machine's zone.
    """
    query = {"limit": limit, "recipient": recipient}
    rows = read_rows(load_or_exit(config_file), "history", query)
    if as_json:
        print_json(rows)
        return
    print_history(rows)


def print_history(rows: Sequence[Row]) -> None:
    """Print a line for each row, and each SMS once, below all that it told."""
    head, *lines = table_lines(HEAD, (_cells(row) for row in rows))
    click.echo(head)
    for line, text in zip(lines, _texts(rows), strict=True):
        click.echo(line)
        if text is not None:
            click.echo(f"    | {text}")


def _texts(rows: Sequence[Row]) -> Iterator[str | None]:
    """The text to show below each row: under the last of those that share one."""
    for row, following in zip(rows, [*rows[1:], None], strict=False):
        if not row["text"] or (
            following is not None
            and following["text"] == row["text"]
            and following["reference"] == row["reference"]
        ):
            yield None
        else:
            yield " / ".join(visible(line) for line in str(row["text"]).split("\n"))


def _cells(row: Row) -> tuple[object, ...]:
    times = f" x{row['times']}" if row["times"] != 1 else ""
    kind = str(row["kind"] or "")
    if row["round"]:
        kind += f" {row['round']}"
    return (
        clock_time(str(row["at"])),
        row["episode"],
        row["alert"],
        kind,
        row["recipient"],
        row["state"],
        f"{row['reason']}{times}",
        row["where"],
    )
