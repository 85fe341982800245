"""`alertbridge routes`: the tree, and who gets a label set."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from alertbridge.cli.options import config_option, load_or_exit, same_config_option
from alertbridge.core.route import Route, RouteTree


@click.group("routes", invoke_without_command=True)
@config_option
@click.pass_context
def command(ctx: click.Context, config_file: Path) -> None:
    """Show the routing tree, with the line of each route."""
    if ctx.invoked_subcommand is not None:
        return
    root = load_or_exit(config_file).rules.tree.root
    for depth, route in _walk(root, 0):
        click.echo("  " * depth + _line(route, root=depth == 0))


@command.command("test", short_help="Print the receivers of a label set.")
@same_config_option
@click.option(
    "--verify.receivers",
    "expected",
    metavar="A,B",
    help="Exit with 1 unless the receivers are exactly these, in this order.",
)
@click.option(
    "--stdin",
    "from_stdin",
    is_flag=True,
    help="Read one JSON object of labels a line; print one JSON array of receivers.",
)
@click.argument("labels", nargs=-1, metavar="LABEL=VALUE…")
def test(
    config_file: Path, expected: str | None, from_stdin: bool, labels: tuple[str, ...]
) -> None:
    """Print the receivers of a label set, comma-separated, duplicates kept.

    As `amtool config routes test` prints them; a test of your routing compares.
    """
    if from_stdin and (labels or expected is not None):
        raise click.UsageError("--stdin takes labels from its lines, and only those")
    tree = load_or_exit(config_file).rules.tree
    if from_stdin:
        _test_lines(tree)
        return
    receivers = [route.receiver for route in tree.match(_parse(labels))]
    click.echo(",".join(receivers))
    if expected is not None and expected.split(",") != receivers:
        click.echo(f"alertbridge: expected {expected}", err=True)
        sys.exit(1)


def _test_lines(tree: RouteTree) -> None:
    for number, line in enumerate(sys.stdin, start=1):
        if not line.strip():
            continue
        try:
            labels = json.loads(line)
        except ValueError:
            labels = None
        if not isinstance(labels, dict) or not all(
            isinstance(value, str) for value in labels.values()
        ):
            raise click.UsageError(
                f"line {number}: not a JSON object of strings; write"
                ' {"alertname": "X"}'
            )
        click.echo(json.dumps([route.receiver for route in tree.match(labels)]))


def _parse(labels: tuple[str, ...]) -> dict[str, str]:
    parsed: dict[str, str] = {}
    for label in labels:
        name, equals, value = label.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{label!r} is not LABEL=VALUE")
        parsed[name] = _unquote(value)
    return parsed


def _unquote(value: str) -> str:
    # amtool takes severity="critical" with its quotes, too.
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value


def _walk(route: Route, depth: int) -> Iterator[tuple[int, Route]]:
    yield depth, route
    for child in route.children:
        yield from _walk(child, depth + 1)


def _line(route: Route, *, root: bool) -> str:
    matchers = "{" + ", ".join(str(matcher) for matcher in route.matchers) + "}"
    parts = ["default" if root else matchers, f"receiver: {route.receiver}"]
    if route.continues:
        parts.append("continue")
    if route.mute:
        parts.append("muted: " + ", ".join(route.mute))
    if route.active:
        parts.append("active: " + ", ".join(route.active))
    if route.breaks_through is not None:
        parts.append(f"breaks through: {route.breaks_through.word}")
    return "  ".join([*parts, f"({route.where})" if route.where else ""]).rstrip()
