"""Texts of several parts: what their receipts say together.

The SMSC gives every part an id of its own and a receipt of its own, and the person has
read the text when all of them have come. The text is known by the id of its first part.
This is remembered in the process only: after a restart a receipt of the first part is
taken for the text, and those of the others for messages that nobody knows.
"""

import asyncio
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field, replace

from alertbridge.core.report import Delivery, DeliveryReport, fold

REMEMBERED = 10_000
"""Parts; at two a text, those of some days."""


@dataclass(slots=True)
class Whole:
    """A text in so many parts, the ids they got, and what is known of each."""

    count: int
    ids: list[str] = field(default_factory=list)
    known: dict[str, DeliveryReport] = field(default_factory=dict)


class LongTexts:
    """Remembers which parts make a text; one is submitted in *longest* seconds."""

    def __init__(self, longest: float, remembered: int = REMEMBERED) -> None:
        self._longest = longest
        self._remembered = remembered
        self._wholes: OrderedDict[str, Whole] = OrderedDict()
        self._under_way = 0
        self._none_under_way = asyncio.Event()
        self._none_under_way.set()

    def began(self) -> None:
        """Note that a long text is under way: a receipt may come before its id."""
        self._under_way += 1
        self._none_under_way.clear()

    def ended(self) -> None:
        """Note that all ids it will get are known."""
        self._under_way -= 1
        if not self._under_way:
            self._none_under_way.set()

    def took(self, whole: Whole, part: str) -> None:
        """Note the id of the next part of *whole*."""
        whole.ids.append(part)
        self._wholes[part] = whole
        while len(self._wholes) > self._remembered:
            self._wholes.popitem(last=False)

    async def know(self, part: str) -> None:
        """Wait until it is known what *part* is: as long as a submission, at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._longest):
                if part not in self._wholes:
                    await self._none_under_way.wait()

    def read(self, report: DeliveryReport) -> DeliveryReport | None:
        """Say what *report* means for the whole text; None: nothing yet.

        A text is delivered when every part is, and fails with the first that does.
        """
        whole = self._wholes.get(report.provider_id)
        if whole is None:
            return report
        part = report.provider_id
        whole.known[part] = fold(whole.known.get(part), report)
        states = [known.delivery for known in whole.known.values()]
        delivered = states.count(Delivery.DELIVERED)
        if report.delivery is Delivery.DELIVERED and delivered < whole.count:
            return None
        return replace(report, provider_id=whole.ids[0])
