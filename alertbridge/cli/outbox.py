"""`alertbridge outbox`: what waits, and what an operator may do about it."""

from datetime import timedelta
from pathlib import Path

import click

from alertbridge.cli.daemon_client import must_ask, no
from alertbridge.cli.options import (
    config_option,
    json_option,
    load_or_exit,
    same_config_option,
)
from alertbridge.cli.output import clock_time, print_json, print_table
from alertbridge.cli.reading import read_rows
from alertbridge.config.duration import DurationError, parse_duration

LONGEST_HOLD = timedelta(hours=24)
"""A hold ends by itself: one that is forgotten must not end paging."""

HEAD = (
    *("ID", "EPISODE", "ALERT", "WHAT", "SEVERITY", "RECIPIENT", "STATE", "WHY"),
    *("DUE", "EXPIRES"),
)


@click.group("outbox")
@config_option
def command(config_file: Path) -> None:
    """See what waits; hold it, let it go, take it out, or let it wait again."""
    del config_file  # The sub-command asks for it.


@command.command("list", short_help="List what waits (--dead: what cannot be told).")
@same_config_option
@json_option
@click.option("--dead", is_flag=True, help="What nobody could be told, instead.")
@click.option(
    "--limit",
    "-n",
    metavar="N",
    type=click.IntRange(1, 10_000),
    default=1000,
    show_default=True,
    help="How many lines.",
)
def list_(config_file: Path, as_json: bool, dead: bool, limit: int) -> None:
    """List notifications that have not reached an end, the oldest first.

    ID is what `cancel` and `requeue` take. DUE is when it may leave, or until when it
    is held: WHY says muted (by its route) or quiet_hours (of its recipient). EXPIRES is
    when it is no longer worth an SMS. Times are in this machine's zone.
    """
    query = {"limit": limit, "dead": 1 if dead else None}
    rows = read_rows(load_or_exit(config_file), "outbox", query)
    if as_json:
        print_json(rows)
        return
    print_table(
        HEAD,
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


@command.command("hold", short_help="Let nothing leave for a while.")
@same_config_option
@click.option(
    "--for",
    "span",
    required=True,
    metavar="SPAN",
    help="How long: 30m, 1h30m; at most 24h.",
)
def hold(config_file: Path, span: str) -> None:
    """Let nothing leave for a while; intake goes on, and the hold ends by itself.

    Not even critical pages leave. What has waited goes out at its end as digests of
    what is still true.
    """
    answer = _post(config_file, "hold", {"seconds": _seconds(span)})
    click.echo(f"held until {clock_time(str(answer['held_until']))}")


@command.command("release")
@same_config_option
def release(config_file: Path) -> None:
    """End a hold now."""
    _post(config_file, "release", None)
    click.echo("released")


@command.command("cancel", short_help="Take waiting notifications out.")
@same_config_option
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(min=1))
def cancel(config_file: Path, ids: tuple[int, ...]) -> None:
    """Take waiting notifications out; recorded as done by an operator.

    IDs stand in `alertbridge outbox list`. Exit with 1 if one of them does not wait
    (any more); the others are cancelled all the same.
    """
    _report(
        _post(config_file, "cancel", {"notifications": list(ids)}), "cancelled", ids
    )


@command.command("requeue", short_help="Let ended notifications wait again.")
@same_config_option
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(min=1))
def requeue(config_file: Path, ids: tuple[int, ...]) -> None:
    """Let dead, expired or cancelled notifications wait again.

    IDs stand in `alertbridge outbox list --dead`. Exit with 1 if one of them cannot;
    the others wait all the same.
    """
    _report(
        _post(config_file, "requeue", {"notifications": list(ids)}), "requeued", ids
    )


def _post(
    config_file: Path, verb: str, body: dict[str, object] | None
) -> dict[str, object]:
    settings = load_or_exit(config_file).settings
    answer = must_ask(settings, "POST", f"/api/v1/outbox/{verb}", body)
    assert isinstance(answer, dict)
    return answer


def _report(answer: dict[str, object], verb: str, ids: tuple[int, ...]) -> None:
    done = answer[verb]
    assert isinstance(done, list)
    click.echo(f"{verb}: {', '.join(str(number) for number in done) or 'none'}")
    missed = [number for number in ids if number not in done]
    if missed:
        no(f"not {verb}: {', '.join(str(n) for n in missed)} (not in such a state)")


def _seconds(text: str) -> float:
    try:
        span = parse_duration(text)
    except DurationError as exc:
        raise click.UsageError(f"--for {text!r}: {exc}") from exc
    if not timedelta(0) < span <= LONGEST_HOLD:
        raise click.UsageError(f"--for {text!r}: more than nothing, at most 24h")
    return span.total_seconds()
