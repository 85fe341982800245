"""Who hears of what, and when: routes and time intervals, in Alertmanager's grammar."""

from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from alertbridge.config.duration import Duration
from alertbridge.config.names import FreeName
from alertbridge.config.section import Many, Section


def _text(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


Range = Annotated[
    str,
    BeforeValidator(_text),
    WithJsonSchema({"type": ["string", "integer"]}),
]
"""`monday:friday`, `1:5`, `-1`, `2030`: a whole number needs no quotes."""

Ignored = Annotated[object, WithJsonSchema({})]

MOST_SEGMENTS = 6
"""Of one SMS: some 900 characters, more than anybody reads at night."""


class RouteSegments(Section):
    """How many segments an SMS about what this route took may have."""

    critical: int | None = Field(
        default=None,
        ge=1,
        le=MOST_SEGMENTS,
        description="If the worst it tells is critical; inherited, null: as `segments`."
        " A digest has the largest budget among its alerts' routes.",
    )
    other: int | None = Field(
        default=None,
        ge=1,
        le=MOST_SEGMENTS,
        description="Otherwise; inherited, null: as `segments`.",
    )


class RouteEntry(Section):
    """A node of the routing tree."""

    receiver: str | None = Field(
        default=None, description="Who hears; inherited. The root must have one."
    )
    matchers: Many[str] = Field(
        default=(),
        description='All must hold: `severity="critical"`, `team=~"db|storage"`.',
    )
    match: dict[str, str] = Field(
        default_factory=dict, description="Old form of `matchers` with `=`."
    )
    match_re: dict[str, str] = Field(
        default_factory=dict, description="Old form of `matchers` with `=~`."
    )
    continue_: bool = Field(
        default=False,
        alias="continue",
        description="Whether the next siblings are tried after this one matched.",
    )
    mute_time_intervals: Many[str] = Field(
        default=(), description="Held within these, and told when they end."
    )
    active_time_intervals: Many[str] = Field(
        default=(), description="Held outside these, and told when they begin."
    )
    repeat_interval: Duration | None = Field(
        default=None,
        description="The least time between reminders; inherited, the root's is 4h.",
    )
    template: str | None = Field(
        default=None,
        description="A name under `templates`, or `built-in`; inherited. null: the "
        "receiver's own.",
    )
    segments: RouteSegments = Field(
        default_factory=RouteSegments, description="Its own budget of segments."
    )
    group_by: Ignored = Field(
        default=None, description="Accepted, no effect: the source groups."
    )
    group_wait: Ignored = Field(
        default=None, description="Accepted, no effect: a free slot sends at once."
    )
    group_interval: Ignored = Field(
        default=None, description="Accepted, no effect: the source groups."
    )
    routes: "Many[RouteEntry]" = Field(
        default=(),
        description="Routes with the same keys, tried in order: the first that matches "
        "takes it.",
    )


class TimesEntry(Section):
    """A span of a day: start inclusive, end exclusive; it may pass midnight."""

    start_time: str = Field(description="HH:MM.")
    end_time: str = Field(description="HH:MM, or 24:00.")


class IntervalSpec(Section):
    """Times at which all of the given fields hold; absent ones always do."""

    times: Many[TimesEntry] = Field(default=(), description="Spans of a day.")
    weekdays: Many[Range] = Field(
        default=(), description="Names or ranges: `monday:friday`."
    )
    days_of_month: Many[Range] = Field(
        default=(), description="1 to 31, or -1 to -31 from the end; ranges: `1:5`."
    )
    months: Many[Range] = Field(
        default=(), description="Names, numbers or ranges: `may:august`."
    )
    years: Many[Range] = Field(default=(), description="Years or ranges.")
    location: str = Field(default="UTC", description="The zone of all these.")


class IntervalEntry(Section):
    """A name for one or more intervals; one that holds is enough."""

    name: FreeName = Field(description="What routes call it.")
    time_intervals: Many[IntervalSpec] = Field(
        min_length=1, description="The intervals."
    )
