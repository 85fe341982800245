"""`explain`: who would get which text, and why not the others; nothing is sent."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]

TESTS = Path(__file__).parent.parent
PAYLOADS = TESTS / "payloads"
CORPUS = TESTS / "data" / "corpus.jsonl"
GROUP = PAYLOADS / "alertmanager" / "group5_firing.am0.33.1.json"


def test_a_captured_group_is_explained(run: Run) -> None:
    """Its route with the line, then each text with its cost."""
    done = run("explain", str(GROUP))

    assert done.stdout.splitlines()[:4] == [
        "firing HighLatency x5",
        "  -> sre  (pager.yaml:11)",
        "",
        "anna (+467*****605) by console: 1 segment, gsm, 75 characters",
    ]


@pytest.mark.parametrize(
    ("source", "body"),
    [
        pytest.param(
            "alertmanager",
            PAYLOADS / "alertmanager" / "group500.am0.25.0.json",
            id="alertmanager-0.25-storm",
        ),
        pytest.param(
            "grafana", PAYLOADS / "grafana" / "unified_mixed.json", id="grafana-mixed"
        ),
        pytest.param(
            "grafana",
            PAYLOADS / "grafana" / "legacy_v7_alerting.json",
            id="grafana-7",
        ),
    ],
)
def test_other_sources_are_explained_too(run: Run, source: str, body: Path) -> None:
    """Whoever posts, somebody would be told, or it is said why nobody."""
    done = run("explain", "--source", source, str(body))

    assert (done.exit_code, "->" in done.stdout) == (0, True)


def test_why_nobody_would_be_told_is_said(run: Run) -> None:
    """The question is as often "why not?"."""
    resolved = PAYLOADS / "alertmanager" / "firing_then_resolved_2of2.am0.33.1.json"

    done = run("explain", str(resolved))

    assert "everybody: not told, never_heard" in done.stdout
    assert done.stdout.endswith("nobody would be told\n")


def test_no_number_is_shown_whole(run: Run, tmp_path: Path) -> None:
    """Not even one that is its own recipient's name."""
    body = tmp_path / "body.json"
    alert = {"status": "firing", "labels": {"alertname": "Slow", "team": "db"}}
    body.write_text(json.dumps({"version": "4", "alerts": [alert]}), "utf-8")

    shown = (
        run("explain", str(body)).stdout + run("explain", "--json", str(body)).stdout
    )

    assert ("+467*****620" in shown, "+4670174" in shown) == (True, False)


def test_a_body_may_come_from_a_pipe(run: Run) -> None:
    """`curl … | alertbridge explain -`."""
    assert run("explain", "-", stdin=GROUP.read_text("utf-8")).exit_code == 0


def test_a_body_of_another_shape_exits_with_1(run: Run) -> None:
    """And says what it may be instead."""
    done = run("explain", "-", stdin='{"text": "hello"}')

    assert (done.exit_code, "custom payload" in done.stderr) == (1, True)


def test_an_unknown_source_names_the_known(run: Run) -> None:
    """Wrong usage."""
    done = run("explain", "--source", "prometheus", str(GROUP))

    assert (done.exit_code, "alertmanager, grafana" in done.stderr) == (2, True)


def test_a_corpus_is_summed_up(run: Run) -> None:
    """One alert a line: what a month of them would cost in segments."""
    lines = run("explain", "--summary", str(CORPUS)).stdout.splitlines()

    assert lines[0].startswith(f"{len(CORPUS.read_text('utf-8').splitlines())} posts")
    assert lines[1].startswith("1 x gsm: ")


def test_a_line_that_is_not_json_is_named(run: Run, tmp_path: Path) -> None:
    """By its number."""
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text('{"labels": {"alertname": "A"}}\nnonsense\n', "utf-8")

    done = run("explain", str(corpus))

    assert (done.exit_code, "corpus.jsonl:2: not JSON" in done.stderr) == (1, True)


def test_a_label_cannot_move_the_cursor(run: Run) -> None:
    """Labels are strangers' words, and a terminal obeys escapes."""
    alert = {"status": "firing", "labels": {"alertname": "A\x1b[2J"}}

    done = run("explain", "-", stdin=json.dumps({"version": "4", "alerts": [alert]}))

    assert ("\x1b" in done.stdout, r"A\x1b[2J" in done.stdout) == (False, True)
