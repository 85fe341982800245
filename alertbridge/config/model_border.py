"""Whom we talk to: the sources that post to us, and the providers we submit to."""

from typing import Literal

from pydantic import Field

from alertbridge.config.names import UrlName
from alertbridge.config.section import OneOrMany, Section
from alertbridge.core.secret import Secret


class Authorization(Section):
    """A bearer token, as Alertmanager's `http_config.authorization` sends it."""

    type: Literal["Bearer"] = Field(default="Bearer", description="The scheme:")
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
        default=None, description="A bearer token that every post must carry."
    )
    basic_auth: BasicAuth | None = Field(
        default=None, description="User and password that every post must carry."
    )
    hmac: HmacSection | None = Field(
        default=None, description="A signature that every post must carry."
    )


class ProviderHead(Section):
    """What every provider has; its own options stand beside these."""

    name: UrlName = Field(description="Names it in metrics, history and URLs.")
    type: str = Field(description="Which gateway it is:")
