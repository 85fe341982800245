"""`demo`: what a newcomer sees first, end to end and in a process of its own."""

import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

TESTS = Path(__file__).parent.parent
BODY = (
    TESTS
    / "payloads"
    / "alertmanager"
    / "bare_alert_no_annotations_no_generator.am0.33.1.json"
)


@pytest.fixture
def demo() -> Iterator[subprocess.Popen[str]]:
    """A demo that shows its samples without a pause, and stays up."""
    with subprocess.Popen(
        [
            *(sys.executable, "-u", "-m", "alertbridge", "demo"),
            *("--pause", "0", "--listen", "127.0.0.1:0"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def out(process: subprocess.Popen[str]) -> IO[str]:
    """What it prints."""
    assert process.stdout is not None
    return process.stdout


def read_until(process: subprocess.Popen[str], word: str) -> str:
    """Read lines up to the one with *word* in it."""
    said = ""
    for line in out(process):
        said += line
        if word in line:
            return said
    raise AssertionError(said)


def test_once_shows_every_sample_and_exits() -> None:
    """Exit code 0 only if each text arrived: five SMS in three requests, no copy."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "alertbridge", "demo", "--once"),
            *("--pause", "0.2", "--listen", "127.0.0.1:0"),
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^  (\d SMS.*)", done.stdout, re.MULTILINE) == [
        "2 SMS in 1 request to the gateway",
        "0 SMS",
        "2 SMS in 1 request to the gateway",
        "1 SMS in 1 request to the gateway",
    ]


def test_it_stays_up_for_ones_own_alertmanager(demo: subprocess.Popen[str]) -> None:
    """What is posted to it arrives as a bubble."""
    said = read_until(demo, "Ctrl-C ends the demo")
    (url,) = re.findall(r"- url: (\S+)", said)
    post = urllib.request.Request(url, data=BODY.read_bytes(), method="POST")

    with urllib.request.urlopen(post, timeout=20) as answer:
        assert answer.status == 200

    assert "to +467*****605" in read_until(demo, "segment")


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("alertbridge listens", id="while-it-shows"),
        pytest.param("Ctrl-C ends the demo", id="afterwards"),
    ],
)
def test_ctrl_c_ends_it_cleanly(demo: subprocess.Popen[str], moment: str) -> None:
    """Exit code 0, no traceback, and nothing left behind."""
    read_until(demo, moment)

    demo.send_signal(signal.SIGINT)

    rest = out(demo).read()
    assert (demo.wait(timeout=30), "Traceback" in rest) == (0, False)


def test_a_port_in_use_says_what_to_do(demo: subprocess.Popen[str]) -> None:
    """As when somebody starts it twice."""
    said = read_until(demo, "Ctrl-C ends the demo")
    (address,) = re.findall(r"- url: http://([^/]+)/", said)

    done = subprocess.run(
        [sys.executable, "-m", "alertbridge", "demo", "--listen", address],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, "--listen 127.0.0.1:0" in done.stderr) == (1, True)


@pytest.mark.parametrize("listen", ["nowhere", "0.0.0.0:1"])
def test_an_address_that_will_not_do_is_wrong_usage(listen: str) -> None:
    """Not a host and port; or one where strangers could post."""
    done = subprocess.run(
        [sys.executable, "-m", "alertbridge", "demo", "--listen", listen],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, "Usage:" in done.stderr) == (2, True)
