"""The port outlives the process: during a restart webhooks wait, none is refused."""

import asyncio
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import ClientConnectorError, ClientError, ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import alert, config, group
from processes import until

pytestmark = pytest.mark.scenario

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """The socket that systemd would keep open."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        made.listen(512)
        yield made


async def test_the_port_is_never_refused_during_restarts(
    listener: socket.socket,
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
) -> None:
    """Killed and started again three times: no post finds the port closed."""
    fd = listener.fileno()
    daemon = make_daemon(
        config(gateway.url),
        wrapper=(sys.executable, str(PROGRAMS / "with_socket.py"), str(fd)),
        keep_fds=(fd,),
    )
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1/webhooks/alertmanager"
    answers: list[int] = []
    refused: list[str] = []
    stop = asyncio.Event()

    async def keep_posting() -> None:
        while not stop.is_set():
            try:
                async with http.post(url, json=group(alert("DiskFull"))) as answer:
                    answers.append(answer.status)
            except ClientConnectorError as exc:
                refused.append(str(exc))
            except ClientError:
                # The process was killed while it held the connection.
                answers.append(0)
            await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as tasks:
        posting = tasks.create_task(keep_posting())
        for _ in range(3):
            await daemon.start()
            seen = len(answers)
            await until(lambda seen=seen: 200 in answers[seen:])  # type: ignore[misc]
            daemon.kill()
        await daemon.start()
        seen = len(answers)
        await until(lambda: 200 in answers[seen:])
        stop.set()
        await posting

    assert refused == []
    assert 503 not in answers


@pytest.mark.skipif(
    shutil.which("systemd-socket-activate") is None,
    reason="systemd-socket-activate is not installed",
)
async def test_systemd_itself_hands_the_socket_over(
    gateway: Gateway, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """The first post starts the daemon, waits for it, and is answered 200."""
    daemon = make_daemon(config(gateway.url))
    argv = [
        "systemd-socket-activate",
        f"--listen=127.0.0.1:{daemon.port}",
        "--fdname=http",
        *("-E", f"STATE_DIRECTORY={daemon.folder / 'state'}"),
        *daemon.argv,
    ]
    daemon.argv = argv
    daemon.spawn()
    await daemon.until_said("Listening on")

    status = await daemon.post(http, group(alert("DiskFull")))

    assert status == 200
    await gateway.expect_exactly(1, quiet=0.5)
