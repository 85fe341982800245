"""Gammu SMSD: what we write for it, and what the real gammu-smsd makes of it."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from configparser import ConfigParser
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from spool_sites import Site, make_site

from alertbridge.core.encoding import split
from alertbridge.core.message import Accepted, Submission
from alertbridge.core.report import Delivery, DeliveryReport
from alertbridge.providers.gammu import GammuFiles, GammuOptions

MakeSubmission = Callable[..., Submission]
NUMBER = "+46701740605"

GAMMU = shutil.which("gammu-smsd")
real = pytest.mark.skipif(GAMMU is None, reason="gammu-smsd is not installed")

LONG = {
    "gsm": "CRITICAL DiskFull {db1} €\n" * 14,
    "ucs2": "Диск \U0001f600 " * 30,
}


def sections(submission: Submission) -> list[dict[str, str]]:
    """Read the file that we write as gammu does: an INI file."""
    content = GammuFiles(GammuOptions()).write(submission, submission.numbers[0])
    parser = ConfigParser(interpolation=None)
    parser.read_string(content.decode("ascii"))
    return [dict(parser[name]) for name in parser.sections()]


def text_in(section: dict[str, str]) -> str:
    """Put the text of one part together."""
    lines = sorted(name for name in section if name.startswith("text"))
    return bytes.fromhex("".join(section[name] for name in lines)).decode("utf-16-be")


def test_a_short_text_is_one_section(make_submission: MakeSubmission) -> None:
    """With its coding said: a plain file is at the mercy of the daemon's config."""
    (section,) = sections(make_submission(NUMBER, body="DiskFull @ {db1} €"))

    assert text_in(section) == "DiskFull @ {db1} €"
    assert section["number"] == f'"{NUMBER}"'
    assert section["coding"] == "Default_No_Compression"
    assert section["length"] == "18"
    assert "udh" not in section
    # Gammu would rewrite the file in place for this one, in the middle of sending.
    assert "messagereference" not in section


@pytest.mark.parametrize("body", LONG.values(), ids=LONG)
def test_a_long_text_is_cut_as_it_was_counted(
    make_submission: MakeSubmission, body: str
) -> None:
    """Part by part, each with the header that joins them on the phone."""
    found = sections(make_submission(NUMBER, body=body))

    assert [text_in(one) for one in found] == list(split(body))
    headers = [one["udh"] for one in found]
    assert {one[:6] for one in headers} == {"050003"}
    assert len({one[6:8] for one in headers}) == 1
    assert [one[8:] for one in headers] == [
        f"{len(found):02X}{index + 1:02X}" for index in range(len(found))
    ]


def test_urgent_files_are_taken_first(make_submission: MakeSubmission) -> None:
    """Gammu takes them in the order of their names."""
    files = GammuFiles(GammuOptions())
    urgent = make_submission(NUMBER, urgent=True, reference="ab-2")
    other = make_submission(NUMBER, reference="ab-1")

    names = [files.name_of(one, one.numbers[0]) for one in (urgent, other)]

    assert names == sorted(names)
    # A name of 100 characters overruns a buffer of gammu's.
    longest = make_submission(*[NUMBER] * 1000, reference="x" * 40)
    assert len(files.name_of(longest, longest.numbers[0])) < 100


@asynccontextmanager
async def gammu_smsd(site: Site, *, phone: bool = True) -> AsyncIterator[Path]:
    """Run the real gammu-smsd on our folders, with its dummy phone; yields its log."""
    assert GAMMU is not None
    folder, dummy = site.root, site.root / "phone"
    for name in ("sms", "operations"):
        (dummy / name).mkdir(parents=True)
    layout = site.form.layout
    config, log = folder / "smsdrc", folder / "log"
    # Without its port there is no dummy phone to talk to, and nothing is sent.
    port = dummy if phone else folder / "nowhere"
    config.write_text(
        "\n".join(
            [
                *("[gammu]", "model = dummy", "connection = none", f"port = {port}"),
                *("[smsd]", "service = files", f"logfile = {log}", "debuglevel = 255"),
                *("commtimeout = 1", f"inboxpath = {folder}/incoming/"),
                *(f"outboxpath = {layout.outgoing}/", f"sentsmspath = {layout.sent}/"),
                *(f"errorsmspath = {layout.failed}/", "maxretries = 0", ""),
            ]
        )
    )
    running = await asyncio.create_subprocess_exec(
        *(GAMMU, "-c", str(config)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield log
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(running.wait(), 20)
        except TimeoutError:
            os.killpg(running.pid, signal.SIGKILL)
            await running.wait()


async def until(holds: Callable[[], object]) -> None:
    """Wait until something is so; gammu-smsd looks once a second."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - folders send no events
            await asyncio.sleep(0.05)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Folders of our own."""
    return make_site("gammu-smsd", tmp_path / "spool")


BODIES = {"short": "DiskFull @ {db1} €", **LONG}


@real
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_the_real_gammu_smsd_sends_it(
    site: Site, make_submission: MakeSubmission, body: str
) -> None:
    """Every part to the right number, coded as we counted it."""
    reports: list[DeliveryReport] = []

    async def heard(told: tuple[DeliveryReport, ...]) -> None:
        reports.extend(told)

    submission = make_submission(NUMBER, body=body)
    feed = asyncio.get_running_loop().create_task(site.provider.feed(heard))
    async with gammu_smsd(site) as log:
        outcomes = await site.provider.submit(submission)
        await until(lambda: reports)
        again = await site.again().submit(submission)
        said = log.read_text("utf-8", "replace")
    feed.cancel()

    assert isinstance(outcomes.all, Accepted)
    assert again == outcomes
    assert [one.delivery for one in reports] == [Delivery.PENDING]
    assert (reports[0].provider_id, reports[0].number) == (
        outcomes.all.provider_id,
        NUMBER,
    )
    parts = split(body)
    first = parts[0].split("\n")[0]
    assert f'Found {len(parts)} sms to "{NUMBER}" with text "{first}' in said
    assert said.count(f" to {NUMBER}, message reference ") == len(parts)
    assert f"(total: {len(parts)})" in said
    # What it moved is what we wrote.
    (file,) = site.sent.iterdir()
    assert file.read_bytes() == site.form.write(submission, submission.numbers[0])


@real
async def test_the_real_gammu_smsd_leaves_hidden_files_alone(
    site: Site, make_submission: MakeSubmission
) -> None:
    """What is half written, and what was taken back, is nothing to it."""
    hidden = site.outgoing / ".OUTA_ref-9.12345678.smsbackup.part"
    hidden.write_bytes(b"hidden")

    async with gammu_smsd(site):
        await site.provider.submit(make_submission(NUMBER))
        await until(lambda: not site.files())

    assert hidden.exists()
    assert len(site.files(site.sent)) == 1


@real
async def test_a_gammu_smsd_without_a_phone_is_noticed(
    site: Site, make_submission: MakeSubmission
) -> None:
    """It runs and takes nothing: what we wrote is taken back, and reported."""
    reports: list[DeliveryReport] = []

    async def heard(told: tuple[DeliveryReport, ...]) -> None:
        reports.extend(told)

    provider = site.again(stuck_after=3)
    feed = asyncio.get_running_loop().create_task(provider.feed(heard))
    async with gammu_smsd(site, phone=False):
        await provider.submit(make_submission(NUMBER))
        await until(lambda: reports)
    feed.cancel()

    assert [(one.delivery, one.final) for one in reports] == [(Delivery.FAILED, True)]
    assert site.files() + site.files(site.sent) == []
