"""`alertbridge check-config`: every problem with its line, and the fix."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import click

from alertbridge.cli.options import config_option, environment, problem_line
from alertbridge.cli.output import print_json, print_table
from alertbridge.config import ConfigError, Forgive, Level, Loaded, Problem
from alertbridge.core.writing import BUILT_IN
from alertbridge.ports import ProviderCheckFailed
from alertbridge.providers.http_session import new_session
from alertbridge.simulator.samples import ENDLESS, Tried, try_templates
from alertbridge.wiring.daemon import close_providers, make_providers
from alertbridge.wiring.loading import load


@click.command("check-config")
@config_option
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--online",
    is_flag=True,
    help="Ask every provider whether it takes our token and sender, and the balance.",
)
@click.option(
    "--templates",
    "-v",
    "show_templates",
    is_flag=True,
    help="Show what the built-in text and every template take on every sample.",
)
@click.option("--json", "as_json", is_flag=True, help="Print problems as JSON.")
def command(
    config_file: Path,
    file: Path | None,
    online: bool,
    show_templates: bool,
    as_json: bool,
) -> None:
    """Check the config FILE (or --config.file); exit with 2 if it is broken.

    Every template is rendered on samples: firing, resolved, mixed, a reminder,
    flapping, late, truncated, a digest of twenty, empty, another language, non-ASCII,
    long, and labels made to hurt. One that fails is an error with its own line; one
    that is cut, a warning. Secrets named as {credential:} are a warning where only the
    running unit can see them. With --online, exit with 1 if a provider says no.

    With --json and --templates the answer is an object with `problems` and `templates`,
    else a list of problems.
    """
    path = file or config_file
    # Who asks a gateway needs the token: without it the gateway's no would mislead.
    forgive = Forgive.NONE if online else Forgive.ELSEWHERE
    try:
        loaded = load(path, environment(), forgive=forgive)
    except ConfigError as exc:
        _print(exc.problems, (), as_json=as_json, show_templates=show_templates)
        sys.exit(2)
    tried = try_templates(loaded.rules)
    failing = tuple(_failing(tried, loaded))
    problems = (*loaded.warnings, *failing, *_cut(tried, loaded))
    _print(problems, tried, as_json=as_json, show_templates=show_templates)
    if failing:
        sys.exit(2)
    if not as_json:
        _summarise(loaded, tried)
    if online and not asyncio.run(_online(loaded)):
        sys.exit(1)


def _failing(tried: Sequence[Tried], loaded: Loaded) -> Iterator[Problem]:
    """Name each fault of a template once, with all samples that show it."""
    samples: dict[tuple[str, int, str], list[str]] = {}
    for one in tried:
        if one.error is not None:
            fault = (one.template, one.line, one.error)
            samples.setdefault(fault, []).append(one.sample)
    for (template, line, error), shown_by in samples.items():
        which = f"the sample {', '.join(shown_by)}"
        if len(shown_by) == len({one.sample for one in tried}):
            which = "every sample"
        problem = f"on {which}: {error}"
        fix = "the built-in text would go out instead"
        yield _of_template(template, line, problem, fix, loaded, Level.ERROR)


def _cut(tried: Sequence[Tried], loaded: Loaded) -> Iterator[Problem]:
    for one in tried:
        if one.template == BUILT_IN or one.error is not None or not one.is_cut:
            continue
        if one.sample in ENDLESS:
            continue
        problem = (
            f"cut on the sample {one.sample}: it takes {one.whole.segments} segments,"
            f" and has {one.budget}"
        )
        fix = "say less, or give its routes more segments"
        yield _of_template(one.template, 1, problem, fix, loaded, Level.WARNING)


def _of_template(
    name: str, line: int, problem: str, fix: str, loaded: Loaded, level: Level
) -> Problem:
    place = loaded.template_places[name]
    mark = place.mark(line)
    return Problem(
        file=place.file,
        line=mark.line,
        column=mark.column,
        path=f"templates.{name}",
        problem=problem,
        fix=fix,
        level=level,
    )


def _print(
    problems: Sequence[Problem],
    tried: Sequence[Tried],
    *,
    as_json: bool,
    show_templates: bool,
) -> None:
    if as_json:
        found = [_problem_as_json(problem) for problem in problems]
        texts = [_tried_as_json(one) for one in tried]
        print_json({"problems": found, "templates": texts} if show_templates else found)
        return
    for problem in problems:
        click.echo(problem_line(problem), err=True)
    if show_templates and tried:
        head = ("TEMPLATE", "SAMPLE", "SEGMENTS", "OF", "CODING", "CHARACTERS", "NOTE")
        print_table(head, map(_row, tried))


def _row(one: Tried) -> tuple[object, ...]:
    note = f"cut from {one.whole.segments}" if one.is_cut else ""
    return (
        one.template,
        one.sample,
        one.text.segments,
        one.budget,
        one.text.coding,
        len(one.text.body),
        note if one.error is None else "fails",
    )


def _problem_as_json(problem: Problem) -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "path": problem.path,
        "problem": problem.problem,
        "fix": problem.fix,
        "level": problem.level.value,
    }


def _tried_as_json(one: Tried) -> dict[str, object]:
    return {
        "template": one.template,
        "sample": one.sample,
        "text": one.text.body,
        "coding": one.text.coding,
        "segments": one.text.segments,
        "budget": one.budget,
        "uncut_segments": one.whole.segments,
        "cut": one.is_cut,
        "error": one.error,
    }


def _summarise(loaded: Loaded, tried: Sequence[Tried]) -> None:
    rules = loaded.rules
    routes = sum(1 for _ in rules.tree.root.walk())
    click.echo(
        f"ok: {len(loaded.settings.sources)} sources, {len(rules.providers)} providers,"
        f" {len(rules.recipients)} recipients, {len(rules.receivers)} receivers,"
        f" {routes} routes, {len(rules.templates)} templates"
    )
    for name, group in groupby(tried, key=lambda one: one.template):
        if name == BUILT_IN:
            continue
        worst = max(group, key=lambda one: one.text.segments)
        parts = "segment" if worst.text.segments == 1 else "segments"
        click.echo(
            f"template {name}: {worst.text.segments} {parts} at most"
            f" (sample {worst.sample})"
        )


async def _online(loaded: Loaded) -> bool:
    fine = True
    async with new_session() as session:
        providers = make_providers(loaded, session)
        for name, provider in providers.items():
            try:
                for line in await provider.check():
                    click.echo(f"{name}: {line}")
            except ProviderCheckFailed as exc:
                click.echo(f"{name}: {exc}", err=True)
                fine = False
        await close_providers(providers)
    return fine
