"""A modem behind an SMS daemon's spool: a page is a file, and needs no internet.

The file's name is made of our reference, so the same page is never written twice: after
a crash, or an answer that was not seen, the file of the first attempt is found wherever
the daemon has moved it. *Accepted* means that the file is in the daemon's folder, and
on the disk; what became of it is told by `spool_feed`.
"""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from threading import Event
from typing import Protocol

from alertbridge.core.inquiry import Listed, Listing, NotListed
from alertbridge.core.message import (
    Accepted,
    Deferred,
    Outcome,
    Outcomes,
    Reference,
    Submission,
    Uncertain,
)
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import Msisdn
from alertbridge.ports import Heard, ProviderCheckFailed
from alertbridge.providers.one_by_one import OneByOne
from alertbridge.providers.own_threads import Late, Threads
from alertbridge.providers.spool_feed import POLL, SpoolFeed
from alertbridge.providers.spool_folders import Layout, OurName, Seen, look, why
from alertbridge.providers.spool_news import Reading
from alertbridge.providers.spool_place import place, try_writing
from alertbridge.providers.spool_stall import Stall

LONGEST = 1000
"""Characters of a text; ours are far shorter, and each segment takes seconds."""

IN_TIME = 5.0
"""Seconds for one look into the folders, and for one file: two of them fit into the
time that a submission may take."""


class Format(Reading, Protocol):
    """How one daemon wants its files, and what it writes into them."""

    @property
    def layout(self) -> Layout:
        """Where its folders are."""
        ...

    def name_of(self, submission: Submission, number: Msisdn) -> str:
        """Name the file: the same for every attempt of the same submission."""
        ...

    def write(self, submission: Submission, number: Msisdn) -> bytes:
        """Write the file."""
        ...


