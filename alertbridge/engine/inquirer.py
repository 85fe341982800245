"""The inquirer: asks providers' lists about sends whose answer nobody saw."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import groupby

import structlog

from alertbridge.core.inquiry import (
    Conclusion,
    Found,
    Inquiry,
    Listing,
    LookAgain,
    NotListed,
    NotThere,
    conclude,
)
from alertbridge.core.notification import ProviderName
from alertbridge.ports import Clock, Inquiries, Lister, Store, StoreUnavailable

log = structlog.get_logger()

IDLE = 5.0
"""Seconds between looks into the store when nothing is due and nobody wakes us: shorter
than the first wait of an uncertain send, so that none is looked up late."""

LONGEST_LISTING = 12.0
"""Seconds after which we stop waiting for a list that breaks its promise to return."""

WORDS: Mapping[type[Conclusion], str] = {
    Found: "found",
    NotThere: "not_there",
    LookAgain: "look_again",
}


class Inquirer:
    """Looks up what is uncertain, one provider after the other, until cancelled."""

    def __init__(
        self,
        store: Store,
        listers: Callable[[], Mapping[ProviderName, Lister]],
        clock: Clock,
        settled: Callable[[], None],
        *,
        idle: float = IDLE,
    ) -> None:
        self._store = store
        self._listers = listers
        self._clock = clock
        self._settled = settled
        self._idle = idle
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look again soon: a send is uncertain."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled; the store being away is waited out."""
        while True:
            self._wake.clear()
            try:
                wait = await self.look()
            except StoreUnavailable as exc:
                log.error("store.failed", reason=f"inquiry: {exc}")
                wait = IDLE
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()

    async def look(self) -> float:
        """Look up all that is due, and say for how many seconds nothing is."""
        listers = self._listers()
        found = await self._store.inquiries(tuple(listers), self._clock.now())
        for name, due in groupby(
            sorted(found.due, key=lambda inquiry: inquiry.provider),
            key=lambda inquiry: inquiry.provider,
        ):
            await self._ask(listers[name], tuple(due))
        return self._until(found)

    def _until(self, found: Inquiries) -> float:
        if found.next_due is None:
            return self._idle
        seconds = (found.next_due - self._clock.now()).total_seconds()
        return min(max(seconds, 0.05), self._idle)

    async def _ask(self, lister: Lister, due: Sequence[Inquiry]) -> None:
        """One list for all of a provider's uncertain sends."""
        since = min(inquiry.began_at for inquiry in due)
        listing = await _list(lister, due, since)
        now = self._clock.now()
        for inquiry in due:
            conclusion = conclude(inquiry, listing, now)
            if not await self._store.conclude(inquiry, conclusion, now):
                continue
            log.info(
                "inquiry.concluded",
                provider=inquiry.provider,
                reference=inquiry.reference,
                conclusion=WORDS[type(conclusion)],
                reason=listing.detail if isinstance(listing, NotListed) else "",
            )
            if not isinstance(conclusion, LookAgain):
                self._settled()


async def _list(lister: Lister, due: Sequence[Inquiry], since: datetime) -> Listing:
    try:
        async with asyncio.timeout(LONGEST_LISTING):
            return await lister.list_sent([i.reference for i in due], since)
    except Exception as exc:  # noqa: BLE001
        # The bulkhead, as for a submission: a bug here must not end the process.
        return NotListed(f"{type(exc).__name__} in provider")
