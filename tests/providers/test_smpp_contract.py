"""What a provider that talks SMPP owes its caller, whatever the SMSC answers."""

import asyncio
import struct
from collections.abc import Callable

import pytest
from processes import until
from provider_types import (
    NUMBERS,
    TEXT,
    TOKEN,
    Answer,
    MakeSubmission,
    Serve,
    assert_leaks_no_secret,
    kinds_of,
)

from alertbridge.core.message import Accepted, Deferred, Outcome, Rejected, Uncertain
from alertbridge.core.secret import Secret
from alertbridge.providers.smpp import Smpp

MakeSmpp = Callable[..., Smpp]

SUBMIT_SM_RESP, GENERIC_NACK = 0x80000004, 0x80000000

BLOCKS: dict[str, tuple[range, set[type]]] = {
    "of-the-specification": (range(0x01, 0x100), {Deferred, Rejected, Uncertain}),
    "reserved": (range(0x100, 0x400), {Uncertain}),
    "of-the-smscs-own": (range(0x400, 0x500), {Deferred}),
    "reserved-too": (range(0x500, 0x600), {Uncertain}),
}


def answer_each(command: int, statuses: list[int], body: bytes = b"") -> Answer:
    """Answer with one status after the other; an error gives the request back."""

    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        status = statuses.pop(0)
        said = body or request[16:].replace(b"\0", b"") + TOKEN.encode() + b"\0"
        head = struct.pack(">III", 16 + len(said), command, status)
        writer.write(head + request[12:16] + said)
        await writer.drain()

    return respond


def port_of(url: str) -> int:
    """Where the server is."""
    return int(url.rpartition(":")[2])


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("command", [SUBMIT_SM_RESP, GENERIC_NACK], ids=hex)
async def test_no_status_is_taken_for_more_than_it_says(
    make_smpp: MakeSmpp,
    make_submission: MakeSubmission,
    serve_pdus: Serve,
    command: int,
    block: str,
) -> None:
    """Never an exception, never Accepted after an error, and nothing is repeated."""
    statuses, allowed = BLOCKS[block]
    _, url = await serve_pdus(answer_each(command, list(statuses)))
    smpp = make_smpp(port_of(url), password=Secret(TOKEN))

    for status in statuses:
        if status == 0x04:
            # It says that we are not bound: the connection ends, and a pause follows.
            continue
        submission = make_submission(NUMBERS[0], body=TEXT)
        outcomes = await smpp.submit(submission)

        assert type(outcomes.all) in allowed, hex(status)
        assert_leaks_no_secret(outcomes)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\0", id="empty"),
        pytest.param(b" \0", id="blank"),
        pytest.param(b"a\nb\0", id="line-break"),
        pytest.param(b"\xe5\xe4\0", id="not-ascii"),
        pytest.param(b"x" * 129 + b"\0", id="129-characters"),
    ],
)
async def test_a_yes_without_a_usable_id_is_uncertain(
    make_smpp: MakeSmpp,
    make_submission: MakeSubmission,
    serve_pdus: Serve,
    body: bytes,
) -> None:
    """Its receipts could not be told from others' (C5, C18)."""
    _, url = await serve_pdus(answer_each(SUBMIT_SM_RESP, [0], body))

    outcomes = await make_smpp(port_of(url)).submit(make_submission())

    assert isinstance(outcomes.all, Uncertain)


async def test_a_nack_of_no_error_is_no_yes(
    make_smpp: MakeSmpp, make_submission: MakeSubmission, serve_pdus: Serve
) -> None:
    """Whatever it means, it has no id of a message."""
    _, url = await serve_pdus(answer_each(GENERIC_NACK, [0], b"7\0"))

    outcomes = await make_smpp(port_of(url)).submit(make_submission())

    assert isinstance(outcomes.all, Uncertain)


async def test_an_smsc_that_takes_us_for_not_bound_is_bound_to_again(
    make_smpp: MakeSmpp, make_submission: MakeSubmission, serve_pdus: Serve
) -> None:
    """Surely not sent; the same connection would say the same for ever."""
    raw, url = await serve_pdus(answer_each(SUBMIT_SM_RESP, [0x04, 0], b"7\0"))
    smpp = make_smpp(port_of(url))

    first = await smpp.submit(make_submission())
    second = await smpp.submit(make_submission())

    assert isinstance(first.all, Deferred)
    assert isinstance(second.all, Deferred)
    third: list[Outcome] = []

    async def is_answered() -> bool:
        third.append((await smpp.submit(make_submission())).all)
        return not isinstance(third[-1], Deferred)

    await until(is_answered, within=5)
    assert third[-1] == Accepted(provider_id="7")
    assert len(raw.requests) == 2


async def test_answers_out_of_order_find_their_requests(
    make_smpp: MakeSmpp, make_submission: MakeSubmission, serve_pdus: Serve
) -> None:
    """By sequence number: a yes to one must not be a yes to another."""
    waiting: list[bytes] = []

    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        waiting.append(request)
        if len(waiting) < len(NUMBERS):
            return
        for one in reversed(waiting):
            number = next(n for n in NUMBERS if n[1:].encode() in one)
            bad = number == NUMBERS[0]
            body = b"" if bad else b"7\0"
            status = 0x0B if bad else 0
            head = struct.pack(">III", 16 + len(body), SUBMIT_SM_RESP, status)
            writer.write(head + one[12:16] + body)
        await writer.drain()

    _, url = await serve_pdus(respond)

    outcomes = await make_smpp(port_of(url)).submit(make_submission(*NUMBERS))

    assert kinds_of(outcomes) == {Rejected, Accepted}
    assert isinstance(outcomes.of(NUMBERS[0]), Rejected)
