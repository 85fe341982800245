"""The model with the types that this build has: sources by name, providers by model.

A provider's options belong to the provider; they come in from outside, and each entry
of its type is checked against them where it stands.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache, reduce
from operator import or_
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

from alertbridge.config.model import ConfigFile
from alertbridge.config.model_border import ProviderHead, SourceEntry
from alertbridge.config.section import Many

ProviderTypes = Mapping[str, type[BaseModel]]
"""The options of each provider type, by the `type` that the config names."""


def file_model(
    provider_types: ProviderTypes, source_types: Collection[str]
) -> type[ConfigFile]:
    """Build the model of a whole file.

    Raises:
        ValueError: no provider type or no source type was given.
    """
    if not provider_types or not source_types:
        raise ValueError("a config needs at least one type of provider and of source")
    return _file_model(
        tuple(sorted(provider_types.items())), tuple(sorted(source_types))
    )


# Building costs more than a load, and a build has one set of types.
@lru_cache(maxsize=4)
def _file_model(
    provider_types: tuple[tuple[str, type[BaseModel]], ...],
    source_types: tuple[str, ...],
) -> type[ConfigFile]:
    fields = ConfigFile.model_fields
    source: Any = create_model(
        "Source",
        __base__=SourceEntry,
        __doc__=SourceEntry.__doc__,
        type=(_literal(source_types), SourceEntry.model_fields["type"]),
    )
    provider: Any = _provider(provider_types)
    return create_model(
        "Config",
        __base__=ConfigFile,
        __doc__=ConfigFile.__doc__,
        sources=(Many[source], fields["sources"]),
        providers=(Many[provider], fields["providers"]),
    )


def _provider(provider_types: Iterable[tuple[str, type[BaseModel]]]) -> Any:  # noqa: ANN401  a form of typing
    entries = [
        create_model(
            f"{name.capitalize()}Provider",
            __base__=(options, ProviderHead),
            __doc__=options.__doc__,
            type=(_literal([name]), ProviderHead.model_fields["type"]),
        )
        for name, options in provider_types
    ]
    if len(entries) == 1:
        return entries[0]
    return Annotated[reduce(or_, entries), Field(discriminator="type")]


def _literal(words: Collection[str]) -> Any:  # noqa: ANN401  a form of typing
    return Literal[tuple(words)]
