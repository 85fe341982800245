"""What becomes of a page in a spool, as its folders tell."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from spool_sites import KINDS, Site, make_site

from alertbridge.core.message import Accepted, Deferred, Submission
from alertbridge.core.report import Blame, Delivery, DeliveryReport
from alertbridge.ports import ProviderCheckFailed, StoreUnavailable
from alertbridge.providers.spool import Spool
from alertbridge.providers.spool_news import MOST_AT_FIRST

MakeSubmission = Callable[..., Submission]
NUMBER = "+46701740605"

SENT = """To: 46701740605
Alphabet: UTF-8
Report: yes
Modem: GSM1
Sent: 26-01-15 09:30:10
Message_id: {id}

CRITICAL DiskFull"""

REPORT = """From: {number}
From_SMSC: 46701740699
Sent: 26-01-15 09:30:11
Received: 26-01-15 09:30:14
Subject: GSM1
Alphabet: ISO

SMS STATUS REPORT
Message_id: {id}
Discharge_timestamp: 26-01-15 09:30:13
Status: {status}
"""


@dataclass(slots=True)
class Store:
    """Takes reports down, and can be away."""

    reports: list[DeliveryReport] = field(default_factory=list)
    away: int = 0
    seen: Callable[[], None] = lambda: None

    async def heard(self, reports: tuple[DeliveryReport, ...]) -> None:
        """Take them down, once it is back."""
        self.seen()
        if self.away:
            self.away -= 1
            raise StoreUnavailable("away")
        self.reports.extend(reports)

    def told(self) -> list[tuple[Delivery, str]]:
        """What each report said."""
        return [(one.delivery, one.code) for one in self.reports]


@asynccontextmanager
async def feeding(provider: Spool, store: Store) -> AsyncIterator[None]:
    """Run a feed; it must not have ended by itself."""
    task = asyncio.get_running_loop().create_task(provider.feed(store.heard))
    yield
    assert not task.done(), task
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def until(holds: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - folders send no events
            await asyncio.sleep(0.01)


@pytest.fixture(params=KINDS)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    """Each daemon's folders."""
    return make_site(request.param, tmp_path / "spool")


@pytest.fixture
def smstools(tmp_path: Path) -> Site:
    """The folders of the daemon that has reports in them."""
    return make_site("smstools3", tmp_path / "spool")


async def test_sent_and_failed_are_told_once_each(
    site: Site, make_submission: MakeSubmission
) -> None:
    """Sent is no delivery; failed is final, with the daemon's own words if it has."""
    for reference in ("ref-1", "ref-2"):
        await site.provider.submit(make_submission(NUMBER, reference=reference))
    first, second = site.files()
    store = Store()

    async with feeding(site.provider, store):
        site.move(site.sent, first)
        await until(lambda: len(store.reports) == 1)
        failed = site.move(site.failed, second)
        await until(lambda: len(store.reports) == 2)

    sent, gone = store.reports
    assert (sent.provider_id, sent.reference, sent.number) == (first, "ref-1", NUMBER)
    assert (sent.delivery, sent.final) == (Delivery.PENDING, False)
    assert (gone.provider_id, gone.reference) == (second, "ref-2")
    assert (gone.delivery, gone.final) == (Delivery.FAILED, True)
    # Both are the daemon's files, and still there.
    assert failed.exists()
    assert (site.sent / first).exists()


async def test_a_reason_is_told_without_what_does_not_belong_there(
    smstools: Site, make_submission: MakeSubmission
) -> None:
    """It goes into a log."""
    await smstools.provider.submit(make_submission(NUMBER))
    name = smstools.files()[0]
    (smstools.failed / name).write_bytes(
        b"To: 46701740605\nFail_reason: +CMS ERROR: 38 (Network\x1b[2J out of order)\n"
        b"Failed: 26-01-15\n\nFail_reason: not this"
    )
    (smstools.outgoing / name).unlink()
    store = Store()

    async with feeding(smstools.provider, store):
        await until(lambda: store.reports)

    (report,) = store.reports
    assert report.code == "+CMS ERROR: 38 (Network [2J out of order)"


