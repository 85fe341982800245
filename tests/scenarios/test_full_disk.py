"""A disk that fills: nothing new is promised, and what was promised leaves."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group
from processes import Late, none_of, until
from small_disk import SmallDisk, may_mount

pytestmark = [
    pytest.mark.scenario,
    pytest.mark.skipif(not may_mount(), reason="a small disk cannot be mounted here"),
]

MIB = 1024 * 1024
BALLAST = 4 * MIB


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk of 24 MiB."""
    made = SmallDisk(tmp_path / "disk", "24m")
    yield made
    made.take_away()


@pytest.fixture
def make(
    gateway: Gateway, make_daemon: Callable[..., Daemon], disk: SmallDisk
) -> Callable[[str], Daemon]:
    """Make a daemon whose store is on that disk; its admins are not its people."""

    def build(ballast: str) -> Daemon:
        return make_daemon(
            {
                **config(gateway.url, "anna", "bo", "cleo", "ops"),
                "storage": {
                    "url": f"sqlite://{disk.folder}/alertbridge.db",
                    "ballast": ballast,
                    "min_free": "2MiB",
                },
                "receivers": [
                    {"name": "everybody", "recipients": ["anna", "bo", "cleo"]},
                    {"name": "admins", "recipients": ["ops"]},
                ],
                "meta": {"receiver": "admins"},
            }
        )

    return build


@pytest.fixture
def daemon(make: Callable[[str], Daemon]) -> Daemon:
    """One with a ballast."""
    return make("4MiB")


async def operate(daemon: Daemon, http: ClientSession, verb: str, body: object) -> int:
    """Hold or release what waits."""
    url = f"{daemon.url}/api/v1/outbox/{verb}"
    async with http.post(url, json=body) as answer:
        return answer.status


async def test_what_waits_leaves_a_full_disk_and_intake_comes_back(
    daemon: Daemon, gateway: Gateway, disk: SmallDisk, http: ClientSession
) -> None:
    """B4: 503 for what is new, the ballast for what waits, and no restart."""
    ballast = disk.folder / "alertbridge.db.ballast"
    await daemon.start()
    assert ballast.stat().st_blocks * 512 >= BALLAST
    assert await operate(daemon, http, "hold", {"seconds": 600}) == 200
    for n in range(6):
        assert await daemon.post(http, group(alert(f"Queued{n}"), key=f"{n}")) == 200
    disk.fill()

    answers: list[tuple[int, str]] = []

    async def refuses() -> bool:
        assert daemon.alive, daemon.said()[-2000:]
        answers.append(await daemon.get(http, "/-/ready"))
        return answers[-1][0] == 503 and "min_free" in answers[-1][1]

    try:
        await until(refuses, what="not ready for want of room")
    except Late as exc:
        raise Late(f"{exc}: {answers[-1]}") from None
    assert await daemon.post(http, group(alert("TooLate"), key="late")) == 503
    assert await operate(daemon, http, "release", None) == 200

    def all_told() -> bool:
        told = {number for number, text in gateway.texts() if "Queued" in text}
        return len(told) == 3 and any("Disk full" in t for _, t in gateway.texts())

    await until(all_told, within=30, what="what waited, and the admins' page")
    assert not ballast.exists()
    assert await daemon.post(http, group(alert("TooLate"), key="late")) == 503
    disk.empty()

    async def accepts() -> bool:
        return await daemon.post(http, group(alert("TooLate"), key="late")) == 200

    await until(accepts, what="intake is open again")
    await until(ballast.exists, what="the ballast is laid out again")
    await until(
        lambda: any("Too late" in text for _, text in gateway.texts()),
        what="the page that was refused",
    )
    assert daemon.alive
    assert [event["event"] for event in daemon.events("daemon.started")] == [
        "daemon.started"
    ]


async def test_a_start_on_a_full_disk_sends_what_waits(
    daemon: Daemon, gateway: Gateway, disk: SmallDisk, http: ClientSession
) -> None:
    """The ballast makes room for the start itself."""
    await daemon.start()
    assert await operate(daemon, http, "hold", {"seconds": 3}) == 200
    assert await daemon.post(http, group(alert("Queued"))) == 200
    daemon.kill()
    disk.fill()

    await daemon.start()

    assert await daemon.post(http, group(alert("TooLate"), key="late")) == 503
    await until(
        lambda: sum("Queued" in text for _, text in gateway.texts()) == 3,
        what="what waited",
    )


async def test_without_a_ballast_nothing_leaves_a_full_disk(
    make: Callable[[str], Daemon],
    gateway: Gateway,
    disk: SmallDisk,
    http: ClientSession,
) -> None:
    """What the test above would look like if the ballast did nothing."""
    daemon = make("0")
    await daemon.start()
    assert await operate(daemon, http, "hold", {"seconds": 3}) == 200
    for n in range(6):
        assert await daemon.post(http, group(alert(f"Queued{n}"), key=f"{n}")) == 200
    disk.fill()

    def told() -> bool:
        return any("Queued" in text for _, text in gateway.texts())

    await none_of(told, during=6)

    # The admins may have heard that the disk fills, before it was full.
    assert not told()
    disk.empty()
    await until(told, what="what waited, with room again")
