"""`alertbridge check-config`: every problem with its line, and the fix."""

import asyncio
import sys
from pathlib import Path

import click

from alertbridge.cli.options import config_option, environment, problem_line
from alertbridge.cli.output import print_json
from alertbridge.config import ConfigError, Forgive, Loaded, Problem
from alertbridge.ports import ProviderCheckFailed
from alertbridge.providers.http_session import new_session
from alertbridge.simulator.samples import failing_templates
from alertbridge.wiring.daemon import make_providers
from alertbridge.wiring.loading import load


@click.command("check-config")
@config_option
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--online",
    is_flag=True,
    help="Ask every provider whether it takes our token and sender, and the balance.",
)
@click.option("--json", "as_json", is_flag=True, help="Print problems as JSON.")
def command(config_file: Path, file: Path | None, online: bool, as_json: bool) -> None:
    """Check the config FILE (or --config.file); exit with 2 if it is broken.

    Every template is rendered on firing, resolved, mixed, truncated, empty and
    non-ASCII samples. Secrets named as {credential:} are a warning where only the
    running unit can see them. With --online, exit with 1 if a provider says no.
    """
    path = file or config_file
    # Who asks a gateway needs the token: without it the gateway's no would mislead.
    forgive = Forgive.NONE if online else Forgive.ELSEWHERE
    try:
        loaded = load(path, environment(), forgive=forgive)
    except ConfigError as exc:
        _print(exc.problems, as_json)
        sys.exit(2)
    failing = tuple(
        Problem(
            file=path.name,
            line=1,
            column=1,
            path="templates",
            problem=failure,
            fix="the built-in text would go out instead",
        )
        for failure in failing_templates(loaded.rules)
    )
    _print((*loaded.warnings, *failing), as_json)
    if failing:
        sys.exit(2)
    if not as_json:
        _summarise(loaded)
    if online and not asyncio.run(_online(loaded)):
        sys.exit(1)


def _print(problems: tuple[Problem, ...], as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {
                    "file": problem.file,
                    "line": problem.line,
                    "column": problem.column,
                    "path": problem.path,
                    "problem": problem.problem,
                    "fix": problem.fix,
                    "level": problem.level.value,
                }
                for problem in problems
            ]
        )
        return
    for problem in problems:
        click.echo(problem_line(problem), err=True)


def _summarise(loaded: Loaded) -> None:
    rules = loaded.rules
    routes = sum(1 for _ in rules.tree.root.walk())
    click.echo(
        f"ok: {len(loaded.settings.sources)} sources, {len(rules.providers)} providers,"
        f" {len(rules.recipients)} recipients, {len(rules.receivers)} receivers,"
        f" {routes} routes, {len(rules.templates)} templates"
    )


async def _online(loaded: Loaded) -> bool:
    fine = True
    async with new_session() as session:
        for name, provider in make_providers(loaded, session).items():
            try:
                for line in await provider.check():
                    click.echo(f"{name}: {line}")
            except ProviderCheckFailed as exc:
                click.echo(f"{name}: {exc}", err=True)
                fine = False
    return fine
