"""What operators ask and do over HTTP: each endpoint, its errors, and what it hides."""

import io
import os
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from aiohttp import ClientSession

from alertbridge.wiring import Daemon

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
ToldBy = Callable[[Daemon], Awaitable[dict[str, list[str]]]]
Group = Callable[..., dict[str, object]]

HOOK = "/v1/webhooks/am"
BARE = "+46701740650"


class Clock(Protocol):
    """What these tests use of the clock in the conftest."""

    def forward(self, by: timedelta) -> None:
        """Move on."""
        ...


class Disk(Protocol):
    """What these tests use of the disk in the conftest."""

    full: bool


async def get(client: ClientSession, path: str) -> tuple[int, Any]:
    """Get a document."""
    async with client.get(path) as response:
        return response.status, await response.json()


async def post(
    client: ClientSession, path: str, body: object = None
) -> tuple[int, Any]:
    """Post a document (or bytes); the answer's."""
    how: dict[str, Any] = (
        {"data": io.BytesIO(body)} if isinstance(body, bytes) else {"json": body}
    )
    async with client.post(path, **how) as response:
        return response.status, await response.json()


@pytest.fixture
async def paged(serve: Serve, group: Group) -> tuple[Daemon, ClientSession]:
    """A daemon with one alert, of which two people wait to hear."""
    daemon, client = await serve()
    async with client.post(HOOK, json=group("DiskFull")) as response:
        assert response.status == 200
    return daemon, client


Paged = tuple[Daemon, ClientSession]


async def test_history_says_who_hears_what(paged: Paged) -> None:
    """One row for each person, with the rule that chose them."""
    _, client = paged

    _, rows = await get(client, "/api/v1/history")

    assert {(row["recipient"], row["state"]) for row in rows} == {
        ("anna", "waiting"),
        ("bo", "waiting"),
    }
    assert rows[0]["at"] == "2026-11-22T09:00:00Z"
    assert rows[0]["where"].startswith("alertbridge.yaml:")


async def test_history_says_who_was_not_told_and_why(
    paged: Paged, group: Group, told: ToldBy
) -> None:
    """The copy is there, as the reason why nobody heard of it."""
    daemon, client = paged
    await told(daemon)
    async with client.post(HOOK, json=group("DiskFull")):
        pass

    _, rows = await get(client, "/api/v1/history?recipient=anna")

    assert {(row["state"], row["reason"]) for row in rows} == {
        ("told", "accepted"),
        ("not_told", "already_told"),
    }


async def test_history_shows_the_text_that_was_sent(paged: Paged, told: ToldBy) -> None:
    """Word for word, with who took it."""
    daemon, client = paged
    texts = await told(daemon)

    _, rows = await get(client, "/api/v1/history?recipient=bo")

    assert (rows[0]["text"], rows[0]["provider"]) == (texts["bo"][0], "console")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=-1", "limit=x", "limit=10001", "limit=%D9%A1", "limit="]
)
async def test_a_limit_out_of_range_is_400(paged: Paged, query: str) -> None:
    """In JSON, and naming what may be said."""
    _, client = paged

    status, answer = await get(client, f"/api/v1/history?{query}")

    assert (status, answer) == (400, {"error": "limit: a number from 1 to 10000"})


@pytest.mark.parametrize("recipient", ["nobody", "%ff", "%00", "%ed%a0%80", "x" * 5000])
async def test_history_of_nobody_is_empty(paged: Paged, recipient: str) -> None:
    """Whatever bytes the name is made of."""
    _, client = paged

    answer = await get(client, f"/api/v1/history?recipient={recipient}")

    assert answer == (200, [])


async def test_an_episode_is_shown_with_everybodys_part(paged: Paged) -> None:
    """What was known of it, and who heard."""
    daemon, client = paged
    (row, *_) = await daemon.store.history()

    _, episode = await get(client, f"/api/v1/episodes/{row.episode}")

    assert episode["labels"]["alertname"] == "DiskFull"
    assert {part["recipient"] for part in episode["rows"]} == {"anna", "bo"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/api/v1/episodes/999999999999999999", 404, id="largest"),
        pytest.param("/api/v1/episodes/0", 404, id="zero"),
    ],
)
async def test_an_episode_that_is_not_there_is_404(
    paged: Paged, path: str, status: int
) -> None:
    """In JSON."""
    _, client = paged

    assert await get(client, path) == (status, {"error": "no such episode"})


async def test_acknowledging_ends_reminders_and_says_who_took_it(paged: Paged) -> None:
    """The name is kept with the episode."""
    daemon, client = paged
    (row, *_) = await daemon.store.history()
    path = f"/api/v1/episodes/{row.episode}"

    status, first = await post(client, f"{path}/ack", {"by": "anna"})
    _, second = await post(client, f"{path}/ack", {"by": "bo"})

    _, episode = await get(client, path)
    assert (status, first["acknowledged"], first["news"]) == (200, row.episode, True)
    assert (second["acknowledged_by"], second["news"]) == ("anna", False)
    assert first["labels"]["alertname"] == row.alert
    assert episode["acknowledged_by"] == "anna"


