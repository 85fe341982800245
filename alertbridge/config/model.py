"""The config file as a whole: every key, its default and its meaning.

These descriptions are the reference: `docs/config.md` and the JSON Schema are made of
them. Nothing here looks at another key; `rules` does, when all of it has been read.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    WithJsonSchema,
)

from alertbridge.config.address import ListenText, Room, Size, StorageUrl, Url
from alertbridge.config.duration import Duration, DurationOrNone
from alertbridge.config.model_border import ProviderHead, SourceEntry
from alertbridge.config.model_people import PhoneOrName, ReceiverEntry, RecipientEntry
from alertbridge.config.model_routing import IntervalEntry, RouteEntry
from alertbridge.config.model_watch import DrillSection, Heartbeat, Meta
from alertbridge.config.names import FreeName, HostName
from alertbridge.config.section import Many, OneOrMany, Section, refusal
from alertbridge.config.spans import at_least, at_most
from alertbridge.core.pace import DEFAULT_LIMITS, LONGEST_WINDOW, MOST
from alertbridge.core.secret import Secret

_MINUTE = timedelta(minutes=1)
_FIGURE = re.compile("[0-9]{1,4}[hms]?", re.ASCII)


class Server(Section):
    """Where we listen, and how we are reached."""

    listen: ListenText = Field(
        default="127.0.0.1:10876",
        description="HOST:PORT. Beyond loopback every source must authenticate: "
        "whoever can post can spend money and wake people.",
    )
    external_url: Url | None = Field(
        default=None,
        description="How the world reaches us, for report callbacks and links.",
    )
    max_body: Size = Field(
        default="32MiB",
        validate_default=True,
        description="Largest webhook that is read whole; of a larger one, what fits "
        "is paged as an oversized group.",
    )


class Storage(Section):
    """Where what must not be lost is kept."""

    url: StorageUrl = Field(
        default="sqlite:///var/lib/alertbridge/alertbridge.db",
        description="The SQLite file; an absolute path follows `sqlite://`.",
    )
    retention: Annotated[Duration, at_least(timedelta(days=1), "1d")] = Field(
        default=timedelta(days=90),
        description="How long the history of what has ended is kept.",
    )
    warn_free: Size = Field(
        default="512MiB",
        validate_default=True,
        description="The admins are told when less than this is free where the file "
        "is.",
    )
    min_free: Room = Field(
        default="16MiB",
        validate_default=True,
        description="Room on its disk, beside the ballast, below which webhooks are "
        "answered 503 and what waits is still sent. 0: it is not asked.",
    )
    ballast: Room = Field(
        default="32MiB",
        validate_default=True,
        description="A file of nothing beside the store, given up when the disk is "
        "full so that what waits can still be sent. 0: none.",
    )


class SeveritySection(Section):
    """How bad an alert is; anything else, or no label, is high."""

    label: str = Field(
        default="severity", min_length=1, description="The label that says it."
    )
    critical: Many[str] = Field(
        default=("critical", "page", "emergency", "p1"),
        description="Values that are critical: they go first, and never expire.",
    )
    low: Many[str] = Field(
        default=("info", "none", "low"), description="Values that are low."
    )


class LimitEntry(Section):
    """So many SMS for one person in any window of this length."""

    limit: int = Field(ge=1, le=MOST, description="At most so many SMS in any window.")
    window: Annotated[
        Duration,
        at_least(_MINUTE, "1m"),
        at_most(LONGEST_WINDOW, "24h", ", and a smaller limit"),
    ] = Field(description="Length of the window: 1m to 24h.")
    kept_for_critical: int = Field(
        default=0, ge=0, description="How many of them only critical alerts may use."
    )


def _no_single_limit(value: object) -> object:
    """Show who wrote one limit as a mapping, as versions before had it, the list."""
    if not isinstance(value, Mapping):
        return value
    usual = {"limit": "6", "window": "10m", "kept_for_critical": "2"}
    meant = {key: str(value.get(key, text)) for key, text in usual.items()}
    # Only what is surely a number or a duration is repeated.
    told = {k: v if _FIGURE.fullmatch(v) else usual[k] for k, v in meant.items()}
    shown = ", ".join(f"{key}: {text}" for key, text in told.items())
    raise refusal("a list of limits, not a mapping", f"write pace: [{{{shown}}}]")


Limits = Annotated[Many[LimitEntry], BeforeValidator(_no_single_limit)]
"""The limits of one person's pace; `rules` refuses an empty list."""


