"""The order that G1 stands on, seen from the kernel: first the fsync, then the 2xx."""

import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group
from processes import until

PROGRAMS = Path(__file__).parent / "programs"

_CALL = re.compile(
    r"^(?P<pid>\d+) +(?P<at>\d+\.\d+) (?:<\.\.\. )?(?P<name>\w+)(?P<rest>.*)$"
)
SENDS = ("write", "writev", "sendto", "sendmsg")
"""Calls that answer: what is read may be a gateway's answer to the daemon."""

_ANSWERED = re.compile(rf" (?:{'|'.join(SENDS)})\(\d+<socket:.*HTTP/1\.1 200")
_SYNCED = re.compile(r"\.db(-wal)?>")


def _may_trace() -> bool:
    strace = shutil.which("strace")
    if strace is None:
        return False
    command = [strace, "-o", "/dev/null", "true"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


pytestmark = [
    pytest.mark.scenario,
    pytest.mark.skipif(
        not _may_trace(), reason="no strace, or ptrace is not permitted"
    ),
]


def syncs_before_answer(trace: str) -> int:
    """Count the syncs of the store that began and returned within the webhook.

    That is after the request's bytes were read and before the bytes of its 200 were
    handed to the socket. Zero: the 2xx promised what was not on disk.
    """
    inside, begun, returned = False, set[str](), 0
    for line in trace.splitlines():
        call = _CALL.match(line)
        if call is None:
            continue
        pid, name, rest = call["pid"], call["name"], call["rest"]
        if "POST /v1/webhooks/" in rest:
            inside = True
        elif not inside:
            continue
        elif name in SENDS and "HTTP/1.1 200" in rest:
            return returned
        elif name in ("fdatasync", "fsync"):
            if rest.startswith("(") and _SYNCED.search(rest):
                begun.add(pid)
            if pid in begun and rest.rstrip().endswith("= 0"):
                begun.discard(pid)
                returned += 1
    raise AssertionError("the trace has no webhook that was answered 200")


async def trace_one_webhook(
    make_daemon: Callable[..., Daemon],
    gateway: Gateway,
    http: ClientSession,
    tmp_path: Path,
    program: tuple[str, ...],
) -> str:
    """Post one webhook to a traced daemon; what it asked of the kernel."""
    trace = tmp_path / "trace"
    calls = "fdatasync,fsync,read,recvfrom,recvmsg,write,writev,sendto,sendmsg"
    daemon = make_daemon(
        config(gateway.url),
        program=program,
        wrapper=(
            *("strace", "-f", "-ttt", "-y", "-s", "64"),
            *("-e", f"trace={calls}", "-e", "signal=none", "-o", str(trace)),
        ),
    )
    await daemon.start(within=60)

    assert await daemon.post(http, group(alert("DiskFull"))) == 200

    await until(
        lambda: _ANSWERED.search(trace.read_text("utf-8", "replace")) is not None
    )
    daemon.signal(signal.SIGTERM)
    return trace.read_text("utf-8", "replace")


async def test_the_fsync_returns_before_the_2xx_leaves(
    make_daemon: Callable[..., Daemon],
    gateway: Gateway,
    http: ClientSession,
    tmp_path: Path,
) -> None:
    """A 2xx means that every notification of the webhook is on disk."""
    trace = await trace_one_webhook(
        make_daemon, gateway, http, tmp_path, ("-m", "alertbridge")
    )

    assert syncs_before_answer(trace) >= 1


async def test_the_checker_sees_a_store_that_does_not_sync(
    make_daemon: Callable[..., Daemon],
    gateway: Gateway,
    http: ClientSession,
    tmp_path: Path,
) -> None:
    """With `synchronous=OFF` the same checker counts no sync."""
    mutant = (str(PROGRAMS / "mutant_serve.py"), "no-fsync")
    trace = await trace_one_webhook(make_daemon, gateway, http, tmp_path, mutant)

    assert syncs_before_answer(trace) == 0
