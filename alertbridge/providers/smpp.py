"""SMPP 3.4 (https://smpp.org), straight to an SMSC: one bound connection for both ways.

Documented by the specification: every PDU, status and parameter used here. Assumed, and
up to each SMSC: that its default alphabet is GSM 03.38, that it keeps a user data
header as it is, and that ids in receipts are those of its answers (or as `message_ids`
says). There is no idempotency key and no reference of ours, so an uncertain text cannot
be looked up. Without `tls` the password travels in clear.
"""

import asyncio
from collections.abc import Sequence

from alertbridge.core.message import Deferred, Outcome, Outcomes, Submission
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.core.report import DeliveryReport
from alertbridge.ports import Heard, ProviderCheckFailed, StoreUnavailable
from alertbridge.providers.one_by_one import OneByOne
from alertbridge.providers.smpp_connection import Connection
from alertbridge.providers.smpp_link import CLOSED, Link, NotBound
from alertbridge.providers.smpp_options import SmppOptions
from alertbridge.providers.smpp_parts import LongTexts
from alertbridge.providers.smpp_patience import PATIENCE, Patience
from alertbridge.providers.smpp_pdu import Incoming
from alertbridge.providers.smpp_receipts import is_receipt, read_receipt
from alertbridge.providers.smpp_sending import Sending
from alertbridge.providers.smpp_status import OK, TEMPORARY

LONGEST = 1600
"""Characters of a text. The limit is 255 parts; ours are far shorter."""

MOST_UNREAD = 1000
"""Receipts that wait to be written down; the SMSC keeps what comes beyond."""

REBIND = 1.0
"""Least seconds between two tries to be bound in order to hear."""


class Smpp:
    """A `Provider` and `ReportFeed` for one account; both share one connection."""

    def __init__(
        self,
        name: ProviderName,
        options: SmppOptions,
        *,
        patience: Patience = PATIENCE,
    ) -> None:
        self.name = name
        self.requests_per_second = options.requests_per_second
        # One: `destination_addr` is one number.
        self.most_numbers = 1
        self._options = options
        self._patience = patience
        self._link = Link(options, patience, self._deliver, self._ended)
        self._one_by_one = OneByOne(options.requests_per_second)
        self._long = LongTexts(patience.submitting)
        self._sending = Sending(options, patience, self._link, self._long)
        self._feeding = False
        # None: the connection has ended.
        self._inbox: asyncio.Queue[tuple[Connection, int, Incoming] | None] = (
            asyncio.Queue()
        )

    async def submit(self, submission: Submission) -> Outcomes:
        """Hand *submission* over, a text for each number."""
        if self._link.closed:
            return Outcomes(Deferred(detail=CLOSED))

        async def send(number: Msisdn) -> Outcome:
            return await self._sending.text(submission, number)

        async with self._link:
            return await self._one_by_one.submit(submission, longest=LONGEST, send=send)

    async def check(self) -> Sequence[str]:
        """Bind, unless we are bound, and ask for a sign of life; no SMS leaves."""
        async with self._link:
            try:
                connection = await self._link.bound()
            except NotBound as exc:
                raise ProviderCheckFailed(f"{self.name}: {exc.detail}") from None
            if not await connection.answers(self._patience.enquiry):
                raise ProviderCheckFailed(
                    f"{self.name}: the SMSC let us bind, and then did not answer"
                )
        return ["bound; the balance cannot be asked for by SMPP"]

    async def close(self) -> None:
        """Unbind: now, or once the texts under way are through."""
        await self._link.close()

    async def feed(self, heard: Heard) -> None:
        """Stay bound, and hand over every receipt; confirmed once *heard* returned."""
        self._feeding = True
        try:
            while True:
                await self._stay_bound()
                while await self._hear(heard):
                    pass
        finally:
            self._feeding = False
            while not self._inbox.empty():
                self._answer(self._inbox.get_nowait(), TEMPORARY)

    async def _stay_bound(self) -> None:
        while True:
            try:
                await self._link.bound()
            except NotBound as exc:
                await asyncio.sleep(max(exc.wait, REBIND))
            else:
                return

    async def _hear(self, heard: Heard) -> bool:
        """Take what has come in, all at once; False if the connection has ended."""
        batch = [await self._inbox.get()]
        while not self._inbox.empty():
            batch.append(self._inbox.get_nowait())
        status = TEMPORARY
        try:
            reports = [await self._read(one[2]) for one in batch if one is not None]
            known = tuple(report for report in reports if report is not None)
            if known:
                await heard(known)
            status = OK
        except StoreUnavailable:
            # Not ours to keep: the SMSC sends them again.
            pass
        finally:
            for one in batch:
                self._answer(one, status)
        return None not in batch

    async def _read(self, incoming: Incoming) -> DeliveryReport | None:
        report = read_receipt(incoming, self._options.message_ids)
        if report is None:
            return None
        await self._long.know(report.provider_id)
        return self._long.read(report)

    def _deliver(
        self, connection: Connection, sequence: int, incoming: Incoming
    ) -> bool:
        if not is_receipt(incoming):
            # A person wrote to the sender: taken, or it would come for ever.
            connection.answer_delivery(sequence, OK)
            return True
        if not self._feeding or self._inbox.qsize() >= MOST_UNREAD:
            return False
        self._inbox.put_nowait((connection, sequence, incoming))
        return True

    def _ended(self) -> None:
        if self._feeding:
            self._inbox.put_nowait(None)

    def _answer(
        self, one: tuple[Connection, int, Incoming] | None, status: int
    ) -> None:
        if one is not None:
            connection, sequence, _ = one
            connection.answer_delivery(sequence, status)
