"""`alertbridge outbox`: what waits, and what an operator may do about it."""

import re
from pathlib import Path

import click

from alertbridge.cli.options import config_option, json_option, load_or_exit
from alertbridge.cli.output import clock_time, print_json, print_table

_SPAN = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
LONGEST_HOLD = 86400


@click.group("outbox")
def command() -> None:
    """See what waits; hold it, let it go, take it out, or let it wait again."""


@command.command("list")
@config_option
@json_option
@click.option("--dead", is_flag=True, help="What nobody could be told, instead.")
@click.option(
    "--limit", "-n", type=click.IntRange(1, 10_000), default=1000, show_default=True
)
def list_(config_file: Path, as_json: bool, dead: bool, limit: int) -> None:
    """List notifications that have not reached an end, the oldest first."""
    from alertbridge.cli.reading import read_rows  # noqa: PLC0415 - heavy

    settings = load_or_exit(config_file).settings
    query = {"limit": limit, "dead": 1 if dead else None}
    rows = read_rows(settings, "outbox", query)
    if as_json:
        print_json(rows)
        return
    print_table(
        (
            "ID",
            "EPISODE",
            "ALERT",
            "WHAT",
            "SEVERITY",
            "RECIPIENT",
            "STATE",
            "WHY",
            "DUE",
            "EXPIRES",
        ),
        (
            (
                row["notification"],
                row["episode"],
                row["alert"],
                row["kind"],
                row["severity"],
                row["recipient"],
                row["state"],
                row["reason"],
                clock_time(row["held_until"] or row["due_at"]),
                clock_time(row["expires_at"]),
            )
            for row in rows
        ),
    )


@command.command("hold")
@config_option
@click.option(
    "--for", "span", required=True, metavar="30m", help="How long; at most 24h."
)
def hold(config_file: Path, span: str) -> None:
    """Let nothing leave for a while; intake goes on, and the hold ends by itself."""
    answer = _post(config_file, "hold", {"seconds": _seconds(span)})
    click.echo(f"held until {clock_time(str(answer['held_until']))}")


@command.command("release")
@config_option
def release(config_file: Path) -> None:
    """End a hold now."""
    _post(config_file, "release", None)
    click.echo("released")


@command.command("cancel")
@config_option
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(min=1))
def cancel(config_file: Path, ids: tuple[int, ...]) -> None:
    """Take waiting notifications out; recorded as done by an operator."""
    _report(
        _post(config_file, "cancel", {"notifications": list(ids)}), "cancelled", ids
    )


@command.command("requeue")
@config_option
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(min=1))
def requeue(config_file: Path, ids: tuple[int, ...]) -> None:
    """Let dead, expired or cancelled notifications wait again."""
    _report(
        _post(config_file, "requeue", {"notifications": list(ids)}), "requeued", ids
    )


def _post(
    config_file: Path, verb: str, body: dict[str, object] | None
) -> dict[str, object]:
    from alertbridge.cli.daemon_client import must_ask  # noqa: PLC0415 - heavy

    settings = load_or_exit(config_file).settings
    answer = must_ask(settings, "POST", f"/api/v1/outbox/{verb}", body)
    assert isinstance(answer, dict)
    return answer


def _report(answer: dict[str, object], verb: str, ids: tuple[int, ...]) -> None:
    from alertbridge.cli.daemon_client import no  # noqa: PLC0415 - heavy

    done = answer[verb]
    assert isinstance(done, list)
    click.echo(f"{verb}: {', '.join(str(number) for number in done) or 'none'}")
    missed = [number for number in ids if number not in done]
    if missed:
        no(f"not {verb}: {', '.join(str(n) for n in missed)} (not in such a state)")


def _seconds(span: str) -> float:
    match = _SPAN.fullmatch(span)
    hours, minutes, seconds = (
        (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    )
    total = hours * 3600 + minutes * 60 + seconds
    if not 0 < total <= LONGEST_HOLD:
        raise click.UsageError(f"--for {span!r}: write 30m, 1h30m; at most 24h")
    return float(total)
