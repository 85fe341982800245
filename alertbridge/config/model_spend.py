"""What SMS may cost: budgets in segments, of people, routes and providers."""

from pydantic import Field

from alertbridge.config.section import Section


class SpendSection(Section):
    """Segments that may be spent; used up, only critical alerts are sent."""

    daily: int | None = Field(
        default=None, ge=1, description="In a calendar day; null: no limit."
    )
    monthly: int | None = Field(
        default=None, ge=1, description="In a calendar month; null: no limit."
    )


class ZonedSpend(SpendSection):
    """The same, on a calendar of its own zone."""

    timezone: str = Field(
        default="UTC", description="The zone in which its days and months begin."
    )
