"""What a sender is answered, and that each answer is true."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest
from aiohttp import ClientSession

from alertbridge.stores.sqlite_readonly import reading
from alertbridge.wiring import Daemon

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
ToldBy = Callable[[Daemon], Awaitable[dict[str, list[str]]]]
Group = Callable[..., dict[str, object]]

HOOK = "/v1/webhooks/am"
GARBAGE = {"alertname": "NoLabels"}


class Clock(Protocol):
    """What these tests use of the clock in the conftest."""

    def forward(self, by: timedelta) -> None:
        """Move on."""
        ...


class Disk(Protocol):
    """What these tests use of the disk in the conftest."""

    full: bool
    stalled: asyncio.Event | None


async def post(client: ClientSession, path: str, body: object) -> tuple[int, str]:
    """Post a body (bytes, or what JSON makes of a value); the answer and its text."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with client.post(path, data=data, allow_redirects=False) as response:
        return response.status, await response.text()


def with_unreadable(group: dict[str, object], amount: int = 1) -> dict[str, object]:
    """Put elements into a group that nobody can read."""
    alerts = group["alerts"]
    assert isinstance(alerts, list)
    return {**group, "alerts": alerts + [GARBAGE] * amount}


async def test_a_page_answered_2xx_is_in_the_file(
    serve: Serve, group: Group, tmp_path: Path
) -> None:
    """Another reader of the file sees it before the sender has acted on the answer."""
    file = tmp_path / "alertbridge.db"
    _, client = await serve(file=file)

    answer = await post(client, HOOK, group("DiskFull"))

    with reading(file) as db:
        (waiting,) = db.execute(
            "SELECT count(*) FROM notification WHERE state = 'waiting'"
        ).fetchone()
    assert (answer[0], waiting) == (200, 2)


async def test_no_answer_comes_before_the_write(
    serve: Serve, group: Group, disk: Disk
) -> None:
    """While the disk stalls the sender waits: it may still be told no."""
    _, client = await serve()
    disk.stalled = asyncio.Event()

    answering = asyncio.gather(post(client, HOOK, group("DiskFull")))
    done, _ = await asyncio.wait([answering], timeout=0.2)
    disk.stalled.set()

    assert not done
    assert (await answering)[0][0] == 200


async def test_a_duplicate_is_2xx_and_tells_nobody_twice(
    serve: Serve, group: Group, told: ToldBy
) -> None:
    """Two peers, or a retry: the same answer, and no second SMS."""
    daemon, client = await serve()
    await post(client, HOOK, group("DiskFull"))
    await told(daemon)

    status, _ = await post(client, HOOK, group("DiskFull"))

    assert (status, await told(daemon)) == (200, {})


async def test_a_post_without_alerts_is_2xx(serve: Serve, group: Group) -> None:
    """There is nothing to keep, and nothing wrong."""
    _, client = await serve()

    assert (await post(client, HOOK, group()))[0] == 200


async def test_a_broken_template_is_2xx_and_the_built_in_text(
    serve: Serve, group: Group, told: ToldBy
) -> None:
    """The page goes out in our own words."""
    daemon, client = await serve()

    status, _ = await post(client, HOOK, group("BrokenTemplate"))

    texts = await told(daemon)
    assert status == 200
    assert texts["anna"][0].startswith("CRITICAL Broken template")


async def test_a_full_disk_is_503_with_when_to_come_again(
    serve: Serve, group: Group, disk: Disk
) -> None:
    """Alertmanager posts again after a 5xx only."""
    _, client = await serve()
    disk.full = True

    async with client.post(HOOK, json=group("DiskFull")) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "5")


async def test_the_repetition_after_a_503_is_kept(
    serve: Serve, group: Group, disk: Disk, told: ToldBy
) -> None:
    """What was refused leaves no trace that would make its repetition a copy."""
    daemon, client = await serve()
    disk.full = True
    await post(client, HOOK, group("DiskFull"))
    disk.full = False

    await post(client, HOOK, group("DiskFull"))

    assert set(await told(daemon)) == {"anna", "bo"}


async def test_shutting_down_is_503(serve: Serve, group: Group) -> None:
    """The next process takes it."""
    daemon, client = await serve()
    daemon.readiness.stopping = True

    assert (await post(client, HOOK, group("DiskFull")))[0] == 503


