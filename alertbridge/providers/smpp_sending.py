"""One text to one number over SMPP: its parts, one after the other, and what became.

The line that matters: before a part is written nothing of it was sent, whatever goes
wrong; once it is, only its answer says more than *uncertain*. And of a text in parts,
the first decides: what it meets is met by the whole. Once it is taken, a text of which
the rest is not may still show on the phone, so it is uncertain, and sent again whole.
"""

import asyncio

from alertbridge.core.message import (
    Accepted,
    Deferred,
    Outcome,
    Submission,
    Uncertain,
)
from alertbridge.core.recipient import Msisdn
from alertbridge.providers.http_status import MAX_ID
from alertbridge.providers.smpp_connection import Connection, Lost, NotWritten
from alertbridge.providers.smpp_link import Link, NotBound
from alertbridge.providers.smpp_options import SmppOptions, destination
from alertbridge.providers.smpp_parts import LongTexts, Whole
from alertbridge.providers.smpp_patience import Patience
from alertbridge.providers.smpp_pdu import (
    GENERIC_NACK,
    RESPONSE,
    SUBMIT_SM,
    Pdu,
    message_id_of,
    write_submit,
    write_validity,
)
from alertbridge.providers.smpp_receipts import id_in_answer
from alertbridge.providers.smpp_status import OK, WRONG_STATE, refusal_of
from alertbridge.providers.smpp_text import Part, parts_of


class Sending:
    """Submits texts over *link*: no faster than the account allows, and no wider."""

    def __init__(
        self, options: SmppOptions, patience: Patience, link: Link, long: LongTexts
    ) -> None:
        self._options = options
        self._patience = patience
        self._link = link
        self._long = long
        self._window = asyncio.Semaphore(options.window)
        self._free_at = 0.0

    async def text(self, submission: Submission, number: Msisdn) -> Outcome:
        """Submit a text; never raises for what a network or an SMSC can do."""
        end = asyncio.get_running_loop().time() + self._patience.submitting
        body, reference = submission.text.body, submission.reference
        parts = parts_of(body, reference, self._options.long_texts)
        if len(parts) == 1:
            return await self._part(parts[0], submission, number, end)
        self._long.began()
        try:
            return await self._parts(parts, submission, number, end)
        finally:
            self._long.ended()

    async def _parts(
        self,
        parts: tuple[Part, ...],
        submission: Submission,
        number: Msisdn,
        end: float,
    ) -> Outcome:
        whole = Whole(len(parts))
        for part in parts:
            attempt = self._later if whole.ids else self._part
            outcome = await attempt(part, submission, number, end)
            if isinstance(outcome, Accepted):
                self._long.took(whole, outcome.provider_id)
            elif whole.ids:
                which = f"part {len(whole.ids) + 1} of {whole.count}"
                return Uncertain(detail=f"{which}: {outcome.detail}")
            else:
                return outcome
        return Accepted(provider_id=whole.ids[0])

    async def _later(
        self, part: Part, submission: Submission, number: Msisdn, end: float
    ) -> Outcome:
        """Submit a part whose text has begun, as often as there is time for."""
        patience, loop = self._patience, asyncio.get_running_loop()
        while True:
            outcome = await self._part(part, submission, number, end)
            if not isinstance(outcome, Deferred):
                return outcome
            if loop.time() + patience.again + patience.answering > end:
                return outcome
            await asyncio.sleep(patience.again)

    async def _part(
        self, part: Part, submission: Submission, number: Msisdn, end: float
    ) -> Outcome:
        """Submit one part; Deferred until it is written, and then no more."""
        begun_by = end - self._patience.answering
        try:
            async with asyncio.timeout_at(begun_by):
                await self._window.acquire()
        except TimeoutError:
            return Deferred(detail="the window is full: earlier texts have no answer")
        try:
            async with asyncio.timeout_at(begun_by):
                connection = await self._link.bound()
                await self._slot()
            return await self._write(connection, part, submission, number, end)
        except TimeoutError:
            return Deferred(detail="not begun in time")
        except NotBound as exc:
            # Our own pause is no wish of the gateway: another may have the page now.
            return Deferred(detail=exc.detail)
        finally:
            self._window.release()

    async def _slot(self) -> None:
        """Wait until the account may take one more segment."""
        now = asyncio.get_running_loop().time()
        begin = max(now, self._free_at)
        self._free_at = begin + 1 / self._options.requests_per_second
        if begin > now:
            await asyncio.sleep(begin - now)

    async def _write(
        self,
        connection: Connection,
        part: Part,
        submission: Submission,
        number: Msisdn,
        end: float,
    ) -> Outcome:
        options = self._options
        validity = write_validity(
            submission.closes_at, submission.began_at, options.validity
        )
        try:
            async with asyncio.timeout_at(end):
                answer = await connection.request(
                    lambda sequence: write_submit(
                        part,
                        options.source,
                        destination(number),
                        sequence=sequence,
                        service_type=options.service_type,
                        validity=validity,
                    )
                )
        except NotWritten:
            return Deferred(detail="the connection ended before the text was written")
        except Lost:
            return Uncertain(detail="the connection ended before the answer")
        except TimeoutError:
            return Uncertain(detail="no answer in time")
        return self._classify(answer, connection)

    def _classify(self, answer: Pdu, connection: Connection) -> Outcome:
        if answer.command not in (SUBMIT_SM | RESPONSE, GENERIC_NACK):
            return Uncertain(detail="an answer to something else")
        if answer.status == OK and answer.command != GENERIC_NACK:
            given = message_id_of(answer.body)
            if not given or len(given) > MAX_ID:
                return Uncertain(detail="taken, but no message_id in the answer")
            return Accepted(provider_id=id_in_answer(given, self._options.message_ids))
        if answer.status == WRONG_STATE:
            connection.hang_up()
        return refusal_of(answer.status)
