"""A page that ends the process whenever it is composed: it stops, the others leave."""

from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group
from processes import until

MUTANT = Path(__file__).parent / "programs" / "mutant_serve.py"

pytestmark = pytest.mark.scenario


async def test_a_page_that_aborts_the_process_does_not_do_so_for_ever(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """E5: restarted as systemd would, it aborts five times at most, and tells why."""
    daemon = make_daemon(
        config(gateway.url, pace=[{"limit": 50, "window": "10m"}]),
        program=(str(MUTANT), "abort-at-poison"),
    )
    await daemon.start()
    url = f"{daemon.url}/api/v1/outbox"
    async with http.post(f"{url}/hold", json={"seconds": 2}) as answer:
        assert answer.status == 200
    for n in range(12):
        name = "Poison" if n == 5 else f"Alert{n}"
        assert await daemon.post(http, group(alert(name), key=f"{n}")) == 200
    aborts = 0

    async def is_told() -> bool:
        nonlocal aborts
        if not daemon.alive:
            aborts += 1
            assert aborts <= 6
            daemon.spawn()
        return any("Page not sent" in text for _, text in gateway.texts())

    await until(is_told, within=60, what="the admins hear of the page that is not sent")
    assert 1 <= aborts <= 5
    assert daemon.alive
    async with http.get(f"{url}?dead=1") as answer:
        rows = await answer.json()
    assert [(row["alert"], row["reason"]) for row in rows] == [("Poison", "poison")]
    assert await daemon.post(http, group(alert("After"), key="after")) == 200
    await until(
        lambda: any("After" in text for _, text in gateway.texts()), what="what follows"
    )
