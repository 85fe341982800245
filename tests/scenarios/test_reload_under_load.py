"""Reloads that rename, remove and mute while pages flow: none is lost or told twice."""

import asyncio
import json
import signal
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group, now, number
from processes import until

pytestmark = pytest.mark.scenario

RELOADS = 16
PAUSE = 0.02
"""Seconds between two posts: fifty new alerts a second, and as many copies."""

PHONES = {"anna": number(0), "annika": number(0), "bo": number(1)}

_OPENS = (now().hour + 12) % 24
NEARLY_A_DAY = {
    "times": [
        {"start_time": f"{start:02}:00", "end_time": f"{end:02}:00"}
        for start, end in ((0, _OPENS), (_OPENS + 1, 24))
        if start < end
    ]
}
"""All but an hour that is far from now: what is muted for ever is ended, not held."""

STEPS = [
    {"providers": ["one", "two"], "people": ["anna", "bo"], "muted": True},
    {"providers": ["two"], "people": ["annika", "bo"], "muted": True},
    {"providers": ["three", "two"], "people": ["annika", "bo"], "muted": False},
    {"providers": ["three"], "people": ["anna", "bo"], "muted": False},
]
"""What the config says in turn; the last step leaves nothing muted."""


def written(url: str, step: dict[str, Any]) -> dict[str, object]:
    """Write a step as a config; every provider is another name of one gateway."""
    made = config(url, *step["people"])
    providers = made["providers"]
    assert isinstance(providers, list)
    made["providers"] = [{**providers[0], "name": name} for name in step["providers"]]
    night: dict[str, object] = {"receiver": "everybody", "matchers": ['team="night"']}
    if step["muted"]:
        night["mute_time_intervals"] = ["today"]
    made["route"] = {"receiver": "everybody", "routes": [night]}
    made["time_intervals"] = [{"name": "today", "time_intervals": [NEARLY_A_DAY]}]
    made["pace"] = [{"limit": 1000, "window": "1m"}]
    return made


async def post_until(stop: asyncio.Event, daemon: Daemon) -> list[str]:
    """Post new alerts and copies of them; the names of those that were confirmed."""
    confirmed: list[str] = []
    async with ClientSession() as http:
        for index in count():
            if stop.is_set():
                return confirmed
            name = f"ALERT{index:04}"
            team = "night" if index % 3 == 0 else "day"
            post = group(alert(name, {"team": team}), key=name)
            if await daemon.post(http, post) == 200:
                confirmed.append(name)
            # The other Alertmanager of the pair, by way of another of its groups.
            await daemon.post(http, {**post, "groupKey": f"copy of {name}"})
            await asyncio.sleep(PAUSE)
    raise AssertionError("count never ends")


async def reload(daemon: Daemon, url: str, step: dict[str, Any]) -> None:
    """Put a step in force."""
    before = len(daemon.events("config.reloaded"))
    daemon.write_config(written(url, step))
    daemon.signal(signal.SIGHUP)
    await until(lambda: len(daemon.events("config.reloaded")) > before)
    assert daemon.events("config.reloaded")[-1]["success"] is True


async def rows(daemon: Daemon, http: ClientSession, path: str) -> list[dict[str, Any]]:
    """Ask the API for a list."""
    status, body = await daemon.get(http, f"/api/v1/{path}limit=10000")
    assert status == 200, body
    answer: list[dict[str, Any]] = json.loads(body)
    return answer


async def test_reloads_under_load_lose_no_page_and_tell_none_twice(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """Every page that was confirmed rings once on each phone, whatever its name is."""
    daemon = make_daemon(written(gateway.url, STEPS[0]))
    await daemon.start()
    # Some answers take longer than a reload: requests are under way when they come.
    await gateway.set_faults(
        http,
        {"rates": {"accept_slowly": 0.2, "throttle": 0.05}, "rated": {"seconds": 0.4}},
    )
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        posting = tasks.create_task(post_until(stop, daemon))
        for turn in range(1, RELOADS):
            await reload(daemon, gateway.url, STEPS[turn % len(STEPS)])
            await asyncio.sleep(0.2)
        stop.set()

    async def nothing_waits() -> bool:
        return not await rows(daemon, http, "outbox?")

    await until(nothing_waits, within=15, what="an empty outbox")
    told = {
        (row["alert"], PHONES[row["recipient"]])
        for row in await rows(daemon, http, "history?")
        if row["state"] == "told"
    }
    rung = Counter(
        (name, phone)
        for phone, text in gateway.texts()
        for name in posting.result()
        if name in text
    )
    wanted = {(name, phone) for name in posting.result() for phone in PHONES.values()}
    assert len(posting.result()) > 50
    assert wanted - told == set()
    assert rung
    assert {page: times for page, times in rung.items() if times > 1} == {}
