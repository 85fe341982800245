"""What a config says that cannot be meant: routes, leftovers, names that look alike."""

import unicodedata
from collections.abc import Iterable, Iterator

from alertbridge.config.model import ConfigFile
from alertbridge.config.problems import Path, shown
from alertbridge.config.report import Report
from alertbridge.config.salvage import Salvaged
from alertbridge.core.route_lint import lint as lint_routes
from alertbridge.core.rules import Rules


def lint(report: Report, salvaged: Salvaged[ConfigFile], rules: Rules) -> None:
    """Report what routes never do and, in a file without errors, what is unused."""
    for finding in lint_routes(rules.tree.root):
        if finding.route:
            path = salvaged.place(_path_of_route(finding.route))
            report.warn(path, finding.problem, finding.fix)
        else:
            # A root that does not take everything would lose pages.
            report.error(("route",), finding.problem, finding.fix, key=True)
    if report.has_errors:
        # Half of what is "unused" is used by what is broken.
        return
    config = salvaged.model
    for path, problem, fix in (*_unused(config, rules), *_confusable(config)):
        report.warn(path, problem, fix, key=True)


def _path_of_route(ident: str) -> Path:
    path: Path = ("route",)
    for index in ident.split("/"):
        path = (*path, "routes", int(index))
    return path


def _unused(config: ConfigFile, rules: Rules) -> Iterator[tuple[Path, str, str]]:
    routes = tuple(rules.tree.root.walk())
    receivers = {route.receiver for route in routes} | {rules.meta_receiver}
    for i, receiver in enumerate(config.receivers):
        if receiver.name not in receivers:
            problem = f"no route names the receiver {shown(receiver.name)}"
            yield ("receivers", i, "name"), problem, "name it in a route, or remove it"
    lists = {name for receiver in config.receivers for name in receiver.phone_lists}
    for name in config.phone_lists:
        if name not in lists:
            problem = f"no receiver names the phone list {shown(name)}"
            yield ("phone_lists", name), problem, "name it in a receiver, or remove it"
    intervals = {name for route in routes for name in (*route.mute, *route.active)}
    for person in config.recipients.values():
        intervals |= {*person.quiet_hours, *person.working_hours}
    for top, entries in (
        ("time_intervals", config.time_intervals),
        ("mute_time_intervals", config.mute_time_intervals),
    ):
        for i, interval in enumerate(entries):
            if interval.name not in intervals:
                problem = f"nothing names the time interval {shown(interval.name)}"
                fix = "name it in a route or a recipient, or remove it"
                yield (top, i, "name"), problem, fix


def _confusable(config: ConfigFile) -> Iterator[tuple[Path, str, str]]:
    """Find names that people would read as one: case, accents built differently."""
    yield from _alike((("recipients", name), name) for name in config.recipients)
    yield from _alike((("phone_lists", name), name) for name in config.phone_lists)
    yield from _alike(
        (("receivers", i, "name"), receiver.name)
        for i, receiver in enumerate(config.receivers)
    )


def _alike(
    named: Iterable[tuple[Path, str]],
) -> Iterator[tuple[Path, str, str]]:
    seen: dict[str, str] = {}
    for path, name in named:
        skeleton = unicodedata.normalize("NFKC", name).casefold()
        other = seen.setdefault(skeleton, name)
        if other != name:
            problem = f"this name reads like {shown(other)}"
            yield path, problem, "use names that cannot be taken for each other"
