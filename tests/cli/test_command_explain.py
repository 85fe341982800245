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


NEVER_AWAKE = """
time_intervals:
  - name: always
    time_intervals: [{times: [{start_time: "00:00", end_time: "24:00"}]}]
"""


def test_who_sleeps_is_shown_with_the_line_that_says_so(
    run: Run, config: Path, tmp_path: Path
) -> None:
    """Held by quiet hours, until when; what breaks through is a text like any other."""
    text = config.read_text("utf-8")
    name = "send_resolved: false"
    quiet = text.replace(name, f"{name}, quiet_hours: [always]") + NEVER_AWAKE
    config.write_text(quiet, "utf-8")
    line = next(n for n, row in enumerate(quiet.splitlines(), 1) if "bo: {" in row)
    file = tmp_path / "body.json"
    alerts = [
        {"status": "firing", "labels": {"alertname": "Slow", "severity": severity}}
        for severity in ("warning", "critical")
    ]
    file.write_text(json.dumps({"version": "4", "alerts": alerts}), "utf-8")

    shown = run("explain", str(file)).stdout
    (found,) = json.loads(run("explain", "--json", str(file)).stdout)

    (held,) = [row for row in shown.splitlines() if "held until" in row]
    assert held.startswith("bo: held until ")
    assert held.endswith(f", quiet hours (pager.yaml:{line})")
    assert [row["reason"] for row in found["held"]] == ["quiet_hours"]
    assert {row["recipient"] for row in found["messages"]} == {"anna", "bo"}


def body(*alerts: dict[str, object]) -> str:
    """A webhook of these alerts."""
    return json.dumps({"version": "4", "alerts": list(alerts)})


def firing(**labels: str) -> dict[str, object]:
    """An alert that fires."""
    return {
        "status": "firing",
        "labels": {"alertname": "DiskFull", **labels},
        "annotations": {"summary": "Disk is full"},
    }


def test_the_words_and_the_budget_have_their_lines(run: Run, config: Path) -> None:
    """Why this text, and why so long: the line to change."""
    text = config.read_text("utf-8")
    text = text.replace(
        "receiver: quiet\n", "receiver: quiet\n      template: terse\n"
        "      segments: {other: 3}\n"
    ).replace("route:\n", "segments: {critical: 2}\nroute:\n") + (
        "templates: {terse: '{{ status }} {{ alerts[0].name }}'}\n"
    )  # fmt: skip
    config.write_text(text, "utf-8")
    line = text.splitlines().index("      template: terse") + 1
    budget = text.splitlines().index("segments: {critical: 2}") + 1

    low = run("explain", "-", stdin=body(firing(severity="info"))).stdout
    critical = run("explain", "-", stdin=body(firing(severity="critical"))).stdout

    assert f"template terse (pager.yaml:{line}), budget 3 (pager.yaml:{line + 1})" in (
        low
    )
    assert f"  built-in text, budget 2 (pager.yaml:{budget})" in critical


def test_a_budget_nobody_wrote_is_the_default(run: Run) -> None:
    """There is no line to change, but one to write."""
    done = run("explain", "-", stdin=body(firing()))

    assert "(default)" in done.stdout


def test_the_character_that_makes_it_dear_is_named(run: Run) -> None:
    """With its code point and its place in the text."""
    done = run("explain", "-", stdin=body(firing(instance="دیسک")))
    data = json.loads(
        run("explain", "--json", "-", stdin=body(firing(instance="دیسک"))).stdout
    )

    text = data[0]["messages"][0]["text"]
    column = text.index("د") + 1
    assert f"UCS-2 because of 'د' (U+062F) at column {column} of line 1" in (
        done.stdout
    )
    assert data[0]["messages"][0]["outside_gsm"] == {
        "character": "د",
        "line": 1,
        "column": column,
    }


def test_a_text_of_gsm_letters_names_none(run: Run) -> None:
    """Nothing is dear about it."""
    assert "because of" not in run("explain", "-", stdin=body(firing())).stdout


def test_a_template_that_fails_says_so(run: Run, config: Path) -> None:
    """Which one it would have been, and what went wrong."""
    text = config.read_text("utf-8").replace(
        "receiver: sre\n", "receiver: sre\n  template: own\n", 1
    )
    config.write_text(
        text + "templates: {own: '{{ alerts[0].labels.team }}'}\n", "utf-8"
    )

    done = run("explain", "-", stdin=body(firing()))

    assert "  template own (pager.yaml:" in done.stdout
    assert "  built-in text, because: template own, line 1: there is no 'team'" in (
        done.stdout
    )


def test_a_text_that_is_cut_says_what_it_would_take(run: Run) -> None:
    """So that a larger budget can be weighed."""
    long = firing() | {"annotations": {"summary": "word " * 200}}

    done = run("explain", "-", stdin=body(long))
    data = json.loads(run("explain", "--json", "-", stdin=body(long)).stdout)

    (message, *_) = data[0]["messages"]
    assert message["cut"]
    assert message["uncut_segments"] > message["segments"]
    assert (
        f"cut: with all the room it would take {message['uncut_segments']} segments"
        in done.stdout
    )


def test_a_code_at_the_end_does_not_make_a_text_cut(run: Run, config: Path) -> None:
    """More room would say no more of the alert."""
    config.write_text(config.read_text("utf-8") + "ack: {codes: true}\n", "utf-8")

    done = run("explain", "-", stdin=body(firing()))

    assert " Ack 10" in done.stdout.replace("\n  | ", " ")
    assert "cut:" not in done.stdout


def test_the_summary_counts_what_is_cut(run: Run, tmp_path: Path) -> None:
    """The last line: how many texts, and the longest."""
    corpus = tmp_path / "corpus.jsonl"
    long = firing() | {"annotations": {"summary": "word " * 200}}
    corpus.write_text(f"{json.dumps(firing())}\n{json.dumps(long)}\n", "utf-8")

    last = run("explain", "--summary", str(corpus)).stdout.splitlines()[-1]

    assert last.startswith("cut: 2 texts; segments at most: ")
    assert int(last.rpartition(" ")[2]) > 5


def test_a_text_is_explained_with_its_end(run: Run, config: Path) -> None:
    """What it costs includes code and link; the link opens nothing."""
    text = config.read_text("utf-8").replace(
        "server: {", 'server: {external_url: "https://pages.example.org", '
    )
    config.write_text(f"{text}ack: {{codes: true, links: true}}\n", "utf-8")

    done = run("explain", str(GROUP))

    assert "https://pages.example.org/a/0000000000000 Ack 10" in done.stdout


def test_a_watchdog_is_told_to_nobody(run: Run, config: Path, tmp_path: Path) -> None:
    """With the line that expects it; it takes no route."""
    text = config.read_text("utf-8")
    (source,) = (row for row in text.splitlines() if "type: alertmanager" in row)
    watched = source.replace("type: alertmanager", "type: alertmanager, watchdog: {}")
    config.write_text(text.replace(source, watched), "utf-8")
    line = text.splitlines().index(source) + 1
    file = tmp_path / "body.json"
    file.write_text(body({"status": "firing", "labels": {"alertname": "Watchdog"}}))

    shown = run("explain", "--source", "alertmanager", str(file)).stdout

    assert "->" not in shown
    assert f"everybody: not told, watchdog (pager.yaml:{line})" in shown
