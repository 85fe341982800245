"""What the config says about a gateway that has no file of its own here."""

import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Literal, assert_never
from urllib.parse import SplitResult
from xml.etree import ElementTree as ET

from pydantic import AfterValidator, Field, model_validator

from alertbridge.core.secret import Secret
from alertbridge.providers.http_mapping import AnswerMapping, ReportMapping
from alertbridge.providers.http_template import (
    Escape,
    names_in,
    parse_template,
    parse_tree,
)
from alertbridge.providers.options import ProviderOptions, is_loopback, split_url

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection"})

PRIVATE = tuple(
    ipaddress.ip_network(net)
    for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
"""Networks of one's own (RFC 1918, RFC 4193); not link-local ones, where clouds have
their metadata."""


def _template(text: str) -> str:
    parse_template(text)
    return text


def _tree(document: dict[str, object]) -> dict[str, object]:
    parse_tree(document)
    return document


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("has characters that do not print; leave them out")
    return text


def _secrets(secrets: dict[str, Secret]) -> dict[str, Secret]:
    for name, secret in secrets.items():
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
            raise ValueError(
                "has a name that is none; write letters, digits, `-` and `_`"
            )
        if not secret.reveal().isprintable():
            raise ValueError("has a secret with characters that do not print; fix it")
    return secrets


def _headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _HEADER.fullmatch(name) or name.casefold() in _OURS:
            raise ValueError("has a name that is no header of yours; leave it out")
        if not (value.isascii() and value.isprintable()):
            raise ValueError("has a value that a header cannot hold; write it in ASCII")
        parse_template(value)
    return headers


Text = Annotated[str, AfterValidator(_template)]
"""Text with placeholders."""


def _username(name: str) -> str:
    if ":" in name:
        raise ValueError("has a colon, which ends a user's name; take it out")
    return _printable(name)


class BasicAuth(ProviderOptions):
    """HTTP basic authentication."""

    username: Annotated[str, AfterValidator(_username)] = Field(description="The user.")
    password: Secret = Field(description="The password.")


def _must_parse(parse: Callable[[str], object], with_words: str, language: str) -> None:
    """A value is escaped for a string: a place outside of quotes would undo that."""
    try:
        parse(with_words)
    except (ValueError, SyntaxError):
        raise ValueError(
            f"is not {language} once its places hold a word;"
            " write it whole, with every place between quotes or tags"
        ) from None


class RawBody(ProviderOptions):
    """A body that is written by hand."""

    text: Text = Field(description="The body, with placeholders.")
    content_type: Annotated[str, AfterValidator(_printable)] = Field(
        description="Its type, such as `text/xml; charset=utf-8`."
    )
    escape: Escape = Field(
        description="How values are written in it: json, xml or url; or plain, for a"
        " body that is one placeholder and nothing else."
    )

    @model_validator(mode="after")
    def _cannot_be_broken_out_of(self) -> "RawBody":
        template = parse_template(self.text)
        with_words = template.fill(dict.fromkeys(template.names, "x"))
        match self.escape:
            case "plain":
                alone = len(template.parts) == 1 and template.names
                if not alone:
                    raise ValueError(
                        "would let a text change the body around it;"
                        " escape as json, xml or url"
                    )
            case "json":
                _must_parse(json.loads, with_words, "JSON")
            case "xml":
                _must_parse(ET.fromstring, with_words, "XML")
            case "url":
                pass
            case _:
                assert_never(self.escape)
        return self


class HttpOptions(ProviderOptions):
    """Any gateway that takes an SMS in one HTTP request, by its description."""

    url: Text = Field(
        description="Where requests go. May hold {{ number }}, {{ digits }},"
        " {{ sender }}, {{ reference }} and {{ secrets.NAME }} after the host."
    )
    allow_plain_http: bool = Field(
        default=False,
        description="Let `http://` go beyond loopback, to an address of a private"
        " network (a modem on the LAN): whoever listens there reads texts, numbers"
        " and secrets.",
    )
    method: Literal["GET", "POST", "PUT"] = Field(
        default="POST", description="The method."
    )
    secrets: Annotated[dict[str, Secret], AfterValidator(_secrets)] = Field(
        default={}, description="Secrets by name, for {{ secrets.NAME }}."
    )
    basic_auth: BasicAuth | None = Field(
        default=None, description="User and password in each request."
    )
    headers: Annotated[dict[str, str], AfterValidator(_headers)] = Field(
        default={}, description="Headers, with placeholders; not {{ text }}."
    )
    query: dict[str, Text] = Field(
        default={}, description="What is added to the URL after `?`."
    )
    form: dict[str, Text] | None = Field(
        default=None, description="The body, as a form."
    )
    json_: Annotated[dict[str, object], AfterValidator(_tree)] | None = Field(
        default=None,
        alias="json",
        description="The body, as JSON. {{ ttl }} alone becomes a number.",
    )
    body: RawBody | None = Field(default=None, description="The body, as text.")
    sender: Annotated[str, AfterValidator(_printable)] = Field(
        default="", max_length=50, description="What {{ sender }} stands for."
    )
    longest_text: int = Field(
        default=1000,
        ge=70,
        le=10_000,
        description="Characters of a text that the gateway takes.",
    )
    answer: AnswerMapping = Field(description="What its answers mean.")
    report: ReportMapping | None = Field(
        default=None, description="What its delivery reports mean. null: it has none."
    )
    requests_per_second: int = Field(
        default=5, ge=1, le=1000, description="How fast it may be asked."
    )

    @model_validator(mode="after")
    def _is_one_request(self) -> "HttpOptions":
        _check_url(self)
        bodies = [self.form, self.json_, self.body]
        if sum(body is not None for body in bodies) > 1:
            raise ValueError("has more than one body; keep one of form, json and body")
        if self.method == "GET" and bodies != [None, None, None]:
            raise ValueError("has a body, and a GET has none; write method: POST")
        named = [name.casefold() for name in self.headers]
        if self.basic_auth is not None and "authorization" in named:
            raise ValueError(
                "has two ways to say who asks; keep basic_auth or the header"
            )
        in_headers = {
            name
            for text in self.headers.values()
            for name in parse_template(text).names
        }
        if "text" in in_headers:
            raise ValueError(
                "has {{ text }} in a header; put it in query, form or json"
            )
        asked = in_headers | set(_asked(self))
        if "text" not in asked or not asked & {"number", "digits"}:
            raise ValueError(
                "does not say where {{ text }} and {{ number }} go; add it"
            )
        for name in asked:
            if name.startswith("secrets.") and name[8:] not in self.secrets:
                raise ValueError("names a secret that is not there; add it to secrets")
        for name in in_headers:
            if (
                name.startswith("secrets.")
                and not self.secrets[name[8:]].reveal().isascii()
            ):
                raise ValueError(
                    "has a secret that a header cannot hold; copy it again"
                )
        return self


def _asked(options: HttpOptions) -> Iterator[str]:
    yield from parse_template(options.url).names
    for text in (*options.query.values(), *(options.form or {}).values()):
        yield from parse_template(text).names
    yield from names_in(parse_tree(options.json_))
    if options.body is not None:
        yield from parse_template(options.body.text).names


def _check_url(options: HttpOptions) -> None:
    template = parse_template(options.url)
    bare = template.fill(dict.fromkeys(template.names, "x"))
    parts = split_url(bare, "https://HOST/PATH")
    if "@" in parts.netloc:
        raise ValueError("has a user or password in its url; use basic_auth")
    if not options.url.startswith(f"{parts.scheme}://{parts.netloc}"):
        raise ValueError("has a placeholder for its host; write the host out")
    if "#" in bare:
        raise ValueError("has a `#` in its url; leave it out")
    if template.names & {"text", "ttl", "report_url"}:
        raise ValueError("has {{ text }} in its url; put it in query")
    if parts.scheme == "http" and not _may_go_in_clear(parts, options):
        raise ValueError(
            "would send secrets in clear; write https://, or the address of a private"
            " network with allow_plain_http: true"
        )


def _may_go_in_clear(parts: SplitResult, options: HttpOptions) -> bool:
    host = parts.hostname or ""
    if is_loopback(host):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # A name may lead anywhere, and elsewhere tomorrow.
        return False
    return options.allow_plain_http and any(address in net for net in PRIVATE)