NOT_OUR_SHAPE = [
    pytest.param(HOOK, b"", "the body is empty", id="empty"),
    pytest.param(HOOK, b"ALERT!", "not JSON", id="text"),
    pytest.param(HOOK, b"[1]", "not a JSON object but an array", id="array"),
    pytest.param(HOOK, b'{"text": "x"}', "no alerts array", id="custom-payload"),
    pytest.param(HOOK, b'{"alerts": {}}', "alerts is not an array", id="alerts-object"),
    pytest.param(
        "/v1/page", b'{"sumary": "x"}', "unknown key 'sumary'", id="page-typo"
    ),
]


@pytest.mark.parametrize(("path", "body", "reason"), NOT_OUR_SHAPE)
async def test_what_is_not_our_shape_is_400_with_one_line_that_says_why(
    serve: Serve, path: str, body: bytes, reason: str
) -> None:
    """The sender logs the line; sending the same again could not help."""
    _, client = await serve()

    status, text = await post(client, path, body)

    assert (status, text.count("\n")) == (400, 1)
    assert reason in text


async def test_a_refused_body_is_kept_for_the_operator(serve: Serve) -> None:
    """The quarantine says from whom, why, and what."""
    daemon, client = await serve()

    await post(client, HOOK, b'{"text": "db1 is down"}')

    (kept,) = await daemon.store.quarantined()
    assert (kept.source, kept.body) == ("am", '{"text": "db1 is down"}')
    assert kept.reason.startswith("no alerts array")


async def test_the_quarantine_is_bounded(serve: Serve) -> None:
    """A sender that posts rubbish for ever fills no disk: the oldest makes room."""
    daemon, client = await serve()

    for number in range(1010):
        await daemon.intake.refuse(daemon.doors.sources["am"].name, "x", b"%d" % number)

    kept = await daemon.store.quarantined(limit=10_000)
    assert (len(kept), kept[0].body, kept[-1].body) == (1000, "1009", "10")
    assert not client.closed


async def test_a_large_refused_body_is_kept_in_part(serve: Serve) -> None:
    """64 KiB of it are enough to see what it is."""
    daemon, client = await serve()

    await post(client, HOOK, b"x" * 1_000_000)

    (kept,) = await daemon.store.quarantined()
    assert len(kept.body) == 64 * 1024


async def test_a_full_disk_does_not_change_a_400(serve: Serve, disk: Disk) -> None:
    """The sample is lost; the sender is told the truth."""
    _, client = await serve()
    disk.full = True

    assert (await post(client, HOOK, b"{}"))[0] == 400


async def test_an_unknown_source_is_404_and_names_those_there_are(
    serve: Serve,
) -> None:
    """A misspelt URL is seen in Alertmanager's log."""
    _, client = await serve()

    status, text = await post(client, "/v1/webhooks/alertmanger", {})

    assert status == 404
    assert "am, basic, bearer" in text


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        pytest.param("/v1/webhooks/am/", 404, id="slash-at-the-end"),
        pytest.param("/v1/webhooks/am?team=ops", 200, id="query"),
        pytest.param("/V1/webhooks/am", 404, id="upper-case"),
    ],
)
async def test_no_path_is_ever_redirected(
    serve: Serve, group: Group, path: str, answer: int
) -> None:
    """A redirect makes a POST a GET: Alertmanager would lose the page and see 2xx."""
    _, client = await serve()

    assert (await post(client, path, group("DiskFull")))[0] == answer


async def test_two_hundred_posts_at_once_are_never_429(
    serve: Serve, group: Group
) -> None:
    """Alertmanager takes 429 for final: the page would be lost."""
    _, client = await serve()

    answers = await asyncio.gather(
        *(post(client, HOOK, group(f"Alert{number}")) for number in range(200))
    )

    assert {status for status, _ in answers} == {200}


async def test_put_is_taken_as_post(serve: Serve, group: Group) -> None:
    """Grafana's contact point may be set to PUT."""
    _, client = await serve()

    async with client.put(HOOK, json=group("DiskFull")) as response:
        assert response.status == 200


