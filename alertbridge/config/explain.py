"""Turn the model's findings into problems: our words, our paths, never the value."""

from collections.abc import Mapping

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from alertbridge.config.model_walk import keys_of, model_at, value_at
from alertbridge.config.problems import Path, did_you_mean, one_of, path_text, shown
from alertbridge.config.secret import THREE_FORMS
from alertbridge.config.unknown_keys import fix_for
from alertbridge.config.yaml_document import Document

Kept = Mapping[Path, list[int]]
"""Of lists that lost members, which indexes are left, by the list's path."""

_SEE = "see docs/config.md for what it takes"

_KINDS = {
    "string_type": ("text", "put it between quotes"),
    "int_type": ("a whole number", "write it in digits, without quotes"),
    "bool_type": ("true or false", "write true or false, without quotes"),
    "float_type": ("a number", "write it in digits, without quotes"),
    "tuple_type": ("a list", "write it as [a, b]"),
    "list_type": ("a list", "write it as [a, b]"),
    "dict_type": ("a mapping", "write it as key: value"),
    "model_type": ("a mapping", "write it as key: value"),
    "model_attributes_type": ("a mapping", "write it as key: value"),
}


def place_of(document: Document, kept: Kept, error: ErrorDetails) -> Path:
    """Find what an error of the model is about in the document.

    The model's own location also names union members and keys of its schema: what
    the document does not hold is dropped, except the name of a missing key.
    """
    path: Path = ()
    last = len(error["loc"]) - 1
    for i, part in enumerate(error["loc"]):
        left = kept.get(path)
        counted = left[part] if left is not None and isinstance(part, int) else part
        if document.holds((*path, counted)):
            path = (*path, counted)
        elif error["type"] == "missing" and i == last:
            path = (*path, part)
    if error["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        path = (*path, "type")
    return path


def words_for(
    model: type[BaseModel], data: object, path: Path, error: ErrorDetails
) -> tuple[str, str]:
    """Say what is wrong at *path*, and what to write instead."""
    facts = error.get("ctx", {})
    match error["type"]:
        case "refused":
            return str(facts["problem"]), str(facts["fix"])
        case "missing" | "union_tag_not_found":
            name = shown(str(path[-1]))
            return f"{name} is missing", f"add it to {_parent(path)}"
        case "extra_forbidden":
            owner = model_at(model, data, path[:-1])
            known = keys_of(owner) if owner is not None else ()
            return f"unknown key {shown(str(path[-1]))}", fix_for(path, known)
        case "literal_error" | "union_tag_invalid":
            return _choice(data, path, error)
        case "value_error":
            problem, _, fix = str(facts["error"]).partition("; ")
            return problem, fix or _SEE
        case kind if kind in _KINDS:
            wanted, fix = _KINDS[kind]
            return f"not {wanted} but {_kind_of(value_at(data, path))}", fix
        case "is_instance_of":
            return "a secret is wanted here", THREE_FORMS
        case "too_short" | "string_too_short":
            return "it is empty", "write at least one"
        case _:
            return _limits(error)


def _choice(data: object, path: Path, error: ErrorDetails) -> tuple[str, str]:
    facts = error.get("ctx", {})
    listed = str(facts.get("expected") or facts.get("expected_tags") or "")
    words = [
        word.strip("' ") for word in listed.replace(" or ", ", ").split(",") if word
    ]
    given = value_at(data, path)
    if not isinstance(given, str):
        return f"not one of the words it takes but {_kind_of(given)}", one_of(words)
    fix = did_you_mean(given, words, one_of(words))
    return f"{shown(given)} is not one of the words it takes", fix


def _limits(error: ErrorDetails) -> tuple[str, str]:
    facts = error.get("ctx", {})
    match error["type"]:
        case "greater_than_equal":
            return "too small", f"write {facts['ge']} or more"
        case "greater_than":
            return "too small", f"write more than {facts['gt']}"
        case "less_than_equal":
            return "too large", f"write {facts['le']} or less"
        case "less_than":
            return "too large", f"write less than {facts['lt']}"
        case "string_pattern_mismatch":
            return "not of the form it needs", f"match {facts['pattern']}"
        case _:
            # Pydantic's own sentence names the rule and not the value.
            return error["msg"], _SEE


def _parent(path: Path) -> str:
    return path_text(path[:-1]) if len(path) > 1 else "the top of the file"


def _kind_of(value: object) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a mapping"
