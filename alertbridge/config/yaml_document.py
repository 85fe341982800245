"""A YAML file as plain data, and where in the file each piece of it stands."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from alertbridge.config.problems import (
    ConfigError,
    Level,
    Path,
    Problem,
    path_text,
    shown,
)
from alertbridge.config.yaml_nodes import (
    Complaint,
    Mapping,
    Mark,
    Node,
    Scalar,
    Sequence,
    YamlRefused,
    compose,
)

_MERGE = "<<"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Plain data (dict, list, text, numbers, true/false, None) with its places.

    `values` and `keys` hold marks by path: of a value, and of the key before it.
    `plain` are the paths of values that stand without quotes.
    """

    file: str
    text: str
    data: object
    values: dict[Path, Mark] = field(repr=False)
    keys: dict[Path, Mark] = field(repr=False)
    plain: frozenset[Path] = field(repr=False)
    problems: tuple[Problem, ...] = ()

    def holds(self, path: Path) -> bool:
        """Whether the document has a value at *path*."""
        return path in self.values

    def mark_of(self, path: Path, *, key: bool = False) -> Mark:
        """Say where *path* stands; for what is absent, where its parent's key does.

        With *key*, the key is meant (it is the key that is misspelled), else the
        value.
        """
        if path in self.values:
            return self.keys.get(path, self.values[path]) if key else self.values[path]
        while path and path not in self.values:
            path = path[:-1]
        return self.keys.get(path, self.values.get(path, Mark()))

    def problem(
        self,
        path: Path,
        problem: str,
        fix: str,
        *,
        level: Level = Level.ERROR,
        key: bool = False,
        offset: int = 0,
    ) -> Problem:
        """Make a problem that points *offset* characters into what is at *path*."""
        mark = self.mark_of(path, key=key)
        return Problem(
            file=self.file,
            line=mark.line,
            column=mark.column + offset,
            path=path_text(path),
            problem=problem,
            fix=fix,
            level=level,
        )


def read_document(text: str, file: str) -> Document:
    """Read YAML that is meant to be a config.

    What is refused without being in the way (a duplicate key, a tag, a key that is
    not text) is in the document's `problems`, so that the rest is checked as well.

    Raises:
        ConfigError: the text cannot be read at all; one problem.
    """
    try:
        root, complaints = compose(text.removeprefix("\ufeff"))
    except YamlRefused as exc:
        found = _problem(file, exc.mark, "document", exc.problem, exc.fix)
        raise ConfigError([found]) from exc
    reader = _Reader(file, complaints)
    data = reader.read(root, ())
    reader.refuse_the_rest()
    return Document(
        file=file,
        text=text,
        data=data,
        values=reader.values,
        keys=reader.keys,
        plain=frozenset(reader.plain),
        problems=tuple(reader.problems),
    )


def _problem(file: str, mark: Mark, path: str, problem: str, fix: str) -> Problem:
    return Problem(
        file=file,
        line=mark.line,
        column=mark.column,
        path=path,
        problem=problem,
        fix=fix,
    )


class _Reader:
    """Walks the nodes once, and notes places as it goes."""

    def __init__(self, file: str, complaints: Iterable[Complaint]) -> None:
        self.file = file
        self.values: dict[Path, Mark] = {}
        self.keys: dict[Path, Mark] = {}
        self.plain: set[Path] = set()
        self.problems: list[Problem] = []
        self._complaints = {complaint.mark: complaint for complaint in complaints}

    def read(self, node: Node, path: Path) -> object:
        self.values[path] = node.mark
        complaint = self._complaints.pop(node.mark, None)
        if complaint is not None:
            self.refuse(node.mark, path, complaint.problem, complaint.fix)
        match node:
            case Scalar():
                if node.plain:
                    self.plain.add(path)
                return node.value
            case Sequence():
                return [
                    self.read(item, (*path, i)) for i, item in enumerate(node.items)
                ]
            case Mapping():
                return self.mapping(node, path)

    def refuse_the_rest(self) -> None:
        """Report what was refused in keys: they have no path of their own."""
        for complaint in self._complaints.values():
            self.refuse(complaint.mark, (), complaint.problem, complaint.fix)

    def mapping(self, node: Mapping, path: Path) -> dict[str, object]:
        found: dict[str, object] = {}
        own: dict[str, Mark] = {}
        for name, mark, value in self.named(node, path):
            if name in own:
                problem = f"the key {shown(name)} is here twice, first on line "
                problem += str(own[name].line)
                self.refuse(mark, (*path, name), problem, "keep one of them")
                continue
            own[name] = mark
            self.keys[*path, name] = mark
            found[name] = self.read(value, (*path, name))
        for name, mark, value in self.merged(node, path):
            if name not in found:
                self.keys[*path, name] = mark
                found[name] = self.read(value, (*path, name))
        return found

    def named(self, node: Mapping, path: Path) -> Iterator[tuple[str, Mark, Node]]:
        for key, value in node.pairs:
            if _is_merge(key):
                continue
            if not isinstance(key, Scalar):
                problem = "a key that is a list or a mapping"
                self.refuse(key.mark, path, problem, "write a plain word")
            elif not isinstance(key.value, str):
                problem = f"the key {shown(key.text)} is not text"
                self.refuse(key.mark, path, problem, f"quote it: {shown(key.text)}")
            else:
                yield key.value, key.mark, value

    def merged(self, node: Mapping, path: Path) -> Iterator[tuple[str, Mark, Node]]:
        """Yield what `<<` brings in, nearest first; positions lead to the anchor."""
        for key, value in node.pairs:
            if not _is_merge(key):
                continue
            parts = value.items if isinstance(value, Sequence) else (value,)
            for part in parts:
                if isinstance(part, Mapping):
                    yield from self.named(part, path)
                    yield from self.merged(part, path)
                else:
                    problem = "<< takes a mapping, or a list of mappings"
                    self.refuse(part.mark, path, problem, "write << : *anchor")

    def refuse(self, mark: Mark, path: Path, problem: str, fix: str) -> None:
        self.problems.append(_problem(self.file, mark, path_text(path), problem, fix))


def _is_merge(key: Node) -> bool:
    return isinstance(key, Scalar) and key.plain and key.value == _MERGE