class TimeToLiveSection(Section):
    """How long news is worth an SMS, from when we heard it."""

    critical: Annotated[DurationOrNone, at_least(_MINUTE, "1m")] = Field(
        default=None, description="For critical alerts; `none`: while it fires."
    )
    high: Annotated[DurationOrNone, at_least(_MINUTE, "1m")] = Field(
        default=None, description="For high alerts; `none`: while it fires."
    )
    low: Annotated[DurationOrNone, at_least(_MINUTE, "1m")] = Field(
        default=timedelta(hours=1), description="For low alerts."
    )


class Segments(Section):
    """How many segments one SMS may take; each is paid for."""

    critical: int = Field(
        default=2, ge=1, le=6, description="If the worst it tells is critical."
    )
    other: int = Field(default=1, ge=1, le=6, description="Otherwise.")


class AckSection(Section):
    """How a text that tells of something that fires may be answered."""

    codes: bool = Field(
        default=False,
        description="End texts with a code, such as `Ack 14`, for "
        "`alertbridge ack 14`; seven characters of each text.",
    )
    links: bool = Field(
        default=False,
        description="End texts with a link to their page: the full list, and a button "
        "that acknowledges it. Needs `server.external_url`. Who has the link needs "
        "no token.",
    )
    link_lifetime: Annotated[Duration, at_least(timedelta(hours=1), "1h")] = Field(
        default=timedelta(days=7),
        description="How long a link opens its page; at most `storage.retention`.",
    )


class FlappingSection(Section):
    """When an alert that comes and goes is told once, and then left alone."""

    times: int = Field(
        default=3,
        ge=2,
        le=20,
        description="An alert that fires so often within the window flaps.",
    )
    window: Annotated[
        Duration,
        at_least(_MINUTE, "1m"),
        at_most(timedelta(hours=24), "24h", ""),
    ] = Field(default=timedelta(minutes=30), description="Length of the window.")
    settles: Annotated[
        Duration,
        at_least(_MINUTE, "1m"),
        at_most(timedelta(hours=6), "6h", ""),
    ] = Field(
        default=timedelta(minutes=15),
        description="It has settled once it has not changed for so long; until then "
        "nothing more is told of it.",
    )


class Api(Section):
    """Who may change what runs, from elsewhere than this machine."""

    tokens: OneOrMany[Secret] = Field(
        default=(),
        description="Bearer tokens for `/api`, `/-/reload` and the CLI's writes from "
        "beyond loopback; without one they are refused there.",
    )


