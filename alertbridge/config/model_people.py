"""Who hears: recipients, phone lists and receivers."""

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from alertbridge.config.model_spend import SpendSection
from alertbridge.config.names import FreeName
from alertbridge.config.phone import E164
from alertbridge.config.section import Many, Section

PhoneText = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "pattern": E164,
            "description": "A phone number in E.164, in quotes.",
        }
    ),
]
"""A number as it stands in the file; checked with its place by `people`."""

PhoneOrName = str
"""A bare number, or the name of a recipient."""


BreaksThrough = Literal["critical", "high", "low", "none"]
"""The least severity that is told at once all the same."""


class RecipientEntry(Section):
    """One person."""

    phones: Many[PhoneText] = Field(
        min_length=1,
        description="Numbers in quotes, with country code, in the order to try.",
    )
    timezone: str = Field(
        default="UTC",
        description="The zone of the times in this person's texts, and of his hours "
        "where their interval names no `location`.",
    )
    language: Literal["en", "sv", "de", "fr"] = Field(
        default="en", description="The language of our own words in texts."
    )
    script: Literal["auto", "latin", "own"] = Field(
        default="auto",
        description="What is done with letters that make a text dearer: `latin` spells "
        "them out, `own` keeps them, `auto` spells out what is mostly Latin.",
    )
    send_resolved: bool = Field(
        default=True, description="Whether this person wants to hear that it is over."
    )
    quiet_hours: Many[str] = Field(
        default=(),
        description="Names under `time_intervals`: held within these, and told as a "
        "digest when they end, if still true.",
    )
    working_hours: Many[str] = Field(
        default=(),
        description="Names under `time_intervals`: held outside these, if there are "
        "any.",
    )
    breaks_through: BreaksThrough = Field(
        default="critical",
        description="The least severity that rings all the same; low: all, none: "
        "nothing. Resolved texts never do.",
    )
    spend: SpendSection = Field(
        default_factory=SpendSection,
        description="Segments that this person's SMS may cost, in their own zone.",
    )
    template: str | None = Field(
        default=None,
        description="A name under `templates`, or `built-in`: for all this person "
        "gets. null: the route's, else the receiver's.",
    )


class ReceiverEntry(Section):
    """A set of people that routes name; it needs at least one phone."""

    name: FreeName = Field(description="What routes call it.")
    phone_lists: Many[str] = Field(default=(), description="Names under `phone_lists`.")
    recipients: Many[str] = Field(default=(), description="Names under `recipients`.")
    phones: Many[PhoneText] = Field(
        default=(), description="Bare numbers, in quotes, with country code."
    )
    send_resolved: bool = Field(
        default=True, description="Whether it says that an alert is over."
    )
    fallback: str | None = Field(
        default=None,
        description="The receiver that is told instead, as an escalation, of what "
        "fires and reaches somebody of this one by no way; null: only the admins hear.",
    )
    template: str | None = Field(
        default=None,
        description="A name under `templates`; null, `built-in`: the built-in text. A "
        "route's or a recipient's own comes before it.",
    )
