"""`alertbridge demo`: see pages arrive, with no account and no phone."""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from alertbridge.core.recipient import mask
from alertbridge.providers.bubble import render_bubble
from alertbridge.simulator.gateway import Gateway
from alertbridge.simulator.gateway_sms import Sms

TOKEN = "demo-token"  # noqa: S105 - opens only the simulated gateway of this process
STEP = 2.0
"""Seconds between the scenes: long enough to read a text aloud."""

CONFIG = """\
# What the demo runs on. Yours looks like this, with real numbers and a real token.
server:
  listen: {listen}
storage:
  url: sqlite://{folder}/alertbridge.db
sources:
  - {{name: alertmanager, type: alertmanager}}
  - {{name: grafana, type: grafana}}
providers:
  - name: simulated
    type: ip1
    base_url: {gateway}
    token: {{file: gateway.token}}
    sender: iP1
recipients:
  anna: {{phones: ["+46701740605"], timezone: Europe/Stockholm}}
  bo: {{phones: ["+46701740607"], send_resolved: false}}
route:
  receiver: everybody
  routes:
    - matchers: [severity="info"]
      receiver: anna
receivers:
  - {{name: everybody, recipients: [anna, bo]}}
  - {{name: anna, recipients: [anna]}}
log: {{level: warning}}
"""


@click.command("demo")
@click.option(
    "--listen",
    default="127.0.0.1:10876",
    show_default=True,
    help="Where your own Alertmanager may post to; port 0 picks a free one.",
)
@click.option("--once", is_flag=True, help="Show the samples and exit.")
def command(listen: str, once: bool) -> None:
    """Run the daemon with a simulated gateway, and page two people who do not exist.

    Sample alerts come in as webhooks and arrive as text messages in this terminal.
    Then it stays up for your own Alertmanager, until Ctrl-C. It is the real daemon,
    with its store in a temporary folder.
    """
    with tempfile.TemporaryDirectory(prefix="alertbridge-demo-") as folder:
        with contextlib.suppress(KeyboardInterrupt):
            ok = asyncio.run(_demo(Path(folder), listen, once=once))
            sys.exit(0 if ok else 1)


async def _demo(folder: Path, listen: str, *, once: bool) -> bool:
    gateway = Gateway(token=TOKEN, now=_now, on_sms=_show)
    async with gateway.serving() as gateway_url:
        path = folder / "alertbridge.yaml"
        token = folder / "gateway.token"
        token.write_text(TOKEN, "utf-8")
        token.chmod(0o600)
        path.write_text(
            CONFIG.format(listen=listen, folder=folder, gateway=gateway_url), "utf-8"
        )
        return await _serve(path, folder, gateway, once=once)


async def _serve(path: Path, folder: Path, gateway: Gateway, *, once: bool) -> bool:
    from alertbridge.wiring import read_config, run  # noqa: PLC0415 - heavy

    environ = {**os.environ, "STATE_DIRECTORY": str(folder)}
    listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    read = read_config(path, environ, strict=True)
    async with asyncio.TaskGroup() as group:
        daemon = group.create_task(
            _run(run(read, path, environ, listening=listening)), name="daemon"
        )
        listening_or_dead = asyncio.gather(_wait(listening), return_exceptions=True)
        daemon.add_done_callback(lambda _: listening.cancel())
        await listening_or_dead
        if listening.cancelled():
            return False
        url = listening.result()
        click.echo(f"alertbridge listens on {url}\n")
        ok = await _play(url, gateway)
        if once:
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            _invite(url)
    return ok


async def _wait(listening: asyncio.Future[str]) -> str:
    return await listening


async def _run(daemon: Coroutine[object, object, None]) -> None:
    """Run it; if its address is taken, say what to do about it."""
    try:
        await daemon
    except OSError as exc:
        click.echo(f"alertbridge: {exc.strerror or exc}", err=True)
        click.echo("Is one running already? try: alertbridge demo --listen 127.0.0.1:0")


async def _play(url: str, gateway: Gateway) -> bool:
    """Post the scenes as Alertmanager would; say what is to be seen in each."""
    import aiohttp  # noqa: PLC0415 - heavy

    hook = f"{url}/v1/webhooks/alertmanager"
    now = _now()
    async with aiohttp.ClientSession(trust_env=False) as session:
        for title, body, expected in _scenes(now):
            click.echo(click.style(title, bold=True))
            before = len(gateway.messages)
            async with session.post(hook, json=body) as response:
                click.echo(f"  webhook answered {response.status}: it is on disk")
            if not await _arrive(gateway, before + expected):
                click.echo("  no text message within 10 s", err=True)
                return False
            await asyncio.sleep(STEP if expected else STEP / 2)
    return True


async def _arrive(gateway: Gateway, wanted: int) -> bool:
    for _ in range(200):
        if len(gateway.messages) >= wanted:
            return True
        await asyncio.sleep(0.05)
    return False


def _scenes(now: datetime) -> list[tuple[str, dict[str, object], int]]:
    disk = _alert(
        "DiskFull", "critical", "db1.example.org:9100", "Disk /var is 97% full", now
    )
    storm = [
        _alert("HighLoad", "high", f"web{n}.example.org:9100", "Load is 42", now)
        for n in range(1, 13)
    ]
    ended = {
        **disk,
        "status": "resolved",
        "endsAt": (now + timedelta(minutes=8)).isoformat(),
    }
    return [
        ("1. A critical alert: two people, one request to the gateway", _post(disk), 2),
        (
            "2. The same post again, from a second Alertmanager: nobody is told twice",
            _post(disk),
            0,
        ),
        ("3. Twelve alerts at once: one readable text each", _post(*storm), 2),
        (
            "4. It is resolved: those who want to know, hear (bo does not)",
            _post(ended),
            1,
        ),
    ]


def _post(*alerts: dict[str, object]) -> dict[str, object]:
    name = str(alerts[0]["labels"])
    return {
        "version": "4",
        "receiver": "alertbridge",
        "groupKey": f"{{}}:{{{name}}}",
        "status": "firing",
        "alerts": list(alerts),
    }


def _alert(
    name: str, severity: str, instance: str, summary: str, now: datetime
) -> dict[str, object]:
    return {
        "status": "firing",
        "labels": {
            "alertname": name,
            "severity": severity,
            "instance": instance,
            "job": "node",
        },
        "annotations": {"summary": summary},
        "startsAt": now.isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
    }


def _show(sms: Sms) -> None:
    at = sms.at.astimezone()
    click.echo(render_bubble(sms.text, to=mask(sms.number), at=at, sender=sms.sender))


def _invite(url: str) -> None:
    click.echo(
        "Now your own Alertmanager may post here; put this into its receiver:\n\n"
        "  webhook_configs:\n"
        f"    - url: {url}/v1/webhooks/alertmanager\n\n"
        f"Or from a shell: alertbridge page --url {url} --severity critical 'it works'\n"
        "Ctrl-C ends the demo."
    )


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - a command is its own wiring
