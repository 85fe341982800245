"""Pages into a spool: real folders, real faults, whatever the daemon behind it does."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

import pytest
from spool_sites import KINDS, Site, make_site

from alertbridge.core.inquiry import Listed, NotListed
from alertbridge.core.message import Accepted, Deferred, Reference, Submission
from alertbridge.core.recipient import Msisdn
from alertbridge.ports import DeliveryTeller, Lister, ProviderCheckFailed, ReportFeed
from alertbridge.providers.own_threads import Late, Threads
from alertbridge.providers.spool_folders import look

MakeSubmission = Callable[..., Submission]
NUMBERS = (Msisdn("+46701740605"), Msisdn("+46701740606"))


def remove(site: Site, which: str) -> Path:
    """Take one of the folders away, and say which it was."""
    folder: Path = getattr(site, which)
    folder.rmdir()
    return folder


def make_read_only(folder: Path) -> None:
    """As a unit with ProtectSystem= sees it."""
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)


@pytest.fixture(params=KINDS)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    """Each daemon's folders."""
    return make_site(request.param, tmp_path / "spool")


async def test_a_page_is_a_file_that_is_whole_and_that_the_group_can_read(
    site: Site, make_submission: MakeSubmission
) -> None:
    """Under its own name from the first moment; nothing else is left behind."""
    umask = os.umask(0o077)
    try:
        outcomes = await site.provider.submit(make_submission(*NUMBERS[:1]))
    finally:
        os.umask(umask)

    (name,) = [one.name for one in site.outgoing.iterdir()]
    assert outcomes.all == Accepted(provider_id=name)
    assert (site.outgoing / name).stat().st_mode & 0o777 == 0o660
    assert "46701740605" not in name
    assert "ref-1" in name
    assert b"46701740605" in (site.outgoing / name).read_bytes()


async def test_the_same_page_is_never_written_twice(
    site: Site, make_submission: MakeSubmission
) -> None:
    """Wherever the daemon has moved it: after a crash the file is found."""
    submission = make_submission(*NUMBERS[:1])
    await site.provider.submit(submission)
    (name,) = site.files()

    for folder in (site.outgoing, site.queue, site.sent, site.failed):
        (path,) = list(site.root.rglob(name))
        path.rename(folder / name)
        outcomes = await site.again().submit(submission)

        assert outcomes.all == Accepted(provider_id=name)
        assert len(list(site.root.rglob("*ref-1*"))) == 1


async def test_two_numbers_are_two_files(
    site: Site, make_submission: MakeSubmission
) -> None:
    """A submission made for a gateway that takes a thousand is still whole."""
    submission = make_submission(*NUMBERS)

    outcomes = await site.provider.submit(submission)

    assert {type(outcomes.of(number)) for number in NUMBERS} == {Accepted}
    assert len(site.files()) == 2
    listing = await site.provider.list_sent([submission.reference], submission.began_at)
    assert isinstance(listing, Listed)
    assert submission.reference in listing.found


async def test_a_submission_of_which_a_file_is_missing_is_not_called_sent(
    site: Site, make_submission: MakeSubmission
) -> None:
    """Killed between two files: the second number must not be taken for told."""
    submission = make_submission(*NUMBERS)
    await site.provider.submit(submission)
    (site.outgoing / site.files()[0]).unlink()

    listing = await site.again().list_sent([submission.reference], submission.began_at)
    again = await site.again().submit(submission)

    assert isinstance(listing, NotListed)
    assert {type(again.of(number)) for number in NUMBERS} == {Accepted}
    assert len(site.files()) == 2


async def test_the_list_says_what_was_written_and_what_was_not(
    site: Site, make_submission: MakeSubmission
) -> None:
    """By our references; files of others are nobody we know."""
    submission = make_submission(*NUMBERS[:1])
    await site.provider.submit(submission)
    site.move(site.sent)
    for other in ("send_Xy12ab", "GSM1.abcdef", "ref-2", "ref-2.12345678.LOCK"):
        (site.sent / other).write_bytes(b"To: 46701740699\n\nnot ours")
    (site.outgoing / ".ref-2.12345678.part").write_bytes(b"half")
    (site.outgoing / "ref-2.12345678").mkdir()

    listing = await site.again().list_sent(
        [submission.reference, Reference("ref-2")], submission.began_at
    )

    assert isinstance(listing, Listed)
    assert listing.found.keys() == {submission.reference}


@pytest.mark.parametrize("missing", ["queue", "sent", "failed", "outgoing"])
async def test_a_list_that_cannot_be_read_whole_says_so(
    site: Site, make_submission: MakeSubmission, missing: str
) -> None:
    """What lies in a folder that we cannot see would be sent a second time."""
    folder = remove(site, missing)

    listing = await site.provider.list_sent(
        [Reference("ref-1")], make_submission().began_at
    )

    assert isinstance(listing, NotListed)
    assert str(folder) in listing.detail


