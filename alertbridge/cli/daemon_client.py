"""Talking to the running daemon; reading its file when there is none running."""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import NoReturn

import aiohttp
import click

from alertbridge.cli.output import visible
from alertbridge.config import UNREADABLE, Settings

PATIENCE = 30.0
"""Seconds for an answer; the daemon gives its own in far less."""


class DaemonDown(Exception):
    """Nobody listens where the config says the daemon does."""


def ask(
    settings: Settings,
    method: str,
    path: str,
    body: Mapping[str, object] | None = None,
    *,
    patience: float = PATIENCE,
    may_lack: bool = False,
) -> object:
    """Ask the daemon; its refusal is printed and ends the command with 1.

    *patience* is in seconds. What is not there is None if it *may_lack*.

    Raises:
        DaemonDown: it does not run.
    """
    timeout = aiohttp.ClientTimeout(total=patience, connect=3)
    status, answer = asyncio.run(_ask(settings, method, path, body, timeout))
    return None if may_lack and status == 404 else _answer(answer, status, settings)


def must_ask(
    settings: Settings,
    method: str,
    path: str,
    body: Mapping[str, object] | None = None,
    *,
    may_lack: bool = False,
) -> object:
    """Ask for what only a running daemon can do."""
    try:
        return ask(settings, method, path, body, may_lack=may_lack)
    except DaemonDown as exc:
        no(f"{exc}; this needs the daemon: start it first")


async def _ask(
    settings: Settings,
    method: str,
    path: str,
    body: Mapping[str, object] | None,
    timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own, per phase
) -> tuple[int, str]:
    headers = {}
    if settings.api_tokens:
        headers["Authorization"] = f"Bearer {settings.api_tokens[0].reveal()}"
    url = base_url(settings)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.request(
                method, url + path, json=body, headers=headers, allow_redirects=False
            ) as response,
        ):
            text = await response.text()
    except aiohttp.ClientConnectorError as exc:
        raise DaemonDown(f"no alertbridge answers on {url}") from exc
    except (aiohttp.ClientError, TimeoutError) as exc:
        no(f"{url}: {type(exc).__name__}")
    return response.status, text


def _answer(text: str, status: int, settings: Settings) -> object:
    try:
        answer: object = json.loads(text)
    except ValueError:
        answer = {"error": text.strip()[:200]}
    if status == 401 and any(t.reveal() == UNREADABLE for t in settings.api_tokens[:1]):
        no("the token under api.tokens cannot be read by this user (401)")
    if status >= 300:
        error = answer.get("error", "") if isinstance(answer, dict) else ""
        no(f"{error or 'refused'} ({status})")
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
    click.echo(f"alertbridge: {visible(message)}", err=True)
    sys.exit(1)
