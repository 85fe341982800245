"""The page behind a text's link: what it shows, what it takes, and from whom."""

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientResponse, ClientSession
from structlog.testing import capture_logs

from alertbridge.core.ack import AckRule
from alertbridge.web.guesses import MOST_CLIENTS, MOST_MISSES, Guesses
from alertbridge.wiring import Daemon

Serve = Callable[..., Awaitable[tuple[Daemon, ClientSession]]]
ToldBy = Callable[[Daemon], Awaitable[dict[str, list[str]]]]
Group = Callable[..., dict[str, object]]
Raw = Callable[..., Awaitable[bytes]]
ADDRESS = "https://pages.example.org"
BUTTON = {"take": "all"}
NOWHERE = "/a/7HGK2M4QWXYZA"


class Clock(Protocol):
    """What these tests use of the clock in the conftest."""

    def forward(self, by: timedelta) -> None:
        """Move on."""


class Disk(Protocol):
    """What these tests use of the disk in the conftest."""

    full: bool
    writes: int


class Reader(HTMLParser):
    """What a page holds: its tags, its words, and its forms' methods."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        """Keep words, not the style's."""
        if self.tags and self.tags[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        """All words."""
        return " ".join(" ".join(self.words).split())


def turn_on(daemon: Daemon, **changes: object) -> None:
    """Put links in force, as a reload would."""
    rule = replace(AckRule(codes=True, address=ADDRESS), **changes)  # type: ignore[arg-type]
    rules = daemon.current.rules
    # Anna is in Stockholm: at any time both read the same clock, and the same text.
    berlin = {
        name: replace(person, timezone=ZoneInfo("Europe/Berlin"))
        for name, person in rules.recipients.items()
        if name == "bo"
    }
    people = {**rules.recipients, **berlin}
    daemon.current.rules = replace(rules, ack=rule, recipients=people)


async def read(response: ClientResponse) -> Reader:
    """Read a page."""
    assert response.content_type == "text/html"
    return Reader(await response.text())


@pytest.fixture
def linked(
    serve: Serve, group: Group, told: ToldBy
) -> Callable[..., Awaitable[tuple[Daemon, ClientSession, str]]]:
    """Serve with links on, page about *names*; returns the path of the link, too."""

    async def start(*names: str, **labels: str) -> tuple[Daemon, ClientSession, str]:
        daemon, client = await serve()
        turn_on(daemon)
        made = group(*names or ("DiskFull",), **labels)
        async with client.post("/v1/webhooks/am", json=made) as response:
            assert response.status == 200
        (text,) = (await told(daemon))["anna"]
        found = re.search(f"{ADDRESS}(/a/[0-9A-Z]+) Ack 10$", text)
        assert found is not None, text
        return daemon, client, found[1]

    return start


Linked = Callable[..., Awaitable[tuple[Daemon, ClientSession, str]]]


async def test_a_link_shows_the_full_list(linked: Linked) -> None:
    """Also what the text had no room for."""
    names = [f"Alert{n:02}" for n in range(40)]
    _, client, link = await linked(*names, host="db1")
    async with client.get(link) as response:
        page = await read(response)

    assert response.status == 200
    assert all(name in page.text for name in names)
    assert page.text.count("db1") >= 40
    assert "40 alerts fire" in page.text
    assert "Acknowledge all 40" in page.text


async def test_times_are_utc_unless_all_readers_share_a_zone(linked: Linked) -> None:
    """Anna is in Stockholm, bo in Berlin; the zone is always named."""
    _, client, link = await linked()
    async with client.get(link) as response:
        both = await read(response)

    assert "Times in UTC" in both.text
    assert "since 08:59" in both.text


async def test_times_are_those_of_the_one_who_reads_them(linked: Linked) -> None:
    """The same as in the text."""
    _, client, link = await linked(severity="info")
    async with client.get(link) as response:
        anna = await read(response)

    assert "Times in Europe/Stockholm" in anna.text
    assert "since 09:59" in anna.text


async def test_a_get_never_acknowledges(linked: Linked) -> None:
    """Mail scanners, link previews and HEAD follow links."""
    daemon, client, link = await linked()
    for method in ("GET", "HEAD"):
        async with client.request(method, link) as response:
            assert response.status == 200
    async with client.get(f"{link}?take=all") as response:
        page = await read(response)
    row = await daemon.store.show(1)  # type: ignore[arg-type]

    assert row is not None
    assert row.acknowledged_by is None
    assert "Acknowledge" in page.text


async def test_the_button_acknowledges_and_shows_it(linked: Linked) -> None:
    """A text that two people got is taken by whoever has the link."""
    daemon, client, link = await linked("A", "B")
    async with client.post(link, data=BUTTON, allow_redirects=False) as response:
        seen = response.status, response.headers["Location"]
    async with client.post(link, data=BUTTON) as response:
        page = await read(response)
    rows = [await daemon.store.show(n) for n in (1, 2)]  # type: ignore[arg-type]

    assert seen == (303, link.removeprefix("/a/"))
    assert [row.acknowledged_by for row in rows if row] == ["link", "link"]
    assert "Acknowledged By link, 09:00. 2 still fire." in page.text
    assert "button" not in page.tags


async def test_the_one_who_got_the_text_is_the_one_who_took_it(linked: Linked) -> None:
    """The link was in nobody else's text."""
    _, client, link = await linked(severity="info")
    async with client.post(link, data=BUTTON) as response:
        page = await read(response)

    assert "Acknowledged by anna, 10:00" in page.text


async def test_a_link_is_read_as_people_type_it(linked: Linked) -> None:
    """From one phone into another machine."""
    _, client, link = await linked()
    async with client.get(link.lower()) as response:
        assert response.status == 200


async def test_what_is_over_says_so_and_is_not_taken(
    linked: Linked, group: Group, clock: Clock
) -> None:
    """A button for it would be a lie."""
    _, client, link = await linked("A", "B")
    clock.forward(timedelta(minutes=1))
    pages = []
    for name in ("A", "B"):
        made = group(name, status="resolved")
        async with client.post("/v1/webhooks/am", json=made):
            pass
        async with client.get(link) as response:
            pages.append(await read(response))

    assert "1 alert fires" in pages[0].text
    assert "Over: fired 08:59-09:00 (1m)" in pages[0].text
    assert "All of it is over" in pages[1].text
    assert "button" not in pages[1].tags


EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


async def test_what_its_source_is_silent_about_may_be_over(
    linked: Linked, clock: Clock
) -> None:
    """Who is on the way should know."""
    daemon, client, link = await linked()
    clock.forward(timedelta(days=3))
    now = daemon.clock.now()
    await daemon.store.mark_stale(now - timedelta(days=2), now)
    async with client.get(link) as response:
        page = await read(response)

    assert "its source has been silent, it may be over" in page.text


async def test_labels_and_summaries_are_words_and_nothing_else(linked: Linked) -> None:
    """A stranger who can name a host gets no script onto a page of ours."""
    _, client, link = await linked(f"A{EVIL}", host=f"h{EVIL}", severity="critical")
    async with client.get(link) as response:
        page = await read(response)

    assert {"script", "img"} & set(page.tags) == set()
    assert "alert(1)" in page.text
    assert not any(name.startswith("on") for name, _ in page.attributes)


async def test_a_name_that_acknowledged_is_words_too(linked: Linked) -> None:
    """And a phone number is nobody's business."""
    daemon, client, link = await linked("A", "B")
    for number, by in ((1, EVIL), (2, "+46701740650")):
        await daemon.store.acknowledge(number, by, daemon.clock.now())  # type: ignore[arg-type]
    async with client.get(link) as response:
        html = await response.text()

    assert "<script" not in html
    assert "4670174" not in html
    assert "somebody" in html


async def test_a_bare_number_takes_as_the_link(
    serve: Serve, told: ToldBy, clock: Clock
) -> None:
    """Its recipient's name is a phone number."""
    daemon, client = await serve()
    turn_on(daemon)
    rules = daemon.current.rules
    bare = rules.receivers["bare"]  # type: ignore[index]
    daemon.current.rules = replace(
        rules, receivers=dict.fromkeys(rules.receivers, bare)
    )
    async with client.post("/v1/page", json={"summary": "db1 is full"}):
        pass
    ((text,),) = (await told(daemon)).values()
    link = "/a/" + text.rpartition("/a/")[2].split()[0]
    async with client.post(link, data=BUTTON) as response:
        html = await response.text()

    assert "Acknowledged by link" in html
    assert "+467" not in html


@pytest.mark.parametrize("path", [NOWHERE, "/a/x", "/a/" + "9" * 500, "/a/%00"])
async def test_unknown_expired_and_turned_off_have_the_same_answer(
    linked: Linked, clock: Clock, path: str
) -> None:
    """Who guesses learns nothing, not even that links are on."""
    daemon, client, link = await linked()
    answers = []
    async with client.get(path) as response:
        answers.append((response.status, await response.text()))
    async with client.post(path, data=BUTTON) as response:
        answers.append((response.status, await response.text()))
    clock.forward(timedelta(days=7))
    async with client.get(link) as response:
        answers.append((response.status, await response.text()))
    turn_on(daemon, address=None)
    async with client.get(link) as response:
        answers.append((response.status, await response.text()))

    assert {status for status, _ in answers} == {404}
    assert len({text for _, text in answers}) == 1


async def test_a_link_outlives_its_code(linked: Linked, clock: Clock) -> None:
    """For `ack.link_lifetime`."""
    _, client, link = await linked()
    clock.forward(timedelta(days=6, hours=23))
    async with client.get(link) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": ADDRESS}, 303),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ADDRESS, "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_only_our_own_page_may_post(
    linked: Linked, headers: Mapping[str, str], status: int
) -> None:
    """As far as browsers say where a form was."""
    daemon, client, link = await linked()
    async with client.post(
        link, data=BUTTON, headers=headers, allow_redirects=False
    ) as response:
        assert response.status == status
    row = await daemon.store.show(1)  # type: ignore[arg-type]

    assert row is not None
    assert (row.acknowledged_by is not None) == (status == 303)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/x-www-form-urlencoded", 400),
        (b"take=none", "application/x-www-form-urlencoded", 400),
        (b"take=all&take=all", "application/x-www-form-urlencoded", 400),
        (b"a=1&" * 50, "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe%ff", "application/x-www-form-urlencoded", 400),
        (b'{"take": "all"}', "application/json", 400),
        (b"take=all", "text/plain", 400),
        (b"take=all&x=" + b"x" * 10240, "application/x-www-form-urlencoded", 413),
    ],
)
async def test_what_is_not_the_button_takes_nothing(
    linked: Linked, body: bytes, content_type: str, status: int
) -> None:
    """A line of ours each, never a 500."""
    daemon, client, link = await linked()
    headers = {"Content-Type": content_type}
    async with client.post(link, data=body, headers=headers) as response:
        assert response.status == status
    row = await daemon.store.show(1)  # type: ignore[arg-type]

    assert row is not None
    assert row.acknowledged_by is None


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_another_method_is_405(linked: Linked, method: str) -> None:
    """And does nothing."""
    _, client, link = await linked()
    async with client.request(method, link, data=BUTTON) as response:
        assert response.status == 405


