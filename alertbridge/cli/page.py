"""`alertbridge page`: raise or resolve a page from a shell or another unit."""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import click
import tenacity

DAEMON = "http://127.0.0.1:10876"
TRIES_FOR = 60
"""Seconds a page is tried for: longer than a restart, shorter than a unit waits."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """It did not get through; `final` if trying again cannot help."""

    reason: str
    final: bool


@click.command("page")
@click.argument("summary", required=False)
@click.option(
    "--severity",
    metavar="WORD",
    help="critical, high, low, or what the config calls them.",
)
@click.option(
    "--label", "-l", "labels", multiple=True, metavar="NAME=VALUE", help="More labels."
)
@click.option(
    "--key",
    metavar="KEY",
    help="What makes two pages the same; default: summary and labels.",
)
@click.option("--description", metavar="TEXT", help="More than the summary.")
@click.option("--resolve", is_flag=True, help="It is over: end the page of this key.")
@click.option(
    "--url",
    envvar="ALERTBRIDGE_URL",
    metavar="URL",
    default=DAEMON,
    show_default=True,
    show_envvar=True,
    help="The daemon.",
)
@click.option(
    "--token-file",
    envvar="ALERTBRIDGE_TOKEN_FILE",
    show_envvar=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A file with one of the daemon's `api.tokens`, if it has any.",
)
@click.option(
    "--for",
    "patience",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    default=TRIES_FOR,
    show_default=True,
    help="How long to try while the daemon does not answer.",
)
def command(
    summary: str | None,
    severity: str | None,
    labels: tuple[str, ...],
    key: str | None,
    description: str | None,
    resolve: bool,
    url: str,
    token_file: Path | None,
    patience: float,
) -> None:
    """Page with SUMMARY; exit with 0 once it is stored for good.

    A daemon that restarts is waited for. If it does not come back the page is written
    to standard error (the journal, under systemd) and the exit code is 1. A page with
    the same key as one that still fires is the same page.
    """
    if summary is None and not (resolve and key):
        raise click.UsageError("a page needs a SUMMARY (to end one: --resolve --key)")
    said = {
        "summary": summary,
        "severity": severity,
        "key": key,
        "description": description,
        "labels": _parse(labels) or None,
    }
    body: dict[str, object] = {
        name: value for name, value in said.items() if value is not None
    }
    if resolve:
        body["resolve"] = True
    answer = _send(url, body, token_file, patience)
    if isinstance(answer, Unsent):
        click.echo(f"alertbridge: page not sent ({answer.reason})", err=True)
        click.echo(json.dumps({"event": "page.lost", **body}), err=True)
        sys.exit(1)
    click.echo(answer)


def _send(
    url: str, body: Mapping[str, object], token_file: Path | None, patience: float
) -> str | Unsent:
    try:
        token = None if token_file is None else token_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        # Not a usage error: whatever is wrong, the page itself must be written down.
        return Unsent(f"{token_file}: {type(exc).__name__}", final=True)
    return asyncio.run(_post(url.rstrip("/") + "/v1/page", body, token, patience))


def _parse(labels: tuple[str, ...]) -> dict[str, str]:
    parsed: dict[str, str] = {}
    for label in labels:
        name, equals, value = label.partition("=")
        if not name or not equals:
            raise click.UsageError(f"--label {label!r} is not NAME=VALUE")
        parsed[name] = value
    return parsed


async def _post(
    url: str, body: Mapping[str, object], token: str | None, patience: float
) -> str | Unsent:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    timeout = aiohttp.ClientTimeout(total=10, connect=3)

    async def once() -> str | Unsent:
        try:
            async with session.post(
                url, json=body, headers=headers, allow_redirects=False
            ) as response:
                text = (await response.text()).strip()
        except aiohttp.InvalidURL:
            return Unsent(f"{url} is not a URL", final=True)
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            return Unsent(f"{type(exc).__name__} at {url}", final=False)
        if response.status < 300:
            return text
        return Unsent(f"{response.status}: {text}", final=response.status < 500)

    retrying = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_result(_worth_another_try),
        wait=tenacity.wait_random_exponential(multiplier=0.5, max=5),
        stop=tenacity.stop_after_delay(patience),
        # When time is up, the last answer is the answer.
        retry_error_callback=_last_answer,
    )
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
        return await retrying(once)


def _worth_another_try(answer: str | Unsent) -> bool:
    return isinstance(answer, Unsent) and not answer.final


def _last_answer(state: tenacity.RetryCallState) -> str | Unsent:
    assert state.outcome is not None
    answer: str | Unsent = state.outcome.result()
    return answer
