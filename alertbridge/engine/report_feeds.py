"""Keeps the feeds of those providers running whose reports come by their own way."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import structlog

from alertbridge.core.notification import ProviderName
from alertbridge.core.report import DeliveryReport
from alertbridge.ports import Provider, ReportFeed

log = structlog.get_logger()

PAUSE = 5.0
"""Seconds until a feed that broke its promise never to end is started again."""

Hear = Callable[[ProviderName, Sequence[DeliveryReport]], Awaitable[None]]


class ReportFeeds:
    """One feed for each provider that has one; a reload starts those of the new."""

    def __init__(
        self, providers: Callable[[], Mapping[ProviderName, Provider]], hear: Hear
    ) -> None:
        self._providers = providers
        self._hear = hear
        self._changed = asyncio.Event()

    def change(self) -> None:
        """Start anew: the providers in force are others now."""
        self._changed.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._changed.clear()
            async with asyncio.TaskGroup() as group:
                feeding = [
                    group.create_task(self._keep(name, provider), name=f"feed {name}")
                    for name, provider in self._providers().items()
                    if isinstance(provider, ReportFeed)
                ]
                await self._changed.wait()
                for task in feeding:
                    task.cancel()

    async def _keep(self, name: ProviderName, provider: ReportFeed) -> None:
        while True:
            try:
                await provider.feed(partial(self._hear, name))
            except Exception as exc:  # noqa: BLE001
                # The bulkhead: one provider's bug must not end the others' pages.
                log.error("feed.failed", provider=name, error=type(exc).__name__)
            await asyncio.sleep(PAUSE)