class Log(Section):
    """What we say about ourselves, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important line that is written."
    )
    format: Literal["auto", "json", "logfmt", "color"] = Field(
        default="auto",
        description="auto: colour on a terminal, logfmt in the journal, else JSON.",
    )


TemplateText = Annotated[
    str,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "description": "A Jinja template."},
                {
                    "type": "object",
                    "properties": {"file": {"type": "string", "minLength": 1}},
                    "required": ["file"],
                    "additionalProperties": False,
                    "description": "The file of a template, relative to the config.",
                },
            ]
        }
    ),
]
"""A template as the model sees it: a file has been read by then (`templates`)."""


REQUIRED: Final = ("sources", "providers", "route", "receivers")
"""What `rules` insists on. The model has defaults for them all the same: when every
entry of one is broken, the rest of the file is still checked."""

AT_LEAST_ONE: Final[dict[str, JsonValue]] = {"minItems": 1}


class ConfigFile(Section):
    """The config of alertbridge."""

    model_config = ConfigDict(json_schema_extra={"required": [*REQUIRED]})

    server: Server = Field(default_factory=Server, description="The HTTP server.")
    storage: Storage = Field(default_factory=Storage, description="The store.")
    sources: Many[SourceEntry] = Field(
        default=(),
        description="Systems that post webhooks to us.",
        json_schema_extra=AT_LEAST_ONE,
    )
    providers: Many[ProviderHead] = Field(
        default=(),
        description="SMS gateways, the first is tried first. What else an entry takes "
        "depends on its type.",
        json_schema_extra=AT_LEAST_ONE,
    )
    recipients: dict[FreeName, RecipientEntry] = Field(
        default_factory=dict, description="People, by name."
    )
    phone_lists: dict[FreeName, Many[PhoneOrName]] = Field(
        default_factory=dict,
        description="Named lists of recipients or bare numbers, for receivers.",
    )
    severity: SeveritySection = Field(
        default_factory=SeveritySection, description="How bad an alert is."
    )
    meta: Meta = Field(default_factory=Meta, description="Pages about ourselves.")
    test_page: DrillSection = Field(
        default_factory=DrillSection, description="Test pages on a schedule."
    )
    route: RouteEntry = Field(
        default_factory=RouteEntry,
        description="The root of the routing tree, in Alertmanager's grammar.",
    )
    receivers: Many[ReceiverEntry] = Field(
        default=(),
        description="Whom routes name: sets of people.",
        json_schema_extra=AT_LEAST_ONE,
    )
    time_intervals: Many[IntervalEntry] = Field(
        default=(), description="Named times, as in Alertmanager."
    )
    mute_time_intervals: Many[IntervalEntry] = Field(
        default=(), description="Alertmanager's old name for `time_intervals`."
    )
    templates: dict[FreeName, TemplateText] = Field(
        default_factory=dict,
        description="Texts of your own, by name: Jinja, or `{file: PATH}` relative to "
        "the config.",
    )
    pace: Limits = Field(
        default=tuple(
            LimitEntry(
                limit=limit.limit,
                window=limit.window,
                kept_for_critical=limit.kept_for_critical,
            )
            for limit in DEFAULT_LIMITS
        ),
        description="How many SMS one person gets, by whatever route: all of these "
        "limits hold. What is over them waits, and leaves as a digest.",
        json_schema_extra=AT_LEAST_ONE,
    )
    time_to_live: TimeToLiveSection = Field(
        default_factory=TimeToLiveSection, description="How long news is worth telling."
    )
    segments: Segments = Field(
        default_factory=Segments, description="How long an SMS may be."
    )
    linked_hosts: Many[HostName] = Field(
        default=(),
        description="Hosts whose links in alerts stay links in texts, with their "
        "sub-domains; those of all others cannot be tapped.",
    )
    repeat_window: Annotated[Duration, at_least(_MINUTE, "1m")] = Field(
        default=timedelta(minutes=20),
        description="A post without news this long after the group's last one is a "
        "repeat and may remind; a sooner one is a copy.",
    )
    ack: AckSection = Field(
        default_factory=AckSection, description="Codes and links at the end of a text."
    )
    flapping: FlappingSection | None = Field(
        default_factory=FlappingSection,
        description="What is done about alerts that come and go; null: every change "
        "is told.",
    )
    stale_after: Annotated[Duration, at_least(timedelta(hours=1), "1h")] = Field(
        default=timedelta(days=2),
        description="An alert that no post has named for so long is stale: its source "
        "is silent about it, and it may be over. More than the source's longest "
        "repeat interval.",
    )
    api: Api = Field(default_factory=Api, description="Access to the HTTP API.")
    heartbeat: Heartbeat = Field(
        default_factory=Heartbeat, description="A dead man's switch."
    )
    log: Log = Field(default_factory=Log, description="Logging.")
