"""A restart gives no account a second burst: what began before it still counts."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group
from processes import Child, Late, until

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(240)]

PROGRAM = Path(__file__).parent / "programs" / "gated_serve.py"

PEOPLE = [f"p{index:02}" for index in range(90)]

RESTARTS = 5

BURST = 20
"""Requests after which a process is killed; it may begin 27 at once."""

PER_SECOND = 30
"""What the account allows; the gateway counts every request of any one second."""


class Warm(Child):
    """A daemon that has read all its code, and begins at a word."""

    def __init__(self, number: int, like: Daemon, mutant: str) -> None:
        self.gate, self._word = os.pipe()
        python, *_ = like.argv
        super().__init__(
            f"restart-{number}",
            [
                *(python, str(PROGRAM), str(self.gate), mutant),
                *("serve", "--config.file", str(like.config)),
            ],
            like.folder,
            environ=like.environ,
            keep_fds=(self.gate,),
        )

    def begin(self) -> None:
        """Say the word."""
        os.write(self._word, b"!")

    def close(self) -> None:
        """Let go of the pipe."""
        os.close(self.gate)
        os.close(self._word)


def everybody(gateway: Gateway) -> dict[str, object]:
    """Each person has an alert of his own, and so a request of his own."""
    return config(gateway.url, *PEOPLE) | {
        "route": {
            "receiver": PEOPLE[0],
            "routes": [
                {"receiver": name, "matchers": [f'team="{name}"']} for name in PEOPLE
            ],
        },
        "receivers": [{"name": name, "recipients": [name]} for name in PEOPLE],
    }


async def restart_after_each_burst(
    daemon: Daemon,
    warm: list[Warm],
    gateway: Gateway,
    http: ClientSession,
) -> dict[str, int]:
    """Kill it as soon as it has sent a burst, start the next; what the gateway saw."""
    pages = [alert(f"Wakes-{name}", {"team": name}) for name in PEOPLE]
    await daemon.start()
    assert await daemon.post(http, group(*pages)) == 200
    running: Child = daemon
    for following in warm:
        before = (await gateway.stats(http))["requests"]

        async def has_burst(before: int = before) -> bool:
            return (await gateway.stats(http))["requests"] >= before + BURST

        # The last has fewer left to send.
        with suppress(Late):
            await until(has_burst, within=3)
        running.kill()
        following.begin()
        running = following
    with suppress(Late):
        await until(lambda: len(gateway.sms()) == len(PEOPLE), within=3)
    return await gateway.stats(http)


@pytest.mark.parametrize(
    ("mutant", "keeps_the_limit"), [("none", True), ("forget-requests", False)]
)
async def test_no_second_has_more_requests_than_the_account_allows(
    make_daemon: Callable[..., Daemon],
    children: list[Child],
    gateway: Gateway,
    http: ClientSession,
    mutant: str,
    keeps_the_limit: bool,
) -> None:
    """Bursts around a restart are one burst; a mutant that forgets it is seen."""
    daemon = make_daemon(everybody(gateway))
    warm = [Warm(number, daemon, mutant) for number in range(RESTARTS)]
    children += warm
    try:
        for child in warm:
            child.spawn()
        for child in warm:
            await child.until_said("warm", within=60)
        stats = await restart_after_each_burst(daemon, warm, gateway, http)
    finally:
        for child in warm:
            child.close()

    assert stats["requests"] > 2 * BURST, stats
    assert (stats["max_per_second"] <= PER_SECOND) is keeps_the_limit, stats
