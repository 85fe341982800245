"""SMS gateways we can submit to, by the `type` that the config names.

Adding one: a file with its options and its class, a line here, a row in the README;
`tests/providers/test_provider_contract.py` then runs for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from aiohttp import ClientSession
from pydantic import BaseModel

from alertbridge.core.notification import ProviderName
from alertbridge.ports import Provider
from alertbridge.providers.apprise import AppriseOptions, AppriseService
from alertbridge.providers.console import ConsoleOptions, console
from alertbridge.providers.elks import Elks, ElksOptions
from alertbridge.providers.gammu import GammuOptions, gammu_smsd
from alertbridge.providers.http import Http
from alertbridge.providers.http_options import HttpOptions
from alertbridge.providers.ip1 import Ip1
from alertbridge.providers.ip1_options import Ip1Options
from alertbridge.providers.sinch import Sinch, SinchOptions
from alertbridge.providers.smpp_options import SmppOptions
from alertbridge.providers.smstools import SmstoolsOptions, smstools3
from alertbridge.providers.twilio import Twilio, TwilioOptions
from alertbridge.providers.vonage import Vonage, VonageOptions

OptionsT = TypeVar("OptionsT", bound=BaseModel)


OptionsT_contra = TypeVar("OptionsT_contra", bound=BaseModel, contravariant=True)


class Factory(Protocol[OptionsT_contra]):
    """Makes a provider; *report_url* is where its gateway is to post reports."""

    def __call__(
        self,
        name: ProviderName,
        options: OptionsT_contra,
        session: ClientSession,
        /,
        *,
        report_url: str | None = None,
    ) -> Provider:
        """Make it; nothing is asked of the gateway yet."""
        ...


@dataclass(frozen=True, slots=True)
class ProviderType:
    """What the config accepts for a type, and how to make a provider of it."""

    options: type[BaseModel]
    make: Factory[BaseModel]


def provider_type(options: type[OptionsT], factory: Factory[OptionsT]) -> ProviderType:
    """Pair a model with the factory that takes it, and forget which model it was."""

    def make(
        name: ProviderName,
        given: BaseModel,
        session: ClientSession,
        /,
        *,
        report_url: str | None = None,
    ) -> Provider:
        if not isinstance(given, options):
            raise TypeError(f"{name}: {options.__name__} wanted")
        return factory(name, given, session, report_url=report_url)

    return ProviderType(options, make)


def _smpp(
    name: ProviderName,
    options: SmppOptions,
    session: ClientSession,
    *,
    report_url: str | None = None,
) -> Provider:
    """Make one; its codec is an extra, which only who names it needs to have."""
    from alertbridge.providers.smpp import Smpp  # noqa: PLC0415

    # It speaks no HTTP, and its reports come by the connection.
    del session, report_url
    return Smpp(name, options)


PROVIDERS: Mapping[str, ProviderType] = {
    "ip1": provider_type(Ip1Options, Ip1),
    "46elks": provider_type(ElksOptions, Elks),
    "twilio": provider_type(TwilioOptions, Twilio),
    "vonage": provider_type(VonageOptions, Vonage),
    "sinch": provider_type(SinchOptions, Sinch),
    "http": provider_type(HttpOptions, Http),
    "smpp": provider_type(SmppOptions, _smpp),
    "smstools3": provider_type(SmstoolsOptions, smstools3),
    "gammu-smsd": provider_type(GammuOptions, gammu_smsd),
    "apprise": provider_type(AppriseOptions, AppriseService),
    "console": provider_type(ConsoleOptions, console),
}
"""Every type the config knows."""