@pytest.mark.parametrize("path", ["link", NOWHERE])
async def test_every_answer_keeps_the_address_to_itself(
    linked: Linked, path: str
) -> None:
    """No cache, no frame, no script, no other site, no search engine."""
    _, client, link = await linked()
    async with client.get(link if path == "link" else path) as response:
        headers, html = response.headers, await response.text()
    policy = headers["Content-Security-Policy"]
    style = html.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()

    assert policy.startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "http://" not in html
    assert "https://" not in html


async def test_who_guesses_has_to_wait_and_the_next_one_does_not(
    linked: Linked, clock: Clock
) -> None:
    """Behind one proxy they come from one address; the proxy says who they are."""
    _, client, link = await linked()
    guesser = {"X-Forwarded-For": "198.51.100.9, 203.0.113.7"}
    seen = []
    for _ in range(MOST_MISSES + 1):
        async with client.get(NOWHERE, headers=guesser) as response:
            seen.append(response.status)
    async with client.get(link, headers=guesser) as response:
        seen.append(response.status)
    async with client.post(link, headers=guesser, data=BUTTON) as response:
        seen.append(response.status)
    other = {"X-Forwarded-For": "203.0.113.7, 203.0.113.8"}
    async with client.get(link, headers=other) as response:
        seen.append(response.status)
    clock.forward(timedelta(minutes=1))
    async with client.get(link, headers=guesser) as response:
        seen.append(response.status)

    assert seen == [404] * MOST_MISSES + [429, 429, 429, 200, 200]