async def test_a_page_is_answered_with_its_episode(serve: Serve) -> None:
    """`alertbridge page` prints it, for `ack` and `show`."""
    daemon, client = await serve()

    status, text = await post(client, "/v1/page", {"summary": "backup failed"})

    (row, *_) = await daemon.store.history()
    assert (status, text) == (200, f"stored {row.episode}\n")


async def test_a_bug_is_500_so_that_it_is_posted_again(
    serve: Serve, group: Group
) -> None:
    """What nobody foresaw must not look like a success, nor tell what it was about."""
    daemon, client = await serve()
    # Nothing can be planned with it.
    daemon.current.rules = None  # type: ignore[assignment]

    status, text = await post(client, HOOK, group("DiskFull"))

    assert (status, text) == (500, "internal error\n")


async def test_unreadable_alerts_beside_copies_are_told_once(
    serve: Serve, group: Group, told: ToldBy, clock: Clock
) -> None:
    """All else in the post is known: only the unreadable one can be the news."""
    daemon, client = await serve()
    await post(client, HOOK, group("DiskFull"))
    await told(daemon)

    clock.forward(timedelta(minutes=30))
    await post(client, HOOK, with_unreadable(group("DiskFull")))

    texts = await told(daemon)
    assert set(texts) == {"anna", "bo"}
    assert "1 alert beside DiskFull could not be read" in texts["bo"][0]


async def test_unreadable_alerts_are_not_told_again_at_every_repeat(
    serve: Serve, group: Group, told: ToldBy, clock: Clock
) -> None:
    """Once by themselves; a reminder of what can be read says how many cannot."""
    daemon, client = await serve()
    await post(client, HOOK, group("DiskFull"))
    await post(client, HOOK, with_unreadable(group("DiskFull")))
    await told(daemon)

    texts: list[str] = []
    for _ in range(3):
        clock.forward(timedelta(hours=4))
        await post(client, HOOK, with_unreadable(group("DiskFull"), 2))
        texts += (await told(daemon))["anna"]

    assert len(texts) == 3
    assert not any("could not be read" in text for text in texts)
    assert all("+2 unreadable" in text for text in texts)


async def test_unreadable_alerts_that_ended_are_told_when_they_come_again(
    serve: Serve, group: Group, told: ToldBy, clock: Clock
) -> None:
    """A post of the group without any ended it, and nobody was told of that."""
    daemon, client = await serve()
    await post(client, HOOK, group("DiskFull"))
    await post(client, HOOK, with_unreadable(group("DiskFull")))
    await told(daemon)
    clock.forward(timedelta(hours=1))
    await post(client, HOOK, group("DiskFull"))
    nothing = await told(daemon)
    clock.forward(timedelta(hours=1))

    await post(client, HOOK, with_unreadable(group("DiskFull")))

    assert nothing == {}
    assert set(await told(daemon)) == {"anna", "bo"}


async def test_unreadable_alerts_told_with_news_need_no_page_of_their_own(
    serve: Serve, group: Group, told: ToldBy
) -> None:
    """The text of the news counts them; a second peer's copy adds nothing."""
    daemon, client = await serve()
    await post(client, HOOK, with_unreadable(group("DiskFull")))
    first = await told(daemon)

    await post(client, HOOK, with_unreadable(group("DiskFull")))

    assert first["anna"][0].endswith("+1 unreadable")
    assert await told(daemon) == {}


async def test_what_could_not_be_read_is_kept_element_by_element(
    serve: Serve, group: Group
) -> None:
    """Ten of one post are enough to see what they are; the text counts all."""
    daemon, client = await serve()

    await post(client, HOOK, with_unreadable(group("DiskFull"), 12))

    kept = await daemon.store.quarantined()
    assert len(kept) == 10
    assert kept[0].reason == "neither labels nor a fingerprint"


async def test_who_heard_that_nothing_could_be_read_is_not_told_again(
    serve: Serve, group: Group, told: ToldBy, clock: Clock
) -> None:
    """A post of which nothing was readable, then one with copies: one page of it."""
    daemon, client = await serve()
    await post(client, HOOK, group("DiskFull"))
    await told(daemon)
    await post(client, HOOK, with_unreadable(group()))
    first = await told(daemon)
    clock.forward(timedelta(hours=1))

    await post(client, HOOK, with_unreadable(group("DiskFull")))

    assert set(first) == {"anna", "bo"}
    assert await told(daemon) == {}
