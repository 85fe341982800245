"""What the floors above and the siblings exchange, cut at the verb."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from alertbridge.core.ack import AckText, Code, Token
from alertbridge.core.alert import AlertGroup, Fingerprint, Labels, SourceName
from alertbridge.core.delivery import Step
from alertbridge.core.mailbox import Mailbox
from alertbridge.core.message import Draft, Idle, Outcomes, Submission
from alertbridge.core.notification import (
    EpisodeId,
    Fact,
    MessageId,
    NotificationId,
    ProviderName,
)
from alertbridge.core.past import Past
from alertbridge.core.plan import Keys, Known, Plan
from alertbridge.core.recipient import Msisdn, RecipientName
from alertbridge.core.severity import Severity


class Clock(Protocol):
    """Where `now` comes from. Wall-clock jumps do not show in it."""

    def now(self) -> datetime:
        """The time, aware, UTC."""
        ...


class Provider(Protocol):
    """An SMS gateway we submit to."""

    @property
    def name(self) -> ProviderName:
        """The configured name."""
        ...

    @property
    def requests_per_second(self) -> int:
        """What the account allows in any one-second window; we stay below it."""
        ...

    @property
    def most_numbers(self) -> int:
        """Numbers one request may carry; more go one by one, some perhaps Deferred."""
        ...

    async def submit(self, submission: Submission) -> Outcomes:
        """Hand *submission* over, and say what became of it for each number.

        Never raises for what a network or a gateway can do; never says Deferred
        unless surely nothing was sent. Returns within 12 seconds.
        """
        ...

    async def check(self) -> Sequence[str]:
        """Ask the gateway about token, sender and balance; one line per finding.

        Raises:
            ProviderCheckFailed: with one line that says what is wrong.
        """
        ...


class ProviderCheckFailed(Exception):
    """`check-config --online` got a no; the message is one line for the operator."""


class PayloadError(Exception):
    """A body that is not of the source's shape; sending it again cannot help.

    The message is one line for the sender's log.
    """


class Source(Protocol):
    """A wire format: bytes in, a group out. Pure."""

    def __call__(self, body: bytes, source: SourceName, *, now: datetime) -> AlertGroup:
        """Read a whole body.

        Raises:
            PayloadError: not our shape; one line that says why.
        """
        ...


class StoreUnavailable(Exception):
    """The store could not keep something; the sender must try again (503)."""


class StoreRefused(Exception):
    """The store cannot be opened safely; one line for the operator."""


class StoreBroken(Exception):
    """The store can no longer be trusted: exit, and recover from the file."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an intake wrote: the plan, and the ids the new rows got."""

    plan: Plan
    episodes: Mapping[Fingerprint, EpisodeId] = field(default_factory=dict)


class Drafting(Protocol):
    """How the store asks what leaves a mailbox, without knowing the rules."""

    def may_leave(
        self, sent: Sequence[datetime], severity: Severity, now: datetime
    ) -> datetime | None:
        """None if an SMS of *severity* may leave now, else when to look again.

        Asked before a mailbox is read: a storm must not cost a scan per alert.
        """
        ...

    def draft(self, mailbox: Mailbox, now: datetime) -> Draft | Idle:
        """Compose what leaves *mailbox* now, or say when to look again."""
        ...

    def bury(
        self, dead: Sequence[Fact], recipient: RecipientName, now: datetime
    ) -> Sequence[Plan]:
        """The meta-alerts that go with these dead facts, in the same commit."""
        ...


