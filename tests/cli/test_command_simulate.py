"""`simulate`: a timeline, or last night again, under the config at hand."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from alertbridge.cli.simulate import exit_code
from alertbridge.cli.simulate_report import print_report
from alertbridge.config.timeline import read_timeline
from alertbridge.core.alert import (
    Alert,
    AlertGroup,
    GroupKey,
    SourceName,
    Status,
    fingerprint_of,
)
from alertbridge.core.message import Reference
from alertbridge.core.notification import ProviderName
from alertbridge.core.rules import Rules
from alertbridge.core.stand_in import keys_of_post, plan_post
from alertbridge.engine.current import Current
from alertbridge.simulator.account import Missing
from alertbridge.simulator.replay import replay
from alertbridge.stores.sqlite import open_file
from alertbridge.wiring.loading import load

Run = Callable[..., Result]
UntilTold = Callable[[str], list[dict[str, Any]]]

TIMELINE = """\
start: "2026-11-25T22:00:00+01:00"
events:
  - at: 5m
    fire: {alertname: Disk, instance: "db{1..3}", severity: critical}
    annotations: {summary: "full \\e[2J"}
  - at: 6m
    fire: {alertname: Load, severity: info}
  - at: 30m
    resolve: {alertname: Disk}
"""


@pytest.fixture
def timeline(tmp_path: Path) -> Path:
    """A short night."""
    path = tmp_path / "night.yaml"
    path.write_text(TIMELINE, "utf-8")
    return path


def test_each_phone_is_shown_with_totals_and_the_account(
    run: Run, timeline: Path
) -> None:
    """Masked numbers, harmless texts, segments, cost, and what was not told."""
    done = run("simulate", str(timeline), "--price", "0.5", "--currency", "SEK")

    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("anna (+467*****605), UTC\n  2026-11-25 21:05:00  1 ")
    assert "\nbo (+467*****607), UTC\n" in done.stdout
    totals = "\n4 SMS (4 segments), 2.00 SEK; anna 2, bo 2, by console 4\n"
    assert totals in done.stdout
    assert "every alert is accounted for" in done.stdout
    assert "resolved_unwanted" in done.stdout
    assert "\x1b" not in done.stdout
    assert "+4670174" not in done.stdout


def test_json_says_the_same(run: Run, timeline: Path) -> None:
    """For programs, with times that carry their zone."""
    said = json.loads(run("simulate", "--json", str(timeline)).stdout)

    anna, bo = said["phones"]
    assert (anna["recipient"], bo["recipient"]) == ("anna", "bo")
    assert anna["sms"][0]["at"] == "2026-11-25T21:05:00.000+00:00"
    assert said["totals"]["sms"] == len(anna["sms"]) + len(bo["sms"])
    assert said["alerts"] == 4
    assert (said["accounted_for"], said["missing"]) == (True, [])


def test_it_ends_when_it_is_told_to(run: Run, timeline: Path) -> None:
    """After a duration, or at a time."""
    for until in ("10m", "2026-11-25T22:10:00+01:00"):
        said = json.loads(
            run("simulate", "--json", "--until", until, str(timeline)).stdout
        )
        end = datetime.fromisoformat(said["end"])
        assert end == datetime(2026, 11, 25, 21, 10, tzinfo=UTC)
        assert not [
            sms
            for phone in said["phones"]
            for sms in phone["sms"]
            if "RESOLVED" in sms["text"]
        ]


def test_the_picture_is_written(run: Run, timeline: Path, tmp_path: Path) -> None:
    """Beside the report; where it cannot be, that is said."""
    page = tmp_path / "night.html"

    done = run("simulate", str(timeline), "--html", str(page))
    lost = run("simulate", str(timeline), "--html", str(tmp_path / "no" / "night.html"))

    assert done.exit_code == 0
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert (lost.exit_code, "No such file" in lost.stderr) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="nothing"),
        pytest.param(["TIMELINE", "--from-history"], id="both"),
        pytest.param(["TIMELINE", "--since", "2026-11-25T20:00"], id="since"),
        pytest.param(["TIMELINE", "--until", "soon"], id="until"),
        pytest.param(["TIMELINE", "--until", "2026-11-25T10:00"], id="before"),
        pytest.param(["--from-history", "--since", "soon"], id="no-time"),
        pytest.param(
            ["--from-history", "--since", "2026-11-25T20:00", "--until", "0s"],
            id="no-span",
        ),
        pytest.param(["none.yaml"], id="no-file"),
        pytest.param(["TIMELINE", "--price", "-1"], id="price"),
    ],
)
def test_wrong_usage_exits_with_2(
    run: Run, timeline: Path, arguments: list[str]
) -> None:
    """With a line that says what to write."""
    given = [str(timeline) if one == "TIMELINE" else one for one in arguments]

    done = run("simulate", *given)

    assert (done.exit_code, "Error:" in done.stderr) == (2, True)


def test_a_broken_timeline_exits_with_2(run: Run, tmp_path: Path) -> None:
    """Every problem, each with its place."""
    path = tmp_path / "night.yaml"
    path.write_text("start: today\nevents: [{at: 0s, fire: {a: b}}]", "utf-8")

    done = run("simulate", str(path))

    assert done.exit_code == 2
    assert done.stderr.startswith("night.yaml:1:8: start: not a date and time; ")


def remember(folder: Path, config: Path, begin: datetime, alerts: int) -> None:
    """Let a store live through a night: *alerts* fire, each is told, half are over."""
    rules: Rules = load(config, {}).rules

    async def live() -> None:
        store = open_file(
            folder / "alertbridge.db", (Reference(f"r{n}") for n in count())
        )
        await store.recover(begin, timedelta(seconds=15))
        for number in range(alerts):
            now = begin + timedelta(minutes=number)
            labels = {"alertname": f"A{number}", "severity": "critical"}
            group = AlertGroup(
                source=SourceName("alertmanager"),
                receiver="hook",
                group_key=GroupKey(f"{number}"),
                alerts=(
                    Alert(
                        status=Status.FIRING,
                        fingerprint=fingerprint_of(labels),
                        labels=labels,
                        starts_at=now,
                    ),
                ),
            )
            await store.record(
                keys_of_post(group),
                lambda known, group=group, now=now: plan_post(group, rules, known, now),  # type: ignore[misc]
                now,
            )
            await store.claim({ProviderName("console"): 10}, Current(rules), now)
            # What nobody saw the answer of may have left, and counts.
            await store.recover(now, timedelta(days=1))
        await store.close()

    asyncio.run(live())


def test_last_night_can_be_had_again(run: Run, config: Path, tmp_path: Path) -> None:
    """What came in, from the store's file, beside what was really sent."""
    begin = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
    remember(tmp_path, config, begin, 5)
    span = ("--since", "2026-11-25T20:00:00Z", "--until", "3h")

    done = run("simulate", "--from-history", *span)
    said = json.loads(run("simulate", "--json", "--from-history", *span).stdout)

    assert done.exit_code == 0, done.output
    assert (
        "really: 5 SMS (5 segments) to anna; with this config: 5 SMS (5 segments)"
        in done.stdout
    )
    assert said["really"] == {"anna": 5, "bo": 5}
    assert said["alerts"] == 5


