"""One connection to an SMSC, from its bind to its end: who waits for which answer.

A protocol of callbacks and timers, so that it needs no task of its own: it answers
`enquire_link` and takes receipts whoever is waiting, and ends all waits when it ends.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from alertbridge.providers.smpp_options import SmppOptions
from alertbridge.providers.smpp_patience import Patience
from alertbridge.providers.smpp_pdu import (
    ALERT_NOTIFICATION,
    BIND_TRANSCEIVER,
    DELIVER_SM,
    ENQUIRE_LINK,
    GENERIC_NACK,
    LAST_SEQUENCE,
    RESPONSE,
    UNBIND,
    Incoming,
    Pdu,
    Unreadable,
    cut,
    read_pdu,
    write_bind,
    write_delivered,
    write_plain,
)
from alertbridge.providers.smpp_status import (
    INVALID_COMMAND,
    INVALID_LENGTH,
    INVALID_PARAMETER,
    TEMPORARY,
)


class Lost(Exception):
    """The connection ended before the answer came; the request had been written."""


class NotWritten(Exception):
    """The connection is not one to write to: surely nothing of the request left."""


class Connection(asyncio.Protocol):
    """A connection; *deliver* takes a receipt, and says whether it will answer it."""

    def __init__(
        self,
        deliver: Callable[["Connection", int, Incoming], bool],
        lost: Callable[["Connection"], None],
        patience: Patience,
        *,
        enquire_every: float,
    ) -> None:
        self._deliver = deliver
        self._lost = lost
        self._patience = patience
        self._enquire_every = enquire_every
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Pdu | None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._writable = True
        self._leaving = False
        self._told = False
        self.opened_at = self.heard_at = self._loop.time()
        self.ended = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether requests can be written."""
        return self._stands and not self._leaving

    @property
    def _stands(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    @property
    def silent_for(self) -> float:
        """Seconds since anything was heard."""
        return self._loop.time() - self.heard_at

    async def bind(self, options: SmppOptions) -> int:
        """Ask to be let in; says the status.

        Raises:
            Lost: no answer.
            NotWritten: it has ended already.
        """
        answer = await self.request(lambda sequence: write_bind(options, sequence))
        if answer.command != BIND_TRANSCEIVER | RESPONSE and answer.status == 0:
            raise Lost
        if answer.status == 0:
            self._keep_alive()
        return answer.status

    async def request(self, write: Callable[[int], bytes]) -> Pdu:
        """Write what *write* makes of a sequence number, and wait for its answer.

        A caller that waits no longer may have been taken all the same, unless this
        raised NotWritten.

        Raises:
            NotWritten: nothing left.
            Lost: it left, and the connection ended.
        """
        # A peer that does not read is a connection to give up, not one to fill.
        if not self.is_open or not self._writable:
            raise NotWritten
        sequence = self._next()
        octets = write(sequence)
        # None: the connection has ended.
        answer: asyncio.Future[Pdu | None] = self._loop.create_future()
        self._waiting[sequence] = answer
        self._write(octets)
        try:
            pdu = await answer
        finally:
            self._waiting.pop(sequence, None)
        if pdu is None:
            raise Lost
        return pdu

    async def answers(self, within: float) -> bool:
        """Whether the far side is there; one that is not is hung up on."""
        try:
            async with asyncio.timeout(within):
                await self.request(lambda number: write_plain(ENQUIRE_LINK, number))
        except (Lost, NotWritten, TimeoutError):
            self.hang_up()
            return False
        return True

    def answer_delivery(self, sequence: int, status: int) -> None:
        """Answer a deliver_sm, if it still can be; if not, the SMSC repeats it."""
        if self._stands:
            self._write(write_delivered(sequence, status))

    def leave(self) -> None:
        """Unbind, and hang up once that is answered or has taken too long."""
        if not self.is_open:
            return
        self._leaving = True
        self._stop_timer()
        self._write(write_plain(UNBIND, self._next()))
        self._timer = self._loop.call_later(self._patience.unbind, self.hang_up)

    def hang_up(self) -> None:
        """End it at once; whoever waits for an answer hears that it is lost."""
        if self._transport is not None:
            self._transport.abort()
            self._tell()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport over."""
        # What `create_connection` makes, with TLS and without.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it has ended."""
        del exc  # Whatever ended it, what is known of the requests is the same.
        self.ended.set()
        self._tell()
        self._stop_timer()

    def _tell(self) -> None:
        """Tell everybody who waits, once: no answer can come any more."""
        if self._told:
            return
        self._told = True
        self._stop_timer()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result(None)
        self._lost(self)

    def pause_writing(self) -> None:
        """Note that the far side does not read."""
        self._writable = False

    def resume_writing(self) -> None:
        """Note that it does again."""
        self._writable = True

    def data_received(self, data: bytes) -> None:
        """Read what has arrived whole."""
        self.heard_at = self._loop.time()
        self._buffer += data
        try:
            while self._stands and (frame := cut(self._buffer)) is not None:
                self._take(read_pdu(frame))
        except Unreadable:
            self._write(write_plain(GENERIC_NACK, 0, INVALID_LENGTH))
            self.hang_up()

    def _take(self, pdu: Pdu) -> None:
        if pdu.command & RESPONSE:
            self._take_answer(pdu)
        elif pdu.command == ENQUIRE_LINK:
            self._write(write_plain(ENQUIRE_LINK | RESPONSE, pdu.sequence))
        elif pdu.command == DELIVER_SM:
            self._take_delivery(pdu)
        elif pdu.command == UNBIND:
            self._write(write_plain(UNBIND | RESPONSE, pdu.sequence))
            self._close()
        elif pdu.command != ALERT_NOTIFICATION:  # It is the one that has no answer.
            self._write(write_plain(GENERIC_NACK, pdu.sequence, INVALID_COMMAND))

    def _take_answer(self, pdu: Pdu) -> None:
        if pdu.command == UNBIND | RESPONSE:
            self._close()
            return
        answer = self._waiting.get(pdu.sequence)
        if answer is not None:
            if not answer.done():
                answer.set_result(pdu)
        elif pdu.command == GENERIC_NACK and not pdu.sequence:
            # It lost its place in what we write; which request that was is not said.
            self.hang_up()

    def _take_delivery(self, pdu: Pdu) -> None:
        if pdu.incoming is None:
            self.answer_delivery(pdu.sequence, INVALID_PARAMETER)
        elif not self._deliver(self, pdu.sequence, pdu.incoming):
            self.answer_delivery(pdu.sequence, TEMPORARY)

    def _keep_alive(self) -> None:
        """Ask after a silence, and hang up after a second one."""
        wait = self._enquire_every - self.silent_for
        if wait > 0:
            self._timer = self._loop.call_later(wait, self._keep_alive)
            return
        asked_at = self._loop.time()
        self._write(write_plain(ENQUIRE_LINK, self._next()))

        def look() -> None:
            if self.heard_at < asked_at:
                self.hang_up()
            else:
                self._keep_alive()

        self._timer = self._loop.call_later(self._patience.enquiry, look)

    def _next(self) -> int:
        self._sequence = self._sequence % LAST_SEQUENCE + 1
        return self._sequence

    def _write(self, octets: bytes) -> None:
        if self._transport is not None:
            self._transport.write(octets)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._tell()
            # A peer that reads no more would keep what is left to write for ever.
            self._timer = self._loop.call_later(
                self._patience.unbind, self._transport.abort
            )

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
