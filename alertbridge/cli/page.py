"""`alertbridge page`: raise or resolve a page from a shell or another unit."""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import tenacity

URL = "http://127.0.0.1:10876"
TRIES_FOR = 60
"""Seconds a page is tried for: longer than a restart, shorter than a unit's patience."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """It did not get through; `final` if trying again cannot help."""

    reason: str
    final: bool


@click.command("page")
@click.argument("summary", required=False)
@click.option("--severity", help="critical, high, low, or what the config calls them.")
@click.option(
    "--label", "-l", "labels", multiple=True, metavar="NAME=VALUE", help="More labels."
)
@click.option(
    "--key",
    help="What makes two pages the same; default: summary and labels.",
)
@click.option("--description", help="More than the summary.")
@click.option("--resolve", is_flag=True, help="It is over: end the page of this key.")
@click.option(
    "--url",
    envvar="ALERTBRIDGE_URL",
    default=URL,
    show_default=True,
    show_envvar=True,
    help="The daemon.",
)
@click.option(
    "--token-file",
    envvar="ALERTBRIDGE_TOKEN_FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with an API token, where the daemon is not on this machine.",
)
@click.option(
    "--for",
    "patience",
    type=click.FloatRange(min=0),
    default=TRIES_FOR,
    show_default=True,
    help="Seconds to try for while the daemon does not answer.",
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
    to standard error (the journal, under systemd) and the exit code is 1.
    """
    if summary is None and not (resolve and key):
        raise click.UsageError("a page needs a SUMMARY (to end one: --resolve --key)")
    body: dict[str, object] = {"labels": _parse(labels)} if labels else {}
    for name, value in (
        ("summary", summary),
        ("severity", severity),
        ("key", key),
        ("description", description),
    ):
        if value is not None:
            body[name] = value
    if resolve:
        body["resolve"] = True
    token = None if token_file is None else token_file.read_text("utf-8").strip()
    answer = asyncio.run(_post(url.rstrip("/") + "/v1/page", body, token, patience))
    if isinstance(answer, Unsent):
        click.echo(f"alertbridge: page not sent ({answer.reason})", err=True)
        click.echo(json.dumps({"event": "page.lost", **body}), err=True)
        sys.exit(1)
    click.echo(answer)


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
    import aiohttp  # noqa: PLC0415 - heavy

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    timeout = aiohttp.ClientTimeout(total=10, connect=3)

    async def once() -> str | Unsent:
        try:
            async with session.post(
                url, json=body, headers=headers, allow_redirects=False
            ) as response:
                text = (await response.text()).strip()
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