@pytest.mark.parametrize(
    ("status", "delivery"),
    [
        ("0,Ok,short message received by the SME", Delivery.DELIVERED),
        ("1,Ok,forwarded, unable to confirm delivery", Delivery.PENDING),
        ("32,Still trying,congestion", Delivery.PENDING),
        ("64,Error,remote procedure error", Delivery.FAILED),
        ("70,Error,SM validity period expired", Delivery.EXPIRED),
        ("99,Error,service rejected", Delivery.FAILED),
        ("128,Unknown", Delivery.PENDING),
    ],
)
async def test_a_status_report_is_matched_with_the_message_it_is_about(
    smstools: Site, make_submission: MakeSubmission, status: str, delivery: Delivery
) -> None:
    """By number and the network's id; of others' reports and SMS nothing is told."""
    await smstools.provider.submit(make_submission(NUMBER))
    name = smstools.files()[0]
    smstools.move(smstools.sent).write_text(SENT.format(id=17))
    incoming = smstools.form.reports
    assert incoming is not None
    others = {
        "GSM1.other1": REPORT.format(number="46701740606", id=17, status="0,Ok,x"),
        "GSM1.other2": REPORT.format(number="46701740605", id=18, status="0,Ok,x"),
        "GSM1.person": "From: 46701740605\n\nSMS STATUS REPORT is what I want\n",
        "GSM1.text": "From: 46701740605\n\nMessage_id: 17\nStatus: 0,Ok,x\n",
        "GSM1.half": REPORT[:80],
        "GSM1.binary": "\x00\n\nSMS STATUS REPORT\nMessage_id: \x00\nStatus: zero\n",
    }
    for other, content in others.items():
        (incoming / other).write_text(content)
    (incoming / "GSM1.folder").mkdir()
    text = REPORT.format(number="46701740605", id=17, status=status)
    (incoming / "GSM1.report").write_text(text)
    store = Store()

    async with feeding(smstools.provider, store):
        await until(lambda: len(store.reports) == 2)

    report = store.reports[1]
    assert (report.provider_id, report.reference) == (name, "ref-1")
    assert report.delivery is delivery
    assert report.final is (delivery is not Delivery.PENDING)
    assert len(list(incoming.iterdir())) == len(others) + 2


async def test_an_old_report_is_not_taken_for_one_about_a_new_message(
    smstools: Site, make_submission: MakeSubmission
) -> None:
    """The network's ids come again after 255 messages, and reports lie for weeks."""
    incoming = smstools.form.reports
    assert incoming is not None
    old = incoming / "GSM1.lastweek"
    old.write_text(REPORT.format(number="46701740605", id=17, status="0,Ok,x"))
    os.utime(old, (1_700_000_000, 1_700_000_000))
    await smstools.provider.submit(make_submission(NUMBER))
    smstools.move(smstools.sent).write_text(SENT.format(id=17))
    store = Store()

    async with feeding(smstools.provider, store):
        await until(lambda: store.reports)
        await smstools.provider.submit(make_submission(NUMBER, reference="ref-2"))
        smstools.move(smstools.sent).write_text(SENT.format(id=18))
        await until(lambda: len(store.reports) == 2)

    assert {delivery for delivery, _ in store.told()} == {Delivery.PENDING}


async def test_a_file_that_is_still_being_copied_is_waited_for(
    smstools: Site, make_submission: MakeSubmission
) -> None:
    """Smsd locks the name while it copies; half a file has no id in it yet."""
    await smstools.provider.submit(make_submission(NUMBER))
    name = smstools.files()[0]
    lock = smstools.sent / f"{name}.LOCK"
    lock.write_bytes(b"")
    (smstools.sent / name).write_text("To: 467")
    store = Store()

    async with feeding(smstools.provider, store):
        await smstools.provider.submit(make_submission(NUMBER, reference="ref-2"))
        second = next(one for one in smstools.files() if one.startswith("ref-2"))
        smstools.move(smstools.failed, second)
        await until(lambda: store.reports)
        before = store.told()
        (smstools.sent / name).write_text(SENT.format(id=17))
        lock.unlink()
        await until(lambda: len(store.reports) == 2)

    assert [delivery for delivery, _ in before] == [Delivery.FAILED]
    assert store.reports[1].number == NUMBER


async def test_a_store_that_is_away_is_told_again(
    site: Site, make_submission: MakeSubmission
) -> None:
    """A report counts as told when it is written down, and not before."""
    await site.provider.submit(make_submission(NUMBER))
    site.move(site.failed)
    store = Store(away=3)

    async with feeding(site.provider, store):
        await until(lambda: store.reports)

    assert store.away == 0
    assert [delivery for delivery, _ in store.told()] == [Delivery.FAILED]


