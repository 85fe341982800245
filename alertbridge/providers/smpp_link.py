"""The one connection that an account has with us: made when needed, shared, let go.

Whoever needs it first makes it; the others wait for that. After a failure nobody tries
again before a while has passed, which a page hears at once as Deferred: an SMSC locks
the account of who knocks too often. The waits have no jitter: an account has one of us.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Self

from alertbridge.providers.http_request import describe
from alertbridge.providers.smpp_connection import Connection, Lost, NotWritten
from alertbridge.providers.smpp_options import SmppOptions
from alertbridge.providers.smpp_patience import Patience
from alertbridge.providers.smpp_pdu import Incoming
from alertbridge.providers.smpp_status import OK, WRONG_CREDENTIALS, rule

CLOSED = "the provider was replaced or stopped"


class NotBound(Exception):
    """There is no session; nothing was sent. `detail` says why, `wait` for how long."""

    def __init__(self, detail: str, wait: float) -> None:
        super().__init__(detail)
        self.detail = detail
        self.wait = wait


class Link:
    """Keeps the connection: *deliver* takes what it brings, *ended* hears its end."""

    def __init__(
        self,
        options: SmppOptions,
        patience: Patience,
        deliver: Callable[[Connection, int, Incoming], bool],
        ended: Callable[[], None],
    ) -> None:
        self._options = options
        self._patience = patience
        self._deliver = deliver
        self._ended = ended
        self._connection: Connection | None = None
        self._making = asyncio.Lock()
        self._failures = 0
        self._not_before = 0.0
        self._why = ""
        self._users = 0
        self.closed = False

    async def __aenter__(self) -> Self:
        """Use it: until the end of the block it is not let go."""
        self._users += 1
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Let go of it, if that was asked for meanwhile."""
        self._users -= 1
        self._let_go()

    async def bound(self) -> Connection:
        """Get a connection that stands, and was heard of lately.

        Raises:
            NotBound: there is none, for now.
        """
        try:
            async with asyncio.timeout(self._patience.reach), self._making:
                return await self._get()
        except TimeoutError:
            raise self._failed("no answer to the connection or the bind") from None

    async def close(self) -> None:
        """Bind no more, and unbind: now, or once nobody uses it any more."""
        self.closed = True
        connection = self._connection
        self._let_go()
        if connection is not None and not self._users:
            await connection.ended.wait()

    def _let_go(self) -> None:
        if self.closed and not self._users and self._connection is not None:
            self._connection.leave()

    async def _get(self) -> Connection:
        connection = self._connection
        if (
            connection is not None
            and connection.is_open
            and (
                connection.silent_for < self._patience.fresh
                or await connection.answers(self._patience.look)
            )
        ):
            return connection
        if self.closed:
            raise NotBound(CLOSED, 0.0)
        loop = asyncio.get_running_loop()
        if loop.time() < self._not_before:
            raise NotBound(self._why, self._not_before - loop.time())
        return await self._make()

    async def _make(self) -> Connection:
        options, loop = self._options, asyncio.get_running_loop()
        connection = Connection(
            self._deliver,
            self._lost,
            self._patience,
            enquire_every=options.enquire_link_interval,
        )
        try:
            await loop.create_connection(
                lambda: connection,
                options.host,
                options.port,
                ssl=ssl.create_default_context() if options.tls else None,
            )
        except OSError as exc:
            raise self._failed(f"cannot reach the SMSC: {describe(exc)}") from None
        try:
            status = await connection.bind(options)
        except (Lost, NotWritten):
            raise self._failed("the SMSC hung up at the bind") from None
        except BaseException:
            # Cancelled, or out of time: half a session is of no use to the next.
            connection.hang_up()
            raise
        if status != OK:
            connection.hang_up()
            _, words = rule(status)
            refused = status in WRONG_CREDENTIALS
            raise self._failed(
                f"the SMSC refuses the bind: {words}",
                self._patience.refused if refused else None,
            )
        if not connection.is_open:
            raise self._failed("the SMSC hung up just after the bind")
        self._connection = connection
        return connection

    def _failed(self, why: str, pause: float | None = None) -> NotBound:
        if pause is None:
            pauses = self._patience.pauses
            pause = pauses[min(self._failures, len(pauses) - 1)]
        self._failures += 1
        self._why = why
        self._not_before = asyncio.get_running_loop().time() + pause
        return NotBound(why, pause)

    def _lost(self, connection: Connection) -> None:
        if connection is not self._connection:
            return
        self._connection = None
        lasted = asyncio.get_running_loop().time() - connection.opened_at
        if lasted >= self._patience.steady:
            self._failures = 0
        elif not self.closed:
            self._failed("the SMSC hung up soon after the bind")
        self._ended()
