"""The daemon's HTTP side as wiring builds it, on real sockets and a standing clock."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, DummyCookieJar, TCPConnector, web

from alertbridge.core.delivery import Told
from alertbridge.core.message import Accepted, Outcomes
from alertbridge.core.notification import ProviderName
from alertbridge.core.secret import Secret
from alertbridge.core.settlement import Settlement
from alertbridge.ports import StoreUnavailable
from alertbridge.providers.http_session import new_session
from alertbridge.stores.memory import MemoryLane
from alertbridge.stores.sqlite import SqliteStore, open_file
from alertbridge.stores.sqlite_lane import T, Work
from alertbridge.telemetry import Metrics
from alertbridge.web.app import build_app
from alertbridge.wiring import Daemon, load
from alertbridge.wiring.references import references

CONFIG = """\
server:
  max_body: {max_body}
sources:
  - {{name: am, type: alertmanager}}
  - {{name: grafana, type: grafana}}
  - {{name: legacy, type: grafana_legacy}}
  - {{name: scripts, type: page}}
  - name: bearer
    type: alertmanager
    authorization: {{credentials: [{{env: TOKEN_NEW}}, {{env: TOKEN_OLD}}]}}
  - name: other
    type: alertmanager
    authorization: {{credentials: {{env: TOKEN_OTHER}}}}
  - name: keyed
    type: alertmanager
    authorization: {{type: ApiKey, credentials: {{env: TOKEN_OLD}}}}
  - name: token
    type: grafana
    authorization: {{type: Token, credentials: {{env: TOKEN_SHORT}}}}
  - name: basic
    type: alertmanager
    basic_auth: {{username: alertmanager, password: {{env: PASSWORD}}}}
  - name: in-url
    type: alertmanager
    basic_auth: {{username: user, password: {{env: PASSWORD_IN_URL}}}}
  - name: signed
    type: grafana
    hmac: {{secret: [{{env: HMAC_NEW}}, {{env: HMAC_OLD}}]}}
  - name: stamped
    type: grafana
    hmac:
      secret: {{env: HMAC_OLD}}
      header: X-Sig
      timestamp_header: X-Sig-Timestamp
providers:
  - {{name: console, type: console}}
recipients:
  anna:
    phones: ["+46701740605"]
    timezone: Europe/Stockholm
    spend: {{daily: 1000}}
  bo: {{phones: ["+46701740607"], send_resolved: false}}
route:
  receiver: everybody
  routes:
    - matchers: [severity="info"]
      receiver: anna
    - matchers: [alertname="BrokenTemplate"]
      receiver: templated
receivers:
  - {{name: everybody, recipients: [anna, bo]}}
  - {{name: anna, recipients: [anna]}}
  - {{name: templated, recipients: [anna], template: broken}}
  - {{name: bare, phones: ["+46701740650"]}}
templates:
  broken: "{{{{ alerts[7].labels.nowhere.further }}}}"
pace: [{{limit: 6, window: 10m, kept_for_critical: 2}}]
api:
  tokens: [{api_tokens}]
"""

ENVIRON = {
    "TOKEN_NEW": "tok-new-canary-7f3a",
    "TOKEN_OLD": "tok-0123456789abcdef",
    "TOKEN_OTHER": "tok-other-canary-91c2",
    "TOKEN_SHORT": "abc",
    "PASSWORD": "s3cr3t-p\u00e4ssw\u00f6rd",
    "PASSWORD_IN_URL": "pa$s",
    "HMAC_NEW": "new-hmac-secret-canary",
    "HMAC_OLD": "my-hmac-secret",
    "API_TOKEN": "api-canary-5d20",
    "API_TOKEN_OLD": "api-old-canary-8e11",
}


class StandingClock:
    """A time that moves only when told."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """What `now` is."""
        return self.time

    def forward(self, by: timedelta) -> None:
        """Move on."""
        self.time += by


class Disk:
    """A store in memory that can be full, and counts what it was asked to write."""

    def __init__(self) -> None:
        self._lane = MemoryLane()
        self.full = False
        self.writes = 0
        self.stalled: asyncio.Event | None = None

    async def write(self, work: Work[T], line: str = "", size: int = 1) -> T:
        """Write, unless full; wait first, if stalled."""
        self.writes += 1
        if self.stalled is not None:
            await self.stalled.wait()
        if self.full:
            raise StoreUnavailable("database or disk is full")
        return await self._lane.write(work, line, size)

    async def read(self, work: Work[T]) -> T:
        """Read."""
        return await self._lane.read(work)

    async def wait_broken(self) -> None:
        """Never."""
        await self._lane.wait_broken()

    async def close(self) -> None:
        """Let go."""
        await self._lane.close()


@pytest.fixture
def clock() -> StandingClock:
    """The app's clock."""
    return StandingClock()


@pytest.fixture
def disk() -> Disk:
    """What the app's store writes to, unless it has a file."""
    return Disk()


