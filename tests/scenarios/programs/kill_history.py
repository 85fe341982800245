"""What the clients of the kill harness did and saw: a file, so that a run can resume.

One JSON object a line, appended before the next step is taken. `attempt` is written
before a post's first byte leaves, `confirmed` after its 2xx was read.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

PEOPLE = 40
"""Many, so that no cap per person and no order within one mailbox hides a loss."""


def listeners(team: int) -> tuple[str, ...]:
    """Who is paged about the alerts of *team*: two people, each in two teams."""
    return (f"p{team:02}", f"p{(team + 1) % PEOPLE:02}")


@dataclass(slots=True)
class Page:
    """One alert of a client: its name is unique, so texts can be matched."""

    team: int
    confirmed: bool = False
    resolved: bool = False


@dataclass(slots=True)
class History:
    """Everything attempted and confirmed so far, in this run and those resumed."""

    path: Path
    pages: dict[str, Page] = field(default_factory=dict)
    kills: int = 0
    early_kills: int = 0
    deaths: int = 0
    faulty_posts: int = 0
    _file: TextIO | None = None

    def open(self) -> None:
        """Read what an earlier run wrote, and go on from there."""
        if self.path.exists():
            for line in self.path.read_text("utf-8").splitlines():
                # A line cut short was not acted upon.
                if line.endswith("}"):
                    self._take(json.loads(line))
        self._file = self.path.open("a", encoding="utf-8", buffering=1)

    def note(self, what: str, **details: object) -> None:
        """Write down one step, and count it."""
        assert self._file is not None
        entry = {"what": what, **details}
        self._file.write(json.dumps(entry) + "\n")
        self._take(entry)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _take(self, entry: dict[str, object]) -> None:
        name = str(entry.get("name", ""))
        match entry["what"]:
            case "attempt":
                self.pages[name] = Page(int(str(entry["team"])))
            case "confirmed":
                self.pages[name].confirmed = True
            case "resolve":
                self.pages[name].resolved = True
            case "kill":
                self.kills += 1
                self.early_kills += bool(entry["early"])
            case "death":
                self.deaths += 1
            case "fault":
                self.faulty_posts += 1
            case _:
                raise ValueError(f"unknown step {entry['what']!r}")
