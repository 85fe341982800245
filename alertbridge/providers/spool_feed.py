"""What becomes of the files in a spool, read from its folders every two seconds.

`sent` means that the network took it, `failed` that the daemon gave it up, and a status
report what the phone's network says. Files there are the daemon's: they are read, and
never moved or deleted. What it has not taken from `outgoing` in time is still ours: it
is taken back under a hidden name, reported as failed so that the page goes another way,
and deleted once that is written down.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from alertbridge.ports import Heard, StoreUnavailable
from alertbridge.providers.own_threads import Late, Threads
from alertbridge.providers.spool_folders import Layout, names_in, read_name
from alertbridge.providers.spool_news import BACK, Reading, SpoolNews
from alertbridge.providers.spool_place import sync_folder
from alertbridge.providers.spool_stall import Stall

POLL = 2.0
"""Seconds between two looks."""

ROUND = 10.0
"""Seconds that one look may take."""

BATCH = 100
"""Reports handed over at once."""


class SpoolFeed:
    """Looks, takes back what is stuck, and tells."""

    def __init__(
        self, layout: Layout, reading: Reading, threads: Threads, stall: Stall
    ) -> None:
        self._layout = layout
        self._news = SpoolNews(layout, reading)
        self._threads = threads
        self._stall = stall

    async def run(self, heard: Heard, *, poll: float) -> None:
        """Look, tell, wait, until cancelled."""
        while True:
            # What a store that is away has not written down is told at the next look.
            with suppress(StoreUnavailable):
                await self.look(heard)
            await asyncio.sleep(poll)

    async def look(self, heard: Heard) -> None:
        """Tell what is new.

        Raises:
            StoreUnavailable: it was not written down, and is told again.
        """
        stuck = await self._take_back()
        news = await self._threads.do(lambda: self._news.read(stuck), within=ROUND)
        if isinstance(news, Late):
            return
        for start in range(0, len(news), BATCH):
            batch = news[start : start + BATCH]
            await heard(tuple(one.report for one in batch))
            await self._threads.do(partial(self._news.note_told, batch), within=ROUND)

    async def _take_back(self) -> tuple[Path, ...]:
        """Take back what is stuck; says what is, and cannot be taken back."""
        now = asyncio.get_running_loop().time()
        waiting = await self._threads.do(self._waiting, within=ROUND)
        if isinstance(waiting, Late) or waiting is None:
            return ()
        self._stall.see(waiting, now)
        files = [
            waiting[name] / name
            for name in self._stall.stuck(now)
            if name in waiting and read_name(name) is not None
        ]
        back = await self._threads.do(lambda: self._hide(files), within=ROUND)
        if isinstance(back, Late):
            return ()
        self._stall.take_back([file.name for file in back], now)
        return tuple(file for file in files if file not in back)

    def _waiting(self) -> dict[str, Path] | None:
        """What waits, with its folder; None if that cannot be said."""
        waiting: dict[str, Path] = {}
        try:
            for folder in (self._layout.outgoing, *self._layout.taken):
                waiting |= dict.fromkeys(names_in(folder), folder)
        except OSError:
            return None
        return waiting

    def _hide(self, files: Sequence[Path]) -> list[Path]:
        """Rename what lies in the outgoing folder, so that the daemon lets it be."""
        back: list[Path] = []
        for file in files:
            if file.parent == self._layout.outgoing:
                with suppress(OSError):
                    file.rename(file.with_name(f".{file.name}{BACK}"))
                    back.append(file)
        if back:
            with suppress(OSError):
                sync_folder(self._layout.outgoing)
        return back
