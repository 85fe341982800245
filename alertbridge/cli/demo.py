"""`alertbridge demo`: see pages arrive, with no account and no phone."""

import asyncio
import os
import signal
import sys
import tempfile
from asyncio import FIRST_COMPLETED
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import click

from alertbridge.cli.demo_scenes import CONFIG, Scene, scenes
from alertbridge.config import ConfigError
from alertbridge.core.recipient import mask
from alertbridge.ports import StoreRefused
from alertbridge.providers.bubble import render_bubble
from alertbridge.simulator.gateway import Gateway
from alertbridge.simulator.gateway_sms import Sms
from alertbridge.wiring import read_config, run

TOKEN = "demo-token"  # noqa: S105 - opens only the simulated gateway of this process
ARRIVAL = 10.0
"""Seconds that a text may take; it takes some hundredths."""


class Phones:
    """What anna and bo hold: each SMS is drawn as it arrives."""

    def __init__(self) -> None:
        self.got: list[Sms] = []
        self._rang = asyncio.Event()

    def show(self, sms: Sms) -> None:
        """Draw one."""
        self.got.append(sms)
        self._rang.set()
        drawn = render_bubble(
            sms.text, to=mask(sms.number), at=sms.at, sender=sms.sender
        )
        click.echo(drawn, nl=False)

    async def wait_for(self, amount: int) -> None:
        """Wait until so many have arrived; for a while only."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ARRIVAL):
                while len(self.got) < amount:
                    self._rang.clear()
                    await self._rang.wait()


@click.command("demo")
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default="127.0.0.1:10876",
    show_default=True,
    help="Where your own Alertmanager may post to; port 0 picks a free one.",
)
@click.option("--once", is_flag=True, help="Show the samples and exit.")
@click.option(
    "--pause",
    type=click.FloatRange(0, 60),
    metavar="SECONDS",
    default=2.0,
    show_default=True,
    help="After each sample, to read it.",
)
def command(listen: str, once: bool, pause: float) -> None:
    """Run the daemon with a simulated gateway, and page two people who do not exist.

    Sample alerts come in as webhooks and arrive as text messages in this terminal.
    Then it stays up for your own Alertmanager, until Ctrl-C. It is the real daemon,
    with its store in a temporary folder. Exit with 1 if a text does not arrive.
    """
    with tempfile.TemporaryDirectory(prefix="alertbridge-demo-") as folder:
        try:
            ok = asyncio.run(_demo(Path(folder), listen, once=once, pause=pause))
        except ConfigError as exc:
            # All but the address is ours, and right.
            raise click.UsageError(f"--listen {listen}: {exc.problems[0].fix}") from exc
        except KeyboardInterrupt:
            # Before the daemon handles it itself, or a second time.
            ok = True
    sys.exit(0 if ok else 1)


async def _demo(folder: Path, listen: str, *, once: bool, pause: float) -> bool:
    phones = Phones()
    gateway = Gateway(token=TOKEN, now=_now, on_sms=phones.show)
    async with gateway.serving() as gateway_url:
        token = folder / "gateway.token"
        token.write_text(TOKEN, "utf-8")
        token.chmod(0o600)
        config = folder / "alertbridge.yaml"
        config.write_text(
            CONFIG.format(listen=listen, folder=folder, gateway=gateway_url), "utf-8"
        )
        environ = {**os.environ, "STATE_DIRECTORY": str(folder)}
        read = read_config(config, environ, strict=True)
        listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        serving = run(read, config, environ, listening=listening)
        async with asyncio.TaskGroup() as group:
            daemon = group.create_task(_start(serving), name="daemon")
            either: list[asyncio.Future[Any]] = [daemon, listening]
            await asyncio.wait(either, return_when=FIRST_COMPLETED)
            if daemon.done():
                return daemon.result()
            url = listening.result()
            showing = group.create_task(_play(url, phones, pause), name="scenes")
            await asyncio.wait([daemon, showing], return_when=FIRST_COMPLETED)
            if not showing.done():
                # Ctrl-C: the daemon stops as ever, and nobody is left to post to.
                showing.cancel()
                return await daemon
            if once or not showing.result():
                os.kill(os.getpid(), signal.SIGTERM)
            else:
                _invite(url)
        return daemon.result() and showing.result()


async def _start(serving: Coroutine[object, object, None]) -> bool:
    """Run the daemon to its end; False if it could not start, and why is said."""
    try:
        await serving
    except (OSError, StoreRefused) as exc:
        click.echo(f"alertbridge: {exc}", err=True)
        click.echo("Is one running? alertbridge demo --listen 127.0.0.1:0", err=True)
        return False
    return True


async def _play(url: str, phones: Phones, pause: float) -> bool:
    """Post the scenes as Alertmanager would; say what is to be seen in each."""
    click.echo(f"alertbridge listens on {url}, with a gateway that only prints.")
    click.echo("Times in texts are UTC: anna and bo have no `timezone`.\n")
    hook = f"{url}/v1/webhooks/alertmanager"
    async with aiohttp.ClientSession(trust_env=False) as session:
        for scene in scenes(_now()):
            click.echo(click.style(scene.title, bold=True))
            before = len(phones.got)
            async with session.post(hook, json=scene.body) as response:
                click.echo(f"  webhook answered {response.status}: it is on disk")
            await phones.wait_for(before + scene.messages)
            await asyncio.sleep(pause)
            if not _as_said(scene, phones.got[before:]):
                return False
    return True


def _as_said(scene: Scene, arrived: Sequence[Sms]) -> bool:
    """Say what came of a scene, and whether it is what was to come."""
    requests = len({sms.batch_id for sms in arrived})
    if len(arrived) != scene.messages:
        click.echo(
            f"  {len(arrived)} SMS instead of {scene.messages}: this is a bug", err=True
        )
        return False
    if arrived:
        click.echo(f"  {len(arrived)} SMS in {requests} request to the gateway\n")
    else:
        click.echo("  0 SMS\n")
    return True


def _invite(url: str) -> None:
    click.echo(
        "Now your own Alertmanager may post here; put this into a receiver of it:\n\n"
        "  webhook_configs:\n"
        f"    - url: {url}/v1/webhooks/alertmanager\n\n"
        "Or page from another shell:\n\n"
        f"  alertbridge page --url {url} --severity critical 'it works'\n\n"
        "Ctrl-C ends the demo."
    )


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - a command is its own wiring
