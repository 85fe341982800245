"""What a provider makes of names and routes that are broken: `names_and_routes.py DIR`.

Runs as root in network and mount namespaces of its own (`unshare -nm`): it takes the
name server's place, and lets packets vanish. Prints one JSON object, a member for each
question, and touches nothing outside.
"""

import asyncio
import json
import socket
import struct
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from aiohttp import ClientSession, TCPConnector

from alertbridge.core.encoding import measure
from alertbridge.core.message import Message, Reference, Submission
from alertbridge.core.notification import MessageId, ProviderName
from alertbridge.core.recipient import Msisdn, RecipientName
from alertbridge.core.secret import Secret
from alertbridge.providers.addresses import LastingResolver
from alertbridge.providers.http_session import new_session
from alertbridge.providers.ip1 import Ip1
from alertbridge.providers.ip1_options import Ip1Options
from alertbridge.simulator.gateway import Gateway

TOKEN = "canary-token-5d20"
NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
DEAD_6 = "2001:db8:9::2"
NETWORK = f"""
ip link set lo up
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
ip addr add 10.9.0.1/24 dev v0
ip addr add 2001:db8:9::1/64 dev v0 nodad
ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev v0
ip neigh add {DEAD_6} lladdr 02:00:00:00:00:02 dev v0
ip route add unreachable 10.7.0.0/24
ip route add blackhole 10.8.0.0/24
"""
FILES = {
    "resolv.conf": "nameserver 127.0.0.1\n",
    "nsswitch.conf": "hosts: files dns\n",
    "hosts": "127.0.0.1 localhost\n",
}
A, AAAA = 1, 28
HERE = socket.inet_aton("127.0.0.1")


class Names(threading.Thread):
    """A name server whose answer depends on the first letters of the name."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.away = threading.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))

    def run(self) -> None:
        """Answer, until the process ends."""
        while True:
            question, sender = self._socket.recvfrom(512)
            answer = self._answer(question)
            if answer:
                self._socket.sendto(answer, sender)

    def _answer(self, question: bytes) -> bytes:
        name = question[13 : 13 + question[12]].decode("ascii")
        end = question.index(b"\0", 12) + 5
        (kind,) = struct.unpack("!H", question[end - 4 : end - 2])
        if name.startswith("silent") or (name == "lasting" and self.away.is_set()):
            return b""
        code = {"nxdomain": 3, "servfail": 2}.get(name, 0)
        records = []
        if not code and kind == A:
            records = [HERE]
        if name == "both" and kind == AAAA:
            records = [socket.inet_pton(socket.AF_INET6, DEAD_6)]
        head = question[:2] + struct.pack(
            "!HHHHH", 0x8180 | code, 1, len(records), 0, 0
        )
        tail = b"".join(
            struct.pack("!HHHIH", 0xC00C, kind, 1, 0, len(data)) + data
            for data in records
        )
        return head + question[12:end] + tail


def submission(reference: str) -> Submission:
    """One page."""
    number = Msisdn("+46701740605")
    recipient = RecipientName("anna")
    message = Message(id=MessageId(1), recipient=recipient, number=number, tells=())
    return Submission(
        reference=Reference(reference),
        provider=ProviderName("p"),
        text=measure("CRITICAL Disk full"),
        urgent=True,
        closes_at=NOW + timedelta(hours=1),
        began_at=NOW,
        messages=(message,),
    )


async def submit(session: ClientSession, host: str, port: int) -> dict[str, object]:
    """Send a page to a host, and say what became of it, after how long."""
    options = Ip1Options.model_construct(
        base_url=f"http://{host}:{port}",
        token=Secret(TOKEN),
        sender="iP1",
        requests_per_second=30,
    )
    began = monotonic()
    outcomes = await Ip1(ProviderName("p"), options, session).submit(submission(host))
    return {
        "outcome": type(outcomes.all).__name__,
        "seconds": round(monotonic() - began, 2),
    }


async def ask_all(names: Names) -> dict[str, object]:
    """Ask every question at once; none may wait for another."""
    gateway = Gateway(token=TOKEN, now=lambda: NOW)
    async with gateway.serving() as url, new_session() as session:
        port = int(url.rpartition(":")[2])
        hosts = {
            "nxdomain": "nxdomain.test",
            "servfail": "servfail.test",
            # More of them than a pool has threads.
            **{f"silent{number}": f"silent{number}.test" for number in range(12)},
            "unreachable": "10.7.0.1",
            "blackhole": "10.8.0.1",
            "vanishes": "10.9.0.2",
        }
        async with asyncio.TaskGroup() as group:
            asked = {
                name: group.create_task(submit(session, host, port))
                for name, host in hosts.items()
            }
            await asyncio.sleep(0.2)
            good = await submit(session, "good.test", port)
            both = await submit(session, "both.test", port)
        found = {name: task.result() for name, task in asked.items()}
        # aiohttp's own memory of ten seconds would answer instead.
        forgetful = TCPConnector(
            resolver=LastingResolver(), use_dns_cache=False, force_close=True
        )
        async with ClientSession(connector=forgetful) as lasting:
            before = await submit(lasting, "lasting.test", port)
            names.away.set()
            after = await submit(lasting, "lasting.test", port)
        taken = len(gateway.messages)
    return {
        **found,
        "good": good,
        "both": both,
        "before": before,
        "after": after,
        "taken": taken,
    }


def main() -> None:
    """Make the world, ask, print."""
    folder = Path(sys.argv[1])
    for line in NETWORK.strip().splitlines():
        subprocess.run(line.split(), check=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
        target = f"/etc/{name}"
        if Path(target).exists():
            subprocess.run(["mount", "--bind", str(folder / name), target], check=True)
    names = Names()
    names.start()
    sys.stdout.write(json.dumps(asyncio.run(ask_all(names))) + "\n")


if __name__ == "__main__":
    main()
