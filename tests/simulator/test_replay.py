"""Replaying timelines: posts as Alertmanager makes them, and an account of it all."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter

import pytest

from alertbridge.config import Forgive, Loaded
from alertbridge.config.timeline import read_timeline
from alertbridge.config.timeline_model import Posting
from alertbridge.config.timeline_times import read_start
from alertbridge.core.pace import Limit, Pace
from alertbridge.core.past import Past
from alertbridge.core.rules import Rules
from alertbridge.simulator.account import account_for
from alertbridge.simulator.alertmanager import Alertmanager
from alertbridge.simulator.past_posts import PastPost, steps_of
from alertbridge.simulator.replay import Replayed, replay, replay_past
from alertbridge.simulator.scripted import Sms
from alertbridge.wiring.loading import load

ROOT = Path(__file__).parent.parent.parent
TIMELINES = sorted((ROOT / "config" / "timelines").glob("*.yaml"))
START = read_start("2026-11-25T22:00:00+01:00")

Floods = Callable[[Sequence[Sms], Rules], list[str]]
Play = Callable[..., Replayed]


@pytest.fixture
def loaded() -> Loaded:
    """The smallest config there is: anna alone."""
    return load(ROOT / "config" / "minimal.yaml", {}, forgive=Forgive.ALL)


def run(path: Path, loaded: Loaded) -> Replayed:
    """Replay a file under a config."""
    sources = {str(one.name): one.type for one in loaded.settings.sources}
    timeline = read_timeline(
        path, sources=(*sources, "page"), providers=loaded.rules.providers
    )
    return replay(timeline, loaded.rules, {**sources, "page": "page"})


@pytest.fixture
def play(tmp_path: Path, loaded: Loaded) -> Play:
    """Replay these events, each a flow mapping."""

    def played(*lines: str, head: str = "") -> Replayed:
        listed = "".join(f"  - {{{line}}}\n" for line in lines)
        path = tmp_path / "night.yaml"
        path.write_text(f'start: "{START}"\n{head}events:\n{listed}', "utf-8")
        return run(path, loaded)

    return played


def after(replayed: Replayed) -> list[tuple[float, str]]:
    """When each SMS rang, in whole seconds from the start, and its first line."""
    return [
        (int((sms.at - START).total_seconds()), sms.text.body.split("\n")[0])
        for sms in replayed.phones
    ]


@pytest.mark.parametrize("path", TIMELINES, ids=lambda path: path.stem)
def test_every_timeline_that_is_shipped_runs(
    path: Path, loaded: Loaded, floods: Floods
) -> None:
    """Every alert accounted for, the pace kept, no second text for nothing."""
    replayed = run(path, loaded)

    assert replayed.phones
    assert replayed.notes == ()
    assert replayed.account.missing == ()
    assert floods(replayed.phones, loaded.rules) == []


@pytest.mark.parametrize("path", TIMELINES, ids=lambda path: path.stem)
def test_a_timeline_replays_the_same_to_the_byte(path: Path, loaded: Loaded) -> None:
    """Everything that a reader could compare."""
    assert run(path, loaded) == run(path, loaded)


def test_an_outage_tells_what_is_still_true(loaded: Loaded) -> None:
    """Of 26 alerts in two hours without a gateway, the three that still fire."""
    replayed = run(ROOT / "config" / "timelines" / "gateway-outage.yaml", loaded)

    late = [sms for sms in replayed.phones if "late" in sms.text.body]
    assert {len(sms.message.tells) for sms in late} == {3}
    assert len({sms.reference for sms in late}) == 1


def test_a_day_of_a_thousand_alerts_takes_seconds(play: Play) -> None:
    """One every 86 s, each over three minutes later."""
    fires = [
        f'at: {86 * n}s, fire: {{alertname: A{n}, severity: "{severity}"}}'
        for n in range(1000)
        for severity in [("critical", "warning", "info")[n % 3]]
    ]
    ends = [f"at: {86 * n + 180}s, resolve: {{alertname: A{n}}}" for n in range(1000)]
    began = perf_counter()

    replayed = play(*fires, *ends)

    assert perf_counter() - began < 20
    assert replayed.account.alerts == 1000
    assert replayed.account.missing == ()


def test_a_restart_keeps_what_comes_meanwhile(play: Play) -> None:
    """The sender tries again until somebody answers."""
    replayed = play(
        "at: 10s, restart: 5m",
        "at: 60s, fire: {alertname: A, severity: critical}",
    )

    assert [at for at, _ in after(replayed)] == [310]


def test_a_killed_daemon_rings_once(play: Play) -> None:
    """What was under way is found in the gateway's list."""
    replayed = play(
        "at: 0s, gateway: slow 5s",
        "at: 10s, fire: {alertname: A, severity: critical}",
        "at: 12s, restart: true",
    )

    assert [sms.attempt for sms in replayed.phones] == [1]
    assert [one.what for one in replayed.happenings] == ["gateway slow 5 s", "restart"]


