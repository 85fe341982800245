"""Whom we talk to: the sources that post to us, and the providers we submit to."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from alertbridge.config.model_spend import ZonedSpend
from alertbridge.config.model_watch import WatchdogSection
from alertbridge.config.names import UrlName
from alertbridge.config.section import Many, OneOrMany, Section, refusal
from alertbridge.core.rules import MAX_OPEN
from alertbridge.core.secret import Secret

_ONE_WORD = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"


def _scheme(name: str) -> str:
    if not re.fullmatch(_ONE_WORD, name, re.ASCII):
        fix = "write one word, such as Bearer or ApiKey"
        raise refusal("a scheme that no header can carry", fix)
    if name.casefold() == "basic":
        fix = "give user and password under basic_auth"
        raise refusal("a scheme that is made of a user and a password", fix)
    return name


Scheme = Annotated[
    str,
    AfterValidator(_scheme),
    WithJsonSchema({"type": "string", "pattern": _ONE_WORD}),
]
"""An HTTP authentication scheme: a token of RFC 9110, section 5.6.2, but not Basic."""


class Authorization(Section):
    """A token, as Alertmanager's `http_config.authorization` sends it."""

    type: Scheme = Field(
        default="Bearer",
        description="The word before the token: Alertmanager's `authorization.type`, "
        "Grafana's authorization scheme.",
    )
    credentials: OneOrMany[Secret] = Field(
        min_length=1, description="The token, or a list while one replaces another."
    )


class BasicAuth(Section):
    """HTTP basic authentication."""

    username: str = Field(min_length=1, description="The user.")
    password: Secret = Field(description="The password.")


class HmacSection(Section):
    """A signature over the body (SHA-256), as Grafana sends it."""

    secret: OneOrMany[Secret] = Field(
        min_length=1, description="The key, or a list while one replaces another."
    )
    header: str = Field(
        default="X-Grafana-Alerting-Signature",
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description="The header that holds the signature.",
    )
    timestamp_header: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description="The header that holds the time it was signed; a signature older "
        "than 5 minutes is then refused. null: no time is signed.",
    )


class SourceEntry(Section):
    """A system that posts to `/v1/webhooks/NAME`."""

    name: UrlName = Field(description="The last part of the webhook's path.")
    type: str = Field(description="The format of what it posts:")
    authorization: Authorization | None = Field(
        default=None, description="A token that every post must carry."
    )
    basic_auth: BasicAuth | None = Field(
        default=None, description="User and password that every post must carry."
    )
    hmac: HmacSection | None = Field(
        default=None, description="A signature that every post must carry."
    )
    watchdog: WatchdogSection | None = Field(
        default=None,
        description="The alert that shows that it works (Prometheus' Watchdog): "
        "swallowed, and missed (SourceSilent). null: none is expected.",
    )
    max_open: int = Field(
        default=MAX_OPEN,
        ge=1,
        description="Open alerts that are told one by one. Beyond it what comes new is "
        "recorded, and counted in one alert of ours (AlertFlood); critical alerts are "
        "told all the same.",
    )


def _number_beginning(text: str) -> str:
    if not re.fullmatch(r"\+[1-9][0-9]{0,5}", text, re.ASCII):
        raise refusal("no beginning of a number", 'write one such as "+46", in quotes')
    return text


NumberBeginning = Annotated[str, AfterValidator(_number_beginning)]
"""`+46`: the country code of the numbers that are meant, and more if need be."""


class ProviderHead(Section):
    """What every provider has; its own options stand beside these."""

    name: UrlName = Field(description="Names it in metrics, history and URLs.")
    type: str = Field(description="Which gateway it is:")
    countries: Many[NumberBeginning] = Field(
        default=(),
        description="It is tried for numbers that begin with one of these, such as "
        '`"+46"`; none: for all.',
    )
    spend: ZonedSpend = Field(
        default_factory=ZonedSpend,
        description="Segments that this account may cost; another provider is "
        "preferred once they are used up.",
    )
    balance_warning: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="The admins are told when the account holds less than this, in its "
        "own currency, or less than 7 days' burn (ip1, 46elks, twilio). null: only the "
        "latter.",
    )
