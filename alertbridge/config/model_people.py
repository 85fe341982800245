"""Who hears: recipients, phone lists and receivers."""

from typing import Annotated

from pydantic import Field, WithJsonSchema

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


class RecipientEntry(Section):
    """One person."""

    phones: Many[PhoneText] = Field(
        min_length=1,
        description="Numbers in quotes, with country code, in the order to try.",
    )
    timezone: str = Field(
        default="UTC", description="The zone of the times in this person's texts."
    )
    send_resolved: bool = Field(
        default=True, description="Whether this person wants to hear that it is over."
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
    template: str | None = Field(
        default=None,
        description="A name under `templates`; null, `built-in`: the built-in text. A "
        "route's or a recipient's own comes before it.",
    )
