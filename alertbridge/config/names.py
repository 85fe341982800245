"""Names that people give to things in the config."""

import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from alertbridge.config.phone import looks_like_phone
from alertbridge.config.section import refusal
from alertbridge.core.alert import OURSELVES

_SLUG = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
_MAX = 100


def _free(name: str) -> str:
    if not name.strip() or name != name.strip() or not name.isprintable():
        raise refusal("a name that cannot be read", "write visible characters")
    if len(name) > _MAX:
        raise refusal(f"a name of more than {_MAX} characters", "shorten it")
    if looks_like_phone(name):
        fix = "name the person, and put the number under phones"
        raise refusal("a number in the place of a name", fix)
    return name


def _slug(name: str) -> str:
    if not re.fullmatch(_SLUG, name, re.ASCII):
        fix = "write at most 64 letters a-z, digits, dots, dashes or underscores"
        raise refusal("a name that cannot stand in a URL", fix)
    if name == OURSELVES:
        fix = "pages about ourselves have that one: write another"
        raise refusal("a name that is taken", fix)
    return name


_HOST = r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"


def _host(name: str) -> str:
    if not re.fullmatch(_HOST, name, re.ASCII):
        fix = "write a host name, such as grafana.example.org"
        raise refusal("not a host name", fix)
    return name


FreeName = Annotated[str, AfterValidator(_free)]
"""A name for people: anything that can be read, and is no phone number."""

UrlName = Annotated[
    str,
    AfterValidator(_slug),
    WithJsonSchema({"type": "string", "pattern": _SLUG}),
]
"""A name that is part of a URL path."""

HostName = Annotated[
    str,
    AfterValidator(_host),
    WithJsonSchema({"type": "string", "pattern": _HOST}),
]
"""A host name with at least one dot: no scheme, no port, no path."""
