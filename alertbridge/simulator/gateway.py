"""A gateway that behaves as iP.1, on loopback: no account needed, no phone rings.

Used by `demo` and `simulate`, and by the tests over real sockets. As a process::

    python -m alertbridge.simulator.gateway --listen 127.0.0.1:0 --token T

prints `listening on http://127.0.0.1:PORT` when it is ready, and stops on SIGTERM.
"""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from aiohttp import web

from alertbridge.core.recipient import Msisdn
from alertbridge.simulator.gateway_api import GatewayApi
from alertbridge.simulator.gateway_control import ControlApi
from alertbridge.simulator.gateway_faults import FaultPlan, Faults, read_plan
from alertbridge.simulator.gateway_ledger import Ledger
from alertbridge.simulator.gateway_mischief import Sleep
from alertbridge.simulator.gateway_rate import RollingSecond
from alertbridge.simulator.gateway_reports import Reports
from alertbridge.simulator.gateway_sms import Sms

SENDERS = ("iP1", "iP1sms")
"""What every iP.1 account may use from the start."""

REQUESTS_PER_SECOND = 30


class Gateway:
    """An account at a simulated iP.1, with the phones behind it.

    *now* is the gateway's clock; *journal* gets every batch as a line of JSON before
    it is answered; *on_sms* is called for each SMS taken.
    """

    def __init__(
        self,
        *,
        token: str,
        now: Callable[[], datetime],
        faults: FaultPlan | None = None,
        senders: Collection[str] = SENDERS,
        limit: int = REQUESTS_PER_SECOND,
        journal: BinaryIO | None = None,
        on_sms: Callable[[Sms], None] | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._ledger = Ledger(
            write=None if journal is None else journal.write, on_sms=on_sms
        )
        self._faults = Faults(faults or FaultPlan())
        requests = RollingSecond(limit)
        self._control = ControlApi(
            ledger=self._ledger, faults=self._faults, requests=requests
        )
        self._reports = Reports(faults=self._faults, now=now, sleep=sleep)
        self._api = GatewayApi(
            token=token,
            senders=frozenset(senders),
            ledger=self._ledger,
            faults=self._faults,
            requests=requests,
            reports=self._reports,
            now=now,
            sleep=sleep,
        )

    @property
    def messages(self) -> tuple[Sms, ...]:
        """Every SMS taken, oldest first."""
        return self._ledger.messages()

    def phone(self, number: Msisdn) -> tuple[str, ...]:
        """The texts that a phone received, oldest first."""
        return tuple(sms.text.body for sms in self.messages if sms.number == number)

    def set_faults(self, plan: FaultPlan) -> None:
        """Let *plan* decide from the next request on."""
        self._faults.replace(plan)

    def stats(self) -> dict[str, object]:
        """Count requests (`max_per_second` among them), SMS taken, and faults met."""
        return self._control.stats()

    def app(self) -> web.Application:
        """The gateway as an application, to be served by the caller."""
        app = web.Application()
        app.cleanup_ctx.append(self._reports.running)
        app.add_routes(self._api.routes())
        app.add_routes(self._control.routes())
        return app

    @asynccontextmanager
    async def serving(
        self, host: str = "127.0.0.1", port: int = 0
    ) -> AsyncIterator[str]:
        """Serve until the block ends; yields the base URL. Port 0 picks a free one."""
        # An answer that is still slow at the end is not waited for.
        runner = web.AppRunner(self.app(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            bound = runner.addresses[0]
            yield f"http://{host}:{bound[1]}"
        finally:
            await runner.cleanup()


def _clock() -> datetime:
    # A process of its own: no wiring stands above it to hand a clock in.
    return datetime.now(UTC)  # noqa: TID251


async def _serve(gateway: Gateway, host: str, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with gateway.serving(host, port) as url:
        sys.stdout.write(f"listening on {url}\n")
        sys.stdout.flush()
        await stop.wait()


def _open_journal(path: Path | None) -> AbstractContextManager[BinaryIO | None]:
    # Unbuffered: a line is with the kernel, and survives our kill, before the answer.
    return nullcontext() if path is None else path.open("ab", buffering=0)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the gateway until a signal; 2 if the arguments are wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m alertbridge.simulator.gateway", description=__doc__
    )
    parser.add_argument("--listen", default="127.0.0.1:0", metavar="HOST:PORT")
    parser.add_argument("--token", required=True)
    parser.add_argument("--faults", default="{}", metavar="JSON", help="a fault plan")
    parser.add_argument("--journal", type=Path, metavar="FILE")
    parser.add_argument("--sender", action="append", metavar="NAME")
    parser.add_argument("--limit", type=int, default=REQUESTS_PER_SECOND)
    args = parser.parse_args(argv)
    host, _, port = args.listen.rpartition(":")
    if not host or not port.isdigit():
        parser.error("--listen: HOST:PORT is wanted")
    try:
        plan = read_plan(json.loads(args.faults))
    except ValueError as exc:
        parser.error(f"--faults: {exc}")
    with _open_journal(args.journal) as journal:
        gateway = Gateway(
            token=args.token,
            now=_clock,
            faults=plan,
            senders=args.sender or SENDERS,
            limit=args.limit,
            journal=journal,
        )
        asyncio.run(_serve(gateway, host, int(port)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
