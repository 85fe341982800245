"""SMS Server Tools 3: what we write for smsd, and what the real smsd makes of it."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from at_modem import AtModem
from pydantic import ValidationError
from spool_sites import Site, make_site

from alertbridge.core.encoding import split
from alertbridge.core.message import Accepted, Deferred, Reference, Submission
from alertbridge.core.report import Delivery, DeliveryReport
from alertbridge.providers.smstools import SmstoolsFiles, SmstoolsOptions

MakeSubmission = Callable[..., Submission]
NUMBER = "+46701740605"

SMSD = shutil.which("smsd") or shutil.which("smsd", path="/usr/sbin:/usr/local/sbin")
real = pytest.mark.skipif(
    SMSD is None, reason="smsd is not installed (Debian: smstools)"
)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Folders of our own."""
    return make_site("smstools3", tmp_path / "spool")


def write(submission: Submission, **options: object) -> tuple[dict[str, str], bytes]:
    """Headers and text of the file for the first number."""
    files = SmstoolsFiles(SmstoolsOptions.model_validate(options))
    head, _, body = files.write(submission, submission.numbers[0]).partition(b"\n\n")
    pairs = [line.partition(": ") for line in head.decode("ascii").splitlines()]
    return {name: value for name, _, value in pairs}, body


def test_headers_say_how_it_is_to_be_sent(make_submission: MakeSubmission) -> None:
    """The number without its plus; a report; for as long as it is news."""
    text = "DiskFull @ {db1} €"
    headers, body = write(make_submission(NUMBER, body=text), reports="/reports")

    assert headers == {
        "To": "46701740605",
        "Alphabet": "UTF-8",
        "Autosplit": "3",
        "Report": "yes",
        "Validity": "60 min",
    }
    assert body.decode() == "DiskFull @ {db1} €"


def test_urgent_goes_first(make_submission: MakeSubmission) -> None:
    """In front of what waits in smsd's queue."""
    headers, _ = write(make_submission(urgent=True))

    assert headers["Priority"] == "High"


def test_no_report_is_asked_for_that_nobody_reads(
    make_submission: MakeSubmission,
) -> None:
    """Some networks charge for them."""
    headers, _ = write(make_submission())

    assert headers["Report"] == "no"


@pytest.mark.parametrize(
    ("closes_in", "validity"),
    [
        pytest.param(timedelta(seconds=90), "5 min", id="the-least-there-is"),
        pytest.param(timedelta(minutes=59, seconds=59), "59 min", id="rounded-down"),
        pytest.param(timedelta(days=1000), "635040 min", id="the-most-there-is"),
    ],
)
def test_validity_is_what_an_sms_can_carry(
    make_submission: MakeSubmission, closes_in: timedelta, validity: str
) -> None:
    """GSM has no shorter one than five minutes."""
    assert write(make_submission(closes_in=closes_in))[0]["Validity"] == validity


def test_letters_beyond_gsm_are_written_as_they_go_over_the_air(
    make_submission: MakeSubmission,
) -> None:
    """Surrogate pairs and all, in big endian."""
    headers, body = write(make_submission(body="Ж \U0001f600\n\nx"))

    assert headers["Alphabet"] == "UCS"
    assert body == "Ж \U0001f600\n\nx".encode("utf-16-be")


def test_a_text_cannot_add_headers(make_submission: MakeSubmission) -> None:
    """It begins after the first empty line, whatever it begins with."""
    headers, body = write(make_submission(body="To: 46701740699\n\nX"))

    assert headers["To"] == "46701740605"
    assert body == b"To: 46701740699\n\nX"


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"outgoing": "sms/outgoing"}, id="relative"),
        pytest.param({"sent": "/var/spool/../etc"}, id="upwards"),
        pytest.param({"mode": "0666"}, id="everybody-reads"),
        pytest.param({"mode": "0400"}, id="smsd-cannot-read"),
        pytest.param({"mode": 432}, id="octal-without-quotes"),
        pytest.param({"checked": []}, id="no-queue"),
        pytest.param({"stuck_after_seconds": 5}, id="impatient"),
        pytest.param({"sender": "Bridge"}, id="sender"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, object]) -> None:
    """When the config is read."""
    with pytest.raises(ValidationError):
        SmstoolsOptions.model_validate(options)


@pytest.fixture
def modem() -> Iterator[AtModem]:
    """A modem on a pseudo-terminal."""
    with AtModem() as modem:
        yield modem