async def test_acknowledging_nothing_is_404(paged: Paged) -> None:
    """It says so."""
    _, client = paged

    answer = await post(client, "/api/v1/episodes/77/ack", {"by": "anna"})

    assert answer == (404, {"error": "no such episode"})


async def test_outbox_lists_what_waits(paged: Paged) -> None:
    """Oldest first."""
    _, client = paged

    _, rows = await get(client, "/api/v1/outbox")

    assert [(row["recipient"], row["state"]) for row in rows] == [
        ("anna", "waiting"),
        ("bo", "waiting"),
    ]


async def test_nothing_leaves_while_held(
    paged: Paged, told: ToldBy, clock: Clock
) -> None:
    """And it leaves when the hold ends, by itself."""
    daemon, client = paged

    answer = await post(client, "/api/v1/outbox/hold", {"seconds": 60})

    held = await told(daemon)
    clock.forward(timedelta(seconds=61))
    assert answer == (200, {"held_until": "2026-11-22T09:01:00Z"})
    assert held == {}
    assert set(await told(daemon)) == {"anna", "bo"}


async def test_released_leaves_at_once(paged: Paged, told: ToldBy) -> None:
    """A hold can be taken back."""
    daemon, client = paged
    await post(client, "/api/v1/outbox/hold", {"seconds": 3600})

    answer = await post(client, "/api/v1/outbox/release")

    assert answer == (200, {"held_until": None})
    assert set(await told(daemon)) == {"anna", "bo"}


async def test_cancelled_is_not_sent_and_requeued_is(
    paged: Paged, told: ToldBy
) -> None:
    """Each says which ids it could do that to."""
    daemon, client = paged
    _, rows = await get(client, "/api/v1/outbox")
    ids = [row["notification"] for row in rows]

    cancelled = await post(
        client, "/api/v1/outbox/cancel", {"notifications": [*ids, 999]}
    )
    nothing = await told(daemon)
    requeued = await post(
        client, "/api/v1/outbox/requeue", {"notifications": [ids[0], 999]}
    )

    assert (cancelled[1], nothing) == ({"cancelled": ids}, {})
    assert requeued == (200, {"requeued": [ids[0]]})
    assert set(await told(daemon)) == {"anna"}


async def test_quarantine_shows_what_could_not_be_read(paged: Paged) -> None:
    """From whom, why, and the body."""
    _, client = paged
    async with client.post(HOOK, data=b"{}"):
        pass

    _, (kept,) = await get(client, "/api/v1/quarantine")

    assert (kept["source"], kept["body"]) == ("am", "{}")
    assert kept["reason"].startswith("no alerts array")


async def test_backup_is_a_store_of_its_own(
    serve: Serve, group: Group, tmp_path: Path
) -> None:
    """A consistent copy, while the daemon runs."""
    _, client = await serve(file=tmp_path / "alertbridge.db")
    async with client.post(HOOK, json=group("DiskFull")):
        pass
    to = tmp_path / "copy.db"

    answer = await post(client, "/api/v1/backup", {"path": str(to)})

    copy = sqlite3.connect(to)
    (count,) = copy.execute("SELECT count(*) FROM notification").fetchone()
    copy.close()
    assert (answer, count) == ((200, {"backup": str(to)}), 2)


async def test_backup_overwrites_nothing(serve: Serve, tmp_path: Path) -> None:
    """Who may ask for a copy may not destroy a file by it."""
    _, client = await serve(file=tmp_path / "alertbridge.db")
    there = tmp_path / "precious"
    there.write_text("precious", "utf-8")

    status, answer = await post(client, "/api/v1/backup", {"path": str(there)})

    assert (status, there.read_text("utf-8")) == (400, "precious")
    assert answer == {"error": f"{there} exists; name a file that does not"}


@pytest.mark.parametrize(
    ("path", "says"),
    [
        pytest.param(
            "/no/such/folder/copy.db",
            "there is no folder /no/such/folder here; make it, or name another",
            id="no-folder",
        ),
        pytest.param(
            "/dev/full", "/dev/full exists; name a file that does not", id="device"
        ),
        pytest.param(
            f"/{'x' * 300}/copy.db",
            f"/{'x' * 300}/copy.db: File name too long; name another",
            id="too-long",
        ),
    ],
)
async def test_backup_names_the_file_and_what_to_do(
    serve: Serve, path: str, says: str
) -> None:
    """An operator with a typo reads what to mend, not what `open` said."""
    _, client = await serve()

    answer = await post(client, "/api/v1/backup", {"path": path})

    assert answer == (400, {"error": says})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_backup_wants_a_folder_that_the_daemon_may_write(
    serve: Serve, tmp_path: Path
) -> None:
    """Under the unit that is only the folder of its store."""
    _, client = await serve()
    folder = tmp_path / "not-ours"
    folder.mkdir(mode=0o500)

    status, answer = await post(client, "/api/v1/backup", {"path": f"{folder}/x.db"})

    assert (status, "may not write in" in answer["error"]) == (400, True)


