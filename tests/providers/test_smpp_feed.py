"""Receipts over SMPP: each written down before it is confirmed, and none lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from processes import until
from smsc_process import SmscProcess

from alertbridge.core.message import Accepted, Submission
from alertbridge.core.report import Delivery, DeliveryReport
from alertbridge.ports import StoreUnavailable
from alertbridge.providers.smpp import Smpp
from alertbridge.providers.smpp_connection import Connection
from alertbridge.providers.smpp_patience import Patience
from alertbridge.providers.smpp_pdu import Incoming

MakeSmpp = Callable[..., Smpp]
MakeSubmission = Callable[..., Submission]

LONG = "CRITICAL DiskFull on db1: " + "x" * 200
DELIVERED = {"source": "46701740605", "text": "id:7 stat:DELIVRD", "esm_class": 4}
OK, TEMPORARY = 0x00, 0x64


@dataclass(slots=True)
class Book:
    """Where reports are written down; it may be away, or slow."""

    reports: list[DeliveryReport] = field(default_factory=list)
    away: bool = False
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    async def heard(self, reports: tuple[DeliveryReport, ...]) -> None:
        """Write them down."""
        await self.open.wait()
        if self.away:
            raise StoreUnavailable("the disk is full")
        self.reports.extend(reports)

    def told(self) -> list[tuple[str, Delivery]]:
        """What was written down."""
        return [(one.provider_id, one.delivery) for one in self.reports]


@asynccontextmanager
async def feeding(smpp: Smpp, book: Book) -> AsyncIterator[None]:
    """Let the feed run inside of the block, as the daemon does."""
    async with asyncio.TaskGroup() as group:
        feed = group.create_task(smpp.feed(book.heard))
        try:
            yield
        finally:
            feed.cancel()


async def until_bound(smsc: SmscProcess) -> None:
    """Wait until the feed has its connection."""

    async def is_bound() -> bool:
        return await smsc.tell() == 1

    await until(is_bound)


def answers(smsc: SmscProcess) -> list[object]:
    """What we answered to receipts."""
    return [one["status"] for one in smsc.noted("receipt_answered")]


@pytest.mark.parametrize("receipts", ["late", "early", "twice"])
async def test_a_receipt_is_heard_and_confirmed(
    smsc: SmscProcess,
    make_smpp: MakeSmpp,
    make_submission: MakeSubmission,
    receipts: str,
) -> None:
    """After the answer, before it, and twice; over the connection that submits."""
    smpp, book = make_smpp(smsc.port), Book()
    await smsc.tell(receipts=receipts)

    async with feeding(smpp, book):
        outcomes = await smpp.submit(make_submission())
        count = 2 if receipts == "twice" else 1
        await smsc.until_noted("receipt_answered", count)

    assert isinstance(outcomes.all, Accepted)
    told = (outcomes.all.provider_id, Delivery.DELIVERED)
    assert book.told() == [told] * count
    assert {one.number for one in book.reports} == {"+46701740605"}
    assert answers(smsc) == [OK] * count
    assert len(smsc.noted("bind")) == 1


async def test_a_receipt_is_not_confirmed_before_it_is_written_down(
    smsc: SmscProcess, make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """A process that dies in between must get it again."""
    smpp, book = make_smpp(smsc.port), Book()
    book.open.clear()
    await smsc.tell(receipts="late")

    async with feeding(smpp, book):
        await smpp.submit(make_submission())
        # What comes after the receipt is answered: it has been read.
        await smsc.tell(raw="00000010000000150000000000000007")
        await smsc.until_noted("enquiry_answered")
        before = answers(smsc)
        book.open.set()
        await smsc.until_noted("receipt_answered")

    assert before == []
    assert len(book.reports) == 1


async def test_a_store_that_is_away_is_a_temporary_error(
    smsc: SmscProcess, make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """The SMSC keeps the receipt, and sends it again; the feed goes on."""
    smpp, book = make_smpp(smsc.port), Book(away=True)
    await smsc.tell(receipts="late")

    async with feeding(smpp, book):
        await smpp.submit(make_submission())
        await smsc.until_noted("receipt_answered")
        book.away = False
        await smpp.submit(make_submission())
        await smsc.until_noted("receipt_answered", 2)

    assert answers(smsc) == [TEMPORARY, OK]
    assert [one for one, _ in book.told()] == ["1002"]


async def test_a_receipt_that_nobody_hears_is_not_confirmed(
    smsc: SmscProcess, make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """A check or a test page binds too, and must not swallow the daemon's receipts."""
    await smsc.tell(receipts="late")

    await make_smpp(smsc.port).submit(make_submission())

    await smsc.until_noted("receipt_answered")
    assert answers(smsc) == [TEMPORARY]


