"""YAML text to a tree of nodes with places, within limits that no file can break.

PyYAML's own composer is not used: it recurses in C and dies with SIGSEGV on deep
nesting, and its YAML 1.1 scalars read `0701740605` as octal and `22:30` as 1350. This
file reads the parser's event stream, which is flat, and counts before it nests.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

MAX_BYTES = 1024 * 1024
"""Size of a config file: 5,000 people and as many routes fit twice."""

MAX_DEPTH = 32
"""Lists and mappings inside each other, aliases expanded."""

MAX_NODES = 50_000
"""Values after aliases are expanded: "a billion laughs" stops in milliseconds."""

_INT = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_FLOAT = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}", re.ASCII)
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}

# The C parser is ten times faster; the pure one takes its place where it is not built.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the file; both count from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A single value. `plain` says that it stood without quotes."""

    mark: Mark
    value: str | int | float | bool | None
    text: str
    plain: bool
    height: int = 0
    size: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A list. `size` counts the nodes below and itself, `height` the levels."""

    mark: Mark
    items: "tuple[Node, ...]"
    height: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Pairs in the order of the file: duplicate keys are still both there."""

    mark: Mark
    pairs: "tuple[tuple[Node, Node], ...]"
    height: int
    size: int


Node = Scalar | Sequence | Mapping


class YamlRefused(Exception):
    """The text cannot be read as YAML, or passes a limit; reading stops there."""

    def __init__(self, mark: Mark, problem: str, fix: str) -> None:
        self.mark = mark
        self.problem = problem
        self.fix = fix
        super().__init__(f"{mark.line}:{mark.column}: {problem}; {fix}")


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something refused that does not keep the rest from being read."""

    mark: Mark
    problem: str
    fix: str


def compose(text: str) -> tuple[Node, tuple[Complaint, ...]]:
    """Read one document.

    Raises:
        YamlRefused: a syntax error, a limit, an alias without an anchor.
    """
    if len(text) > MAX_BYTES:
        raise YamlRefused(Mark(), "more than 1 MiB", "split what does not belong here")
    try:
        composer = _Composer(yaml.parse(text, Loader=_LOADER))
        return composer.document(), tuple(composer.complaints)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        place = Mark(mark.line + 1, mark.column + 1) if mark is not None else Mark()
        problem = ", ".join(part for part in (exc.context, exc.problem) if part)
        raise YamlRefused(
            place, f"not YAML: {problem}", _syntax_fix(text, place)
        ) from exc
    except (yaml.YAMLError, UnicodeError) as exc:
        problem = "not YAML: a character that YAML does not allow"
        raise YamlRefused(Mark(), problem, "save the file as plain UTF-8 text") from exc


def resolve(text: str) -> str | int | float | bool | None:
    """Give a value without quotes its type: YAML 1.2's, and nothing clever.

    No octal, no base 60, no yes/no/on/off, no dates: all of these are text here.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _syntax_fix(text: str, place: Mark) -> str:
    lines = text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if "\t" in line[: place.column]:
        return "indent with spaces, YAML allows no tabs there"
    return "check quotes, brackets and indentation here and just above"


@dataclass
class _Composer:
    events: Iterator[yaml.Event]
    complaints: list[Complaint] = field(default_factory=list)
    anchors: dict[str, Node | None] = field(default_factory=dict)
    nodes: int = 0

    def document(self) -> Node:
        next(self.events)  # the stream's start
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise YamlRefused(Mark(), "the file is empty", "start from minimal.yaml")
        root = self.node(next(self.events), depth=1)
        next(self.events)  # the document's end
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            problem = "a second document in the file"
            raise YamlRefused(_mark(after), problem, "remove the line with ---")
        return root

    def node(self, event: yaml.Event, depth: int) -> Node:
        mark = _mark(event)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(str(event.anchor), mark, depth)
        anchor: str | None = getattr(event, "anchor", None)
        if anchor is not None:
            self.anchors[anchor] = None
        self.count(1, mark)
        tag: str | None = getattr(event, "tag", None)
        if tag is not None:
            problem = "a YAML tag"
            self.complaints.append(
                Complaint(mark, problem, "remove it, and quote the value if it is text")
            )
        node = self.collection_or_scalar(event, mark, depth)
        if anchor is not None:
            self.anchors[anchor] = node
        return node

    def collection_or_scalar(self, event: yaml.Event, mark: Mark, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            text = str(event.value)
            plain = event.style in {None, ""}
            value = resolve(text) if plain else text
            return Scalar(mark=mark, value=value, text=text, plain=plain)
        if depth > MAX_DEPTH:
            raise _too_deep(mark)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(mark, depth)
        return self.mapping(mark, depth)

    def sequence(self, mark: Mark, depth: int) -> Sequence:
        items: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event, depth + 1))
        return Sequence(
            mark=mark,
            items=tuple(items),
            height=1 + max((item.height for item in items), default=0),
            size=1 + sum(item.size for item in items),
        )

    def mapping(self, mark: Mark, depth: int) -> Mapping:
        pairs: list[tuple[Node, Node]] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if getattr(event, "anchor", None) is not None:
                fix = "write the key out"
                complaint = Complaint(_mark(event), "an anchor or alias as a key", fix)
                self.complaints.append(complaint)
            key = self.node(event, depth + 1)
            pairs.append((key, self.node(next(self.events), depth + 1)))
        nodes = [node for pair in pairs for node in pair]
        return Mapping(
            mark=mark,
            pairs=tuple(pairs),
            height=1 + max((node.height for node in nodes), default=0),
            size=1 + sum(node.size for node in nodes),
        )

    def alias(self, name: str, mark: Mark, depth: int) -> Node:
        if name not in self.anchors:
            problem = f"the alias *{name[:40]} has no anchor before it"
            raise YamlRefused(
                mark, problem, f"write &{name[:40]} at the value it means"
            )
        node = self.anchors[name]
        if node is None:
            problem = f"the alias *{name[:40]} is inside its own value"
            raise YamlRefused(mark, problem, "write the value out")
        if depth - 1 + node.height > MAX_DEPTH:
            raise _too_deep(mark)
        self.count(node.size, mark)
        return node

    def count(self, more: int, mark: Mark) -> None:
        self.nodes += more
        if self.nodes > MAX_NODES:
            problem = f"more than {MAX_NODES} values, aliases expanded"
            raise YamlRefused(mark, problem, "remove aliases of aliases")


def _mark(event: yaml.Event) -> Mark:
    mark = event.start_mark
    assert mark is not None, "a parser's events carry their place"
    return Mark(mark.line + 1, mark.column + 1)


def _too_deep(mark: Mark) -> YamlRefused:
    problem = f"more than {MAX_DEPTH} levels inside each other"
    return YamlRefused(mark, problem, "flatten it; no key of ours needs that")
