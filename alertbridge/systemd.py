"""Talk to systemd: notify, the watchdog, and sockets it opened for us.

The protocols are sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3); they are
three environment variables and a datagram, which is less than a dependency. Without
systemd every function says so in its return value, and nothing else changes.
"""

import os
import socket
import time
from collections.abc import Mapping
from datetime import timedelta

READY = "READY=1"
"""The listener is bound and the store is open."""

RELOADING = "RELOADING=1"
"""A reload has begun; `READY` ends it."""

STOPPING = "STOPPING=1"
"""Intake has stopped; what is in flight is being finished."""

WATCHDOG = "WATCHDOG=1"
"""Intake and dispatcher have made progress. Sent from the loop, never from a thread:
a thread would go on while the loop hangs."""

FIRST_FD = 3
"""The first descriptor that is passed (SD_LISTEN_FDS_START)."""

_LONGEST_STATUS = 200


def status(text: str) -> str:
    """Make the line that `systemctl status` shows."""
    return f"STATUS={' '.join(text.split())[:_LONGEST_STATUS]}"


def notify(*states: str, environ: Mapping[str, str]) -> bool:
    """Tell systemd *states*; False if nobody listens.

    `RELOADING` goes with `MONOTONIC_USEC`, which `Type=notify-reload` demands. Never
    raises and never waits: the service manager being away must not end a daemon that
    works.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in ("/", "@"):
        return False
    if RELOADING in states:
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        states = (*states, f"MONOTONIC_USEC={now}")
    if address.startswith("@"):
        # An abstract socket: its name begins with a zero byte.
        address = "\0" + address[1:]
    with socket.socket(
        socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
    ) as notifier:
        notifier.settimeout(0)
        try:
            notifier.sendto("\n".join(states).encode(), address)
        except OSError:
            return False
    return True


def watchdog_interval(environ: Mapping[str, str], pid: int) -> timedelta | None:
    """Say how often to send `WATCHDOG`: half of `WatchdogSec=`; None: never."""
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    microseconds = _number(environ.get("WATCHDOG_USEC", ""))
    return timedelta(microseconds=microseconds) / 2 if microseconds else None


def listen_sockets(environ: Mapping[str, str], pid: int) -> dict[str, socket.socket]:
    """Take over the sockets systemd opened, by their `FileDescriptorName=`.

    Empty if there are none, or if they are for another process. Call it once: a
    descriptor has one owner. Two sockets of one name: the second is `name.1`.
    """
    if environ.get("LISTEN_PID") != str(pid):
        return {}
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    sockets: dict[str, socket.socket] = {}
    for index in range(_number(environ.get("LISTEN_FDS", ""))):
        name = (names[index] if index < len(names) else "") or "unknown"
        same = sum(known.split(".")[0] == name for known in sockets)
        fd = FIRST_FD + index
        # A child must not hold the port open after we are gone.
        os.set_inheritable(fd, False)  # noqa: FBT003 — takes it by position only
        sockets[f"{name}.{same}" if same else name] = socket.socket(fileno=fd)
    return sockets


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0