async def test_a_whole_ipv6_network_guesses_as_one(linked: Linked) -> None:
    """Its owner has 2^64 addresses."""
    _, client, _ = await linked()
    seen = []
    for n in range(MOST_MISSES + 1):
        headers = {"X-Forwarded-For": f"2001:db8::{n:x}"}
        async with client.get(NOWHERE, headers=headers) as response:
            seen.append(response.status)

    assert seen == [404] * MOST_MISSES + [429]


def test_guessers_fill_no_memory(clock: Clock) -> None:
    """However many addresses they come from."""
    guesses, now = Guesses(), clock.now()  # type: ignore[attr-defined]
    for n in range(MOST_CLIENTS * 3):
        guesses.note(f"client{n}", now)

    assert len(guesses.clients) == MOST_CLIENTS


async def test_a_store_that_is_away_is_said(linked: Linked, disk: Disk) -> None:
    """503, and nothing was taken."""
    _, client, link = await linked()
    disk.full = True
    async with client.post(link, data=BUTTON) as response:
        page = await read(response)

    assert response.status == 503
    assert "Try again" in page.text


async def test_looking_writes_nothing(linked: Linked, disk: Disk) -> None:
    """The world may look as often as it likes; the disk is for pages."""
    _, client, link = await linked()
    before = disk.writes
    for path in (link, NOWHERE):
        async with client.get(path):
            pass
    async with client.post(NOWHERE, data=BUTTON):
        pass

    assert disk.writes == before


