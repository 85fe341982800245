"""The steps of a timeline: what happens, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alertbridge.config.timeline_model import Posting
from alertbridge.core.alert import Labels


class Mood(StrEnum):
    """How a gateway answers."""

    UP = "up"
    DOWN = "down"
    SLOW = "slow"
    BUSY = "busy"
    REJECTS = "rejects"
    UNCERTAIN = "uncertain"
    """The SMS are sent, and the answers lost."""
    SILENT = "silent"
    """Nothing is sent, and no answer comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire:
    """Alerts begin to fire."""

    at: datetime
    alerts: tuple[Labels, ...]
    annotations: Labels
    source: str
    receiver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    """Every firing alert of *source* that has one of these label sets is over."""

    at: datetime
    alerts: tuple[Labels, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """The groups of the firing alerts that have these labels are posted again."""

    at: datetime
    alerts: tuple[Labels, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostBody:
    """A body comes in."""

    at: datetime
    body: bytes
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayTurns:
    """A provider's gateway answers so from now on; every provider's if it is None."""

    at: datetime
    provider: str | None
    mood: Mood
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """Somebody takes the firing alerts that have these labels."""

    at: datetime
    alerts: tuple[Labels, ...]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """The daemon is killed, and starts again after *away*."""

    at: datetime
    away: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep:
    """The wall clock of the daemon's machine is set."""

    at: datetime
    by: timedelta


Step = (
    Fire
    | Resolve
    | Repeat
    | PostBody
    | GatewayTurns
    | Acknowledge
    | Restart
    | ClockStep
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What happens from *start* to *end*, in order."""

    start: datetime
    end: datetime
    posting: Posting
    steps: tuple[Step, ...]