@asynccontextmanager
async def smsd(site: Site, modem: AtModem) -> AsyncIterator[None]:
    """Run the real smsd on our folders, with a modem that we are."""
    assert SMSD is not None
    folder = site.root
    names = ("outgoing", "checked", "sent", "failed", "incoming")
    lines = [f"{name} = {folder / name}" for name in names]
    config = folder / "smsd.conf"
    config.write_text(
        "\n".join(
            [
                *("devices = GSM1", *lines, "delaytime = 1", "errorsleeptime = 1"),
                *(f"logfile = {folder}/log", f"infofile = {folder}/info"),
                *(f"pidfile = {folder}/pid", "[GSM1]", f"device = {modem.device}"),
                *("incoming = yes", "check_memory_method = 1", "primary_memory = SM"),
                *("send_retries = 0", "smsc = 46701740699", ""),
            ]
        )
    )
    running = await asyncio.create_subprocess_exec(
        *(SMSD, "-c", str(config), "-t"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        # All of them: the main process and the one that handles the modem.
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        await running.wait()


async def until(holds: Callable[[], object]) -> None:
    """Wait until something is so; smsd looks once a second."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - folders send no events
            await asyncio.sleep(0.05)


def text_of(pdu: str) -> str:
    """Read the text of a single SMS-SUBMIT, as the network would get it."""
    octets = bytes.fromhex(pdu)[1:]
    digits = octets[2]
    rest = octets[4 + (digits + 1) // 2 :]
    # PID, DCS, validity, length.
    coding, length, data = rest[1], rest[3], rest[4:]
    if coding == 8:
        return data[:length].decode("utf-16-be")
    bits = int.from_bytes(data, "little")
    septets = [bits >> 7 * index & 127 for index in range(length)]
    # Enough of the alphabet for the texts here.
    plain = {0x00: "@", 0x02: "$", 0x0A: "\n"}
    escaped = {0x28: "{", 0x29: "}", 0x65: "€"}
    text, escape = "", False
    for septet in septets:
        if septet == 0x1B:
            escape = True
            continue
        text += (escaped if escape else plain).get(septet, chr(septet))
        escape = False
    return text


@real
async def test_the_real_smsd_sends_it_and_its_report_comes_back(
    site: Site, modem: AtModem, make_submission: MakeSubmission
) -> None:
    """From a page to a delivery, by the program itself."""
    body = "CRITICAL DiskFull @ {db1} €\nsince 03:12"
    reports: list[DeliveryReport] = []

    async def heard(told: tuple[DeliveryReport, ...]) -> None:
        reports.extend(told)

    provider = site.again()
    feed = asyncio.get_running_loop().create_task(provider.feed(heard))
    async with smsd(site, modem):
        outcomes = await provider.submit(
            make_submission(NUMBER, body=body, urgent=True)
        )
        await until(lambda: len(reports) == 2)
        listing = await provider.list_sent(
            [Reference("ref-1")], make_submission().began_at
        )
        again = await provider.submit(make_submission(NUMBER, body=body, urgent=True))
    feed.cancel()

    (pdu,) = modem.sent
    assert text_of(pdu) == body
    # TP-VP: 60 minutes are 11 times five, and five.
    assert pdu[pdu.index("0000", 20) + 4 :][:2] == "0B"
    assert isinstance(outcomes.all, Accepted)
    assert [one.delivery for one in reports] == [Delivery.PENDING, Delivery.DELIVERED]
    assert {one.provider_id for one in reports} == {outcomes.all.provider_id}
    assert {one.number for one in reports} == {NUMBER}
    assert again == outcomes
    assert getattr(listing, "found", {}) == {"ref-1": outcomes.all.provider_id}


@real
async def test_the_real_smsd_keeps_every_letter_and_part(
    site: Site, modem: AtModem, make_submission: MakeSubmission
) -> None:
    """Letters beyond GSM, and a text of three parts; the report is of the last."""
    odd, long = "Диск \U0001f600 ok", "lång text " * 40
    reports: list[DeliveryReport] = []

    async def heard(told: tuple[DeliveryReport, ...]) -> None:
        reports.extend(told)

    provider = site.again()
    feed = asyncio.get_running_loop().create_task(provider.feed(heard))
    async with smsd(site, modem):
        await provider.submit(make_submission(NUMBER, body=odd, reference="ref-1"))
        await until(lambda: len(modem.sent) == 1)
        await provider.submit(make_submission(NUMBER, body=long, reference="ref-2"))
        await until(
            lambda: sum(one.delivery is Delivery.DELIVERED for one in reports) == 2
        )
    feed.cancel()

    assert text_of(modem.sent[0]) == odd
    assert len(modem.sent) == 1 + len(split(long)) == 4


@real
async def test_the_real_smsd_says_why_it_failed(
    site: Site, modem: AtModem, make_submission: MakeSubmission
) -> None:
    """A network that refuses: failed for good, in smsd's words."""
    modem.refuses = True
    reports: list[DeliveryReport] = []

    async def heard(told: tuple[DeliveryReport, ...]) -> None:
        reports.extend(told)

    provider = site.again()
    feed = asyncio.get_running_loop().create_task(provider.feed(heard))
    async with smsd(site, modem):
        await provider.submit(make_submission(NUMBER))
        await until(lambda: reports)
    feed.cancel()

    assert modem.sent == []
    assert reports[0].delivery is Delivery.FAILED
    assert reports[0].final
    assert reports[0].code == "+CMS ERROR: 38 (Network out of order)"


@real
async def test_a_modem_that_is_dead_is_noticed_behind_a_real_smsd(
    site: Site, modem: AtModem, make_submission: MakeSubmission
) -> None:
    """Smsd takes every file, and none leaves its queue: the next page is refused."""
    modem.is_dead = True
    reports: list[DeliveryReport] = []

    async def heard(told: tuple[DeliveryReport, ...]) -> None:
        reports.extend(told)

    provider = site.again(stuck_after=4)
    feed = asyncio.get_running_loop().create_task(provider.feed(heard))
    async with smsd(site, modem):
        first = await provider.submit(make_submission(NUMBER))
        await until(lambda: reports)
        second = await provider.submit(make_submission(NUMBER, reference="ref-2"))
    feed.cancel()

    assert isinstance(first.all, Accepted)
    assert [one.delivery for one in reports] == [Delivery.FAILED]
    assert isinstance(second.all, Deferred)
    assert "is its modem well" in second.all.detail


@real
async def test_the_real_smsd_leaves_hidden_files_alone(
    site: Site, modem: AtModem, make_submission: MakeSubmission
) -> None:
    """What is half written, and what was taken back, is nothing to it."""
    hidden = [site.outgoing / ".ref-9.12345678.part", site.outgoing / ".x.back"]
    for file in hidden:
        file.write_bytes(b"To: 46701740699\n\nhidden")

    async with smsd(site, modem):
        await site.provider.submit(make_submission(NUMBER))
        await until(lambda: modem.sent)
        await until(lambda: not site.files())

    assert len(modem.sent) == 1
    assert all(file.exists() for file in hidden)
