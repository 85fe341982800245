"""Every captured webhook, through the real server, to the texts that people get.

`payload_texts.json` beside this file is meant to be read: what each person would see
on the phone, post by post. After a change that is meant to change texts, write it anew
with `ALERTBRIDGE_UPDATE=1` and read the difference.
"""

import json
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from aiohttp import ClientSession

from alertbridge.wiring import Daemon

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
ToldBy = Callable[[Daemon], Awaitable[dict[str, list[str]]]]
HeadersOf = Callable[[str], tuple[str, list[tuple[str, str]]]]

HERE = Path(__file__).parent
PAYLOADS = HERE.parent / "payloads"
GOLDEN = HERE / "payload_texts.json"
BODIES = sorted(
    f"{path.parent.name}/{path.name}"
    for path in PAYLOADS.glob("*/*.json")
    if not path.name.endswith(".headers.json")
)

BETWEEN = timedelta(minutes=5)
"""From one post of a story to the next: Alertmanager's `group_interval`."""

SCHEMES = {"Bearer": "bearer", "Basic": "basic", "ApiKey": "keyed", "Token": "token"}
"""The source of the conftest's config that wants each `Authorization` captured."""

_NUMBERED = re.compile(r"_(\d+)of\d+(?=\.)")
_STATES = re.compile(r"(?:_replica_([ab]))?_(firing|resolved)(?=\.)")
_ZERO_TIME = "0001-01-01T00:00:00Z"
_OURSELVES = {"host", "content-length", "connection", "accept-encoding"}


class Clock(Protocol):
    """What this file uses of the clock in the conftest."""

    time: datetime


def stories() -> Mapping[str, list[str]]:
    """Name the posts that belong together: what comes first is known to the second."""
    found: dict[str, list[tuple[tuple[int, str], str]]] = {}
    for name in BODIES:
        numbered, stated = _NUMBERED.search(name), _STATES.search(name)
        story, place = name, (0, "")
        if numbered is not None and "maxalerts" not in name:
            story, place = _NUMBERED.sub("", name), (int(numbered[1]), "")
        elif stated is not None:
            story = _STATES.sub("", name)
            place = (int(stated[2] == "resolved"), stated[1] or "")
        found.setdefault(story, []).append((place, name))
    return {
        story: [name for _, name in sorted(posts)] for story, posts in found.items()
    }


STORIES = stories()


def source_of(name: str, headers: list[tuple[str, str]]) -> str:
    """Choose the source whose config fits what the post shows."""
    shown = {key.lower(): value for key, value in headers}
    if "x-sig" in shown:
        return "stamped"
    if "x-grafana-alerting-signature" in shown:
        return "signed"
    if name.startswith("grafana/legacy"):
        return "legacy"
    if "authorization" in shown:
        if name.startswith("alertmanager/url_userinfo"):
            return "in-url"
        return SCHEMES[shown["authorization"].partition(" ")[0]]
    return "grafana" if name.startswith("grafana/") else "am"


def posted_at(body: bytes, headers: list[tuple[str, str]]) -> datetime | None:
    """When the body was posted: half a minute after the last thing it tells."""
    stamped = [int(value) for key, value in headers if key == "X-Sig-Timestamp"]
    if stamped:
        return datetime.fromtimestamp(stamped[0], UTC)
    try:
        document = json.loads(body)
        alerts = document["alerts"]
        moments = [
            datetime.fromisoformat(alert[key])
            for alert in alerts
            for key in ("startsAt", "endsAt")
            if alert.get(key, _ZERO_TIME) != _ZERO_TIME
            and (key == "startsAt" or alert["status"] == "resolved")
        ]
    except (ValueError, KeyError, TypeError):
        return None
    if not moments:
        return None
    return max(moments).astimezone(UTC) + timedelta(seconds=30)


async def play(
    names: list[str],
    daemon: Daemon,
    client: ClientSession,
    told: ToldBy,
    clock: Clock,
    headers_of: HeadersOf,
) -> dict[str, Any]:
    """Post the bodies of a story in turn; what each was answered, and who got what."""
    seen: dict[str, Any] = {}
    for name in names:
        method, headers = headers_of(name)
        body = (PAYLOADS / name).read_bytes()
        source = source_of(name, headers)
        at = posted_at(body, headers)
        later = clock.time + BETWEEN if seen else at or clock.time
        clock.time = max(later, at) if at is not None else later
        ours = [pair for pair in headers if pair[0].lower() not in _OURSELVES]
        async with client.request(
            method, f"/v1/webhooks/{source}", data=body, headers=ours
        ) as response:
            answer = f"{response.status} {(await response.text()).strip()}"
        texts = await told(daemon)
        seen[name] = {
            "at": clock.time.isoformat(timespec="seconds"),
            "answer": answer,
            **{who: [text.split("\n") for text in got] for who, got in texts.items()},
        }
    return seen


def read_golden() -> dict[str, Any]:
    """The texts as they were last read and found good."""
    found: dict[str, Any] = (
        json.loads(GOLDEN.read_text("utf-8")) if GOLDEN.exists() else {}
    )
    return found


def write_golden(seen: dict[str, Any]) -> None:
    """Put the rows of one story in the place of what was there."""
    rows = {name: row for name, row in read_golden().items() if name in BODIES} | seen
    text = json.dumps(dict(sorted(rows.items())), indent=1, ensure_ascii=False)
    GOLDEN.write_text(text + "\n", "utf-8")


@pytest.mark.parametrize("story", STORIES)
async def test_story_is_answered_and_told_as_it_was_read(
    story: str, serve: Serve, told: ToldBy, clock: Clock, headers_of: HeadersOf
) -> None:
    """Each post's answer and each person's texts are those in `payload_texts.json`."""
    daemon, client = await serve()

    seen = await play(STORIES[story], daemon, client, told, clock, headers_of)

    if "ALERTBRIDGE_UPDATE" in os.environ:
        write_golden(seen)
    golden = read_golden()
    assert seen == {name: golden.get(name) for name in STORIES[story]}


def test_every_body_has_its_texts() -> None:
    """A body that is added or renamed without its texts is noticed."""
    assert sorted(read_golden()) == BODIES


def test_only_custom_payloads_are_refused() -> None:
    """Everything that Alertmanager or Grafana posts by itself is 200."""
    refused = {
        name
        for name, row in read_golden().items()
        if not row["answer"].startswith("200")
    }

    assert {name for name in refused if "custom_payload" not in name} == set()
    assert refused != set()