def test_an_acknowledgement_is_of_what_fires(play: Play) -> None:
    """By name, as the operator's own command."""
    replayed = play(
        "at: 0s, fire: {alertname: A}",
        "at: 1m, ack: {alertname: A}, by: anna",
    )

    (episode,) = replayed.episodes
    assert episode.acknowledged_by == "anna"
    assert episode.acknowledged_at == START + timedelta(minutes=1)


def test_a_body_that_is_refused_is_noted(play: Play) -> None:
    """It costs its sender a 400, and nobody else anything."""
    replayed = play(
        "at: 0s, post: {body: {text: hello}}",
        "at: 1m, fire: {alertname: A}",
    )

    (note,) = replayed.notes
    assert "no alerts array" in note
    assert len(replayed.phones) == 1


def test_a_page_can_be_posted(play: Play) -> None:
    """Every source's own body is read by its own reader."""
    replayed = play('at: 0s, post: {body: {summary: "backup failed"}}, source: page')

    (sms,) = replayed.phones
    assert "backup failed" in sms.text.body


def test_alertmanager_waits_as_it_is_told() -> None:
    """30 s for a group's first post, 5 min between two, a repeat after 4 h."""
    posting = Posting(
        group_wait=timedelta(seconds=30), group_interval=timedelta(minutes=5)
    )
    sender = Alertmanager(posting)
    times: list[tuple[float, str, int]] = []

    def post_until(at: float) -> None:
        while (due := sender.next_due()) and due <= START + timedelta(seconds=at):
            for _, body in sender.posts(due):
                document = json.loads(body)
                times.append(
                    (
                        (due - START).total_seconds(),
                        document["status"],
                        len(document["alerts"]),
                    )
                )

    def fire(name: str, at: float) -> None:
        labels = {"alertname": "A", "instance": name}
        sender.fire([labels], {}, "am", "sms", START + timedelta(seconds=at))

    fire("1", 0)
    fire("2", 20)
    post_until(60)
    fire("3", 60)
    post_until(4000)
    post_until(20000)
    sender.resolve([{"alertname": "A"}], "am", START + timedelta(seconds=20000))
    post_until(30000)

    assert times == [
        (30, "firing", 2),
        (330, "firing", 3),
        (330 + 4 * 3600, "firing", 3),
        (20000, "resolved", 3),
    ]


def test_what_was_over_before_its_first_post_is_not_posted() -> None:
    """As in Alertmanager: nobody had heard of it."""
    sender = Alertmanager(Posting(group_wait=timedelta(seconds=30)))
    sender.fire([{"alertname": "A"}], {}, "am", "sms", START)
    sender.resolve([{}], "am", START + timedelta(seconds=5))

    assert list(sender.posts(START + timedelta(minutes=1))) == []
    assert sender.next_due() is None


def test_group_by_decides_what_is_one_post() -> None:
    """By name; by nothing; and each alert its own."""
    alerts = [{"alertname": name, "instance": i} for name in "AB" for i in "12"]
    for group_by, posts in ((("alertname",), 2), ((), 1), (("...",), 4)):
        sender = Alertmanager(Posting(group_by=group_by, peers=2))
        sender.fire(alerts, {}, "am", "sms", START)
        assert len(list(sender.posts(START))) == posts * 2


