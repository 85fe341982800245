"""Read what can be read of a config with errors, so that all of it is checked at once.

What the model refuses is cut out, and the rest read again, until something stands:
then the checks between keys run too, and one look shows every mistake in the file.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from alertbridge.config.explain import Kept, place_of, words_for
from alertbridge.config.problems import Path
from alertbridge.config.report import Report

ModelT = TypeVar("ModelT", bound=BaseModel)

_MAX_ROUNDS = 40
"""Each round cuts at least one level deeper or higher; the document has 32."""


@dataclass(frozen=True, slots=True)
class Salvaged(Generic[ModelT]):
    """A model of what was left, and how to find its parts in the document again."""

    model: ModelT
    kept: Kept

    def place(self, path: Path) -> Path:
        """Translate a path within the model to the document's: lists lost members."""
        place: Path = ()
        for part in path:
            left = self.kept.get(place)
            at = left[part] if left is not None and isinstance(part, int) else part
            place = (*place, at)
        return place


def salvage(
    report: Report, model: type[ModelT], data: object
) -> Salvaged[ModelT] | None:
    """Report every error of the model, and build it from what has none.

    *data* is the document's with secrets in their places, and is not changed. None if
    nothing stands without the broken parts.
    """
    for _ in range(_MAX_ROUNDS):
        kept: dict[Path, list[int]] = {}
        left = _without(data, report.broken, (), kept)
        try:
            return Salvaged(model.model_validate(left), kept)
        except ValidationError as exc:
            errors = exc.errors(include_url=False, include_input=False)
            _report(report, model, errors, kept)
        if () in report.broken:
            return None
    return None


def _report(
    report: Report, model: type[BaseModel], errors: Iterable[ErrorDetails], kept: Kept
) -> None:
    for error in errors:
        path = place_of(report.document, kept, error)
        if path in report.broken:
            # Cut, and still missed: its owner cannot stand without it.
            report.mark_broken(path[:-1])
            continue
        problem, fix = words_for(model, report.document.data, path, error)
        of_key = error["type"] == "extra_forbidden" or error["loc"][-1:] == ("[key]",)
        report.error(path, problem, fix, key=of_key)
        report.mark_broken(path)


def _without(
    data: object, broken: set[Path], path: Path, kept: dict[Path, list[int]]
) -> object:
    if isinstance(data, dict):
        return {
            key: _without(value, broken, (*path, key), kept)
            for key, value in data.items()
            if (*path, key) not in broken
        }
    if isinstance(data, list):
        stay = [i for i in range(len(data)) if (*path, i) not in broken]
        if len(stay) < len(data):
            kept[path] = stay
        return [_without(data[i], broken, (*path, i), kept) for i in stay]
    return data