def test_another_config_is_compared(run: Run, config: Path, tmp_path: Path) -> None:
    """The question it is for: would this have been kinder?"""
    begin = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
    remember(tmp_path, config, begin, 5)
    kinder = tmp_path / "kinder.yaml"
    text = config.read_text("utf-8")
    kinder.write_text(text.replace("[anna, bo]", "[bo]"), "utf-8")

    done = run(
        *("simulate", "-c", str(kinder), "--from-history"),
        *("--since", "2026-11-25T20:00:00Z", "--until", "3h"),
    )

    assert (
        "really: 5 SMS (5 segments) to anna; with this config: 0 SMS (0 segments)"
        in done.stdout
    )


def test_what_began_before_is_not_counted_again(
    run: Run, config: Path, tmp_path: Path
) -> None:
    """Its people knew; the night begins where it was asked to."""
    begin = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
    remember(tmp_path, config, begin, 5)

    done = run(
        *("simulate", "--json", "--from-history"),
        *("--since", "2026-11-25T20:02:30Z", "--until", "3h"),
    )

    said = json.loads(done.stdout)
    assert said["really"] == {"anna": 2, "bo": 2}
    assert said["totals"]["people"] == {"anna": 2, "bo": 2}
    assert said["accounted_for"]


def test_without_a_store_there_is_no_last_night(run: Run) -> None:
    """Exit 1, and what is missing."""
    done = run("simulate", "--from-history")

    assert done.exit_code == 1
    assert "there is no such store" in str(done.exception) + done.stderr


def test_what_is_missing_is_said_aloud(
    config: Path, timeline: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the totals, and each by its name; then nobody can take it for a good night."""
    loaded = load(config, {})
    read = read_timeline(timeline, sources=("alertmanager",), providers=("console",))
    replayed = replay(read, loaded.rules, {"alertmanager": "alertmanager"})
    missing = (Missing("Disk", "anna", "it counts as told, and no phone rang"),)
    lacking = replace(replayed, account=replace(replayed.account, missing=missing))

    print_report(lacking, loaded.rules, None, None)

    said = capsys.readouterr()
    assert "1 NOT ACCOUNTED FOR" in said.out
    assert "accounted for: Disk to anna: it counts as told, and no" in said.err
    assert exit_code(lacking) == 1
    assert exit_code(replayed) == 0


@pytest.mark.usefixtures("daemon")
def test_the_daemon_is_not_in_the_way(run: Run, until_told: UntilTold) -> None:
    """Its file is read while it runs; what it told a moment ago is in it."""
    run("page", "-l", "what=disk", "db1 is full")
    rows = until_told("disk")

    said = json.loads(run("simulate", "--json", "--from-history").stdout)

    assert said["really"] == {"anna": 1, "bo": 1}
    texts = {sms["text"] for phone in said["phones"] for sms in phone["sms"]}
    assert texts == {row["text"] for row in rows}
    assert said["accounted_for"]
