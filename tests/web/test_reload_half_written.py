"""A config that is half written when it is read again: it is refused, every time (E12).

Editors and copying tools write a file bit by bit; a reload may come at any moment.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import ClientSession

from alertbridge.config import ConfigError
from alertbridge.wiring import Daemon, load

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
ToldBy = Callable[[Daemon], Awaitable[dict[str, list[str]]]]
Group = Callable[..., dict[str, object]]

TIMES = 100


async def reload(client: ClientSession) -> int:
    """Ask for a reload; says the status."""
    async with client.post("/-/reload") as response:
        await response.read()
        return response.status


def is_whole(path: Path, daemon: Daemon) -> bool:
    """Whether what stands there is a config by itself, though its end is missing."""
    try:
        load(path, daemon._environ)
    except ConfigError:
        return False
    return True


async def test_half_a_file_changes_nothing_a_hundred_times(
    serve: Serve, group: Group, tmp_path: Path, told: ToldBy
) -> None:
    """The old rules stay in force, pages go on, and the whole file mends it."""
    daemon, client = await serve()
    daemon.note_good()
    path = tmp_path / "alertbridge.yaml"
    whole = path.read_text("utf-8")
    version = daemon.current.rules.version
    kept = (tmp_path / "last-good.yaml").read_text("utf-8")
    refused = 0

    for number in range(TIMES):
        path.write_text(whole[: len(whole) * number // TIMES], "utf-8")
        if is_whole(path, daemon):
            continue
        assert await reload(client) != 200
        assert daemon.current.rules.version == version
        refused += 1
    last_good = (tmp_path / "last-good.yaml").read_text("utf-8")
    async with client.post("/v1/webhooks/am", json=group("DiskFull")) as response:
        status = response.status
    path.write_text(whole, "utf-8")

    assert refused > TIMES * 0.9
    assert last_good == kept
    assert status == 200
    assert set(await told(daemon)) == {"anna", "bo"}
    assert await reload(client) == 200
    assert "config" not in daemon.readiness.degraded
