"""Talking to the running daemon; reading its file when there is none running."""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import NoReturn

import aiohttp
import click

from alertbridge.config import Settings

TIMEOUT = aiohttp.ClientTimeout(total=30, connect=3)


class DaemonDown(Exception):
    """Nobody listens where the config says the daemon does."""


def ask(
    settings: Settings,
    method: str,
    path: str,
    body: Mapping[str, object] | None = None,
) -> object:
    """Ask the daemon; its refusal is printed and ends the command with 1.

    Raises:
        DaemonDown: it does not run.
    """
    return asyncio.run(_ask(settings, method, path, body))


def must_ask(
    settings: Settings,
    method: str,
    path: str,
    body: Mapping[str, object] | None = None,
) -> object:
    """Ask for what only a running daemon can do."""
    try:
        return ask(settings, method, path, body)
    except DaemonDown as exc:
        no(f"{exc}; this needs the daemon: start it first")


async def _ask(
    settings: Settings, method: str, path: str, body: Mapping[str, object] | None
) -> object:
    headers = {}
    if settings.api_tokens:
        headers["Authorization"] = f"Bearer {settings.api_tokens[0].reveal()}"
    url = base_url(settings)
    try:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT, trust_env=False) as session,
            session.request(
                method, url + path, json=body, headers=headers, allow_redirects=False
            ) as response,
        ):
            text = await response.text()
    except aiohttp.ClientConnectorError as exc:
        raise DaemonDown(f"no alertbridge answers on {url}") from exc
    except (aiohttp.ClientError, TimeoutError) as exc:
        no(f"{url}: {type(exc).__name__}")
    try:
        answer: object = json.loads(text)
    except ValueError:
        answer = {"error": text.strip()}
    if response.status >= 300:
        error = answer.get("error", "") if isinstance(answer, dict) else ""
        no(f"{error or 'refused'} ({response.status})")
    return answer


def base_url(settings: Settings) -> str:
    """Where the daemon of this config listens, seen from its own machine."""
    host, port = settings.server.listen.host, settings.server.listen.port
    if host in ("", "0.0.0.0", "::"):  # noqa: S104 - read, not bound
        host = "127.0.0.1"
    if ":" in host:
        host = f"[{host}]"
    return f"http://{host}:{port}"


def no(message: str) -> NoReturn:
    """Say why not, and exit with 1."""
    click.echo(f"alertbridge: {message}", err=True)
    sys.exit(1)
