"""Clients of the kill harness: they post and retry as Alertmanager does.

A transport error and a 5xx are tried again with a growing wait, everything else is
final. New alerts come all the time; some are resolved later, some soon enough to
overtake their own firing.
"""

import asyncio
import random
from collections.abc import Mapping
from datetime import datetime, timedelta

from aiohttp import ClientError, ClientSession, ClientTimeout
from groups import alert, group, now
from kill_history import PEOPLE, History

FIRST_WAIT = 0.05
LONGEST_WAIT = 1.0
TIMEOUT = ClientTimeout(total=10)

RESOLVED = 0.4
"""Share of the alerts that end during the run."""

ABANDONED = 0.02
"""Share of the posts not tried again after a failure: what becomes of those is open,
and counted as recovered if they ring all the same."""


class Posters:
    """Several clients on one daemon."""

    def __init__(
        self, http: ClientSession, url: str, history: History, seed: int
    ) -> None:
        self._http = http
        self._url = f"{url}/v1/webhooks/alertmanager"
        self._history = history
        self._seed = seed
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Make nothing new; what has begun is still brought home."""
        self._stopping.set()

    async def run(self, clients: int) -> None:
        """Work until stopped."""
        async with asyncio.TaskGroup() as tasks:
            for client in range(clients):
                letter = chr(ord("A") + client)
                tasks.create_task(self._client(letter, tasks))

    async def _client(self, letter: str, tasks: asyncio.TaskGroup) -> None:
        dice = random.Random(f"{self._seed} {letter} {len(self._history.pages)}")
        begun = sum(name[1] == letter for name in self._history.pages)
        while not self._stopping.is_set():
            team = dice.randrange(PEOPLE)
            severity = dice.choice(("critical", "critical", "high"))
            names = [f"K{letter}{begun + i:06}" for i in range(dice.randint(1, 3))]
            begun += len(names)
            at = now()
            for name in names:
                self._history.note("attempt", name=name, team=team)
            alerts = [_alert(name, team, severity, at) for name in names]
            if await self._post(alerts, f"{letter}{begun}", dice):
                for name in names:
                    self._history.note("confirmed", name=name)
                if dice.random() < RESOLVED:
                    wait = dice.choice((0.0, 0.5, 3.0, 20.0))
                    tasks.create_task(
                        self._resolve(names, team, severity, at, wait, dice)
                    )
            await self._pause(dice.uniform(0.05, 0.5))

    async def _resolve(
        self,
        names: list[str],
        team: int,
        severity: str,
        at: datetime,
        wait: float,
        dice: random.Random,
    ) -> None:
        await self._pause(wait)
        for name in names:
            self._history.note("resolve", name=name)
        end = max(now(), at + timedelta(milliseconds=1))
        alerts = [_alert(name, team, severity, at, end) for name in names]
        await self._post(alerts, names[0], dice, abandon=False)

    async def close_up(self) -> None:
        """Page everybody once more: what waits to ride along with something, rides."""
        dice = random.Random(self._seed)
        for team in range(PEOPLE):
            name = f"KZ{len(self._history.pages):06}"
            self._history.note("attempt", name=name, team=team)
            alerts = [_alert(name, team, "critical", now())]
            if await self._post(alerts, name, dice, abandon=False):
                self._history.note("confirmed", name=name)

    async def _post(
        self,
        alerts: list[dict[str, object]],
        key: str,
        dice: random.Random,
        *,
        abandon: bool = True,
    ) -> bool:
        """Post until there is a final answer; whether it was a 2xx."""
        document, wait = group(*alerts, key=key), FIRST_WAIT
        while True:
            status = await self._post_once(document)
            if 0 < status < 500:
                return status < 300
            self._history.note("fault", status=status)
            if abandon and dice.random() < ABANDONED:
                return False
            await asyncio.sleep(wait * dice.uniform(0.5, 1))
            wait = min(wait * 1.5, LONGEST_WAIT)

    async def _post_once(self, document: Mapping[str, object]) -> int:
        try:
            async with self._http.post(
                self._url, json=document, timeout=TIMEOUT
            ) as answer:
                return answer.status
        except (ClientError, TimeoutError, OSError):
            return 0

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


def _alert(
    name: str, team: int, severity: str, at: datetime, end: datetime | None = None
) -> dict[str, object]:
    labels = {"team": f"t{team:02}"}
    return alert(name, labels, severity=severity, starts_at=at, ends_at=end)
