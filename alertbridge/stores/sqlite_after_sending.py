"""The store's verbs for what was sent: look it up, take reports in, end it."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from alertbridge.core.ended import Ended
from alertbridge.core.following import Followed
from alertbridge.core.inquiry import Conclusion, Inquiry
from alertbridge.core.message import Message
from alertbridge.core.notification import MessageId, ProviderName
from alertbridge.core.report import DeliveryReport
from alertbridge.ports import Inquiries, Matched
from alertbridge.stores import sqlite_following, sqlite_inquiry
from alertbridge.stores.sqlite_lane import Lane

REPORTS = " reports"
"""The line that delivery reports take turns in; no source is called so."""


class AfterSending:
    """The part of the store that knows of messages after they have left."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def inquiries(
        self, listers: Collection[ProviderName], now: datetime
    ) -> Inquiries:
        """Which uncertain submissions are to be looked up now."""
        return await self._lane.read(
            lambda db: sqlite_inquiry.inquiries(db, listers, now)
        )

    async def conclude(
        self, inquiry: Inquiry, conclusion: Conclusion, now: datetime
    ) -> bool:
        """Write what a list has shown."""
        return await self._lane.write(
            lambda db: sqlite_inquiry.conclude(db, inquiry, conclusion, now)
        )

    async def fold_reports(
        self,
        provider: ProviderName,
        reports: Sequence[DeliveryReport],
        now: datetime,
        *,
        cautious: bool = False,
    ) -> Matched:
        """Write down what reports say."""
        return await self._lane.write(
            lambda db: sqlite_following.fold_reports(
                db, provider, reports, now, cautious=cautious
            ),
            REPORTS,
        )

    async def followed(self) -> Sequence[Followed]:
        """The accepted messages that something may have to be done about."""
        return await self._lane.read(sqlite_following.followed)

    async def note_asked(self, messages: Collection[MessageId], now: datetime) -> None:
        """Write down that the gateway is asked now."""
        await self._lane.write(
            lambda db: sqlite_following.note_asked(db, messages, now)
        )

    async def let_go(self, messages: Collection[MessageId]) -> None:
        """Wait for nothing more of these."""
        await self._lane.write(lambda db: sqlite_following.let_go(db, messages))

    async def end(
        self,
        message: MessageId,
        decide: Callable[[Message, ProviderName, DeliveryReport | None], Ended],
        now: datetime,
    ) -> Ended | None:
        """Decide and write what the end of a message changes."""
        return await self._lane.write(
            lambda db: sqlite_following.end(db, message, decide, now)
        )
