"""SMS gateways we can submit to, by the `type` that the config names.

Adding one: a file with its options and its class, a line here, a row in the README;
`tests/providers/test_provider_contract.py` then runs for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import ClientSession
from pydantic import BaseModel

from alertbridge.core.notification import ProviderName
from alertbridge.ports import Provider
from alertbridge.providers.console import ConsoleOptions, console
from alertbridge.providers.ip1 import Ip1
from alertbridge.providers.ip1_options import Ip1Options

OptionsT = TypeVar("OptionsT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ProviderType:
    """What the config accepts for a type, and how to make a provider of it."""

    options: type[BaseModel]
    make: Callable[[ProviderName, BaseModel, ClientSession], Provider]


def provider_type(
    options: type[OptionsT],
    factory: Callable[[ProviderName, OptionsT, ClientSession], Provider],
) -> ProviderType:
    """Pair a model with the factory that takes it, and forget which model it was."""

    def make(name: ProviderName, given: BaseModel, session: ClientSession) -> Provider:
        if not isinstance(given, options):
            raise TypeError(f"{name}: {options.__name__} wanted")
        return factory(name, given, session)

    return ProviderType(options, make)


PROVIDERS: Mapping[str, ProviderType] = {
    "ip1": provider_type(Ip1Options, Ip1),
    "console": provider_type(ConsoleOptions, console),
}
"""Every type the config knows."""