async def test_no_log_holds_a_link(linked: Linked, disk: Disk) -> None:
    """Logs are read by more people than texts are: also when everything breaks."""
    with capture_logs() as logs:
        daemon, client, link = await linked()
        async with client.post(link, data=BUTTON):
            pass
        disk.full = True
        async with client.post(link, data=BUTTON):
            pass
        daemon.doors.guesses = None  # type: ignore[assignment]
        async with client.get(link) as response:
            assert response.status == 500

    events = {entry["event"] for entry in logs}
    assert {"episodes.acknowledged", "store.failed", "request.failed"} <= events
    assert link.removeprefix("/a/") not in str(logs)


async def test_a_reload_turns_links_on_and_off(
    serve: Serve, tmp_path: Path, told: ToldBy, group: Group
) -> None:
    """What was sent while they were on is found again once they are."""
    daemon, client = await serve()
    path = tmp_path / "alertbridge.yaml"
    off = path.read_text("utf-8")
    on = off.replace("server:\n", f"server:\n  external_url: {ADDRESS}\n")
    path.write_text(f"{on}ack: {{links: true}}\n", "utf-8")
    seen = [(await daemon.reload()).ok]
    async with client.post("/v1/webhooks/am", json=group("DiskFull")):
        pass
    (text,) = (await told(daemon))["anna"]
    link = "/a/" + text.rpartition("/a/")[2]
    statuses = []
    for content in (f"{on}ack: {{links: true}}\n", off, f"{on}ack: {{links: true}}\n"):
        path.write_text(content, "utf-8")
        seen.append((await daemon.reload()).ok)
        async with client.get(link) as response:
            statuses.append(response.status)

    assert seen == [True] * 4
    assert statuses == [200, 404, 200]
    assert "Ack" not in text
