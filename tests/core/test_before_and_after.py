"""The page that shows our texts beside the usual ones shows what the code writes.

Run with `ALERTBRIDGE_WRITE_DOCS=1` it writes the page anew.
"""

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from alertbridge.core.alert import SourceName
from alertbridge.core.compose import Style, compose
from alertbridge.core.encoding import measure
from alertbridge.core.mailbox import Letter
from alertbridge.core.message import DataCoding, Text
from alertbridge.core.notification import (
    EpisodeId,
    EpisodeView,
    Fact,
    Kind,
    NotificationId,
)
from alertbridge.core.rules import Budget
from alertbridge.core.severity import SeverityRule

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "before-and-after.md"
CORPUS = HERE.parent / "data" / "corpus.jsonl"
EXAMPLES = re.compile(r"(?<=<!-- examples -->\n).*(?=<!-- /examples -->)", re.DOTALL)

NOW = datetime(2026, 11, 22, 2, 42, tzinfo=UTC)
SHOWN = (
    "AlertmanagerClusterDown",
    "KubePodCrashLooping",
    "KubeNodeNotReady",
    "KubeCPUOvercommit",
    "KubeDeploymentGenerationMismatch",
    "NodeFilesystemSpaceFillingUp",
    "NodeRAIDDegraded",
    "NodeClockSkewDetected",
    "NodeCPUHighUsage",
    "NodeSystemdServiceFailed",
    "PrometheusErrorSendingAlertsToAnyAlertmanager",
    "PrometheusRemoteWriteBehind",
)
"""A dozen: short and long, critical and not, some whose summary says nothing."""

Alert = dict[str, dict[str, str]]


def corpus() -> list[Alert]:
    """Every alert of the corpus."""
    return [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()]


def before(alert: Alert) -> Text:
    """The usual template."""
    labels, annotations = alert["labels"], alert["annotations"]
    words = (labels["alertname"], *map(annotations.get, ("summary", "description")))
    return measure(" ".join(("[FIRING]", *filter(None, words))).strip())


def after(alert: Alert) -> Text:
    """Ours, at the default budget."""
    severity = SeverityRule().classify(alert["labels"])
    fact = Fact(
        id=NotificationId(1),
        kind=Kind.FIRING,
        round=0,
        severity=severity,
        episode=EpisodeView(
            id=EpisodeId(1),
            source=SourceName("prometheus"),
            labels=alert["labels"],
            annotations=alert["annotations"],
            starts_at=NOW - timedelta(minutes=1),
        ),
        receiver="sre",
        numbers=(),
        created_at=NOW,
    )
    style = Style(timezone=ZoneInfo("Europe/Stockholm"), budget=Budget().of(severity))
    return compose(Letter(firing=(fact,)), style, NOW).text


def segments(text: Text) -> str:
    """How a text is billed."""
    coding = "" if text.coding is DataCoding.GSM else ", UCS-2"
    return f"{text.segments} segment{'s' * (text.segments > 1)}{coding}"


def totals(name: str, texts: list[Text]) -> str:
    """One row of the table."""
    one = sum(text.segments == 1 for text in texts)
    two = sum(text.segments <= 2 for text in texts)
    return (
        f"| {name} | {sum(text.segments for text in texts)} | {one / len(texts):.1%}"
        f" | {two / len(texts):.1%} | {max(text.segments for text in texts)} |\n"
    )


def page() -> str:
    """Write what the page has between its marks."""
    alerts = corpus()
    blocks = [
        f"\nAll {len(alerts)} of them, one SMS each:\n\n",
        "| | segments in all | in one | in at most two | the longest |\n",
        "|---|---|---|---|---|\n",
        totals("before", [before(alert) for alert in alerts]),
        totals("after", [after(alert) for alert in alerts]),
    ]
    for number, name in enumerate(SHOWN, 1):
        alert = next(a for a in alerts if a["labels"]["alertname"] == name)
        was, now = before(alert), after(alert)
        blocks.append(
            f"\n## {number}. {name}\n\n"
            f"Before ({segments(was)}):\n\n```text\n{was.body}\n```\n\n"
            f"After ({segments(now)}):\n\n```text\n{now.body}\n```\n"
        )
    return "".join(blocks) + "\n"


def test_the_page_is_what_the_code_writes() -> None:
    """No example and no figure on the page is an old one."""
    text = PAGE.read_text("utf-8")
    if os.environ.get("ALERTBRIDGE_WRITE_DOCS"):
        text = EXAMPLES.sub(lambda _: page(), text)
        PAGE.write_text(text, "utf-8")

    shown = EXAMPLES.search(text)

    assert shown is not None
    assert shown[0] == page()


def test_ours_are_shorter_and_say_where() -> None:
    """Little more than half the segments; the usual one often names no machine."""
    alerts = corpus()
    was = sum(before(alert).segments for alert in alerts)
    now = sum(after(alert).segments for alert in alerts)

    assert now <= 0.55 * was
