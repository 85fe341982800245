"""Follow a path of the document into the model: which part of it says what holds there.

The model's annotations are read, not its values: this works on data that is not valid.
"""

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from alertbridge.config.problems import Path
from alertbridge.core.secret import Secret


def key_of(model: type[BaseModel], field: str) -> str:
    """Say what a field is called in the file (`continue_` is `continue` there)."""
    return model.model_fields[field].alias or field


def keys_of(model: type[BaseModel]) -> dict[str, str]:
    """Map the keys of the file to the fields of *model*, in its order."""
    return {key_of(model, field): field for field in model.model_fields}


def bare(annotation: object, data: object = None) -> object:
    """Take off `Annotated` and `None`; of several models, take the one of data's type.

    *data* is what stands there: its `type` picks among the provider models.
    """
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) not in {Union, UnionType}:
        return annotation
    options = [option for option in get_args(annotation) if option is not type(None)]
    if len(options) == 1:
        return bare(options[0], data)
    named = data.get("type") if isinstance(data, Mapping) else None
    for option in options:
        if named is not None and named in type_names(option):
            return bare(option)
    return None


def type_names(model: object) -> tuple[str, ...]:
    """Say which values the field `type` of a model allows; empty: any, or no such."""
    model = bare(model)
    if not isinstance(model, type) or not issubclass(model, BaseModel):
        return ()
    field = model.model_fields.get("type")
    if field is None or get_origin(field.annotation) is not Literal:
        return ()
    return tuple(str(name) for name in get_args(field.annotation))


def below(annotation: object, data: object) -> Iterator[tuple[str | int, object]]:
    """Yield each key or index of *data* with the annotation of what stands there."""
    annotation = bare(annotation, data)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if isinstance(data, Mapping):
            for key, field in keys_of(annotation).items():
                if key in data:
                    yield key, annotation.model_fields[field].annotation
    elif origin is tuple and isinstance(data, list):
        for index in range(len(data)):
            yield index, arguments[0]
    elif origin is dict and isinstance(data, Mapping):
        for key in data:
            yield key, arguments[1]


def model_at(annotation: object, data: object, path: Path) -> type[BaseModel] | None:
    """Say which model describes the mapping at *path*; None if none does."""
    for part in path:
        for key, inner in below(annotation, data):
            if key == part:
                annotation, data = inner, step(data, part)
                break
        else:
            return None
    found = bare(annotation, data)
    if isinstance(found, type) and issubclass(found, BaseModel):
        return found
    return None


def step(data: object, part: str | int) -> object:
    """Go one key or index down; None where there is nothing."""
    if isinstance(data, Mapping) and isinstance(part, str):
        return data.get(part)
    if isinstance(data, list) and isinstance(part, int) and 0 <= part < len(data):
        return data[part]
    return None


def value_at(data: object, path: Path) -> object:
    """Go down a whole path; None where there is nothing."""
    for part in path:
        data = step(data, part)
    return data


def secret_paths(annotation: object, data: object, path: Path = ()) -> Iterator[Path]:
    """Find where in *data* the model wants a `Secret`."""
    if data is None:
        return
    annotation = bare(annotation, data)
    if annotation is Secret:
        yield path
    elif get_origin(annotation) is tuple and not isinstance(data, list):
        # A single secret where a list may be.
        yield from secret_paths(get_args(annotation)[0], data, path)
    else:
        for key, inner in below(annotation, data):
            yield from secret_paths(inner, step(data, key), (*path, key))
