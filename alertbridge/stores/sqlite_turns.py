"""Who is next at the writer: one line per caller, served in turn."""

from collections import deque
from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar


class InLine(Protocol):
    """Something that waits: whose line it stands in, and how much of it there is."""

    @property
    def line(self) -> str:
        """Whose it is: a source's name, or '' for our own work."""
        ...

    @property
    def size(self) -> int:
        """How many alerts it writes; 1 for everything else."""
        ...


J = TypeVar("J", bound=InLine)


class Turns(Generic[J]):
    """Lines of waiting jobs; each in turn gives one, whatever the others hold.

    With one queue for all, a source that floods would have everybody wait behind it:
    another source's critical, and the dispatcher's own claims.
    """

    def __init__(self) -> None:
        self._lines: dict[str, deque[J]] = {}

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return bool(self._lines)

    def put(self, job: J) -> None:
        """Stand at the end of its line; a new line is last."""
        line = self._lines.get(job.line)
        if line is None:
            self._lines[job.line] = deque((job,))
        else:
            line.append(job)

    def put_back(self, jobs: Iterable[J]) -> None:
        """Give back the last that were taken: whoever was next still is.

        Its line must be the first again, or the one that fills every transaction by
        itself would be served for ever.
        """
        front: dict[str, deque[J]] = {}
        for job in jobs:
            front.setdefault(job.line, deque()).append(job)
        for name, line in self._lines.items():
            front.setdefault(name, deque()).extend(line)
        self._lines = front

    def take(self, most: int) -> list[J]:
        """Take up to *most* alerts' worth, one job of each line in turn.

        The line that gave last is last the next time. A job larger than what is left
        waits, so that a small one does not share its transaction; alone it is taken.
        """
        taken: list[J] = []
        lines = self._lines
        while lines:
            name = next(iter(lines))
            line = lines[name]
            most -= line[0].size
            if most < 0 and taken:
                break
            taken.append(line.popleft())
            if len(lines) == 1 and line:
                # Nobody else waits, as nearly always: no turns to take.
                continue
            del lines[name]
            if line:
                lines[name] = line
        return taken
