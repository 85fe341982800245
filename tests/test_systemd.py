"""systemd's protocols, against real sockets; and the units, against systemd-analyze."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from alertbridge import systemd

ROOT = Path(__file__).parent.parent
UNITS = ROOT / "systemd"
SERVICES = ["alertbridge.service", "alertbridge-page@.service"]


@pytest.fixture(params=["path", "abstract"])
def manager(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[socket.socket, dict[str, str]]]:
    """A service manager's end of the notify socket, and the environment it gives."""
    # sun_path holds 107 characters; a relative path would not survive a chdir.
    path = f"/tmp/ab-{os.getpid()}-{tmp_path.name[-20:]}.sock"
    address = path if request.param == "path" else "\0" + path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        receiver.settimeout(5)
        yield receiver, {"NOTIFY_SOCKET": address.replace("\0", "@")}
    if request.param == "path":
        Path(path).unlink()


def test_notify_reaches_the_manager(
    manager: tuple[socket.socket, dict[str, str]],
) -> None:
    """All states of one call arrive in one datagram."""
    receiver, environ = manager

    sent = systemd.notify(systemd.READY, "STATUS=up", environ=environ)

    assert sent
    assert receiver.recv(4096) == b"READY=1\nSTATUS=up"


def test_reloading_says_since_when(
    manager: tuple[socket.socket, dict[str, str]],
) -> None:
    """`Type=notify-reload` takes RELOADING only with a monotonic time."""
    receiver, environ = manager

    systemd.notify(systemd.RELOADING, environ=environ)

    assert re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=[1-9]\d+", receiver.recv(4096))


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({}, id="no-systemd"),
        pytest.param({"NOTIFY_SOCKET": ""}, id="empty"),
        pytest.param({"NOTIFY_SOCKET": "/nonexistent/notify"}, id="gone"),
        pytest.param({"NOTIFY_SOCKET": "/" + "x" * 200}, id="too-long"),
        pytest.param({"NOTIFY_SOCKET": "vsock:2:1234"}, id="not-a-unix-socket"),
    ],
)
def test_notify_without_a_manager_is_no_error(environ: Mapping[str, str]) -> None:
    """A daemon that works is not ended by a manager that does not listen."""
    assert not systemd.notify(systemd.READY, environ=environ)


def test_notify_never_waits(
    manager: tuple[socket.socket, dict[str, str]],
) -> None:
    """A manager that does not read costs a False, not a hang."""
    _, environ = manager

    sent = [systemd.notify(systemd.WATCHDOG, environ=environ) for _ in range(5000)]

    assert not sent[-1]


def test_status_is_one_short_line() -> None:
    """A line break in a status would be read as another assignment."""
    line = systemd.status("queue 3\nREADY=1\n" + "x" * 1000)

    assert line.startswith("STATUS=queue 3 READY=1 xxx")
    assert "\n" not in line
    assert len(line) < 250


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, None, id="off"),
        pytest.param({"WATCHDOG_USEC": "30000000"}, 15.0, id="half"),
        pytest.param(
            {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 15.0, id="ours"
        ),
        pytest.param(
            {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None, id="not-ours"
        ),
        pytest.param({"WATCHDOG_USEC": "0"}, None, id="zero"),
        pytest.param({"WATCHDOG_USEC": "soon"}, None, id="not-a-number"),
    ],
)
def test_watchdog_interval(environ: Mapping[str, str], expected: float | None) -> None:
    """The watchdog is fed twice in its time, if it is there and ours."""
    interval = systemd.watchdog_interval(environ, pid=7)

    assert interval == (None if expected is None else timedelta(seconds=expected))


_ACTIVATED = """
import os, sys
from alertbridge.systemd import listen_sockets
environ = dict(os.environ) | {"LISTEN_PID": str(os.getpid())}
for name, sock in listen_sockets(environ, os.getpid()).items():
    print(name, sock.getsockname()[1], sock.get_inheritable())
    sock.close()
"""


def test_listen_sockets_come_by_name() -> None:
    """A process that is handed sockets finds them under their names, and keeps them.

    A real process: descriptors 3 and up are not ours to overwrite in this one.
    """
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        ports = [s.getsockname()[1] for s in (one, two)]
        shell = (
            f"exec 200<&{one.fileno()} 201<&{two.fileno()} 3<&200 4<&201;"
            'exec "$0" -c "$1"'
        )

        done = subprocess.run(
            ["/bin/bash", "-c", shell, sys.executable, _ACTIVATED],
            pass_fds=(one.fileno(), two.fileno()),
            env={"LISTEN_FDS": "2", "LISTEN_FDNAMES": "http:http"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )

    assert done.stdout.splitlines() == [
        f"http {ports[0]} False",
        f"http.1 {ports[1]} False",
    ]


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({}, id="no-systemd"),
        pytest.param({"LISTEN_PID": "8", "LISTEN_FDS": "1"}, id="not-ours"),
        pytest.param({"LISTEN_PID": "7", "LISTEN_FDS": "0"}, id="none"),
        pytest.param({"LISTEN_PID": "7", "LISTEN_FDS": "x"}, id="not-a-number"),
    ],
)
def test_without_passed_sockets_there_are_none(environ: Mapping[str, str]) -> None:
    """Descriptors that are not ours are not touched."""
    assert systemd.listen_sockets(environ, pid=7) == {}


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze, or skip where there is none."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_each_run_that_fails_is_a_page_of_its_own() -> None:
    """With the unit alone as the key, who failed once would never page again."""
    text = (UNITS / "alertbridge-page@.service").read_text("utf-8")

    (command,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    assert '--key "unit-%i-${MONITOR_INVOCATION_ID}"' in command


@pytest.mark.parametrize("unit", SERVICES)
def test_units_are_sandboxed(unit: str) -> None:
    """The exposure is 1.5 of 10 at the most; a unit without hardening has 9.6."""
    done = analyze("security", "--offline=true", "--threshold=15", str(UNITS / unit))

    assert done.returncode == 0, done.stdout[-300:] + done.stderr


def test_the_sandbox_gate_can_fail(tmp_path: Path) -> None:
    """A unit that lost its capability bounds does not pass."""
    unit = tmp_path / "alertbridge.service"
    text = (UNITS / "alertbridge.service").read_text()
    unit.write_text(text.replace("CapabilityBoundingSet=\n", ""))

    done = analyze("security", "--offline=true", "--threshold=15", str(unit))

    assert done.returncode != 0


def test_units_are_valid(tmp_path: Path) -> None:
    """Systemd finds nothing to say about the units.

    They are copied with a program that exists: systemd looks for the file that
    ExecStart names, and this machine need not have it installed.
    """
    copies = []
    for unit in sorted(UNITS.glob("alertbridge*.*")):
        copy = tmp_path / unit.name
        copy.write_text(
            unit.read_text().replace("/usr/local/bin/alertbridge", "/bin/true")
        )
        copies.append(str(copy))

    done = analyze("verify", "--man=no", *copies)

    assert (done.returncode, done.stderr) == (0, "")
