"""`page`: from a shell or a unit, over a restart, and never lost without a word."""

import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]
UntilTold = Callable[..., list[dict[str, Any]]]
Serving = Callable[[], AbstractContextManager[Popen[str]]]


@pytest.mark.usefixtures("daemon")
def test_a_page_reaches_people(run: Run, until_told: UntilTold) -> None:
    """Exit code 0 means that it is stored; the rest happens by itself."""
    done = run("page", "--severity", "critical", "-l", "what=disk", "db1 is full")

    told = {row["recipient"]: row["text"] for row in until_told("disk")}
    assert done.stdout == "stored 1\n"
    assert told["anna"].startswith("CRITICAL Page disk: db1 is full.")


@pytest.mark.usefixtures("daemon")
def test_the_same_key_is_the_same_page(run: Run) -> None:
    """A unit that fails ten times is one page."""
    run("page", "--key", "backup", "-l", "what=backup", "backup failed")
    run("page", "--key", "backup", "-l", "what=backup", "backup failed again")

    rows = json.loads(run("history", "--json").stdout)
    assert {row["episode"] for row in rows} == {1}


@pytest.mark.usefixtures("daemon")
def test_a_page_ends_by_its_key(run: Run, until_told: UntilTold) -> None:
    """Who raised it can take it back."""
    run("page", "--key", "backup", "-l", "what=backup", "backup failed")
    until_told("backup")

    done = run("page", "--resolve", "--key", "backup")

    ended = json.loads(run("show", "1", "--json").stdout)["ends_at"]
    assert (done.exit_code, ended is not None) == (0, True)


def test_a_daemon_that_restarts_is_waited_for(run: Run, serving: Serving) -> None:
    """A page that comes during a restart is not refused, it is late."""
    answers: list[Result] = []
    paging = threading.Thread(
        target=lambda: answers.append(run("page", "--for", "30", "restarting"))
    )

    paging.start()
    with serving():
        paging.join(timeout=30)

    assert [(done.exit_code, done.stdout) for done in answers] == [(0, "stored 1\n")]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        pytest.param(["--for", "1"], "ClientConnectorError", id="nobody-listens"),
        pytest.param(["--for", "0"], "ClientConnectorError", id="one-try"),
        pytest.param(["--url", "http://["], "not a URL", id="bad-url"),
        pytest.param(["--token-file", "/nowhere"], "FileNotFoundError", id="no-token"),
    ],
)
def test_a_page_that_cannot_be_sent_is_written_down(
    run: Run, arguments: list[str], why: str
) -> None:
    """On standard error: the journal keeps what nobody was told."""
    done = run("page", *arguments, "--severity", "critical", "db1 is full")

    said, lost = done.stderr.splitlines()
    assert (done.exit_code, why in said, json.loads(lost)) == (
        1,
        True,
        {"event": "page.lost", "summary": "db1 is full", "severity": "critical"},
    )


@pytest.fixture
def guarded(config: Path, tmp_path: Path) -> Path:
    """The config with an API token; its file."""
    token = tmp_path / "api.token"
    token.write_text("made-up-token", "utf-8")
    token.chmod(0o600)
    with config.open("a", encoding="utf-8") as more:
        more.write("api: {tokens: [{file: api.token}]}\n")
    return token


def test_a_token_opens_a_daemon_that_wants_one(
    run: Run, guarded: Path, serving: Serving
) -> None:
    """The file that `--token-file` names."""
    with serving():
        done = run("page", "--token-file", str(guarded), "it works")

    assert (done.exit_code, done.stdout) == (0, "stored 1\n")


def test_a_refused_page_is_not_tried_again(
    run: Run, guarded: Path, serving: Serving
) -> None:
    """A wrong token will be wrong in a minute, too: say so at once."""
    with serving():
        done = run("page", "no token")

    assert (done.exit_code, "401" in done.stderr) == (1, True)


def test_commands_find_the_token_in_the_config(
    run: Run, guarded: Path, serving: Serving
) -> None:
    """On the daemon's machine nobody types it."""
    with serving():
        done = run("history")

    assert done.exit_code == 0


def test_a_token_that_cannot_be_read_is_said(
    run: Run, guarded: Path, serving: Serving
) -> None:
    """Not just "not authorized": this user may not read the file."""
    with serving():
        guarded.unlink()
        done = run("history")

    assert (done.exit_code, "api.tokens cannot be read" in done.stderr) == (1, True)
