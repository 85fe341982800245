"""Submitting over SMPP to an SMSC in a process of its own, well behaved and not."""

import asyncio
import struct
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from processes import until
from smsc_process import PASSWORD, SYSTEM_ID, SmscProcess

from alertbridge.core.delivery import RETRY
from alertbridge.core.message import (
    Accepted,
    Deferred,
    Outcome,
    Outcomes,
    Rejected,
    Submission,
    Uncertain,
)
from alertbridge.core.recipient import Msisdn
from alertbridge.core.secret import Secret
from alertbridge.core.severity import Severity
from alertbridge.ports import Closing, ProviderCheckFailed, ReportFeed
from alertbridge.providers.one_by_one import BEGIN_WITHIN
from alertbridge.providers.smpp import Smpp
from alertbridge.providers.smpp_connection import Connection, NotWritten
from alertbridge.providers.smpp_link import Link, NotBound
from alertbridge.providers.smpp_options import SmppOptions
from alertbridge.providers.smpp_patience import PATIENCE, Patience

MakeSmpp = Callable[..., Smpp]
MakeSubmission = Callable[..., Submission]

OPTIONS = SmppOptions(
    host="127.0.0.1",
    tls=False,
    system_id=SYSTEM_ID,
    password=Secret(PASSWORD),
    sender="Bridge",
)

LONG = "CRITICAL DiskFull on db1: " + "x" * 200


async def test_a_page_arrives_as_it_was_written(
    smsc: SmscProcess, make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """With the sender, the number, a receipt wished for, and an end to its worth."""
    outcomes = await make_smpp(smsc.port).submit(
        make_submission(body="DiskFull at Åre {db1} 5 €")
    )

    (sent,) = smsc.noted("submit")
    assert outcomes.all == Accepted(provider_id=str(sent["id"]))
    assert smsc.texts() == [("+46701740605", "DiskFull at Åre {db1} 5 €")]
    assert sent["from"] == ["Bridge", 5, 0]
    assert sent["to_type"] == [1, 1]
    assert sent["validity"] == "000000010000000R"
    assert (sent["registered"], sent["data_coding"], sent["tags"]) == (1, 0, [])


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        pytest.param("x" * 160, 1, id="160"),
        pytest.param("å€" * 80, 2, id="escapes"),
        pytest.param("Ålesund 🔥 €" * 20, 4, id="emoji"),
        pytest.param("č" * 70, 1, id="70"),
        pytest.param(LONG * 4, 6, id="six"),
    ],
)
@pytest.mark.parametrize("how", ["parts", "payload"])
async def test_a_long_text_arrives_whole(
    smsc: SmscProcess,
    make_smpp: MakeSmpp,
    make_submission: MakeSubmission,
    body: str,
    parts: int,
    how: str,
) -> None:
    """In parts that are put together, or as a payload; under the first part's id."""
    outcomes = await make_smpp(smsc.port, long_texts=how).submit(
        make_submission(body=body)
    )

    sent = smsc.noted("submit")
    assert outcomes.all == Accepted(provider_id=str(sent[0]["id"]))
    assert smsc.texts() == [("+46701740605", body)]
    assert len(sent) == (parts if how == "parts" else 1)