async def test_what_was_there_before_is_told_after_a_start_up_to_a_limit(
    site: Site, make_submission: MakeSubmission
) -> None:
    """A thousand newest in each folder: years of sent pages are no news."""
    await site.provider.submit(make_submission(NUMBER))
    name = site.files()[0]
    template = site.move(site.failed).read_bytes()
    (site.failed / name).unlink()
    for index in range(MOST_AT_FIRST + 5):
        file = site.failed / name.replace("ref-1", f"ref-{index}")
        file.write_bytes(template)
        os.utime(file, (1_700_000_000 + index, 1_700_000_000 + index))
    store = Store()

    async with feeding(site.again(), store):
        await until(lambda: len(store.reports) == MOST_AT_FIRST)

    told = {one.reference for one in store.reports}
    assert "ref-5" in told
    assert "ref-4" not in told
    assert len(told) == MOST_AT_FIRST


async def test_what_nobody_takes_is_taken_back_and_goes_another_way(
    tmp_path: Path, make_submission: MakeSubmission
) -> None:
    """Reported while the hidden file is still there, deleted only then."""
    site = make_site("gammu-smsd", tmp_path, stuck_after=0.2)
    await site.provider.submit(make_submission(NUMBER))
    other = site.outgoing / "OUT46701740699.txt"
    other.write_bytes(b"somebody else's")
    name = next(one for one in site.files() if "ref-1" in one)
    hidden: list[list[str]] = []
    store = Store(away=1)
    store.seen = lambda: hidden.append([one.name for one in site.outgoing.glob(".*")])

    async with feeding(site.provider, store):
        await until(lambda: store.reports)
        await until(lambda: not list(site.outgoing.glob(".*")))
        refused = await site.provider.submit(make_submission(reference="ref-2"))

    (report,) = store.reports
    assert (report.provider_id, report.delivery) == (name, Delivery.FAILED)
    assert report.final
    assert report.blames is Blame.ACCOUNT
    assert report.code == "gammu-smsd did not take it"
    assert hidden == [[f".{name}.back"]] * 2
    assert site.files() == [other.name]
    assert isinstance(refused.all, Deferred)


async def test_what_was_taken_back_is_told_after_a_crash(
    site: Site, make_submission: MakeSubmission
) -> None:
    """Hidden, and the process ended before it could tell: the next one does."""
    await site.provider.submit(make_submission(NUMBER))
    name = site.files()[0]
    (site.outgoing / name).rename(site.outgoing / f".{name}.back")
    (site.outgoing / ".somebody-else's.back").write_bytes(b"x")
    store = Store()

    async with feeding(site.again(), store):
        await until(lambda: store.reports)
        await until(lambda: not (site.outgoing / f".{name}.back").exists())

    assert [delivery for delivery, _ in store.told()] == [Delivery.FAILED]
    assert (site.outgoing / ".somebody-else's.back").exists()


async def test_what_the_daemon_has_taken_is_left_with_it(
    tmp_path: Path, make_submission: MakeSubmission
) -> None:
    """Its modem is dead: the page goes another way, and may come by this one later."""
    site = make_site("smstools3", tmp_path, stuck_after=0.2)
    await site.provider.submit(make_submission(NUMBER))
    file = site.move(site.queue)
    store = Store()

    async with feeding(site.provider, store):
        await until(lambda: store.reports)
        refused = await site.provider.submit(make_submission(reference="ref-2"))
        file.rename(site.sent / file.name)
        await until(lambda: len(store.reports) == 2)
        accepted = await site.provider.submit(make_submission(reference="ref-2"))

    stuck, sent = store.reports
    assert (stuck.delivery, stuck.final) == (Delivery.FAILED, True)
    assert stuck.blames is Blame.ACCOUNT
    assert sent.blames is None
    assert stuck.code == "smsd has it, and does not send it"
    assert isinstance(refused.all, Deferred)
    assert sent.delivery is Delivery.PENDING
    assert isinstance(accepted.all, Accepted)


async def test_folders_that_come_and_go_end_no_feed(
    site: Site, make_submission: MakeSubmission
) -> None:
    """An unmounted disk, a package that is being upgraded."""
    await site.provider.submit(make_submission(NUMBER))
    store = Store()

    async with feeding(site.provider, store):
        away = move_away(site)
        with pytest.raises(ProviderCheckFailed):
            await site.provider.check()
        away.rename(site.root)
        site.move(site.failed)
        await until(lambda: store.reports)

    assert [delivery for delivery, _ in store.told()] == [Delivery.FAILED]


def move_away(site: Site) -> Path:
    """Let all folders be gone."""
    return site.root.rename(site.root.with_name("elsewhere"))
