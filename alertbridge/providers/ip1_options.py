"""What the config says about an iP.1 account, checked before anything is sent."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from alertbridge.core.secret import Secret
from alertbridge.providers.options import ProviderOptions, https_url, one_line

_SENDER = re.compile(r"[1-9][0-9]{2,14}|[A-Za-z0-9]{3,11}")


def _check_sender(sender: str) -> str:
    if not _SENDER.fullmatch(sender):
        raise ValueError(
            "is not a sender: 3 to 11 letters A-Z and digits,"
            " or a number of 3 to 15 digits without `+`"
        )
    return sender


_HOME = "https://api.ip1sms.com"


class Ip1Options(ProviderOptions):
    """An account at iP.1 (https://ip1sms.com)."""

    base_url: Annotated[str, AfterValidator(https_url(_HOME, "token"))] = Field(
        default=_HOME,
        description="Where the API is; plain http only to loopback.",
    )
    token: Annotated[Secret, AfterValidator(one_line("portal.ip1.net"))] = Field(
        description="API token from portal.ip1.net; sent as a bearer token.",
    )
    sender: Annotated[str, AfterValidator(_check_sender)] = Field(
        description=(
            "What the handset shows: 3 to 11 letters A-Z and digits, or a number"
            " without `+`. Must be registered on the account; trial accounts have"
            " `iP1` and `iP1sms`."
        ),
    )
    priority_for_critical: bool = Field(
        default=False,
        description=(
            "Send critical pages with iP.1's priority 2, which costs extra per SMS."
        ),
    )
    requests_per_second: int = Field(
        default=30,
        ge=1,
        le=1000,
        description=(
            "What the account allows in any second, over all its users: iP.1 says 30."
        ),
    )