class Spool:
    """A `Provider`, `Lister` and `ReportFeed` for one daemon's spool."""

    def __init__(
        self,
        name: ProviderName,
        form: Format,
        *,
        per_second: int,
        stuck_after: float,
        poll: float = POLL,
    ) -> None:
        self.name = name
        self.requests_per_second = per_second
        # A file has one number.
        self.most_numbers = 1
        self._form = form
        self._layout = form.layout
        self._one_by_one = OneByOne(per_second)
        self._threads = Threads(name)
        self._stall = Stall(stuck_after)
        self._stuck_after = stuck_after
        self._poll = poll
        # Without status reports nobody hears of a delivery, and silence means nothing.
        self.tells_deliveries = form.reports is not None
        self._placing: dict[str, Reference] = {}

    async def submit(self, submission: Submission) -> Outcomes:
        """Write a file for each number, unless it is there already."""

        async def send(number: Msisdn) -> Outcome:
            return await self._submit_one(submission, number)

        return await self._one_by_one.submit(submission, longest=LONGEST, send=send)

    async def list_sent(
        self, references: Collection[Reference], since: datetime
    ) -> Listing:
        """Look for the files of *references*, wherever they have got to."""
        del since
        if not set(references).isdisjoint(self._placing.values()):
            return NotListed("a file is still being written")
        seen = await self._threads.do(lambda: look(self._layout), within=IN_TIME)
        if isinstance(seen, Late):
            return NotListed(self._silent)
        if seen.unread:
            return NotListed("; ".join(seen.unread.values()))
        found: dict[Reference, str] = {}
        for reference in references:
            files = [one for one in seen.ours.values() if one.reference == reference]
            if not files:
                continue
            if not _is_whole(files):
                return NotListed("some of a submission's files are there, others not")
            found[reference] = files[0].name
        return Listed(found)

    async def feed(self, heard: Heard) -> None:
        """Tell what becomes of the files, until cancelled."""
        # One thread: a look that is late is not overtaken by the next.
        threads = Threads(f"{self.name}-feed", 1)
        feed = SpoolFeed(self._layout, self._form, threads, self._stall)
        await feed.run(heard, poll=self._poll)

    async def check(self) -> Sequence[str]:
        """Try the folders, and see whether anybody takes what lies there.

        Raises:
            ProviderCheckFailed: with one line that says what is wrong.
        """
        began = self._now()
        seen = await self._threads.do(lambda: look(self._layout), within=IN_TIME)
        written = await self._threads.do(self._try_writing, within=IN_TIME)
        if isinstance(seen, Late) or isinstance(written, Late):
            raise ProviderCheckFailed(f"{self.name}: {self._silent}")
        if isinstance(written, str):
            raise ProviderCheckFailed(f"{self.name}: {written}")
        waits, longest = written
        refusal = self._refusal(seen, began)
        if refusal is None and longest >= self._stuck_after:
            refusal = self._not_drained(f"a file waits for {longest:.0f} s")
        if refusal is not None:
            raise ProviderCheckFailed(f"{self.name}: {refusal}")
        return [
            f"{self._layout.outgoing}: can be written; {waits} waiting",
            *(f"warning: {reason}" for reason in seen.unread.values()),
        ]

    async def _submit_one(self, submission: Submission, number: Msisdn) -> Outcome:
        reference = submission.reference
        if not is_part_of_a_name(reference):
            return Deferred(detail="the reference cannot be a file's name")
        name = self._form.name_of(submission, number)
        if name in self._placing:
            return Uncertain(detail="the attempt before is still being written")
        began = self._now()
        seen = await self._threads.do(lambda: look(self._layout), within=IN_TIME)
        if isinstance(seen, Late):
            return Deferred(detail=self._silent)
        already = seen.find(reference, number)
        if already is not None:
            return Accepted(provider_id=already)
        refusal = self._refusal(seen, began)
        if refusal is not None:
            return Deferred(detail=refusal)
        content = self._form.write(submission, number)
        self._placing[name] = reference
        return await self._place(name, content)

    async def _place(self, name: str, content: bytes) -> Outcome:
        loop = asyncio.get_running_loop()

        def placed() -> None:
            self._placing.pop(name, None)

        began = Event()

        def work() -> Outcome:
            began.set()
            try:
                return place(self._layout, name, content)
            finally:
                # The loop may have ended before a disk that hangs.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(placed)

        try:
            outcome = await self._threads.do(work, within=IN_TIME)
        except asyncio.CancelledError:
            if not began.is_set():
                placed()
            raise
        if isinstance(outcome, Late):
            if not outcome.begun:
                placed()
                return Deferred(detail=self._silent)
            return Uncertain(detail=self._silent)
        if isinstance(outcome, Accepted):
            self._stall.add(name, self._now())
        return outcome

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _refusal(self, seen: Seen, began: float) -> str | None:
        if self._layout.outgoing not in seen.unread:
            self._stall.see(seen.waiting, began)
        refusal = self._stall.refusal(self._now())
        return None if refusal is None else self._not_drained(refusal)

    def _not_drained(self, reason: str) -> str:
        return (
            f"{self._layout.outgoing} is not drained: {reason};"
            f" is {self._layout.daemon} running, and is its modem well?"
        )

    @property
    def _silent(self) -> str:
        return f"the disk of {self._layout.outgoing} does not answer"

    def _try_writing(self) -> tuple[int, float] | str:
        """How many files wait, and for how long the oldest has; or what is wrong."""
        try:
            now = try_writing(self._layout)
        except OSError as exc:
            return why(exc, self._layout.outgoing, self._layout)
        ages = []
        for name, folder in look(self._layout).waiting.items():
            try:
                ages.append(now - (folder / name).stat().st_mtime)
            except OSError:
                # It has moved on meanwhile.
                continue
        return len(ages), max(ages, default=0.0)


def is_part_of_a_name(reference: Reference) -> bool:
    """Whether *reference* can stand in a file's name; ours always can."""
    return reference.replace("-", "").isalnum() and reference.isascii()


def _is_whole(files: Sequence[OurName]) -> bool:
    """Whether every file of the submission is there."""
    return len({one.tag for one in files}) >= max(one.of for one in files)
