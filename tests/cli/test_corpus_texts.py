"""The texts of 139 real alerts, by the command that counts an operator's own."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from alertbridge.core.readable import readable
from alertbridge.core.wording_place import WHERE, short_pod, without_domain

Run = Callable[..., Result]

CORPUS = Path(__file__).parent.parent / "data" / "corpus.jsonl"
OBJECTS = (
    *("node", "deployment", "statefulset", "daemonset", "job_name", "pod"),
    *("horizontalpodautoscaler", "poddisruptionbudget", "persistentvolumeclaim"),
    "persistentvolume",
)
STATE = {"critical": "CRITICAL", "none": "FIRING low"}


@pytest.fixture
def texts(run: Run) -> list[tuple[dict[str, str], dict[str, Any]]]:
    """The labels of each alert, and the message that tells it to one person."""
    explained = json.loads(run("explain", "--json", str(CORPUS)).stdout)
    lines = CORPUS.read_text("utf-8").splitlines()
    return [
        (json.loads(line)["labels"], one["messages"][0])
        for line, one in zip(lines, explained, strict=True)
    ]


def test_nearly_all_take_one_segment_and_none_more_than_two(
    texts: list[tuple[dict[str, str], dict[str, Any]]],
) -> None:
    """At the default budgets, as `explain --summary` counts them."""
    sizes = [message["segments"] for _, message in texts]

    assert len(sizes) == 139
    assert sum(size == 1 for size in sizes) / len(sizes) >= 0.95
    assert max(sizes) <= 2


def test_the_summary_counts_the_same(
    run: Run, texts: list[tuple[dict[str, str], dict[str, Any]]]
) -> None:
    """What the command prints is what the test above measures, for every person."""
    lines = run("explain", "--summary", str(CORPUS)).stdout.splitlines()
    share = re.fullmatch(r"1 x gsm: \d+ texts \(([0-9.]+)%\)", lines[1])

    assert share is not None
    assert float(share[1]) >= 95
    assert all(line.startswith(("1 x gsm", "2 x gsm")) for line in lines[1:-1])
    assert lines[-1].startswith("cut: ")
    assert {message["coding"] for _, message in texts} == {"gsm"}


def test_each_says_state_severity_name_place_and_since_when(
    texts: list[tuple[dict[str, str], dict[str, Any]]],
) -> None:
    """In this order, whatever had to be cut."""
    for labels, message in texts:
        body = message["text"]
        state = STATE.get(labels["severity"], f"FIRING {labels['severity']}")
        head, _, rest = body.partition(f" {readable(labels['alertname'])}")

        assert head == state
        assert re.search(r"[Ss]ince ([0-9]+ \w+ )?[0-9:]+$", rest)
        assert any(value in rest for value in telling(labels))


def telling(labels: dict[str, str]) -> set[str]:
    """The value that tells an alert from its siblings, whole and at its shortest.

    What Kubernetes names goes before who was scraped.
    """
    known = [name for name in WHERE if labels.get(name)]
    objects = [name for name in known if name in OBJECTS]
    name = (objects or known)[0]
    value = labels[name].rsplit(":", 1)[0] if name == "instance" else labels[name]
    return {value, without_domain(value), short_pod(value)}


def test_what_is_cut_is_the_tail_of_the_summary_alone(
    texts: list[tuple[dict[str, str], dict[str, Any]]],
) -> None:
    """A cut is marked, and followed by the time; few texts need one."""
    cut = [m["text"] for _, m in texts if "..." in m["text"]]

    assert len(cut) / len(texts) < 0.12
    assert all(re.search(r"\w\.\.\. Since [^.]+$", text) for text in cut)
