"""Collects what is wrong with one document, and keeps silent about consequences."""

from alertbridge.config.problems import Level, Path, Problem, path_text
from alertbridge.config.yaml_document import Document
from alertbridge.config.yaml_nodes import Mark


class Report:
    """All problems of a document, each pointed at its place.

    What was marked `broken` was already complained about; a problem of something
    around it ("this receiver has no phone", when its only phone is misspelled) would
    only be its echo, and is not recorded.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.broken: set[Path] = set()
        self._around: set[Path] = set()
        self._problems: list[Problem] = list(document.problems)

    def error(
        self, path: Path, problem: str, fix: str, *, key: bool = False, offset: int = 0
    ) -> None:
        """Record an error at *path*, and mark it broken.

        *key* points at the key; *offset* moves on within a value that has no quotes.
        """
        if self.is_broken(path):
            return
        self.mark_broken(path)
        if path not in self.document.plain:
            offset = 0
        self._problems.append(
            self.document.problem(path, problem, fix, key=key, offset=offset)
        )

    def error_at(
        self, path: Path, file: str, mark: Mark, problem: str, fix: str
    ) -> None:
        """Record an error in what is at *path*, at a place found by other means."""
        if not self.is_broken(path):
            self.mark_broken(path)
            self._problems.append(
                Problem(
                    file=file,
                    line=mark.line,
                    column=mark.column,
                    path=path_text(path),
                    problem=problem,
                    fix=fix,
                )
            )

    def warn(self, path: Path, problem: str, fix: str, *, key: bool = False) -> None:
        """Record a warning at *path*."""
        if not self.is_broken(path):
            self._problems.append(
                self.document.problem(path, problem, fix, key=key, level=Level.WARNING)
            )

    def is_broken(self, path: Path) -> bool:
        """Whether *path*, or something in it, was already complained about."""
        return path in self._around

    def mark_broken(self, path: Path) -> None:
        """Let nothing be said of *path* and what is around it any more."""
        self.broken.add(path)
        self._around |= {path[:length] for length in range(len(path) + 1)}

    @property
    def has_errors(self) -> bool:
        """Whether there is anything that must be mended before a start."""
        return any(problem.level is Level.ERROR for problem in self._problems)

    def problems(self) -> tuple[Problem, ...]:
        """Everything, in the order of the file."""
        return tuple(
            sorted(self._problems, key=lambda found: (found.line, found.column))
        )
