"""The config described: a JSON Schema for editors, and a table for people.

Both are made of the model's own descriptions, so neither can fall behind it.
"""

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticUndefined, core_schema, to_jsonable_python

from alertbridge.config.duration import format_duration
from alertbridge.config.model import REQUIRED
from alertbridge.config.model_types import ProviderTypes, file_model
from alertbridge.config.model_walk import bare, key_of, type_names
from alertbridge.config.secret import SECRET_SCHEMA
from alertbridge.core.secret import Secret

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_OLD: Final = frozenset({("mute_time_intervals",)})
"""Paths that are read, and not advertised."""


class _Schema(GenerateJsonSchema):
    def is_instance_schema(
        self, schema: core_schema.IsInstanceSchema
    ) -> JsonSchemaValue:
        if schema["cls"] is Secret:
            return dict(SECRET_SCHEMA)
        return super().is_instance_schema(schema)

    def encode_default(self, dft: object) -> Any:  # noqa: ANN401  the base's own type
        return _in_file(dft)


def json_schema(
    provider_types: ProviderTypes, source_types: Collection[str]
) -> dict[str, object]:
    """Describe the whole file in JSON Schema 2020-12."""
    model = file_model(provider_types, source_types)
    schema = model.model_json_schema(by_alias=True, schema_generator=_Schema)
    return {"$schema": DIALECT, **schema, "title": "alertbridge.yaml"}


def markdown(provider_types: ProviderTypes, source_types: Collection[str]) -> str:
    """Write the reference page: a row for every key, in the order of the model."""
    model = file_model(provider_types, source_types)
    lines = [*_HEAD, "| key | default | meaning |", "|---|---|---|"]
    lines += [
        f"| `{path}` | {default} | {meaning} |"
        for path, default, meaning in reference_rows(model)
    ]
    return "\n".join(lines) + "\n"


_HEAD = (
    "# The config file",
    "",
    "<!-- Made by `alertbridge schema --markdown`; a test compares. -->",
    "",
    "One YAML file. `alertbridge check-config` names every mistake at once, with line,",
    "column and what to write instead; `alertbridge schema` prints a JSON Schema for",
    "editors. `config/alertbridge.yaml` shows every key in its place.",
    "",
    "- Durations are written `30s`, `5m`, `1h30m` or `90d`; sizes `32MiB`.",
    '- Phone numbers stand in quotes, with their country code: `"+46701740605"`.',
    "- Secrets never stand in the file: `{file: PATH}` (relative to the config),",
    "  `{env: NAME}`, or `{credential: NAME}` (systemd's `LoadCredential=`). Where a",
    "  list is allowed, any of its secrets is accepted: that is how one is rotated.",
    "- Only `true` and `false` are booleans; an unknown key is an error.",
    "",
)


def reference_rows(
    annotation: object, path: str = ""
) -> Iterator[tuple[str, str, str]]:
    """Yield (path, default, meaning) of every key below *annotation*."""
    model = bare(annotation)
    if not isinstance(model, type) or not issubclass(model, BaseModel):
        return
    for name, field in model.model_fields.items():
        key = f"{path}.{key_of(model, name)}".removeprefix(".")
        if (key,) in _OLD:
            continue
        yield from _rows_of(model, key, field)


def _rows_of(
    owner: type[BaseModel], key: str, field: FieldInfo
) -> Iterator[tuple[str, str, str]]:
    inner, suffix = _inside(field.annotation)
    is_section = isinstance(inner, type) and issubclass(inner, BaseModel)
    shows_its_parts = is_section and not suffix and field.default is not None
    required = owner.__name__ == "Config" and key in REQUIRED
    default = "" if shows_its_parts else _default(field)
    default = "required" if required else default
    words = type_names(owner) if key.endswith(".type") else ()
    meaning = field.description or ""
    if words:
        meaning += " " + " or ".join(f"`{word}`" for word in words) + "."
    yield key, default, meaning.replace("|", "\\|")
    if inner is owner:
        # A route in a route has the same keys again.
        return
    options = [inner] if is_section else list(_models(inner))
    for option in options:
        kind = type_names(option)
        of_type = f"{suffix}" if len(options) == 1 else f"{suffix}({kind[0]})"
        yield from reference_rows(option, f"{key}{of_type}")


def _inside(annotation: object) -> tuple[object, str]:
    """Take off list and mapping, and say how a path goes through them."""
    annotation = _no_list_marks(annotation)
    if get_origin(annotation) is tuple:
        return _no_list_marks(get_args(annotation)[0]), "[]"
    if get_origin(annotation) is dict:
        return _inside(get_args(annotation)[1])[0], ".NAME"
    return annotation, ""


def _no_list_marks(annotation: object) -> object:
    found = bare(annotation)
    return annotation if found is None else found


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the members of a union of models: the provider types."""
    for option in get_args(annotation):
        yield from _models(option)
        if isinstance(option, type) and issubclass(option, BaseModel):
            yield option


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return "required"
    return f"`{_yaml(_in_file(value))}`"


def _in_file(value: object) -> object:
    """Write a default as it stands in the file."""
    match value:
        case timedelta():
            return format_duration(value)
        case tuple() | list():
            return [_in_file(item) for item in value]
        case BaseModel():
            return {
                key_of(type(value), name): _in_file(getattr(value, name))
                for name in type(value).model_fields
            }
        case _:
            return to_jsonable_python(value)


def _yaml(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(_yaml(item) for item in value)}]"
        case dict():
            return "{" + ", ".join(f"{k}: {_yaml(v)}" for k, v in value.items()) + "}"
        case _:
            return str(value)