async def test_what_waits_when_the_feed_ends_is_not_confirmed(
    smsc: SmscProcess, make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """It comes again, to the feed that is started next."""
    smpp, book = make_smpp(smsc.port), Book()
    book.open.clear()
    await smsc.tell(receipts="late")

    async with feeding(smpp, book):
        await smpp.submit(make_submission())
        await smpp.submit(make_submission())
    await smsc.until_noted("receipt_answered", 2)

    assert answers(smsc) == [TEMPORARY] * 2
    assert book.reports == []


async def test_what_a_person_writes_is_taken_and_left(
    smsc: SmscProcess, make_smpp: MakeSmpp
) -> None:
    """Even if it looks like a receipt; refused, it would come for ever."""
    smpp, book = make_smpp(smsc.port), Book()

    async with feeding(smpp, book):
        await until_bound(smsc)
        await smsc.tell(
            deliver={"source": "46701740605", "text": "id:1001 stat:UNDELIV"}
        )
        await smsc.until_noted("receipt_answered")

    assert answers(smsc) == [OK]
    assert book.reports == []


@pytest.mark.parametrize(
    ("deliver", "status"),
    [
        pytest.param({"text": "no id", "esm_class": 4}, OK, id="no-id"),
        pytest.param({"text": "x\xff\x00", "esm_class": 4}, OK, id="octets"),
    ],
)
async def test_a_receipt_that_names_nothing_does_not_stop_the_next(
    smsc: SmscProcess, make_smpp: MakeSmpp, deliver: dict[str, object], status: int
) -> None:
    """It is confirmed, for it will never say more."""
    smpp, book = make_smpp(smsc.port), Book()
    good = {"text": "id:7 stat:UNDELIV err:034", "esm_class": 4}

    async with feeding(smpp, book):
        await until_bound(smsc)
        await smsc.tell(deliver={"source": "46701740605", **deliver})
        await smsc.tell(deliver={"source": "46701740605", **good})
        await smsc.until_noted("receipt_answered", 2)

    assert answers(smsc) == [status, OK]
    assert book.told() == [("7", Delivery.FAILED)]


async def test_a_deliver_sm_that_cannot_be_read_is_refused(
    smsc: SmscProcess, make_smpp: MakeSmpp
) -> None:
    """And the line stays."""
    smpp, book = make_smpp(smsc.port), Book()

    async with feeding(smpp, book):
        await until_bound(smsc)
        await smsc.tell(raw="00000013000000050000000000000007ffffff")
        await smsc.until_noted("receipt_answered")

    assert answers(smsc) == [0xC2]
    assert smsc.noted("nacked") == []


async def test_a_long_text_is_delivered_when_all_parts_are(
    smsc: SmscProcess, make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """One report, under the id that the submission was accepted with."""
    smpp, book = make_smpp(smsc.port), Book()
    await smsc.tell(receipts="late")

    async with feeding(smpp, book):
        outcomes = await smpp.submit(make_submission(body=LONG * 2))
        await smsc.until_noted("receipt_answered", 3)

    assert isinstance(outcomes.all, Accepted)
    assert book.told() == [(outcomes.all.provider_id, Delivery.DELIVERED)]
    assert answers(smsc) == [OK] * 3


async def test_a_receipt_before_its_parts_answer_is_not_the_whole_texts(
    smsc: SmscProcess, make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """It waits until it is known what it is about."""
    smpp, book = make_smpp(smsc.port), Book()
    await smsc.tell(receipts="early")

    async with feeding(smpp, book):
        outcomes = await smpp.submit(make_submission(body=LONG))
        await smsc.until_noted("receipt_answered", 2)

    assert isinstance(outcomes.all, Accepted)
    assert book.told() == [(outcomes.all.provider_id, Delivery.DELIVERED)]


async def test_ids_in_hexadecimal_are_found_again(
    smsc: SmscProcess, make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """In the answer as 000003E9, in the receipt as 1001: one message."""
    smpp, book = make_smpp(smsc.port, message_ids="hex_in_answers"), Book()
    await smsc.tell(receipts="late", hex_ids=True)

    async with feeding(smpp, book):
        outcomes = await smpp.submit(make_submission())
        await smsc.until_noted("receipt_answered")

    assert outcomes.all == Accepted(provider_id="1001")
    assert book.told() == [("1001", Delivery.DELIVERED)]


async def test_the_feed_binds_again_by_itself(
    smsc: SmscProcess, make_smpp: MakeSmpp
) -> None:
    """After the SMSC was away, and with nobody submitting."""
    patience = Patience(pauses=(0.1,))
    smpp, book = make_smpp(smsc.port, patience=patience), Book()

    async with feeding(smpp, book):
        await until_bound(smsc)
        smsc.kill()
        await smsc.start()
        await until_bound(smsc)
        await smsc.tell(deliver=DELIVERED)
        await smsc.until_noted("receipt_answered")

    assert book.told() == [("7", Delivery.DELIVERED)]


async def test_the_feed_of_a_closed_provider_binds_no_more(
    smsc: SmscProcess, make_smpp: MakeSmpp
) -> None:
    """After a reload there is another, and an account may have one connection only."""
    smpp, book = make_smpp(smsc.port), Book()

    async with feeding(smpp, book):
        await until_bound(smsc)
        await smpp.close()
        await smsc.until_noted("disconnected")

        async def is_bound_again() -> bool:
            return len(smsc.noted("bind")) > 1

        with pytest.raises(AssertionError):
            await until(is_bound_again, within=2)


async def test_many_receipts_are_written_down_in_few_commits(
    smsc: SmscProcess, make_smpp: MakeSmpp
) -> None:
    """Those that wait while one is written are written together."""
    smpp, book = make_smpp(smsc.port), Book()
    commits = 0

    async def heard(reports: tuple[DeliveryReport, ...]) -> None:
        nonlocal commits
        commits += 1
        await asyncio.sleep(0.01)
        await book.heard(reports)

    async with asyncio.TaskGroup() as group:
        feed = group.create_task(smpp.feed(heard))
        await until_bound(smsc)
        await smsc.tell(flood=[DELIVERED, 500])
        await smsc.until_noted("receipt_answered", 500, within=30)
        feed.cancel()

    assert len(book.reports) == 500
    assert commits < 250


class Hasty(Smpp):
    """Confirms a receipt as soon as it comes in, as sessions of libraries do."""

    def _deliver(
        self, connection: Connection, sequence: int, incoming: Incoming
    ) -> bool:
        connection.answer_delivery(sequence, OK)
        return super()._deliver(connection, sequence, incoming)


@pytest.mark.parametrize(
    "claim",
    [
        test_a_receipt_is_not_confirmed_before_it_is_written_down,
        test_a_store_that_is_away_is_a_temporary_error,
        test_a_receipt_that_nobody_hears_is_not_confirmed,
        test_what_waits_when_the_feed_ends_is_not_confirmed,
    ],
)
async def test_the_claims_find_a_hasty_provider(
    smsc: SmscProcess,
    make_smpp: MakeSmpp,
    make_submission: MakeSubmission,
    claim: Callable[..., Awaitable[None]],
) -> None:
    """Each fails for it, so none of them is empty."""

    def make(port: int) -> Smpp:
        return make_smpp(port, kind=Hasty)

    with pytest.raises(AssertionError):
        await claim(smsc, make, make_submission)
