"""What an operator asks and does at night: through the daemon, or on its file."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from subprocess import CompletedProcess, Popen
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]
UntilTold = Callable[..., list[dict[str, Any]]]
Serving = Callable[[], AbstractContextManager[Popen[str]]]
Process = Callable[..., CompletedProcess[str]]


@pytest.mark.usefixtures("daemon")
def test_history_says_who_was_told_what(run: Run, until_told: UntilTold) -> None:
    """The text stands once, below everybody it told."""
    run("page", "-l", "what=disk", "db1 is full")
    until_told("disk")

    lines = run("history").stdout.splitlines()

    assert [line.split()[5:7] for line in lines[1:3]] == [
        ["bo", "told"],
        ["anna", "told"],
    ]
    assert lines[3].startswith("    | FIRING Page disk: db1 is full.")


@pytest.mark.usefixtures("daemon")
def test_history_names_the_rule_that_decided(run: Run, until_told: UntilTold) -> None:
    """The question "why was I paged?" ends at a line of the config."""
    run("page", "-l", "what=disk", "db1 is full")
    until_told("disk")

    assert run("history").stdout.splitlines()[1].endswith("pager.yaml:11")


@pytest.mark.usefixtures("daemon")
def test_a_bare_number_is_masked(run: Run, until_told: UntilTold) -> None:
    """In the table and in JSON: what is on a screen gets photographed."""
    run("page", "-l", "team=db", "-l", "what=slow", "db is slow")
    until_told("slow")

    shown = run("history").stdout + run("history", "--json").stdout

    assert ("+467*****620" in shown, "+4670174" in shown) == (True, False)


@pytest.mark.usefixtures("daemon")
def test_history_of_one_person(run: Run, until_told: UntilTold) -> None:
    """Nobody else's."""
    run("page", "-l", "what=disk", "db1 is full")
    until_told("disk")

    rows = json.loads(run("history", "-r", "bo", "--json").stdout)

    assert {row["recipient"] for row in rows} == {"bo"}


@pytest.mark.usefixtures("daemon")
def test_show_has_the_whole_episode(run: Run, until_told: UntilTold) -> None:
    """What it is, since when, and everybody's part in it."""
    run("page", "-l", "what=disk", "db1 is full")
    until_told("disk")

    lines = run("show", "1").stdout.splitlines()

    assert lines[0] == "episode 1 of page, high"
    assert {"    what: disk", "    summary: db1 is full", "  still firing"} <= {*lines}


@pytest.mark.usefixtures("daemon")
def test_an_acknowledgement_has_a_name(run: Run) -> None:
    """Whoever looks next sees that somebody is on it."""
    run("page", "-l", "what=disk", "db1 is full")

    done = run("ack", "1", "--by", "anna")

    assert done.stdout == "episode 1 acknowledged by anna: Page disk\n"
    assert " by anna\n" in run("show", "1").stdout


@pytest.mark.usefixtures("daemon")
def test_who_became_root_acknowledges_as_themselves(run: Run) -> None:
    """`sudo alertbridge ack` is not root's doing."""
    run("page", "-l", "what=disk", "db1 is full")

    done = run("ack", "1", SUDO_USER="bo")

    assert done.stdout == "episode 1 acknowledged by bo: Page disk\n"


@pytest.mark.usefixtures("daemon")
def test_a_test_page_goes_the_whole_path(run: Run) -> None:
    """To one person; the command says how to follow it."""
    done = run("send-test", "anna")

    assert done.stdout == "test page stored; follow it: alertbridge show 1\n"
    assert "TestPage" in run("show", "1").stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        pytest.param(["ack", "99"], "no such episode", id="ack"),
        pytest.param(["show", "99"], "no such episode", id="show"),
        pytest.param(["send-test", "zoe"], "anna, bo", id="send-test"),
        pytest.param(["outbox", "cancel", "99"], "99", id="cancel"),
        pytest.param(["outbox", "requeue", "99"], "99", id="requeue"),
    ],
)
@pytest.mark.usefixtures("daemon")
def test_what_is_not_there_exits_with_1(
    run: Run, arguments: list[str], why: str
) -> None:
    """The answer is no, and why."""
    done = run(*arguments)

    assert (done.exit_code, why in done.stderr) == (1, True)


@pytest.mark.usefixtures("daemon")
def test_a_hold_keeps_pages_until_it_is_released(
    run: Run, until_told: UntilTold
) -> None:
    """Intake goes on, and what waited leaves at once."""
    held = run("outbox", "hold", "--for", "30m")
    run("page", "-l", "what=disk", "db1 is full")

    waiting = json.loads(run("outbox", "list", "--json").stdout)
    run("outbox", "release")

    assert held.stdout.startswith("held until ")
    assert [row["state"] for row in waiting] == ["waiting", "waiting"]
    assert len(until_told("disk")) == 2