def test_a_file_that_moves_while_we_look_is_not_missed(site: Site) -> None:
    """It is in one of the folders at any time, and goes one way through them."""
    names = [f"ref-{index}.12345678" for index in range(300)]
    ready: SimpleQueue[str | None] = SimpleQueue()

    def drain() -> None:
        while (name := ready.get()) is not None:
            path = site.outgoing / name
            for folder in dict.fromkeys((site.queue, site.sent)):
                path = path.rename(folder / name)

    mover = threading.Thread(target=drain)
    mover.start()
    try:
        for name in names:
            (site.outgoing / name).write_bytes(b"x")
            ready.put(name)
            while not (site.sent / name).exists():
                assert name in look(site.form.layout).ours
    finally:
        ready.put(None)
        mover.join(30)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "alertbridge-test", folder],
        check=False,
        capture_output=True,
    )
    if done.returncode != 0:
        pytest.skip("cannot mount a small tmpfs here: that takes root")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_full_disk_is_deferred_and_nothing_is_left(
    tiny_disk: Path, make_submission: MakeSubmission, kind: str
) -> None:
    """Surely not sent: half a page in the folder would be half a page on a phone."""
    site = make_site(kind, tiny_disk)
    filler = tiny_disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)

    full = await site.provider.submit(make_submission(*NUMBERS[:1]))
    left = list(site.outgoing.iterdir())
    filler.unlink()
    room = await site.provider.submit(make_submission(*NUMBERS[:1]))

    assert isinstance(full.all, Deferred)
    assert f"no room left in {site.outgoing}" in full.all.detail
    assert left == []
    assert isinstance(room.all, Accepted)


async def test_a_read_only_file_system_is_deferred_and_says_what_to_do(
    tiny_disk: Path, make_submission: MakeSubmission
) -> None:
    """ProtectSystem= in our own unit looks like this."""
    site = make_site("smstools3", tiny_disk)
    make_read_only(tiny_disk)

    outcomes = await site.provider.submit(make_submission(*NUMBERS[:1]))

    assert isinstance(outcomes.all, Deferred)
    assert "ReadWritePaths=" in outcomes.all.detail
    with pytest.raises(ProviderCheckFailed, match="ReadWritePaths="):
        await site.provider.check()


async def test_a_missing_folder_is_deferred_and_says_what_to_do(
    site: Site, make_submission: MakeSubmission
) -> None:
    """Named, with the daemon that would make it."""
    site.outgoing.rmdir()

    outcomes = await site.provider.submit(make_submission(*NUMBERS[:1]))

    assert isinstance(outcomes.all, Deferred)
    assert f"{site.outgoing} is not there" in outcomes.all.detail
    assert site.form.layout.daemon in outcomes.all.detail
    with pytest.raises(ProviderCheckFailed, match="is not there"):
        await site.provider.check()


async def test_a_closed_folder_is_deferred_and_says_what_to_do(
    site: Site, make_submission: MakeSubmission
) -> None:
    """Which group to join."""
    site.outgoing.chmod(0o500)
    ours = os.geteuid()
    if ours == 0:
        # Root may write anywhere: be nobody for a moment.
        os.seteuid(65534)
    try:
        outcomes = await site.provider.submit(make_submission(*NUMBERS[:1]))
    finally:
        os.seteuid(ours)

    assert isinstance(outcomes.all, Deferred)
    assert f"{site.outgoing} is closed to alertbridge" in outcomes.all.detail
    assert f"group {site.form.layout.group}" in outcomes.all.detail


@pytest.mark.parametrize("missing", ["queue", "sent", "failed"])
async def test_a_page_goes_out_though_another_folder_is_missing(
    tmp_path: Path, make_submission: MakeSubmission, missing: str
) -> None:
    """What became of it will not be known; `check` says so beforehand."""
    site = make_site("smstools3", tmp_path)
    folder = remove(site, missing)

    outcomes = await site.provider.submit(make_submission(*NUMBERS[:1]))

    assert isinstance(outcomes.all, Accepted)
    assert [line for line in await site.provider.check() if str(folder) in line]


PLACE = """
import sys
from pathlib import Path
from alertbridge.providers.spool_folders import Layout
from alertbridge.providers.spool_place import place
root = Path(sys.argv[1])
layout = Layout(daemon="d", group="g", outgoing=root, taken=(), sent=root, failed=root,
                mode=0o660)
print(place(layout, "ref-1.12345678", b"To: 46701740605"))
"""


