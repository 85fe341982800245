"""The model of a timeline: what `simulate` replays, as people write it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from alertbridge.config.duration import Duration, DurationOrNone
from alertbridge.config.problems import one_of
from alertbridge.config.section import Many, Section, refusal

Named = Annotated[str, Field(min_length=1)]

VERBS: Final = (
    "fire",
    "resolve",
    "flap",
    "repeat",
    "post",
    "gateway",
    "ack",
    "restart",
    "clock",
)
"""What can happen; an event has exactly one of them."""

BESIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "annotations": ("fire", "flap"),
    "every": ("flap",),
    "lasts": ("flap",),
    "source": ("fire", "resolve", "flap", "post"),
    "receiver": ("fire", "flap"),
    "provider": ("gateway",),
    "by": ("ack",),
}
"""Which keys say more about which verbs."""


class Posting(Section):
    """How Alertmanager groups what fires into posts."""

    source: Named | None = None
    """The source it posts to; the first of the config if absent."""
    receiver: Named = "sms"
    """Alertmanager's own receiver, as routes may match it."""
    group_by: Many[Named] = ("alertname",)
    """One post for all alerts that agree in these labels."""
    peers: Annotated[int, Field(ge=1, le=4)] = 1
    """How many Alertmanagers post each group, at the same moment."""
    group_wait: Duration = timedelta(0)
    """From a group's first alert to its first post."""
    group_interval: Duration = timedelta(0)
    """Between two posts of a group that has changed."""
    repeat_interval: DurationOrNone = timedelta(hours=4)
    """How long after a post a group that still fires is posted again."""


class PostEntry(Section):
    """A body as a source posts it: in a file beside the timeline, or written out."""

    file: Named | None = None
    """A file with the body, relative to the timeline."""
    body: dict[str, Any] | None = None
    """The body itself."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.file is None) == (self.body is None):
            raise refusal("a post needs one of file and body", "write one of them")
        return self


class Event(Section):
    """One thing that happens: a time, one verb, and what says more about it."""

    at: str | int
    """When: `5m` after the start, `02:10`, or a whole date and time."""
    fire: dict[str, str] | None = None
    """Alerts with these labels fire; `db{1..20}` and `{a,b}` stand for several."""
    resolve: dict[str, str] | None = None
    """Every firing alert that has these labels is over."""
    flap: dict[str, str] | None = None
    """Alerts with these labels fire and are over again and again."""
    repeat: dict[str, str] | None = None
    """The groups of the firing alerts that have these labels are posted again."""
    post: PostEntry | None = None
    """A body comes in as it is."""
    gateway: Named | None = None
    """How the gateway answers from now on."""
    ack: dict[str, str] | None = None
    """Somebody takes the firing alerts that have these labels."""
    restart: Literal[True] | Duration | None = None
    """The daemon is killed and starts again; a duration: after so long."""
    clock: Named | None = None
    """The wall clock of the daemon's machine is set, such as `+1h`."""

    annotations: dict[str, str] = Field(default_factory=dict)
    """Of the alerts that fire."""
    every: Duration | None = None
    """Of `flap`: how long each state lasts."""
    lasts: Annotated[Duration | None, Field(alias="for")] = None
    """Of `flap`: how long it goes on; then it is over."""
    source: Named | None = None
    """The source that posts, if it is another one."""
    receiver: Named | None = None
    """Alertmanager's receiver, if it is another one."""
    provider: Named | None = None
    """Of `gateway`: which one; all of them if absent."""
    by: Named = "somebody"
    """Of `ack`: who."""

    @model_validator(mode="after")
    def _one_verb(self) -> Self:
        verbs = [verb for verb in VERBS if getattr(self, verb) is not None]
        if len(verbs) != 1:
            problem = (
                f"an event cannot {' and '.join(verbs)} at once"
                if verbs
                else "nothing happens in this event"
            )
            raise refusal(problem, one_of(VERBS) + ", one in each event")
        for key, owners in BESIDE.items():
            if key in self.model_fields_set and verbs[0] not in owners:
                name = type(self).model_fields[key].alias or key
                fix = f"remove it, or {one_of(owners)}"
                raise refusal(f"{name} says nothing about {verbs[0]}", fix)
        if verbs[0] == "flap" and not (self.every and self.lasts):
            problem = "flap needs to know how fast, and how long"
            raise refusal(problem, "add every: 30s and for: 1h, or the like")
        return self


class TimelineFile(Section):
    """A whole timeline."""

    start: Named
    """The first moment, with its zone: `2026-11-25T22:00:00+01:00`."""
    until: Duration | None = None
    """How long after the start to look; two hours beyond the last event if absent."""
    alertmanager: Posting = Posting()
    """How alerts are posted."""
    events: Annotated[Many[Event], Field(min_length=1)]
    """What happens, in any order."""