@pytest.fixture
def secrets() -> Mapping[str, str]:
    """The secrets of the config, by the variable that holds each."""
    return ENVIRON


@pytest.fixture
async def serve(
    tmp_path: Path, clock: StandingClock, disk: Disk
) -> AsyncIterator[Callable[..., Awaitable[tuple[Daemon, ClientSession]]]]:
    """Start the daemon's HTTP side; returns the daemon, and a client of it."""
    async with AsyncExitStack() as stack:

        async def start(
            *,
            max_body: str = "32MiB",
            api_tokens: Sequence[str] = (),
            file: Path | None = None,
            report_key: Secret | None = None,
            edit: Callable[[str], str] = str,
        ) -> tuple[Daemon, ClientSession]:
            path = tmp_path / "alertbridge.yaml"
            tokens = ", ".join(f"{{env: {name}}}" for name in api_tokens)
            config = CONFIG.format(max_body=max_body, api_tokens=tokens)
            path.write_text(edit(config), "utf-8")
            path.chmod(0o600)
            environ = {**ENVIRON, "STATE_DIRECTORY": str(tmp_path)}
            store = (
                SqliteStore(disk, references(clock.now))
                if file is None
                else open_file(file, references(clock.now))
            )
            stack.push_async_callback(store.close)
            daemon = Daemon(
                load(path, environ),
                path=path,
                environ=environ,
                store=store,
                session=await stack.enter_async_context(new_session()),
                clock=clock,
                metrics=Metrics(version="0"),
                jitter=lambda: 0.5,
                report_key=report_key,
            )
            url = await _listen(daemon, stack)
            client = ClientSession(
                url,
                connector=TCPConnector(force_close=True),
                cookie_jar=DummyCookieJar(),
                skip_auto_headers=("User-Agent",),
            )
            return daemon, await stack.enter_async_context(client)

        yield start


async def _listen(daemon: Daemon, stack: AsyncExitStack) -> str:
    """Serve with the settings of `wiring.running`."""
    runner = web.AppRunner(
        build_app(daemon.doors),
        access_log=None,
        handler_cancellation=False,
        keepalive_timeout=75,
        shutdown_timeout=0.1,
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"


@pytest.fixture
def told(clock: StandingClock) -> Callable[[Daemon], Awaitable[dict[str, list[str]]]]:
    """Let everything leave that may; returns the texts each recipient gets."""

    async def leave(daemon: Daemon) -> dict[str, list[str]]:
        texts: dict[str, list[str]] = {}
        ready = {ProviderName("console"): 1000}
        while True:
            now = clock.now()
            claimed = await daemon.store.claim(ready, daemon.current, now)
            if not claimed.submissions:
                return dict(sorted(texts.items()))
            for submission in claimed.submissions:
                steps = {message.id: Told() for message in submission.messages}
                outcomes = Outcomes(Accepted())
                settlement = Settlement(outcomes, steps)
                assert await daemon.store.settle(submission, settlement, now)
                for message in submission.messages:
                    texts.setdefault(message.recipient, []).append(submission.text.body)

    return leave


@pytest.fixture
def raw() -> Callable[..., Awaitable[bytes]]:
    """Send bytes as they are to a client's server; returns all that comes back."""

    async def send(client: ClientSession, *parts: bytes, wait: float = 5) -> bytes:
        base = client._base_url
        assert base is not None
        assert base.host is not None
        reader, writer = await asyncio.open_connection(base.host, base.port)
        try:
            async with asyncio.timeout(wait):
                for part in parts:
                    writer.write(part)
                    await writer.drain()
                return await reader.read()
        except (ConnectionError, TimeoutError):
            return b""
        finally:
            writer.close()

    return send


@pytest.fixture
def group() -> Callable[..., dict[str, object]]:
    """A webhook of Alertmanager's, with one alert per name."""

    def make(*names: str, status: str = "firing", **labels: str) -> dict[str, object]:
        return {
            "version": "4",
            "receiver": "sms",
            "groupKey": '{}:{alertname="x"}',
            "status": status,
            "alerts": [
                {
                    "status": status,
                    "labels": {"alertname": name, "severity": "critical", **labels},
                    "annotations": {"summary": f"{name} is bad"},
                    "startsAt": "2026-11-22T08:59:00Z",
                    "endsAt": "2026-11-22T09:00:00Z"
                    if status == "resolved"
                    else "0001-01-01T00:00:00Z",
                    "fingerprint": name,
                }
                for name in names
            ],
        }

    return make


@pytest.fixture
def payloads() -> Path:
    """Where the captured webhooks are."""
    return Path(__file__).parent.parent / "payloads"


@pytest.fixture
def headers_of(payloads: Path) -> Callable[[str], tuple[str, list[tuple[str, str]]]]:
    """The method and the headers that a captured body came with."""

    def read(name: str) -> tuple[str, list[tuple[str, str]]]:
        path = payloads / name.replace(".json", ".headers.json")
        said = json.loads(path.read_bytes())
        return said["method"], [(key, value) for key, value in said["headers"]]

    return read
