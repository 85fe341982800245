"""Placeholders for requests to any gateway: `{{ text }}` in a form, a header, JSON.

Not Jinja: nothing is computed, nothing is looked up, and what is filled in is never
read again. Where a value goes decides how it is escaped, so that no text can break out
of its place: forms and queries are encoded as a whole, JSON is built as a tree, and a
body that is written by hand says which rules hold in it.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, assert_never
from urllib.parse import quote
from xml.sax.saxutils import escape as escape_xml

VALUES = frozenset(
    {"digits", "number", "reference", "report_url", "sender", "text", "ttl"}
)
"""What may be filled in beside `secrets.NAME`. `digits` is the number without its `+`,
`ttl` the seconds in which the SMS is still worth delivering."""

Escape = Literal["json", "xml", "url", "plain"]
"""The rules of a body that is written by hand."""

_PLACEHOLDER = re.compile(r"\{\{\s*([a-z_]+(?:\.[A-Za-z0-9_-]{1,64})?)\s*\}\}")

# What XML 1.0 cannot hold, not even escaped (section 2.2).
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A place for one value."""

    name: str


@dataclass(frozen=True, slots=True)
class Template:
    """Text with places in it."""

    parts: tuple[str | Placeholder, ...]

    @property
    def names(self) -> frozenset[str]:
        """What it asks for."""
        return frozenset(p.name for p in self.parts if isinstance(p, Placeholder))

    def fill(
        self, values: Mapping[str, str], escape: Callable[[str], str] = str
    ) -> str:
        """Put each value, escaped, in its place; once, whatever stands in them."""
        return "".join(
            escape(values[part.name]) if isinstance(part, Placeholder) else part
            for part in self.parts
        )


Tree = Template | list["Tree"] | dict[str, "Tree"] | float | int | bool | None
"""A JSON document with templates for strings."""


def parse_template(text: str) -> Template:
    """Find the places in *text*.

    Raises:
        ValueError: a place that is none; with what to write.
    """
    parts: list[str | Placeholder] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        _check(match[1])
        parts += [text[end : match.start()], Placeholder(match[1])]
        end = match.end()
    parts.append(text[end:])
    if any("{{" in part for part in parts if isinstance(part, str)):
        raise ValueError(f"has a `{{{{` that begins no placeholder; {_KNOWN}")
    return Template(tuple(part for part in parts if part != ""))


_KNOWN = (
    f"write {', '.join(f'{{{{ {name} }}}}' for name in sorted(VALUES))}"
    " or {{ secrets.NAME }}"
)


def _check(name: str) -> None:
    known = name in VALUES or (name.startswith("secrets.") and name != "secrets.")
    if not known:
        raise ValueError(f"has a placeholder that is not known; {_KNOWN}")


def parse_tree(value: object) -> Tree:
    """Find the places in the strings of a JSON document; keys have none.

    Raises:
        ValueError: a place that is none, or a value that JSON does not have.
    """
    match value:
        case str():
            return parse_template(value)
        case list():
            return [parse_tree(item) for item in value]
        case dict():
            if any(not isinstance(key, str) or "{{" in key for key in value):
                raise ValueError(
                    "has a key that is no plain text; write places in values only"
                )
            return {key: parse_tree(item) for key, item in value.items()}
        case float() if not math.isfinite(value):
            raise ValueError("has a number that JSON cannot hold; write it in digits")
        case bool() | int() | float() | None:
            return value
        case _:
            raise ValueError("has a value that JSON cannot hold; put it in quotes")


def fill_tree(tree: Tree, values: Mapping[str, str]) -> object:
    """Put each value in its place; `{{ ttl }}` alone becomes a number."""
    match tree:
        case Template(parts=(Placeholder(name="ttl"),)):
            return int(values["ttl"])
        case Template():
            return tree.fill(values)
        case list():
            return [fill_tree(item, values) for item in tree]
        case dict():
            return {key: fill_tree(item, values) for key, item in tree.items()}
        case _:
            return tree


def names_in(tree: Tree) -> Iterator[str]:
    """What a document asks for."""
    match tree:
        case Template():
            yield from tree.names
        case list():
            for item in tree:
                yield from names_in(item)
        case dict():
            for item in tree.values():
                yield from names_in(item)
        case _:
            return


def escape_as(rules: Escape) -> Callable[[str], str]:
    """How a value is written where *rules* hold."""
    match rules:
        case "json":
            return _in_json_string
        case "xml":
            return _in_xml
        case "url":
            return in_url
        case "plain":
            return str
        case _:
            assert_never(rules)


def in_url(value: str) -> str:
    """Percent-encode everything that could end a part of a URL."""
    return quote(value, safe="", errors="replace")


def _in_json_string(value: str) -> str:
    return json.dumps(value)[1:-1]


def _in_xml(value: str) -> str:
    return escape_xml(_NOT_XML.sub("\ufffd", value), {'"': "&quot;", "'": "&apos;"})
