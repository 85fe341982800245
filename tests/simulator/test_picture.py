"""The picture of a night: every SMS in it, nothing from outside, nothing unescaped."""

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from alertbridge.config import Forgive, Loaded
from alertbridge.config.timeline import read_timeline
from alertbridge.simulator.picture import picture
from alertbridge.simulator.replay import Replayed, replay
from alertbridge.wiring.loading import load

ROOT = Path(__file__).parent.parent.parent
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e&lt;'
CONFIG = """\
sources: [{name: am, type: alertmanager}]
providers: [{name: console, type: console}]
recipients:
  anna: {phones: ["+46701740605"], timezone: Europe/Stockholm}
  bo: {phones: ["+46701740606"], timezone: America/New_York}
route:
  receiver: all
  routes: [{matchers: [team="db"], receiver: bare}]
receivers:
  - {name: all, recipients: [anna, bo]}
  - {name: bare, phones: ["+46701740620"]}
"""


class Reader(HTMLParser):
    """Notes what a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Its end: the last that was opened."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text."""
        self.text += data


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """Two people far apart, and a bare number."""
    path = tmp_path / "pager.yaml"
    path.write_text(CONFIG, "utf-8")
    return load(path, {}, forgive=Forgive.ALL)


@pytest.fixture
def night(tmp_path: Path, loaded: Loaded) -> Replayed:
    """A night with a hostile name in it, and everything else that is drawn."""
    path = tmp_path / "night.yaml"
    quoted = HOSTILE.replace('"', '\\"')
    path.write_text(
        'start: "2026-11-25T22:00:00Z"\nevents:\n'
        f'  - {{at: 1m, fire: {{alertname: "{quoted}", severity: critical}}}}\n'
        "  - {at: 2m, fire: {alertname: Slow, instance: 'web{1..9}', team: db}}\n"
        "  - {at: 3m, gateway: down}\n"
        "  - {at: 4m, gateway: up}\n"
        "  - {at: 5m, restart: true}\n"
        "  - {at: 9m, resolve: {}}\n",
        "utf-8",
    )
    timeline = read_timeline(path, sources=("am",), providers=("console",))
    return replay(timeline, loaded.rules, {"am": "alertmanager"})


def seen(night: Replayed, loaded: Loaded) -> Reader:
    """Read the picture as a browser does."""
    reader = Reader()
    reader.feed(picture(night, loaded.rules, f"night {HOSTILE}", ["3 SMS & more"]))
    reader.close()
    return reader


def test_every_sms_has_its_mark_and_its_text(night: Replayed, loaded: Loaded) -> None:
    """The text where it is pointed at, and again in the list that prints."""
    page = seen(night, loaded)

    marks = [a for _, a in page.tags if (a.get("class") or "").startswith("mark ")]
    assert len([one for one in marks if "tabindex" in one]) == len(night.phones) > 4
    for sms in night.phones:
        for line in sms.text.body.split("\n"):
            assert page.text.count(line) >= 2
    assert page.open[:1] in ([], ["html"])


def test_strangers_words_make_no_tags(night: Replayed, loaded: Loaded) -> None:
    """Labels, texts and the title are escaped wherever they stand."""
    page = seen(night, loaded)

    assert not {tag for tag, _ in page.tags} & {"script", "img", "a", "link", "iframe"}
    assert not [a for _, a in page.tags if any(name.startswith("on") for name in a)]
    assert "<script>alert(1)" in page.text


def test_nothing_comes_from_outside(night: Replayed, loaded: Loaded) -> None:
    """One file: it works in an archive, and tells nobody that it is looked at."""
    html = picture(night, loaded.rules, "night")

    assert "http" not in html
    assert "url(" not in html
    assert "@import" not in html
    assert not [a for _, a in seen(night, loaded).tags if {"src", "href"} & a.keys()]


def test_no_number_is_shown_whole(night: Replayed, loaded: Loaded) -> None:
    """Not even that of somebody who is only a number."""
    html = picture(night, loaded.rules, "night")

    assert "+4670174" not in html
    assert "+467*****620" in html


def test_each_person_has_their_own_time(night: Replayed, loaded: Loaded) -> None:
    """Anna at 23:01, bo at 17:01, and an axis that says which zone it is in."""
    page = seen(night, loaded)

    assert "25 Nov 23:01:00" in page.text
    assert "25 Nov 17:01:00" in page.text
    assert "times: UTC" in page.text


def test_a_night_without_sms_is_drawn_too(night: Replayed, loaded: Loaded) -> None:
    """Nobody was woken: that, too, is an answer."""
    quiet = replace(night, phones=(), episodes=(), rows=(), happenings=())

    assert "nobody" in seen(quiet, loaded).text
