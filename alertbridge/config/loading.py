"""Load a config: one file in, rules and settings out, or every problem at once."""

import copy
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import assert_never
from zoneinfo import ZoneInfo

from alertbridge.config.file_reading import Unreadable, read_regular
from alertbridge.config.last_good import with_files, without_files
from alertbridge.config.model_types import ProviderTypes, file_model
from alertbridge.config.model_walk import secret_paths, value_at
from alertbridge.config.people import Zone, check_phones
from alertbridge.config.problems import ConfigError, Level, Problem
from alertbridge.config.problems import Path as DocumentPath
from alertbridge.config.report import Report
from alertbridge.config.rules import make_rules
from alertbridge.config.salvage import salvage
from alertbridge.config.secret import NotFound, SecretPlaces
from alertbridge.config.settings import Settings, make_settings
from alertbridge.config.templates import (
    MAX_FILES,
    TemplatePlace,
    place_of,
    read_template_files,
)
from alertbridge.config.yaml_document import read_document
from alertbridge.config.yaml_nodes import MAX_BYTES
from alertbridge.core.rules import Rules
from alertbridge.core.secret import Secret

_MAX_COPY = MAX_BYTES + 6 * MAX_FILES + 1024 * 1024
"""Bytes of a last good copy: the config and, as JSON, the files of its templates."""

UNREADABLE = "unreadable"
"""Stands for a secret that cannot be read: it opens nothing."""


class Forgive(StrEnum):
    """Which secrets may be missing; each is a warning then, and opens nothing."""

    NONE = "none"
    PROVIDERS = "providers"
    """For a start: webhooks must be taken though nothing can leave yet."""

    ELSEWHERE = "elsewhere"
    """For a check: systemd shows credentials to the daemon's unit, and not to us."""

    ALL = "all"
    """For a command that opens nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A config that the daemon may run with.

    `warnings` do not keep it from running; `text` is what to `keep` as the last good:
    the file, and those its templates were read from. `template_places` says where each
    template stands.
    """

    rules: Rules
    settings: Settings
    warnings: tuple[Problem, ...]
    text: str = field(repr=False)
    template_places: Mapping[str, TemplatePlace] = field(default_factory=dict)


def load(
    path: Path,
    *,
    provider_types: ProviderTypes,
    source_types: Collection[str],
    environ: Mapping[str, str],
    zone: Zone = ZoneInfo,
    secrets_from: Path | None = None,
    forgive: Forgive = Forgive.NONE,
) -> Loaded:
    """Read and check the file at *path*, and follow its secrets.

    *provider_types* maps each provider type to the model of its options. Relative
    `{file:}` secrets start from the file's own directory, or from *secrets_from*: the
    last good copy lies elsewhere than the file it is a copy of. It brings the files of
    its templates along.

    Raises:
        ConfigError: with every problem that was found, in the order of the file.
    """
    limit = MAX_BYTES if secrets_from is None else _MAX_COPY
    text, others_write = read_text(
        path, "config", "name the config with --config.file", limit
    )
    carried: dict[str, str] = {}
    if secrets_from is not None:
        text, carried = without_files(text)
    report = Report(read_document(text, path.name))
    if others_write:
        # Whoever may write here may redirect every page; but a mode must not end them.
        report.warn((), "everybody may change this file", "chmod o-w it")
    model = file_model(provider_types, source_types)
    places = SecretPlaces(directory=secrets_from or path.parent, environ=environ)
    check_phones(report)
    data = _with_secrets(report, model, places, forgive)
    files = read_template_files(report, data, places.directory, carried)
    salvaged = salvage(report, model, data)
    if salvaged is None:
        raise ConfigError(report.problems())
    kept = with_files(text, files.texts)
    version = hashlib.sha256(kept.encode("utf-8")).hexdigest()[:12]
    rules = make_rules(report, salvaged, zone, version, files)
    if report.has_errors:
        raise ConfigError(report.problems())
    return Loaded(
        rules=rules,
        settings=make_settings(salvaged.model),
        warnings=report.problems(),
        text=kept,
        template_places={
            name: place_of(report.document, name, files) for name in rules.templates
        },
    )


def read_text(
    path: Path, what: str, fix: str, limit: int = MAX_BYTES
) -> tuple[str, bool]:
    """Read the text of a *what*, and whether everybody may change it.

    Raises:
        ConfigError: it cannot be read (then *fix* is what to do), or is not UTF-8.
    """
    content = read_regular(path, limit)
    if isinstance(content, Unreadable):
        raise ConfigError([_of_file(path, f"no {what}: {content.reason}", fix)])
    try:
        return content.data.decode("utf-8"), content.others_write
    except UnicodeDecodeError as exc:
        line = content.data.count(b"\n", 0, exc.start) + 1
        column = exc.start - (content.data.rfind(b"\n", 0, exc.start) + 1) + 1
        problem, fix = "not UTF-8 text", "save the file as UTF-8"
        found = _of_file(path, problem, fix, line=line, column=column)
        raise ConfigError([found]) from exc


def _of_file(
    path: Path, problem: str, fix: str, *, line: int = 1, column: int = 1
) -> Problem:
    return Problem(
        file=path.name,
        line=line,
        column=column,
        path="document",
        problem=problem,
        fix=fix,
        level=Level.ERROR,
    )


def _with_secrets(
    report: Report, model: object, places: SecretPlaces, forgive: Forgive
) -> object:
    """Copy the document's data with each secret in the place of its reference."""
    data = copy.deepcopy(report.document.data)
    for path in list(secret_paths(model, data)):
        reference = value_at(data, path)
        found = places.find(reference)
        if isinstance(found, NotFound):
            if not _is_forgiven(forgive, path, reference, places):
                report.error(path, found.problem, found.fix)
                continue
            report.warn(path, found.problem, found.fix)
            _put(data, path, Secret(UNREADABLE))
            continue
        if found.warning is not None:
            report.warn(path, *found.warning)
        _put(data, path, found.secret)
    return data


def _is_forgiven(
    forgive: Forgive, path: DocumentPath, reference: object, places: SecretPlaces
) -> bool:
    match forgive:
        case Forgive.NONE:
            return False
        case Forgive.PROVIDERS:
            return path[0] == "providers"
        case Forgive.ELSEWHERE:
            named = isinstance(reference, Mapping) and "credential" in reference
            return named and not places.environ.get("CREDENTIALS_DIRECTORY")
        case Forgive.ALL:
            return True
        case _:
            assert_never(forgive)


def _put(data: object, path: DocumentPath, value: object) -> None:
    match value_at(data, path[:-1]), path[-1]:
        case dict() as holder, str() as key:
            holder[key] = value
        case list() as holder, int() as index:
            holder[index] = value
        case _:
            raise AssertionError("a secret's path ends in a mapping or a list")
