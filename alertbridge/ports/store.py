"""The port of the durable mailbox, cut at the verb."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from alertbridge.core.ack import AckText, Code, Token
from alertbridge.core.alert import SourceName
from alertbridge.core.drafting import Drafting
from alertbridge.core.ended import Ended
from alertbridge.core.following import Followed
from alertbridge.core.inquiry import Conclusion, Inquiry
from alertbridge.core.message import Message, Submission
from alertbridge.core.notification import (
    EpisodeId,
    MessageId,
    NotificationId,
    ProviderName,
)
from alertbridge.core.past import Past
from alertbridge.core.plan import Keys, Known, Plan
from alertbridge.core.report import DeliveryReport
from alertbridge.core.settlement import Settlement
from alertbridge.core.spend import Period
from alertbridge.ports.notes import Notes
from alertbridge.ports.records import (
    Claimed,
    Depth,
    EpisodeRow,
    Held,
    HistoryRow,
    Incident,
    Inquiries,
    Matched,
    OutboxRow,
    Quarantined,
    Recorded,
    Room,
)


class StoreUnavailable(Exception):
    """The store could not keep something; the sender must try again (503)."""


class StoreRefused(Exception):
    """The store cannot be opened safely; one line for the operator."""


class StoreBroken(Exception):
    """The store can no longer be trusted: exit, and recover from the file."""


class Store(Protocol):
    """The durable mailbox. Every method that writes returns after the fsync.

    Raises:
        StoreUnavailable: nothing can be promised about the write.
    """

    @property
    def notes(self) -> Notes:
        """What parts of the daemon keep beyond their own life."""
        ...

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

    async def recover(
        self,
        now: datetime,
        retry_after: timedelta,
        listers: Collection[ProviderName] = (),
    ) -> int:
        """At start, before anything is claimed: what was in flight is uncertain now.

        What went by *listers* is looked up first. Says how many submissions that was.
        """
        ...

    async def inquiries(
        self, listers: Collection[ProviderName], now: datetime
    ) -> Inquiries:
        """Which uncertain submissions are to be looked up now, and when the next is."""
        ...

    async def conclude(
        self, inquiry: Inquiry, conclusion: Conclusion, now: datetime
    ) -> bool:
        """Write what a list has shown; False if it has been settled meanwhile."""
        ...

    async def fold_reports(
        self,
        provider: ProviderName,
        reports: Sequence[DeliveryReport],
        now: datetime,
        *,
        cautious: bool = False,
    ) -> Matched:
        """Write down what *provider* says of messages; what is unknown is parked.

        A report about a send whose answer nobody saw settles it. *cautious*: whoever
        said so may not be the gateway, and a critical page is not delivered by it.
        """
        ...

    async def followed(self) -> Sequence[Followed]:
        """The accepted messages that something may have to be done about."""
        ...

    async def note_asked(self, messages: Collection[MessageId], now: datetime) -> None:
        """Write down that the gateway is asked about these messages now."""
        ...

    async def let_go(self, messages: Collection[MessageId]) -> None:
        """Wait for nothing more of these; a report takes them up again.

        Not of those whose end was reported since the caller looked.
        """
        ...

    async def end(
        self,
        message: MessageId,
        decide: Callable[[Message, ProviderName, DeliveryReport | None], Ended],
        now: datetime,
    ) -> Ended | None:
        """Decide and write what the end of a message changes: one transaction.

        None if nothing is open. *decide* may be called again if the transaction must
        be repeated; the message it gets tells what it alone still speaks for.
        """
        ...

    async def own_secret(self, purpose: str, fresh: str) -> str:
        """The store's secret for *purpose*; *fresh* becomes it if there is none."""
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
        """Let nothing leave until *until*; None lets it leave again.

        With None, what a restored copy had waiting leaves too.
        """
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
        """After a reload: ask again until when what is held waits; all are due."""
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

    async def spent(self, periods: Sequence[Period]) -> Mapping[Period, int]:
        """How many segments each of these periods has cost."""
        ...

    async def probe(self, now: datetime) -> None:
        """Make a real durable write, where there is room for more than that."""
        ...

    def incidents(self) -> Sequence[Incident]:
        """What befell the store before or at this start, and nobody was told yet."""
        ...

    def forget_incidents(self) -> None:
        """The admins' pages about them are on disk."""
        ...

    def room(self) -> Room:
        """How much room there was for pages, a moment ago."""
        ...

    async def shift(self, by: timedelta) -> None:
        """The wall clock was stepped: move every pending time along."""
        ...

    async def prune(self, before: datetime, limit: int = 500) -> int:
        """Delete what ended before *before*, at most *limit* rows of each kind a call.

        Says how many of the most there were: with *limit* there may be more.
        """
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
