"""The daemon and an SMSC, each a process of its own: pages over SMPP, once each."""

import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from groups import alert, config, group, number
from processes import Child, until
from smsc_process import PASSWORD, SYSTEM_ID, SmscProcess

pytestmark = pytest.mark.scenario

QUIET = 1.5
"""Seconds in which nothing more may come."""


@pytest.fixture
async def smsc(tmp_path: Path, children: list[Child]) -> SmscProcess:
    """An SMSC, running."""
    made = SmscProcess(tmp_path / "smsc")
    children.append(made)
    await made.start()
    return made


def smpp_config(port: int, **more: object) -> dict[str, object]:
    """A config whose only provider is an account at the SMSC."""
    account = {
        "name": "carrier",
        "type": "smpp",
        "host": "127.0.0.1",
        "port": port,
        "tls": False,
        "system_id": SYSTEM_ID,
        "password": {"file": "gateway.token"},
        "sender": "Bridge",
        **more,
    }
    return config(
        "",
        providers=[account],
        recipients={"anna": {"phones": [number(0)], "script": "own"}},
    )


async def expect(smsc: SmscProcess, wanted: int) -> Sequence[tuple[str, str]]:
    """Wait for so many texts, then for a while in which no other comes."""
    await smsc.until_noted("message", wanted, within=40)
    with pytest.raises(AssertionError):
        await until(lambda: len(smsc.texts()) > wanted, within=QUIET)
    return smsc.texts()


async def test_a_page_arrives_once_and_as_it_was_written(
    smsc: SmscProcess, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """With å, € and an emoji, in as many parts as it takes."""
    daemon = make_daemon(smpp_config(smsc.port))
    await daemon.start()
    page = alert("DiskFull", {"instance": "db1"})
    page["annotations"] = {"summary": f"Åre 🔥 costs 5 € a minute {'å' * 40}"}

    assert await daemon.post(http, group(page)) == 200
    assert await daemon.post(http, group(page, key="a copy")) == 200

    ((phone, text),) = await expect(smsc, 1)
    assert phone == number(0)
    assert "Disk full" in text
    assert f"Åre 🔥 costs 5 € a minute {'å' * 40}" in text
    assert len(smsc.noted("submit")) == 2
    (settled,) = daemon.events("submission.settled")
    assert settled["outcome"] == "accepted"
    assert not [secret for secret in (PASSWORD, phone[1:]) if secret in daemon.said()]


async def test_an_smsc_that_was_away_gets_the_page_when_it_is_back(
    smsc: SmscProcess, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """Killed with the connection open: surely not sent, tried again, told once."""
    daemon = make_daemon(smpp_config(smsc.port))
    await daemon.start()
    await daemon.post(http, group(alert("HostDown"), key="first"))
    await expect(smsc, 1)

    smsc.kill()
    await daemon.post(http, group(alert("DiskFull"), key="second"))
    await until(lambda: len(daemon.events("submission.settled")) > 2)
    await smsc.start()

    _, (phone, text) = await expect(smsc, 2)
    assert phone == number(0)
    assert "Disk full" in text
    outcomes = [event["outcome"] for event in daemon.events("submission.settled")]
    assert set(outcomes[1:-1]) == {"deferred"}
    assert len(smsc.noted("bind")) == 2


async def test_a_lost_answer_costs_one_sms_more_and_no_third(
    smsc: SmscProcess, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """Taken, and the line cut: nobody can ask by SMPP, so it is sent once more."""
    await smsc.tell(submit=["drop_after"])
    daemon = make_daemon(smpp_config(smsc.port))
    await daemon.start()

    await daemon.post(http, group(alert("DiskFull")))

    (_, first), (_, second) = await expect(smsc, 2)
    assert first == second
    outcomes = [event["outcome"] for event in daemon.events("submission.settled")]
    assert outcomes == ["uncertain", "accepted"]


async def test_a_receipt_says_what_became_of_the_page(
    smsc: SmscProcess, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """Delivered, by the connection that it was submitted on; confirmed once."""
    await smsc.tell(receipts="late")
    daemon = make_daemon(smpp_config(smsc.port))
    await daemon.start()

    await daemon.post(http, group(alert("DiskFull")))

    await until(lambda: len(daemon.events("message.delivered")) == 1)
    await expect(smsc, 1)
    assert [one["status"] for one in smsc.noted("receipt_answered")] == [0]
    assert len(smsc.noted("bind")) == 1


async def test_a_receipt_that_says_undelivered_sends_the_page_another_way(
    smsc: SmscProcess, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """To the person's other phone, and to each phone once."""
    phones = [number(0), number(1)]
    await smsc.tell(receipts="early", off=[phones[0][1:]])
    daemon = make_daemon(
        {**smpp_config(smsc.port), "recipients": {"anna": {"phones": phones}}}
    )
    await daemon.start()

    await daemon.post(http, group(alert("DiskFull")))

    assert [phone for phone, _ in await expect(smsc, 2)] == phones
    assert len(daemon.events("message.missed")) == 1


async def test_a_reload_leaves_one_connection_and_a_stop_none(
    smsc: SmscProcess, make_daemon: Callable[..., Daemon], http: ClientSession
) -> None:
    """An account may have one only, and a receipt must not go to a dead one."""
    await smsc.tell(single=True)
    daemon = make_daemon(smpp_config(smsc.port))
    await daemon.start()
    await daemon.post(http, group(alert("HostDown"), key="first"))
    await smsc.until_noted("message")

    daemon.write_config(smpp_config(smsc.port, system_type="VMA"))
    daemon.signal(signal.SIGHUP)
    await smsc.until_noted("unbound")
    await daemon.post(http, group(alert("DiskFull"), key="second"))
    await smsc.until_noted("message", 2)
    bound = await smsc.tell()
    daemon.signal(signal.SIGTERM)
    status = await daemon.ended()

    assert bound == 1
    assert status == 0
    await smsc.until_noted("unbound", 2)
    await until(lambda: len(smsc.noted("disconnected")) == 2)


async def test_a_check_of_the_config_binds_and_says_so(
    smsc: SmscProcess,
    make_daemon: Callable[..., Daemon],
    make_child: Callable[..., Child],
) -> None:
    """Without a daemon, without an SMS, and without a connection left behind."""
    daemon = make_daemon(smpp_config(smsc.port))
    argv = ["-m", "alertbridge", "check-config", "--online", "-c", str(daemon.config)]
    check = make_child("check", [sys.executable, *argv])
    check.spawn()

    assert await check.ended() == 0
    assert "carrier: bound" in check.said()
    await smsc.until_noted("unbound")
    assert smsc.noted("submit") == []