async def test_pages_share_one_connection(
    smsc: SmscProcess, make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """Also those that need it before it stands."""
    smpp = make_smpp(smsc.port)

    async with asyncio.TaskGroup() as group:
        sending = [
            group.create_task(smpp.submit(make_submission(f"+467017406{n}")))
            for n in range(10, 20)
        ]

    assert all(isinstance(one.result().all, Accepted) for one in sending)
    assert len(smsc.noted("bind")) == 1
    assert len(smsc.texts()) == 10


async def test_several_numbers_are_a_message_each(
    smsc: SmscProcess, make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """One of them refused takes no other down."""
    numbers = ("+46701740605", "+46701740606", "+46701740607")
    await smsc.tell(submit=[0, 0x0B])

    outcomes = await make_smpp(smsc.port).submit(make_submission(*numbers))

    kinds = [type(outcomes.of(Msisdn(number))) for number in numbers]
    assert sorted(kind.__name__ for kind in kinds) == [
        "Accepted",
        "Accepted",
        "Rejected",
    ]


@pytest.mark.parametrize(
    ("fault", "kind", "taken"),
    [
        pytest.param(0x58, Deferred, 0, id="throttled"),
        pytest.param(0x14, Deferred, 0, id="queue-full"),
        pytest.param(0x0B, Rejected, 0, id="bad-number"),
        pytest.param(0x77, Uncertain, 0, id="unknown-status"),
        pytest.param("nack", Deferred, 0, id="nack"),
        pytest.param("drop_before", Uncertain, 0, id="cut-before-taking-it"),
        pytest.param("drop_after", Uncertain, 1, id="cut-after-taking-it"),
        pytest.param("garbage", Uncertain, 1, id="garbage"),
        pytest.param("other", Uncertain, 1, id="an-answer-to-something-else"),
        pytest.param("no_id", Uncertain, 1, id="no-message-id"),
        pytest.param("slow", Accepted, 1, id="slow"),
    ],
)
async def test_what_the_smsc_does_is_not_taken_for_more_than_it_is(
    smsc: SmscProcess,
    make_smpp: MakeSmpp,
    make_submission: MakeSubmission,
    fault: object,
    kind: type[Outcome],
    taken: int,
) -> None:
    """And after it the next page goes out: over a new connection, if it must be."""
    smpp = make_smpp(smsc.port)
    await smsc.tell(submit=[fault])

    outcomes = await smpp.submit(make_submission(body="first"))
    counted = len(smsc.noted("message"))
    await until(lambda: is_accepted(smpp, make_submission(body="second")))

    assert type(outcomes.all) is kind
    assert counted == taken
    assert smsc.texts()[taken:] == [("+46701740605", "second")]


async def is_accepted(smpp: Smpp, submission: Submission) -> bool:
    """Whether a page is taken now: the pause after a lost connection may still last."""
    return isinstance((await smpp.submit(submission)).all, Accepted)


async def test_no_answer_is_uncertain_within_twelve_seconds(
    smsc: SmscProcess,
    make_smpp: MakeSmpp,
    make_submission: MakeSubmission,
) -> None:
    """Taken or not: nobody can know. The others are not held up by it."""
    smpp = make_smpp(smsc.port, patience=Patience(submitting=4))
    await smsc.tell(submit=["silent"])
    loop = asyncio.get_running_loop()
    began = loop.time()

    async with asyncio.TaskGroup() as group:
        first = group.create_task(smpp.submit(make_submission(body="first")))
        await smsc.until_noted("submit")
        second = await smpp.submit(make_submission(body="second"))
        took = loop.time() - began

    assert first.result().all == Uncertain(detail="no answer in time")
    assert isinstance(second.all, Accepted)
    assert took < 3


def test_a_submission_has_time_to_end_within_what_the_port_promises() -> None:
    """Twelve seconds, of which the last number may begin after 0.4; two to close."""
    assert PATIENCE.submitting + BEGIN_WITHIN < 12
    assert PATIENCE.reach + PATIENCE.answering < PATIENCE.submitting
    assert PATIENCE.look < PATIENCE.reach
    assert PATIENCE.unbind < 2


async def test_a_full_window_is_surely_not_sent(
    smsc: SmscProcess,
    make_smpp: MakeSmpp,
    make_submission: MakeSubmission,
) -> None:
    """Whoever finds no place in it was not written."""
    smpp = make_smpp(smsc.port, patience=Patience(submitting=4), window=1)
    await smsc.tell(submit=["silent", "silent"])

    async with asyncio.TaskGroup() as group:
        first = group.create_task(smpp.submit(make_submission(body="first")))
        await smsc.until_noted("submit")
        second = group.create_task(smpp.submit(make_submission(body="second")))

    assert isinstance(first.result().all, Uncertain)
    assert isinstance(second.result().all, Deferred)
    assert "window" in str(second.result().all)
    assert [text for _, text in smsc.texts()] == ["first"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(0x0E, "ESME_RINVPASWD (0x0E): the password is", id="password"),
        pytest.param(0x0F, "ESME_RINVSYSID (0x0F): the system_id is", id="system-id"),
        pytest.param(0x0D, "ESME_RBINDFAIL (0x0D): it does not let us", id="bind"),
        pytest.param(0x402, "error 0x402 of the SMSC's own", id="vendor"),
        pytest.param(0x9999, "status 0x00009999", id="unknown"),
        pytest.param("drop", "hung up at the bind", id="cut"),
    ],
)
async def test_a_refused_bind_is_surely_not_sent(
    smsc: SmscProcess,
    make_smpp: MakeSmpp,
    make_submission: MakeSubmission,
    fault: object,
    words: str,
) -> None:
    """It says why, and nobody knocks again at once: that would lock the account."""
    smpp = make_smpp(smsc.port)
    await smsc.tell(bind=[fault])

    first = await smpp.submit(make_submission())
    second = await smpp.submit(make_submission())

    for outcome in (first.all, second.all):
        assert isinstance(outcome, Deferred)
        assert words in outcome.detail
        assert outcome.retry_after is None
        assert PASSWORD not in outcome.detail
    assert len(smsc.noted("bind")) == 1
    assert smsc.texts() == []


async def test_a_silent_bind_is_surely_not_sent(
    smsc: SmscProcess,
    make_smpp: MakeSmpp,
    make_submission: MakeSubmission,
) -> None:
    """Half a session is hung up on, and not left to the next page."""
    smpp = make_smpp(smsc.port, patience=Patience(reach=0.5))
    await smsc.tell(bind=["silent"])

    outcomes = await smpp.submit(make_submission())

    assert isinstance(outcomes.all, Deferred)
    assert "no answer" in outcomes.all.detail
    await smsc.until_noted("disconnected")
    await until(lambda: is_accepted(smpp, make_submission()))


def make_link(port: int, patience: Patience, **changes: object) -> Link:
    """Make the part that keeps the connection, alone."""
    options = OPTIONS.model_copy(update={"port": port, **changes})
    return Link(options, patience, lambda *_: False, lambda: None)


async def test_pauses_grow_while_nobody_is_there(unused_tcp_port: int) -> None:
    """In between nobody knocks, and who asks hears at once for how long."""
    link = make_link(unused_tcp_port, Patience(pauses=(0.01, 0.02, 0.04)))
    pauses: list[float] = []

    async def four_pauses() -> bool:
        with pytest.raises(NotBound) as caught:
            await link.bound()
        assert "cannot reach the SMSC: ConnectionRefusedError" in caught.value.detail
        if caught.value.wait in (0.01, 0.02, 0.04):
            pauses.append(caught.value.wait)
        return len(pauses) == 4

    await until(four_pauses)

    assert pauses == [0.01, 0.02, 0.04, 0.04]


@pytest.mark.parametrize("fault", [0x0E, 0x0F, 0x53], ids=hex)
async def test_an_account_that_is_refused_is_not_tried_for_a_minute(
    smsc: SmscProcess, fault: int
) -> None:
    """Only a person can mend it, and knocking often may lock it."""
    link = make_link(smsc.port, PATIENCE)
    await smsc.tell(bind=[fault])

    for expected in (60, 59):
        with pytest.raises(NotBound) as caught:
            await link.bound()
        assert expected - 1 < caught.value.wait <= 60

    assert len(smsc.noted("bind")) == 1


def test_a_pause_is_no_longer_than_a_critical_page_waits() -> None:
    """Else a try of the page would be none, and the SMSC's return be seen late."""
    least = [wait.total_seconds() / 2 for wait in RETRY[Severity.CRITICAL]]

    assert PATIENCE.pauses[0] <= least[0]
    assert max(PATIENCE.pauses) <= least[-1]


async def test_a_connection_that_died_in_silence_costs_no_page(
    smsc: SmscProcess,
    make_smpp: MakeSmpp,
    make_submission: MakeSubmission,
) -> None:
    """Before a page goes into a silent line, it is asked; no answer: a new one."""
    patience = Patience(fresh=0, look=0.3, steady=0)
    smpp = make_smpp(smsc.port, patience=patience)
    assert await is_accepted(smpp, make_submission(body="first"))
    await smsc.tell(enquire=["silent"])

    outcomes = await smpp.submit(make_submission(body="second"))

    assert isinstance(outcomes.all, Accepted)
    assert len(smsc.noted("bind")) == 2
    assert [text for _, text in smsc.texts()] == ["first", "second"]


async def test_a_line_on_which_enquiries_are_not_answered_is_hung_up_on(
    smsc: SmscProcess,
) -> None:
    """An enquire_link after a silence keeps it; one without an answer ends it."""
    lost = asyncio.Event()
    connection = Connection(
        lambda *_: False,
        lambda _: lost.set(),
        Patience(enquiry=0.3),
        enquire_every=0.1,
    )
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: connection, "127.0.0.1", smsc.port)
    assert await connection.bind(OPTIONS) == 0

    await smsc.until_noted("enquired", 3)
    still_there = connection.is_open
    await smsc.tell(enquire=["silent"] * 9)

    assert still_there
    async with asyncio.timeout(5):
        await lost.wait()