def test_the_disk_has_the_file_before_its_name_and_the_name_before_we_say_so(
    tmp_path: Path,
) -> None:
    """As the kernel sees it: a power cut leaves a whole file, or none."""
    strace, trace = shutil.which("strace"), tmp_path / "trace"
    traced = [strace or "strace", "-f", "-y", "-o", str(trace)]
    calls = "trace=write,fsync,rename,renameat,renameat2,fchmod"
    try:
        subprocess.run(
            [*traced, "-e", calls, sys.executable, "-c", PLACE, str(tmp_path)],
            check=True,
            capture_output=True,
            timeout=60,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no strace, or ptrace is not permitted")

    order: list[str] = []
    for line in trace.read_text().splitlines():
        for what, sign in {
            "written": r"write\(.*46701740605",
            "file synced": r"fsync\(\d+<.*\.part>\) += 0",
            "renamed": r"rename.*/\.ref-1\.12345678\.part\", .*= 0",
            "folder synced": rf"fsync\(\d+<{tmp_path}>\) += 0",
            "said": r"write\(1<.*Accepted",
        }.items():
            if re.search(sign, line):
                order.append(what)
    assert order == ["written", "file synced", "renamed", "folder synced", "said"]


async def test_a_link_in_the_way_is_not_followed(
    site: Site, make_submission: MakeSubmission
) -> None:
    """The folder is the group's: somebody in it might point us at another file."""
    other = site.root / "precious"
    other.write_bytes(b"precious")
    submission = make_submission(*NUMBERS[:1])
    name = site.form.name_of(submission, NUMBERS[0])
    (site.outgoing / f".{name}.part").symlink_to(other)

    outcomes = await site.provider.submit(submission)

    assert isinstance(outcomes.all, Accepted)
    assert other.read_bytes() == b"precious"


@pytest.mark.parametrize("reference", ["../ref", "a/b", ".hidden", "a.12345678"])
async def test_a_reference_that_is_no_name_writes_nothing(
    site: Site, make_submission: MakeSubmission, reference: str
) -> None:
    """Ours never is one; a file elsewhere would be the worst of all answers."""
    outcomes = await site.provider.submit(make_submission(reference=reference))

    assert isinstance(outcomes.all, Deferred)
    assert list(site.root.rglob("*12345678*")) == []
    assert site.files() == []


async def test_a_spool_that_nobody_drains_is_refused_and_seen(
    tmp_path: Path, make_submission: MakeSubmission
) -> None:
    """The next page goes another way, and `check` says why; drained, it is taken."""
    site = make_site("smstools3", tmp_path, stuck_after=0.2)
    (site.outgoing / "somebody-else's").write_bytes(b"To: 1\n\nx")
    first = await site.provider.submit(make_submission(reference="ref-1"))
    reason = ""
    async with asyncio.timeout(20):
        while "none has left" not in reason:
            try:
                await site.provider.check()
            except ProviderCheckFailed as exc:
                reason = str(exc)

    second = await site.provider.submit(make_submission(reference="ref-2"))
    while site.files():
        site.move(site.sent)
    third = await site.provider.submit(make_submission(reference="ref-2"))

    assert isinstance(first.all, Accepted)
    assert f"{site.outgoing} is not drained" in reason
    assert isinstance(second.all, Deferred)
    assert "is smsd running" in second.all.detail
    assert isinstance(third.all, Accepted)
    assert len(await site.provider.check()) == 1


def test_what_waits_are_messages_and_not_their_locks(site: Site) -> None:
    """One is made for each try: coming and going, they would look like progress."""
    for name in ("ref-1.12345678", "ref-1.12345678.LOCK", ".hidden", "others"):
        (site.queue / name).write_bytes(b"x")
    (site.queue / "folder").mkdir()
    (site.sent / "sent").write_bytes(b"x")

    assert look(site.form.layout).waiting.keys() == {"ref-1.12345678", "others"}


async def test_a_file_that_waited_before_we_came_is_seen_by_check(site: Site) -> None:
    """`check-config --online` is a process of its own, and has seen nothing wait."""
    old = site.outgoing / "somebody-else's"
    old.write_bytes(b"To: 1\n\nx")
    os.utime(old, (1_700_000_000, 1_700_000_000))

    with pytest.raises(ProviderCheckFailed, match="a file waits for"):
        await site.again().check()


async def test_a_clock_that_is_set_stops_no_page(
    site: Site, make_submission: MakeSubmission
) -> None:
    """Files that look a year old were put there by whoever set the clock."""
    old = site.outgoing / "somebody-else's"
    old.write_bytes(b"To: 1\n\nx")
    os.utime(old, (1_700_000_000, 1_700_000_000))

    outcomes = await site.provider.submit(make_submission())

    assert isinstance(outcomes.all, Accepted)


def test_a_provider_says_that_it_lists_and_reports(site: Site) -> None:
    """The engine looks up what is uncertain, and listens, by these."""
    assert isinstance(site.provider, Lister)
    assert isinstance(site.provider, ReportFeed)
    assert isinstance(site.provider, DeliveryTeller)
    # Gammu's folders never tell of a delivery: silence must not ring a second time.
    assert site.provider.tells_deliveries is (site.kind == "smstools3")


async def test_a_disk_that_does_not_answer_is_not_waited_for() -> None:
    """What has begun may still land; what has not never will."""
    threads = Threads("test", 1)
    holding = threading.Event()

    begun = await threads.do(lambda: holding.wait(20), within=0.05)
    queued = await threads.do(holding.set, within=0.05)
    still_held = not holding.is_set()
    holding.set()
    done = await threads.do(lambda: 7, within=20)

    assert begun == Late(begun=True)
    assert queued == Late(begun=False)
    assert still_held
    assert done == 7