@pytest.mark.usefixtures("daemon")
def test_a_waiting_page_can_be_cancelled_and_requeued(
    run: Run, until_told: UntilTold
) -> None:
    """Each by its number; what is not in such a state is named."""
    run("outbox", "hold", "--for", "30m")
    run("page", "-l", "what=disk", "db1 is full")

    cancelled = run("outbox", "cancel", "1", "2", "99")
    requeued = run("outbox", "requeue", "2")
    run("outbox", "release")

    assert (cancelled.exit_code, cancelled.stdout) == (1, "cancelled: 1, 2\n")
    assert (requeued.exit_code, requeued.stdout) == (0, "requeued: 2\n")
    assert {
        row["recipient"]: row["state"]
        for row in until_told("disk", ("told", "cancelled"))
    } == {"anna": "cancelled", "bo": "told"}


@pytest.mark.usefixtures("daemon")
def test_an_outbox_without_the_dead_says_nothing(run: Run) -> None:
    """Only its head; so does the history of nothing."""
    assert len(run("outbox", "list", "--dead").stdout.splitlines()) == 1
    assert len(run("history").stdout.splitlines()) == 1


@pytest.mark.usefixtures("daemon")
def test_a_backup_is_a_whole_store(run: Run, tmp_path: Path) -> None:
    """Written while the daemon runs, for its owner only."""
    run("page", "-l", "what=disk", "db1 is full")
    copy = tmp_path / "copy.db"

    done = run("backup", str(copy))

    with closing(sqlite3.connect(copy)) as db:
        (checked,) = db.execute("PRAGMA integrity_check").fetchone()
        (episodes,) = db.execute("SELECT count(*) FROM episode").fetchone()
    assert (done.exit_code, checked, episodes) == (0, "ok", 1)
    assert copy.stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("daemon")
def test_a_backup_overwrites_nothing(run: Run, tmp_path: Path) -> None:
    """Yesterday's is not today's to replace."""
    copy = tmp_path / "copy.db"
    copy.write_text("yesterday's", "utf-8")

    done = run("backup", str(copy))

    assert (done.exit_code, copy.read_text("utf-8")) == (1, "yesterday's")


@pytest.fixture
def stopped(run: Run, serving: Serving, until_told: UntilTold) -> None:
    """A store with one page in it, and no daemon."""
    with serving():
        run("page", "-l", "what=disk", "db1 is full")
        until_told("disk")


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        pytest.param(["history"], "FIRING Page disk: db1 is full.", id="history"),
        pytest.param(["show", "1"], "summary: db1 is full", id="show"),
        pytest.param(["outbox", "list"], "EPISODE", id="outbox"),
        pytest.param(["outbox", "list", "--dead"], "EPISODE", id="dead"),
    ],
)
@pytest.mark.usefixtures("stopped")
def test_reads_work_on_the_file_of_a_daemon_that_is_down(
    run: Run, arguments: list[str], shown: str
) -> None:
    """And say that they do: what is in a file may be hours old."""
    done = run(*arguments)

    assert (done.exit_code, shown in done.stdout) == (0, True)
    assert "reading its file" in done.stderr


@pytest.mark.usefixtures("stopped")
def test_reading_leaves_the_file_as_it_is(run: Run, tmp_path: Path) -> None:
    """Read-only: the next start must find what the last stop left."""
    store = tmp_path / "alertbridge.db"
    before = store.read_bytes()

    run("history")

    assert store.read_bytes() == before


@pytest.mark.usefixtures("stopped")
def test_a_backup_needs_no_daemon(run: Run, tmp_path: Path) -> None:
    """The store is read where it lies."""
    copy = tmp_path / "copy.db"

    done = run("backup", str(copy))

    assert (done.exit_code, copy.stat().st_mode & 0o077) == (0, 0)


@pytest.mark.usefixtures("stopped")
def test_a_backup_into_no_folder_exits_with_1(run: Run, tmp_path: Path) -> None:
    """One line, no traceback."""
    done = run("backup", str(tmp_path / "none" / "copy.db"))

    assert (done.exit_code, "No such file" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["ack", "1"], id="ack"),
        pytest.param(["send-test", "anna"], id="send-test"),
        pytest.param(["outbox", "hold", "--for", "1m"], id="hold"),
        pytest.param(["outbox", "release"], id="release"),
        pytest.param(["outbox", "cancel", "1"], id="cancel"),
        pytest.param(["outbox", "requeue", "1"], id="requeue"),
    ],
)
def test_writes_need_the_daemon(run: Run, arguments: list[str]) -> None:
    """Two writers on one file is how a store is lost."""
    done = run(*arguments)

    assert (done.exit_code, "start it first" in done.stderr) == (1, True)


def test_no_daemon_and_no_file_is_one_line(process: Process) -> None:
    """A person reads this, not a traceback."""
    done = process("history")

    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert done.stderr.endswith("alertbridge.db: there is no such store\n")


def test_a_file_that_is_no_store_is_one_line(process: Process, tmp_path: Path) -> None:
    """Nor here."""
    (tmp_path / "alertbridge.db").write_text("not a database, " * 500, "utf-8")

    done = process("history")

    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
