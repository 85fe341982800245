"""Where a gateway is: asked of the system, and remembered for when names are away.

The hour in which DNS fails is an hour in which people must be paged. A gateway's last
known address is tried then: TLS says whether it is still the gateway's.

Each question has a thread of its own, which nobody waits for: `getaddrinfo` may hang
for half a minute, and in a shared pool one dead name server would keep every provider
from asking, and the process from ending.
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from aiohttp.abc import AbstractResolver, ResolveResult

PATIENCE = 1.0
"""Seconds for the system to answer while an address is known; the rest of the connect
timeout is for the connection."""

REMEMBERED = 24 * 3600.0
"""Seconds for which an address that was good is tried."""

Question = tuple[str, int, socket.AddressFamily]
Found = list[ResolveResult]


@dataclass(frozen=True, slots=True)
class _Known:
    at: float
    found: Found


class LastingResolver(AbstractResolver):
    """Asks the system; falls back on what it said last."""

    def __init__(
        self,
        *,
        patience: float = PATIENCE,
        look_up: Callable[[Question], Found] | None = None,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._patience = patience
        self._look_up = look_up or ask_system
        self._now = now
        self._known: dict[Question, _Known] = {}
        self._asked: dict[Question, asyncio.Future[Found]] = {}

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> Found:
        """Say at which addresses *host* is.

        Raises:
            OSError: nobody knows; a TimeoutError if the system is too slow to say.
        """
        question = (host, port, family)
        known = self._known.get(question)
        if known is not None and self._now() - known.at > REMEMBERED:
            known = None
        asked = self._ask(question)
        try:
            async with asyncio.timeout(None if known is None else self._patience):
                found = await asyncio.shield(asked)
        except OSError:
            if known is None:
                raise
            return known.found
        self._known[question] = _Known(self._now(), found)
        return found

    async def close(self) -> None:
        """Let go of the questions under way; their threads end by themselves."""
        for asked in self._asked.values():
            asked.cancel()

    def _ask(self, question: Question) -> asyncio.Future[Found]:
        """Ask in a thread, unless the same is being asked already."""
        asked = self._asked.get(question)
        if asked is not None:
            return asked
        loop = asyncio.get_running_loop()
        asked = self._asked[question] = loop.create_future()
        asked.add_done_callback(lambda done: self._forget(question, done))

        def answer(found: Found | OSError) -> None:
            if asked.done():
                return
            if isinstance(found, OSError):
                asked.set_exception(found)
            else:
                asked.set_result(found)

        def look() -> None:
            found: Found | OSError
            try:
                found = self._look_up(question)
            except OSError as exc:
                found = exc
            # The loop may be closed by now: nobody waits for the answer any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(answer, found)

        threading.Thread(target=look, name="alertbridge-dns", daemon=True).start()
        return asked

    def _forget(self, question: Question, done: asyncio.Future[Found]) -> None:
        del self._asked[question]
        if not done.cancelled():
            # Whoever asked may have gone: an error is not for the loop to report.
            done.exception()


def ask_system(question: Question) -> Found:
    """Ask as every other program on this machine does; may take half a minute.

    Raises:
        OSError: no.
    """
    host, port, family = question
    try:
        answers = socket.getaddrinfo(
            host,
            port,
            family=family,
            type=socket.SOCK_STREAM,
            flags=socket.AI_ADDRCONFIG,
        )
    except UnicodeError as exc:
        # A label of more than 63 characters, or an empty one.
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from exc
    return [
        ResolveResult(
            hostname=host,
            host=str(address[0]),
            port=int(address[1]),
            family=found,
            proto=protocol,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for found, _, protocol, _, address in answers
    ]
