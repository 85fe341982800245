"""Where a gateway is, while the system knows and when it does not."""

import asyncio
import socket
import threading

import pytest

from alertbridge.providers.addresses import (
    REMEMBERED,
    Found,
    LastingResolver,
    Question,
    ask_system,
)


class World:
    """A clock that moves only when told, and names that can be away."""

    def __init__(self) -> None:
        self.time = 0.0
        self.away = False

    def now(self) -> float:
        """What time it is."""
        return self.time

    def look_up(self, question: Question) -> Found:
        """Ask the system, unless names are away."""
        if self.away:
            raise socket.gaierror(socket.EAI_AGAIN, "no name server answers")
        return ask_system(question)


@pytest.fixture
def world() -> World:
    """What the resolver lives in."""
    return World()


async def test_a_name_has_its_addresses() -> None:
    """As the system gives them, with the port that was asked for."""
    found = await LastingResolver().resolve("localhost", 8080, socket.AF_INET)

    assert [(one["host"], one["port"]) for one in found] == [("127.0.0.1", 8080)]


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example.org"])
async def test_what_is_no_name_is_an_error_of_the_system(host: str) -> None:
    """And not one of encodings, which nobody would take for "surely not sent"."""
    with pytest.raises(OSError, match=r"[Nn]ame"):
        await LastingResolver().resolve(host, 80, socket.AF_INET)


async def test_an_address_is_remembered_for_a_day(world: World) -> None:
    """And not for longer: by then the gateway may have moved."""
    resolver = LastingResolver(now=world.now, look_up=world.look_up)
    known = await resolver.resolve("localhost", 80, socket.AF_INET)
    world.away = True

    world.time = REMEMBERED
    then = await resolver.resolve("localhost", 80, socket.AF_INET)
    world.time += 1

    assert then == known
    with pytest.raises(socket.gaierror):
        await resolver.resolve("localhost", 80, socket.AF_INET)


async def test_another_name_is_not_helped_by_it(world: World) -> None:
    """Each name, port and family has its own answer."""
    resolver = LastingResolver(now=world.now, look_up=world.look_up)
    await resolver.resolve("localhost", 80, socket.AF_INET)
    world.away = True

    with pytest.raises(socket.gaierror):
        await resolver.resolve("localhost.", 80, socket.AF_INET)


async def test_one_thread_asks_for_all_who_want_to_know() -> None:
    """A name server that hangs must not gather a thread for each page."""
    resolver = LastingResolver()
    before = threading.active_count()

    asking = [resolver.resolve("localhost", 80, socket.AF_INET) for _ in range(50)]
    gathered = asyncio.gather(*asking)
    await asyncio.sleep(0)

    assert threading.active_count() <= before + 1
    assert len({one[0]["host"] for one in await gathered}) == 1
