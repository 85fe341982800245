"""A small world for runs that are cut off: two people, a few posts, and a sink.

The same in the process that is killed and in the one that looks at what it left.
"""

import asyncio
import json
import os
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import structlog

from alertbridge.core.alert import AlertGroup, SourceName
from alertbridge.core.inquiry import Listed, Listing
from alertbridge.core.message import (
    MAX_NUMBERS,
    Accepted,
    Message,
    Outcomes,
    Reference,
    Submission,
)
from alertbridge.core.notification import Kind, ProviderName
from alertbridge.core.pace import Limit, Pace
from alertbridge.core.recipient import (
    Msisdn,
    Receiver,
    ReceiverName,
    Recipient,
    RecipientName,
)
from alertbridge.core.reference import RANDOM_BITS, make_reference
from alertbridge.core.report import Delivery, DeliveryReport
from alertbridge.core.route import Route, RouteTree
from alertbridge.core.rules import Rules
from alertbridge.ports import Store
from alertbridge.sources.alertmanager import parse

START = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)

SINK = ProviderName("sink")

PEOPLE = {"anna": ("+46701740605", "+46701740606"), "bo": ("+46701740607",)}

DEAD_PHONE = "+46701740605"
"""Where the sink has reports: nothing ever arrives here."""

NEVER = "0001-01-01T00:00:00Z"

RULES = Rules(
    tree=RouteTree(Route(id="", receiver=ReceiverName("sre"))),
    receivers={
        ReceiverName("sre"): Receiver(
            name=ReceiverName("sre"),
            recipients=tuple(RecipientName(name) for name in PEOPLE),
        )
    },
    recipients={
        RecipientName(name): Recipient(
            name=RecipientName(name), phones=tuple(Msisdn(phone) for phone in phones)
        )
        for name, phones in PEOPLE.items()
    },
    providers=(SINK,),
    meta_receiver=ReceiverName("sre"),
    # No cap: what rings is compared page by page.
    pace=Pace((Limit(limit=1000, window=timedelta(minutes=1)),)),
)


def post(page: int, *, over: bool = False) -> AlertGroup:
    """One webhook as Alertmanager sends it, read by the real source: a page each."""
    starts = START + timedelta(seconds=page)
    ends = (starts + timedelta(minutes=1)).isoformat() if over else NEVER
    body = {
        "version": "4",
        "groupKey": f"{{}}:{{page {page}}}",
        "status": "resolved" if over else "firing",
        "receiver": "alertbridge",
        "alerts": [
            {
                "status": "resolved" if over else "firing",
                "labels": {"alertname": f"Page{page}", "severity": "critical"},
                "annotations": {"summary": "the disk is nearly full " * 4},
                "startsAt": starts.isoformat(),
                "endsAt": ends,
            }
        ],
    }
    source = SourceName("alertmanager")
    return parse(json.dumps(body).encode(), source, now=START)


def references(seed: int) -> Iterator[Reference]:
    """References that no other run of the same story makes."""
    for number in range(2**32):
        yield make_reference(START, (seed << 40 | number) % 2**RANDOM_BITS)


class StandingClock:
    """The time of a run that is over before a second has passed."""

    def now(self) -> datetime:
        """Always the same."""
        return START


class Sink:
    """A provider whose list is a file: a line is what would have rung.

    The line is with the kernel before the answer, so a kill takes nothing back.
    """

    def __init__(self, ledger: Path) -> None:
        self.name = SINK
        self.requests_per_second = 1000
        self.most_numbers = MAX_NUMBERS
        self._ledger = ledger

    async def submit(self, submission: Submission) -> Outcomes:
        """Take it."""
        rings = [
            {
                "reference": submission.reference,
                "person": message.recipient,
                "number": message.number,
                "page": page,
                "kind": kind,
            }
            for message in submission.messages
            for page, kind in _said(message).items()
        ]
        self._write(json.dumps(rings) + "\n")
        return Outcomes(Accepted(provider_id=submission.reference))

    async def list_sent(
        self, references: Collection[Reference], since: datetime
    ) -> Listing:
        """Say what was taken, by whichever process asked for it."""
        del since
        taken = {str(ring["reference"]) for ring in read_ledger(self._ledger)}
        return Listed({name: f"sink-{name}" for name in references if name in taken})

    async def check(self) -> Sequence[str]:
        """Answer."""
        return ()

    def _write(self, line: str) -> None:
        ledger = os.open(self._ledger, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            os.write(ledger, line.encode())
        finally:
            os.close(ledger)


def _said(message: Message) -> dict[str, str]:
    """What a text says of each page: what happened, or in one word all that did."""
    kinds: dict[str, set[Kind]] = {}
    for fact in message.tells:
        kinds.setdefault(fact.episode.labels["alertname"], set()).add(fact.kind)
    ended = {f.episode.labels["alertname"] for f in message.tells if f.episode.ended}
    return {
        page: "came and went"
        if Kind.FIRING in told and page in ended
        else " and ".join(sorted(told))
        for page, told in kinds.items()
    }


def read_ledger(ledger: Path) -> list[dict[str, object]]:
    """Everything that rang, oldest first."""
    if not ledger.exists():
        return []
    lines = ledger.read_text("utf-8").splitlines()
    return [ring for line in lines for ring in json.loads(line)]


def reports_on(ledger: Path) -> list[DeliveryReport]:
    """What the sink reports of all it took: delivered, but on the dead phone."""
    taken = [(str(r["reference"]), str(r["number"])) for r in read_ledger(ledger)]
    return [
        DeliveryReport(
            provider_id=reference,
            reference=reference,
            number=Msisdn(number),
            delivery=Delivery.FAILED if number == DEAD_PHONE else Delivery.DELIVERED,
            final=True,
            code="",
            at=START,
        )
        # One for each message, whatever pages it tells.
        for reference, number in dict.fromkeys(taken)
    ]


async def until_sent(store: Store) -> None:
    """Wait until nothing waits."""
    async with asyncio.timeout(20):
        # Nothing of a store says so by itself, as nothing in the daemon asks.
        while await store.outbox():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


def say_nothing() -> None:
    """Write no log."""
    structlog.configure(processors=[_drop])


def _drop(*_: object) -> NoReturn:
    raise structlog.DropEvent