@dataclass(frozen=True, slots=True)
class Claimed:
    """Submissions that are ours to send now, and when to look again."""

    submissions: tuple[Submission, ...]
    drafts: tuple[Draft, ...] = ()
    next_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What follows for each message of a submission, decided by core."""

    outcomes: Outcomes
    steps: Mapping[MessageId, Step]
    meta: tuple[Plan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One line of "what became of it": a notification, or why there was none."""

    at: datetime
    episode: EpisodeId
    source: str
    alert: str
    labels: Labels
    severity: str
    kind: str
    round: int
    recipient: str
    state: str
    reason: str
    where: str
    times: int = 1
    text: str | None = None
    provider: str | None = None
    reference: str | None = None
    settled_at: datetime | None = None
    notification: NotificationId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeRow:
    """An episode with its history, for `show`."""

    id: EpisodeId
    source: str
    fingerprint: str
    labels: Labels
    annotations: Labels
    severity: str
    starts_at: datetime
    ends_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    stale_at: datetime | None
    rows: tuple[HistoryRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One notification that has not reached an end, for `outbox`."""

    notification: NotificationId
    episode: EpisodeId
    alert: str
    kind: str
    severity: str
    recipient: str
    state: str
    reason: str
    created_at: datetime
    due_at: datetime | None
    held_until: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A waiting notification that time intervals hold, as a reload asks about it.

    `source`, `receiver` and `labels` are what its alert was routed by.
    """

    source: SourceName
    receiver: str
    labels: Labels
    recipient: RecipientName
    numbers: tuple[Msisdn, ...]
    mutes: tuple[str, ...]
    actives: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A body, or one element of it, that could not be read; bounded in number."""

    id: int
    at: datetime
    source: str
    reason: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How much waits, for metrics and readiness."""

    waiting: Mapping[str, int]
    in_flight: int
    uncertain: int
    dead: int
    oldest_due: Mapping[str, datetime]
    held_until: datetime | None


class Store(Protocol):
    """The durable mailbox. Every method that writes returns after the fsync.

    Raises:
        StoreUnavailable: nothing can be promised about the write.
    """

    async def record(
        self, keys: Keys, decide: Callable[[Known], Plan], now: datetime
    ) -> Recorded:
        """Gather what is known of *keys*, decide, apply: one transaction.

        *decide* may be called again if the transaction must be repeated.
        """
        ...

    async def quarantine(
        self, source: SourceName, reason: str, body: bytes, now: datetime
    ) -> None:
        """Keep what could not be read, bounded: the oldest makes room."""
        ...

    async def claim(
        self, ready: Mapping[ProviderName, int], drafting: Drafting, now: datetime
    ) -> Claimed:
        """Take at most `ready[provider]` submissions per provider, critical first.

        Attempt rows are written before this returns. An uncertain submission whose
        wait is over comes back unchanged under its reference; if its mailbox has
        moved on, its facts wait again and are composed anew.
        """
        ...

    async def settle(
        self, submission: Submission, settlement: Settlement, now: datetime
    ) -> bool:
        """Write what became of an attempt, with any meta-alert, in one commit.

        False if the attempt is no longer ours (fenced); an acceptance that comes too
        late still settles its facts, and triggers no SMS.
        """
        ...

    async def recover(self, now: datetime, retry_after: timedelta) -> int:
        """At start, before a claim: what was in flight is uncertain; says how many."""
        ...

    async def recent_attempts(
        self, provider: ProviderName, since: datetime
    ) -> Sequence[datetime]:
        """When requests to *provider* began, for the rate limit after a restart."""
        ...

    async def acknowledge(self, episode: EpisodeId, by: str, now: datetime) -> bool:
        """Record that a human took it; False if there is no such episode."""

    async def read_text(self, which: Code | Token, since: datetime) -> AckText | None:
        """Find a text newer than *since* by its code or link, as it stands now."""

    async def acknowledge_text(
        self, which: Code | Token, by: str, since: datetime, now: datetime
    ) -> AckText | None:
        """Record that a human took what a text told to fire, where it still does."""

    async def hold(self, until: datetime | None) -> None:
        """Let nothing leave until *until*; None lets it leave again."""
        ...

    async def cancel(
        self, ids: Sequence[NotificationId], now: datetime
    ) -> Sequence[NotificationId]:
        """Take waiting notifications out; says which were still waiting."""
        ...

    async def requeue(
        self, ids: Sequence[NotificationId], now: datetime, expires_at: datetime
    ) -> Sequence[NotificationId]:
        """Let ended notifications wait again; says which could be."""
        ...

    async def rehold(
        self, decide: Callable[[Held], datetime | None], now: datetime
    ) -> int:
        """After a reload: ask again until when each muted notification is held."""
        ...

    async def history(
        self,
        *,
        limit: int = 100,
        recipient: str | None = None,
        episode: EpisodeId | None = None,
    ) -> Sequence[HistoryRow]:
        """The latest notifications and non-notifications, newest first."""
        ...

    async def show(self, episode: EpisodeId) -> EpisodeRow | None:
        """One episode, with everybody who heard of it or did not, and why."""
        ...

    async def recall(self, since: datetime, until: datetime) -> Past:
        """What was open and what was sent between the two, the end excluded."""
        ...

    async def outbox(
        self, *, limit: int = 1000, dead: bool = False
    ) -> Sequence[OutboxRow]:
        """What waits or is in flight (or is dead), oldest first."""
        ...

    async def quarantined(self, *, limit: int = 100) -> Sequence[Quarantined]:
        """What could not be read, newest first."""
        ...

    async def depth(self, now: datetime) -> Depth:
        """Count what waits."""
        ...

    async def probe(self, now: datetime) -> None:
        """Make a real durable write."""
        ...

    async def shift(self, by: timedelta) -> None:
        """The wall clock was stepped: move every pending time along."""
        ...

    async def prune(self, before: datetime, limit: int = 500) -> int:
        """Delete what ended before *before*, at most *limit* episodes a call."""
        ...

    async def mark_stale(
        self, seen_before: datetime, now: datetime, limit: int = 500
    ) -> int:
        """Note of open episodes that no post has named since *seen_before*.

        Stale is not resolved: nobody is told that it is over, and the next post that
        names it takes the note away. Says how many, at most *limit* a call.
        """
        ...

    async def backup(self, to: Path) -> None:
        """Write a consistent copy while running."""
        ...

    async def wait_broken(self) -> None:
        """Wait until the store cannot be trusted any more.

        Raises:
            StoreBroken: always, when it ends at all.
        """
        ...

    async def close(self) -> None:
        """Finish what was begun, and let go of the file."""
        ...
