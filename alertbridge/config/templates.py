"""Own templates: where their words come from, and where each line of them stands."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from alertbridge.config.file_reading import Unreadable, read_regular
from alertbridge.config.model import ConfigFile
from alertbridge.config.model_routing import RouteEntry
from alertbridge.config.model_walk import value_at
from alertbridge.config.problems import Path, did_you_mean, shown
from alertbridge.config.report import Report
from alertbridge.config.salvage import Salvaged
from alertbridge.config.yaml_document import Document
from alertbridge.config.yaml_nodes import Mark
from alertbridge.core.template import Template, TemplateError, compile_template
from alertbridge.core.writing import BUILT_IN

MAX_FILE = 64 * 1024
"""Bytes of a template's file: what compiles has at most 16,384 characters."""

MAX_FILES = 256 * 1024
"""Bytes of all of them: they are kept with the last good copy of the config."""

_LITERAL = re.compile(r"(?:[&!]\S*\s+)*\|")


@dataclass(frozen=True, slots=True)
class TemplatePlace:
    """Where a template stands: in `file`, its first line at `first`.

    `by_line` says that each line of it is one of the file; otherwise (a quoted text, a
    folded one) all of it is said to stand where it begins.
    """

    file: str
    first: Mark = field(default_factory=Mark)
    by_line: bool = True

    def mark(self, line: int) -> Mark:
        """Where line *line* of the template (from 1) stands in its file."""
        if not self.by_line:
            return self.first
        return Mark(self.first.line + line - 1, self.first.column)


@dataclass(frozen=True, slots=True)
class TemplateFiles:
    """The files that a config's templates were read from.

    `texts` holds what was read by the path as the config has it; `paths` the path of
    each template that has one.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)


def read_template_files(
    report: Report, data: object, directory: FilePath, carried: Mapping[str, str]
) -> TemplateFiles:
    """Put the text of its file in the place of each `{file: PATH}` in *data*.

    Paths are relative to *directory*. What is *carried* was read before, and kept with
    a copy of the config: it is used as it is, whatever has become of the file.
    """
    templates = value_at(data, ("templates",))
    if not isinstance(templates, dict):
        return TemplateFiles()
    texts: dict[str, str] = {}
    paths: dict[str, str] = {}
    for name, source in templates.items():
        if not isinstance(source, Mapping):
            continue
        place: Path = ("templates", name)
        path = source.get("file")
        if len(source) != 1 or not isinstance(path, str) or not path:
            fix = "write the template itself, or {file: PATH}"
            report.error(place, "neither a template nor its file", fix)
            continue
        if path not in texts:
            text = carried.get(path)
            if text is None:
                text = _read(report, (*place, "file"), directory / path, path)
            if text is None:
                continue
            texts[path] = text
        templates[name] = texts[path]
        paths[name] = path
    if sum(len(text.encode()) for text in texts.values()) > MAX_FILES:
        problem = f"the files of templates are larger than {MAX_FILES // 1024} KiB"
        report.error(("templates",), problem, "a text for a phone is short", key=True)
    return TemplateFiles(texts, paths)


def _read(report: Report, place: Path, path: FilePath, name: str) -> str | None:
    content = read_regular(path, MAX_FILE)
    fix = "name a file with a template in it; relative to the config"
    if isinstance(content, Unreadable):
        problem = f"the template's file {shown(name)} is of no use: {content.reason}"
        report.error(place, problem, fix)
        return None
    try:
        text = content.data.decode("utf-8")
    except UnicodeDecodeError:
        problem = f"the template's file {shown(name)} is not UTF-8 text"
        report.error(place, problem, fix)
        return None
    if content.others_write:
        problem = f"everybody may change the template's file {shown(name)}"
        report.warn(place, problem, "chmod o-w it")
    return text


def read_templates(
    report: Report, salvaged: Salvaged[ConfigFile], files: TemplateFiles
) -> dict[str, Template]:
    """Compile all templates, and check every place that names one."""
    config = salvaged.model
    found: dict[str, Template] = {}
    for name, source in config.templates.items():
        if name == BUILT_IN:
            problem = f"{shown(BUILT_IN)} is the text that needs no template"
            fix = "give yours another name"
            report.error(("templates", name), problem, fix, key=True)
        try:
            found[name] = compile_template(name, source)
        except TemplateError as exc:
            place = place_of(report.document, name, files)
            problem = f"line {exc.line} of the template: {exc.problem}"
            fix = "correct it: until then the built-in text is all there is"
            path: Path = ("templates", name)
            report.error_at(path, place.file, place.mark(exc.line), problem, fix)
    _check_names(report, salvaged)
    return found


def place_of(document: Document, name: str, files: TemplateFiles) -> TemplatePlace:
    """Say where the template *name* stands, and its lines."""
    if name in files.paths:
        return TemplatePlace(files.paths[name])
    mark = document.mark_of(("templates", name))
    lines = document.text.removeprefix("\ufeff").splitlines()
    if not _LITERAL.match(lines[mark.line - 1], mark.column - 1):
        return TemplatePlace(document.file, mark, by_line=False)
    # The text of a literal block begins on the line after its `|`.
    inside = next((line for line in lines[mark.line :] if line.strip()), "")
    column = len(inside) - len(inside.lstrip()) + 1
    return TemplatePlace(document.file, Mark(mark.line + 1, column))


def _check_names(report: Report, salvaged: Salvaged[ConfigFile]) -> None:
    """Report every name of a template that there is none of."""
    config = salvaged.model
    written = value_at(report.document.data, ("templates",))
    known = [*(written if isinstance(written, dict) else ()), BUILT_IN]
    named: list[tuple[Path, str | None]] = [
        *(
            (("recipients", name, "template"), recipient.template)
            for name, recipient in config.recipients.items()
        ),
        *(
            (("receivers", i, "template"), receiver.template)
            for i, receiver in enumerate(config.receivers)
        ),
    ]
    routes: list[tuple[Path, RouteEntry]] = [(("route",), config.route)]
    while routes:
        path, route = routes.pop()
        named.append(((*path, "template"), route.template))
        routes += [
            ((*path, "routes", i), child) for i, child in enumerate(route.routes)
        ]
    for path, name in named:
        if name is not None and name not in known:
            fix = did_you_mean(name, known, "add it to templates")
            problem = f"there is no template {shown(name)}"
            report.error(salvaged.place(path), problem, fix)
    if report.has_errors:
        # Half of what is "unused" is used by what is broken.
        return
    used = {name for _, name in named}
    for template in config.templates:
        if template not in used:
            problem = f"nobody names the template {shown(template)}"
            fix = "name it in a route, a receiver or a recipient, or remove it"
            report.warn(("templates", template), problem, fix, key=True)