def test_the_account_finds_what_is_missing(play: Play) -> None:
    """A checker that cannot fail proves nothing: take away, one at a time."""
    whole = play("at: 0s, fire: {alertname: A}", "at: 1m, fire: {alertname: B}")
    posted = {(one.source, one.fingerprint): one.labels for one in whole.episodes}

    def missing(**less: object) -> list[tuple[str, str]]:
        shown = replace(whole, **less)  # type: ignore[arg-type]
        account = account_for(posted, shown.episodes, shown.rows, shown.phones)
        return [(one.alert, one.why) for one in account.missing]

    assert missing() == []
    assert missing(phones=whole.phones[:1]) == [
        ("B", "it counts as told, and no phone rang")
    ]
    assert missing(episodes=whole.episodes[:1]) == [
        ("B", "it was posted, and is not stored")
    ]
    assert missing(rows=tuple(row for row in whole.rows if row.alert != "A")) == [
        ("A", "nothing says who heard of it")
    ]


def test_the_past_can_be_lived_through_again(loaded: Loaded, play: Play) -> None:
    """What a store remembers gives the same texts under the same config."""
    first = play(
        "at: 1m, fire: {alertname: DiskFull, instance: 'db{1..5}', severity: critical}",
        "at: 5m, fire: {alertname: HighLoad, instance: web1, severity: warning}",
        "at: 6m, ack: {alertname: HighLoad}, by: anna",
        "at: 9m, resolve: {alertname: DiskFull, instance: 'db{1,2}'}",
        "at: 20m, resolve: {}",
    )

    past = Past(episodes=first.episodes, sms=())
    again = replay_past(steps_of(past), loaded.rules, START, first.end)
    seldom = Limit(limit=1, window=timedelta(minutes=10))
    slower = replace(loaded.rules, pace=Pace((seldom,)))
    calmer = replay_past(steps_of(past), slower, START, first.end)

    assert after(again) == after(first)
    assert [e.acknowledged_by for e in again.episodes] == [
        e.acknowledged_by for e in first.episodes
    ]
    assert len(calmer.phones) < len(again.phones)
    assert calmer.account.missing == ()


def episodes_of(play: Play, *lines: str) -> Past:
    """What a store remembers of these events."""
    return Past(episodes=play(*lines).episodes, sms=())


def test_the_past_names_an_alert_once_in_a_post(play: Play) -> None:
    """What ended unseen ends by what follows; what came in over is posted as over."""
    begins = [START + timedelta(minutes=minutes) for minutes in (0, 30)]
    bodies = [
        {
            "alerts": [
                {
                    "status": status,
                    "labels": {"alertname": name},
                    "startsAt": begins[start].isoformat(),
                    "endsAt": begins[start].isoformat(),
                }
            ]
        }
        for name, status, start in (
            ("A", "firing", 0),
            ("A", "firing", 1),
            ("B", "resolved", 0),
        )
    ]
    posts = [
        f"at: {30 * n}m, post: {{body: {json.dumps(body)}}}"
        for n, body in enumerate(bodies)
    ]

    steps = steps_of(episodes_of(play, *posts))

    said = [
        (alert.labels["alertname"], alert.status.value)
        for step in steps
        if isinstance(step, PastPost)
        for alert in step.group.alerts
    ]
    assert said == [("A", "firing"), ("A", "firing"), ("B", "resolved")]


def test_who_is_away_at_the_end_is_noted(play: Play) -> None:
    """Posts that nobody took, and an acknowledgement that nobody heard."""
    replayed = play(
        "at: 0s, fire: {alertname: A}",
        "at: 1m, restart: 9h",
        "at: 2m, fire: {alertname: B}",
        "at: 3m, ack: {alertname: A}, by: anna",
    )

    assert replayed.notes == (
        "anna acknowledged, and no daemon was there",
        "posts that wait for a daemon at the end: 1",
    )


def test_killed_twice_it_starts_once(play: Play) -> None:
    """However the absences overlap, there is one daemon, and one SMS."""
    replayed = play(
        "at: 0s, restart: 10m",
        "at: 1m, restart: 2m",
        "at: 2m, fire: {alertname: A, severity: critical}",
        "at: 20m, fire: {alertname: B, severity: critical}",
    )

    assert [at for at, _ in after(replayed)] == [180, 1200]
