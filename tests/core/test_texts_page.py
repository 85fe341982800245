"""The page that shows our texts shows what the code writes.

Run with `ALERTBRIDGE_WRITE_DOCS=1` it writes the examples anew; read them aloud before
committing them.
"""

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alertbridge.core.alert import OURSELVES, SourceName
from alertbridge.core.compose import Style, compose
from alertbridge.core.mailbox import Letter
from alertbridge.core.message import DataCoding, Text
from alertbridge.core.notification import (
    EpisodeId,
    EpisodeView,
    Fact,
    Kind,
    NotificationId,
    PostNote,
)
from alertbridge.core.severity import SeverityRule
from alertbridge.core.template import compile_template
from alertbridge.core.wording_place import WHERE

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "texts.md"
CORPUS = HERE.parent / "data" / "corpus.jsonl"
EXAMPLES = re.compile(r"(?<=<!-- examples -->\n).*(?=<!-- /examples -->)", re.DOTALL)

NOW = datetime(2026, 11, 22, 2, 42, tzinfo=UTC)
STYLE = Style(timezone=ZoneInfo("Europe/Stockholm"), budget=2)
TEMPLATE = (
    "{{ status|upper }}{% for a in alerts[:3] %} {{ a.name }}@{{ a.place }}{% endfor %}"
)


def corpus() -> list[Fact]:
    """Every alert of the corpus, as a fact that has just come in."""
    lines = CORPUS.read_text(encoding="utf-8").splitlines()
    return [fact(number, json.loads(line)) for number, line in enumerate(lines, 1)]


def fact(number: int, alert: dict[str, dict[str, str]]) -> Fact:
    """One alert of a webhook's `alerts`."""
    return Fact(
        id=NotificationId(number),
        kind=Kind.FIRING,
        round=0,
        severity=SeverityRule().classify(alert["labels"]),
        episode=EpisodeView(
            id=EpisodeId(number),
            source=SourceName("prometheus"),
            labels=alert["labels"],
            annotations=alert["annotations"],
            starts_at=NOW - timedelta(minutes=1),
        ),
        receiver="sre",
        numbers=(),
        created_at=NOW,
    )


def ended(told: Fact, kind: Kind = Kind.RESOLVED) -> Fact:
    """The end of an alert, eight minutes after it began."""
    begun = NOW - timedelta(minutes=8)
    return replace(
        told, kind=kind, episode=replace(told.episode, starts_at=begun, ends_at=NOW)
    )


def letters() -> dict[str, tuple[Letter, Style]]:
    """What the page shows, by what it says about it."""
    by_name = {told.episode.labels["alertname"]: told for told in corpus()}
    disk = by_name["NodeFilesystemSpaceFillingUp"]
    pod = by_name["KubePodCrashLooping"]
    raid = by_name["NodeRAIDDegraded"]
    skew = by_name["NodeClockSkewDetected"]
    long = by_name["PrometheusErrorSendingAlertsToSomeAlertmanagers"]
    reminded = replace(disk.episode, starts_at=NOW - timedelta(hours=4))
    late = replace(raid, created_at=NOW - timedelta(minutes=12))
    fleet = tuple(
        fact(i, {"labels": {"alertname": "InstanceDown", "instance": f"web{i:03}:9100",
                            "severity": "critical"}, "annotations": {}})
        for i in range(1, 51)
    )  # fmt: skip
    cut_short = tuple(replace(f, note=PostNote("g", truncated=450)) for f in fleet)
    ours = {
        "labels": {"alertname": "ProviderDown", "severity": "critical"},
        "annotations": {"summary": "ip1 refuses our token; 3 pages wait"},
    }
    about_us = fact(1, ours)
    about_us = replace(about_us, episode=replace(about_us.episode, source=OURSELVES))
    persian = {
        "labels": {"alertname": "DiskFull", "instance": "db1"},
        "annotations": {"summary": "دیسک سرور پر شد"},
    }
    both = Letter(
        firing=(disk, pod),
        resolved=(ended(skew),),
        over=(ended(raid, Kind.FIRING),),
    )
    own = replace(STYLE, template=compile_template("short", TEMPLATE))
    return {
        "One critical alert": (Letter(firing=(disk,)), STYLE),
        "One that is not critical: the label's own word": (
            Letter(firing=(pod,)),
            STYLE,
        ),
        "A long summary, at a budget of one segment": (
            Letter(firing=(long,)),
            replace(STYLE, budget=1),
        ),
        "Told late": (Letter(firing=(late,)), STYLE),
        "A reminder": (
            Letter(reminders=(replace(disk, kind=Kind.REMINDER, episode=reminded),)),
            STYLE,
        ),
        "Escalated": (Letter(escalated=(replace(disk, kind=Kind.ESCALATED),)), STYLE),
        "Resolved": (Letter(resolved=(ended(disk),)), STYLE),
        "A digest: the mailbox filled while the cap held": (both, STYLE),
        "A digest of one group, of which the source sent a part": (
            Letter(firing=cut_short),
            STYLE,
        ),
        "A digest of much that is different": (
            Letter(firing=tuple(corpus()[:40])),
            STYLE,
        ),
        "About alertbridge itself": (Letter(firing=(about_us,)), STYLE),
        "Another script: UCS-2, 70 characters a segment": (
            Letter(firing=(fact(2, persian),)),
            STYLE,
        ),
        f"An own template, `{TEMPLATE}`": (both, own),
    }


def cost(text: Text) -> str:
    """Say what a text costs, as the page does."""
    coding = "GSM" if text.coding is DataCoding.GSM else "UCS-2"
    segments = "1 segment" if text.segments == 1 else f"{text.segments} segments"
    return f"{len(text.body)} characters, {coding}, {segments}"


def examples() -> str:
    """Write the examples, as the page has them between its marks."""
    blocks = []
    for title, (letter, style) in letters().items():
        text = compose(letter, style, NOW).text
        blocks.append(f"\n{title} ({cost(text)}):\n\n```text\n{text.body}\n```\n")
    return "".join(blocks) + "\n"


def test_the_examples_are_what_the_code_writes() -> None:
    """No example on the page is an old one."""
    page = PAGE.read_text(encoding="utf-8")
    if os.environ.get("ALERTBRIDGE_WRITE_DOCS"):
        page = EXAMPLES.sub(lambda _: examples(), page)
        PAGE.write_text(page, encoding="utf-8")

    shown = EXAMPLES.search(page)

    assert shown is not None
    assert shown[0] == examples()


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(lambda: list(WHERE), id="labels-that-say-where"),
    ],
)
def test_the_page_names_everything(names: Callable[[], list[str]]) -> None:
    """What a reader may rely on is on the page."""
    page = PAGE.read_text(encoding="utf-8")

    assert [name for name in names() if f"`{name}`" not in page] == []


def test_every_alert_of_the_corpus_is_told_whole() -> None:
    """139 real alerts fit in two segments with nothing cut, most of them in one."""
    texts = [compose(Letter(firing=(told,)), STYLE, NOW).text for told in corpus()]

    assert [text.body for text in texts if "..." in text.body] == []
    assert sum(text.segments == 1 for text in texts) / len(texts) > 0.8


def test_every_alert_of_the_corpus_says_what_and_where() -> None:
    """Each text has the alert's name, a place or a pod, and since when."""
    for told in corpus():
        labels = told.episode.labels
        text = compose(Letter(firing=(told,)), STYLE, NOW).text.body
        places = [value for name in WHERE if (value := labels.get(name))]

        assert labels["alertname"] in text
        assert any(place.split(":")[0].split(".")[0] in text for place in places)
        assert text.endswith("Since 03:41")
