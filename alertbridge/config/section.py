"""What every part of the config's model shares: strictness, lists, and refusals."""

from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    Strict,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

T = TypeVar("T")


class Section(BaseModel):
    """A mapping of the config: no unknown keys, no conversions, no changes."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


Many = Annotated[tuple[T, ...], Strict(strict=False)]
"""A list in the file, a tuple in the model."""


class _OneOrMany:
    """Lets an editor accept the single value as well as the list."""

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        many = handler(core_schema)
        return {"anyOf": [many["items"], many]}


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


OneOrMany = Annotated[
    tuple[T, ...], Strict(strict=False), BeforeValidator(_listed), _OneOrMany()
]
"""A value, or a list of such: a list of secrets rotates them."""


def refusal(problem: str, fix: str) -> PydanticCustomError:
    """Make the error a validator raises; *problem* never repeats the value."""
    facts: dict[str, Any] = {"problem": problem, "fix": fix}
    return PydanticCustomError("refused", "{problem}; {fix}", facts)