async def test_the_smsc_may_ask_whether_we_are_there(
    smsc: SmscProcess, make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """And what we do not know is said to be unknown, without an end to the line.

    An alert_notification (0x0102) is the one request that has no answer.
    """
    smpp = make_smpp(smsc.port)
    assert await is_accepted(smpp, make_submission())

    for command, sequence in ((0x15, 7), (0x0102, 8), (0x0103, 9)):
        await smsc.tell(raw=struct.pack(">IIII", 16, command, 0, sequence).hex())

    await smsc.until_noted("enquiry_answered")
    (nack,) = await smsc.until_noted("nacked")
    assert (nack["status"], nack["sequence"]) == (3, 9)
    assert smsc.noted("disconnected") == []


async def test_nothing_is_written_after_the_unbind(smsc: SmscProcess) -> None:
    """While its answer is waited for, a page would be lost: it is not written."""
    connection = Connection(
        lambda *_: False, lambda _: None, Patience(), enquire_every=30
    )
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: connection, "127.0.0.1", smsc.port)
    assert await connection.bind(OPTIONS) == 0

    connection.leave()

    with pytest.raises(NotWritten):
        await connection.request(bytes)
    await connection.ended.wait()


async def test_octets_that_are_no_smpp_end_the_line(
    smsc: SmscProcess, make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """Where the next PDU begins cannot be known; the next page gets a new one."""
    smpp = make_smpp(smsc.port)
    assert await is_accepted(smpp, make_submission())

    await smsc.tell(raw="ff" * 64)

    await smsc.until_noted("disconnected")
    await until(lambda: is_accepted(smpp, make_submission()))


@pytest.mark.parametrize(
    "fault", ["drop_before", 0x58, 0x66], ids=["cut", "throttled", "refused"]
)
async def test_what_the_first_part_meets_is_met_by_the_whole(
    smsc: SmscProcess,
    make_smpp: MakeSmpp,
    make_submission: MakeSubmission,
    fault: object,
) -> None:
    """No other part is sent, so a refusal is as sure as for a short text."""
    await smsc.tell(submit=[fault])

    outcomes = await make_smpp(smsc.port).submit(make_submission(body=LONG))

    kinds = {"drop_before": Uncertain, 0x58: Deferred, 0x66: Rejected}
    assert type(outcomes.all) is kinds[fault]
    assert smsc.noted("submit") == []


async def test_a_later_part_that_is_not_taken_is_tried_again(
    smsc: SmscProcess, make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """The text has begun: while there is time, half of it is not left on a phone."""
    await smsc.tell(submit=[0, 0x58])

    outcomes = await make_smpp(smsc.port).submit(make_submission(body=LONG))

    assert isinstance(outcomes.all, Accepted)
    assert smsc.texts() == [("+46701740605", LONG)]


@pytest.mark.parametrize("fault", [0x66, "drop_after", 0x77])
async def test_half_a_text_is_uncertain_and_mends_itself_when_sent_again(
    smsc: SmscProcess,
    make_smpp: MakeSmpp,
    make_submission: MakeSubmission,
    fault: object,
) -> None:
    """Not lost, and not surely unsent. The repeat's parts fit the first's."""
    smpp = make_smpp(smsc.port)
    await smsc.tell(submit=[0, fault])
    submission = make_submission(body=LONG)

    outcomes = await smpp.submit(submission)
    await until(lambda: is_accepted(smpp, submission))

    assert isinstance(outcomes.all, Uncertain)
    assert outcomes.all.detail.startswith("part 2 of 2: ")
    heads = [str(one["octets"])[:12] for one in smsc.noted("submit")]
    assert len(set(heads)) == 2
    assert ("+46701740605", LONG) in smsc.texts()


async def test_segments_are_paced(
    smsc: SmscProcess, make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """The account counts them, whoever's text they are of."""
    smpp = make_smpp(smsc.port, requests_per_second=4)
    loop = asyncio.get_running_loop()
    began = loop.time()

    assert await is_accepted(smpp, make_submission(body=LONG * 2))

    assert len(smsc.noted("submit")) == 3
    assert loop.time() - began >= 0.5


async def test_a_check_binds_and_asks_for_a_sign_of_life(
    smsc: SmscProcess, make_smpp: MakeSmpp
) -> None:
    """No SMS leaves, and a second one needs no second connection."""
    smpp = make_smpp(smsc.port)

    (line,) = await smpp.check()
    await smpp.check()

    assert line.startswith("bound")
    assert len(smsc.noted("bind")) == 1
    assert len(smsc.noted("enquired")) == 2
    assert smsc.noted("submit") == []


async def test_a_check_says_what_is_wrong(
    smsc: SmscProcess, make_smpp: MakeSmpp
) -> None:
    """In one line, with the provider's name and without the password."""
    smpp = make_smpp(smsc.port, password=Secret("not-it"))

    with pytest.raises(ProviderCheckFailed) as caught:
        await smpp.check()

    assert str(caught.value) == (
        "smpp: the SMSC refuses the bind: ESME_RINVPASWD (0x0E): the password is"
        " refused"
    )


async def test_closing_unbinds(
    smsc: SmscProcess, make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """And what comes after it is surely not sent."""
    smpp = make_smpp(smsc.port)
    assert isinstance(smpp, Closing)
    assert isinstance(smpp, ReportFeed)
    assert await is_accepted(smpp, make_submission())

    await smpp.close()
    outcomes = await smpp.submit(make_submission())

    assert isinstance(outcomes.all, Deferred)
    await smsc.until_noted("unbound")
    await smsc.until_noted("disconnected")
    assert len(smsc.noted("bind")) == 1


async def test_closing_lets_a_text_under_way_come_through(
    smsc: SmscProcess, make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """A reload must not cut a page in two; it does not wait for it either."""
    smpp = make_smpp(smsc.port)
    await smsc.tell(submit=["slow", "slow"])

    async with asyncio.TaskGroup() as group:
        sending = group.create_task(smpp.submit(make_submission(body=LONG)))
        await smsc.until_noted("submit")
        async with asyncio.timeout(0.5):
            await smpp.close()
        assert smsc.noted("unbound") == []

    assert isinstance(sending.result().all, Accepted)
    assert smsc.texts() == [("+46701740605", LONG)]
    await smsc.until_noted("unbound")


async def test_closing_what_was_never_open_is_nothing(make_smpp: MakeSmpp) -> None:
    """A provider that nobody used."""
    await make_smpp(9).close()


async def test_a_closing_that_the_smsc_ignores_ends_all_the_same(
    smsc: SmscProcess, make_smpp: MakeSmpp
) -> None:
    """Within two seconds."""
    smpp = make_smpp(smsc.port)
    await smpp.check()
    assert smsc.process is not None
    smsc.process.send_signal(19)

    async with asyncio.timeout(2):
        await smpp.close()


async def test_a_validity_is_written_as_the_config_says(
    smsc: SmscProcess, make_smpp: MakeSmpp, make_submission: MakeSubmission
) -> None:
    """What an SMSC refuses must not cost every page."""
    for validity in ("absolute", "none"):
        smpp = make_smpp(smsc.port, validity=validity)
        await smpp.submit(make_submission(closes_in=timedelta(hours=1)))

    assert [one["validity"] for one in smsc.noted("submit")] == [
        "260115103000000+",
        "",
    ]


class Hopeful(Smpp):
    """Takes a lost answer for a lost request, and half a text for a whole one."""

    async def submit(self, submission: Submission) -> Outcomes:
        """Submit, and hope."""
        outcome = (await super().submit(submission)).all
        if isinstance(outcome, Uncertain):
            half = outcome.detail.startswith("part ")
            outcome = Accepted() if half else Deferred(detail=outcome.detail)
        return Outcomes(outcome)


@pytest.mark.parametrize(
    ("claim", "arguments"),
    [
        pytest.param(
            test_what_the_smsc_does_is_not_taken_for_more_than_it_is,
            {"fault": "drop_after", "kind": Uncertain, "taken": 1},
            id="cut",
        ),
        pytest.param(
            test_what_the_smsc_does_is_not_taken_for_more_than_it_is,
            {"fault": 0x77, "kind": Uncertain, "taken": 0},
            id="unknown-status",
        ),
        pytest.param(
            test_half_a_text_is_uncertain_and_mends_itself_when_sent_again,
            {"fault": 0x66},
            id="half",
        ),
    ],
)
async def test_the_claims_find_a_hopeful_provider(
    smsc: SmscProcess,
    make_smpp: MakeSmpp,
    make_submission: MakeSubmission,
    claim: Callable[..., Awaitable[None]],
    arguments: dict[str, object],
) -> None:
    """Each fails for it, so none of them is empty."""

    def make(port: int) -> Smpp:
        return make_smpp(port, kind=Hopeful)

    with pytest.raises(AssertionError):
        await claim(smsc, make, make_submission, **arguments)
