"""Delivery reports as iP.1 posts them: every status of a message, until it gets 200."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from alertbridge.simulator.gateway_documents import iso
from alertbridge.simulator.gateway_faults import Faults
from alertbridge.simulator.gateway_mischief import Sleep
from alertbridge.simulator.gateway_sms import DELIVERED, Batch, Sms

TRIES = 10
"""How often a report is posted at the most, as documented."""

TIMEOUT = ClientTimeout(total=10)


class Reports:
    """Posts what becomes of batches to the addresses that they named."""

    def __init__(
        self, *, faults: Faults, now: Callable[[], datetime], sleep: Sleep
    ) -> None:
        self._faults = faults
        self._now = now
        self._sleep = sleep
        self._session: ClientSession | None = None
        self._posting: set[asyncio.Task[None]] = set()

    async def running(self, _: web.Application) -> AsyncIterator[None]:
        """Have a session while the application runs."""
        async with ClientSession(trust_env=False) as self._session:
            yield
            for task in self._posting:
                task.cancel()
            await asyncio.gather(*self._posting, return_exceptions=True)

    def follow(self, batch: Batch) -> None:
        """Report on *batch* from now on, if its reports are wanted and posted."""
        url = batch.request.report_url
        if url is None or not self._faults.plan.reports.posts:
            return
        for sms in batch.messages:
            # A gateway's own work; it is no part of a daemon, and may die alone.
            task = asyncio.create_task(self._report(url, sms))  # noqa: TID251
            self._posting.add(task)
            task.add_done_callback(self._posting.discard)

    async def _report(self, url: str, sms: Sms) -> None:
        plan = self._faults.plan.reports
        for at, code in sms.all_statuses():
            await self._sleep(max(0.0, (at - self._now()).total_seconds()))
            claims = (
                plan.claims if plan.claims is not None and code >= DELIVERED else code
            )
            await self._post(url, _document(sms, at, claims), plan.again)

    async def _post(self, url: str, document: object, again: float) -> None:
        assert self._session is not None
        for _ in range(TRIES):
            try:
                async with self._session.post(
                    url, json=document, timeout=TIMEOUT, allow_redirects=False
                ) as answer:
                    if answer.status == web.HTTPOk.status_code:
                        return
            except (ClientError, TimeoutError, OSError):
                pass
            await self._sleep(again)


def _document(sms: Sms, at: datetime, code: int) -> dict[str, object]:
    return {
        "messageId": sms.id,
        "batchId": sms.batch_id,
        "recipient": sms.number.removeprefix("+"),
        "code": code,
        "duration": int(code >= DELIVERED),
        "created": iso(at),
        "segments": sms.text.segments,
        "price": 0.35 * sms.text.segments,
        "currency": "sek",
        "reference": sms.reference,
    }