async def test_backup_that_cannot_be_written_says_so(
    serve: Serve, tmp_path: Path
) -> None:
    """503 with one line, not a bug."""
    path = "/proc/copy.db"
    _, client = await serve(file=tmp_path / "alertbridge.db")

    status, answer = await post(client, "/api/v1/backup", {"path": path})

    assert status == 503
    assert "\n" not in answer["error"]


async def test_a_test_page_goes_the_whole_way(serve: Serve, told: ToldBy) -> None:
    """It is a page like any other, and says that it is a test."""
    daemon, client = await serve()

    status, answer = await post(client, "/api/v1/test/bo")

    texts = await told(daemon)
    assert (status, set(answer), set(texts)) == (200, {"episode"}, {"bo"})
    assert "this is a test" in texts["bo"][0]


async def test_a_test_page_to_nobody_names_those_there_are(serve: Serve) -> None:
    """And shows no number in full."""
    _, client = await serve()

    status, answer = await post(client, "/api/v1/test/boo")

    assert status == 404
    assert "anna, bo" in answer["error"]
    assert BARE not in answer["error"]


async def test_numbers_are_masked_in_every_answer(serve: Serve, told: ToldBy) -> None:
    """A recipient that is a bare number is shown by its ends."""
    daemon, client = await serve()
    await post(client, f"/api/v1/test/{BARE.replace('+', '%2B')}")

    _, waiting = await get(client, "/api/v1/outbox")
    await told(daemon)
    _, rows = await get(client, "/api/v1/history")

    assert waiting[0]["recipient"] == rows[0]["recipient"] == "+467*****650"


BAD = [
    pytest.param("outbox/hold", {}, "seconds: Field required", id="missing"),
    pytest.param("outbox/hold", {"seconds": 0}, "seconds: ", id="zero"),
    pytest.param("outbox/hold", {"seconds": 86401}, "seconds: ", id="over-a-day"),
    pytest.param("outbox/hold", {"seconds": "60"}, "seconds: ", id="text"),
    pytest.param("outbox/hold", {"seconds": 6, "x": 1}, "x: Extra", id="unknown-key"),
    pytest.param("outbox/hold", b"{", "body: Invalid JSON", id="not-json"),
    pytest.param("outbox/hold", b"", "body: Invalid JSON", id="empty"),
    pytest.param("outbox/hold", b"\xff", "body: Invalid JSON", id="not-utf-8"),
    pytest.param("outbox/hold", b'{"seconds": NaN}', "", id="nan"),
    pytest.param("outbox/cancel", {"notifications": []}, "notifications: ", id="none"),
    pytest.param(
        "outbox/cancel",
        {"notifications": [2**63]},
        "notifications.0",
        id="over-64-bits",
    ),
    pytest.param("outbox/requeue", {"notifications": [-1]}, "notifications.0", id="id"),
    pytest.param("episodes/1/ack", {"by": ""}, "by: ", id="nobody"),
    pytest.param("episodes/1/ack", {"by": "x" * 101}, "by: ", id="long-name"),
    pytest.param("episodes/1/ack", b'{"by": "\\ud800"}', "", id="lone-surrogate"),
    pytest.param("backup", {"path": "copy.db"}, "path: ", id="relative-path"),
    pytest.param("backup", {"path": "/x\0y"}, "path: ", id="nul-in-path"),
]


@pytest.mark.parametrize(("path", "body", "error"), BAD)
async def test_a_bad_request_is_400_with_one_line_that_names_the_place(
    paged: Paged, path: str, body: object, error: str
) -> None:
    """Never a 500, whatever was sent."""
    _, client = paged

    status, answer = await post(client, f"/api/v1/{path}", body)

    assert status == 400
    assert answer["error"].startswith(error)
    assert "\n" not in answer["error"]


async def test_a_request_over_a_megabyte_is_413(paged: Paged) -> None:
    """Nothing that is asked here is as long."""
    _, client = paged

    status, answer = await post(client, "/api/v1/outbox/cancel", b" " * 1_048_577)

    assert (status, set(answer)) == (413, {"error"})


async def test_a_request_that_cannot_be_unpacked_is_400(paged: Paged) -> None:
    """With one line that says so."""
    _, client = paged

    async with client.post(
        "/api/v1/outbox/cancel",
        data=b"not packed",
        headers={"Content-Encoding": "gzip"},
    ) as response:
        answer = (response.status, set(await response.json()))

    assert answer == (400, {"error"})


async def test_a_full_disk_is_503(paged: Paged, disk: Disk) -> None:
    """What was asked for has not been done."""
    _, client = paged
    disk.full = True

    answer = await post(client, "/api/v1/outbox/hold", {"seconds": 60})

    assert answer == (503, {"error": "database or disk is full"})
