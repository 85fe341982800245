"""Who watches alertbridge, and what it watches: its own pages, and proofs of life."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from alertbridge.config.address import Url
from alertbridge.config.duration import Duration
from alertbridge.config.section import Many, Section
from alertbridge.config.spans import at_least, at_most

_MINUTE = timedelta(minutes=1)


class Meta(Section):
    """Pages about alertbridge itself."""

    receiver: str | None = Field(
        default=None, description="Who gets them; null: the root route's receiver."
    )


class DrillSection(Section):
    """Test pages on a schedule, which must come back as delivered."""

    receiver: str | None = Field(
        default=None, description="Whose people get them; null: nobody does."
    )
    at: Many[str] = Field(
        default=("monday 10:00",), description="Days and times, `monday 10:00`."
    )
    timezone: str = Field(default="UTC", description="By whose clock.")
    within: Annotated[
        Duration,
        at_least(timedelta(minutes=5), "5m"),
        at_most(timedelta(hours=24), "24h", ""),
    ] = Field(
        default=timedelta(minutes=30),
        description="Whom one has not reached by then, the admins hear.",
    )


class WatchdogSection(Section):
    """An alert that fires for ever: it pages nobody, its silence pages the admins."""

    matchers: Many[str] = Field(
        default=('alertname="Watchdog"',),
        description="Which alert it is; all must hold.",
    )
    within: Annotated[Duration, at_least(_MINUTE, "1m")] = Field(
        default=timedelta(minutes=15),
        description="It is silent when it was not posted for so long; three times what "
        "its route in Alertmanager repeats it at.",
    )


class Heartbeat(Section):
    """A dead man's switch: we call it while we work."""

    url: Url | None = Field(
        default=None, description="Called with GET while all is well; null: nothing."
    )
    every: Annotated[Duration, at_least(timedelta(seconds=10), "10s")] = Field(
        default=_MINUTE, description="How often."
    )
