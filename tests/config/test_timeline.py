"""Timelines: what they may say, and what is said about those that are wrong."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from alertbridge.config import ConfigError
from alertbridge.config.timeline import read_timeline
from alertbridge.config.timeline_steps import (
    Acknowledge,
    ClockStep,
    Fire,
    GatewayTurns,
    Mood,
    PostBody,
    Repeat,
    Resolve,
    Restart,
    Timeline,
)
from alertbridge.config.timeline_times import (
    NotWritten,
    expand,
    read_at,
    read_start,
    read_step,
)

START = read_start("2026-11-25T22:00:00+01:00")
Read = Callable[[str], Timeline]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a timeline for a config with two sources and one provider."""

    def run(text: str) -> Timeline:
        path = tmp_path / "night.yaml"
        path.write_text(text, "utf-8")
        return read_timeline(path, sources=("am", "grafana"), providers=("one",))

    return run


def events(*lines: str) -> str:
    """A timeline of these events, each a flow mapping."""
    listed = "".join(f"  - {{{line}}}\n" for line in lines)
    return f'start: "2026-11-25T22:00:00+01:00"\nevents:\n{listed}'


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("5m", timedelta(minutes=5)),
        ("1h30m", timedelta(minutes=90)),
        (0, timedelta(0)),
        ("22:00", timedelta(0)),
        ("23:15:20", timedelta(minutes=75, seconds=20)),
        ("02:10", timedelta(hours=4, minutes=10)),
        ("2026-11-26T00:00:00", timedelta(hours=2)),
        ("2026-11-26T00:00:00Z", timedelta(hours=3)),
    ],
)
def test_a_time_is_written_as_people_think_of_it(
    text: str | int, after: timedelta
) -> None:
    """After the start, of day, or whole."""
    assert read_at(text, START) == START + after


@pytest.mark.parametrize("text", ["", "5", "5 m", "25:00", "2026-11-25", "soon", 5])
def test_what_is_no_time_is_refused(text: str | int) -> None:
    """A date alone is before the start; a number has no unit."""
    with pytest.raises(NotWritten):
        read_at(text, START)


def test_shorthand_stands_for_many_alerts() -> None:
    """Ranges count, also down and with zeros; lists choose; all pairs are made."""
    assert expand({"a": "x"}) == ({"a": "x"},)
    assert [one["i"] for one in expand({"i": "db{1..3}"})] == ["db1", "db2", "db3"]
    assert [one["i"] for one in expand({"i": "{09..11}"})] == ["09", "10", "11"]
    assert [one["i"] for one in expand({"i": "{2..1}"})] == ["2", "1"]
    assert [one["i"] for one in expand({"i": "{db, web}{1..2}!"})] == [
        "db1!",
        "db2!",
        "web1!",
        "web2!",
    ]
    assert len(expand({"a": "{1..20}", "b": "{x,y}"})) == 40
    assert expand({"a": "{}", "b": "{x}"}) == ({"a": "{}", "b": "{x}"},)


@pytest.mark.parametrize(
    "labels", [{"a": "{1..999999}"}, dict.fromkeys("ab", "{1..999}")]
)
def test_too_many_alerts_are_refused_before_they_are_made(
    labels: dict[str, str],
) -> None:
    """A misspelt range must not fill the memory."""
    with pytest.raises(NotWritten):
        expand(labels)


def test_a_clock_is_set_by_so_much() -> None:
    """With a sign, which is the whole point."""
    assert read_step("+1h") == timedelta(hours=1)
    assert read_step("-90s") == timedelta(seconds=-90)
    for text in ("1h", "+", "+0s", "±1h"):
        with pytest.raises(NotWritten):
            read_step(text)


def test_every_verb_becomes_a_step_in_order_of_time(read: Read) -> None:
    """Written in any order; of one moment, the first in the file is first."""
    timeline = read(
        events(
            "at: 9m, clock: -1h",
            "at: 1m, fire: {alertname: A}, annotations: {summary: x}",
            "at: 2m, repeat: {alertname: A}",
            "at: 3m, ack: {}, by: anna",
            "at: 4m, gateway: slow 5s, provider: one",
            "at: 5m, restart: 20s",
            "at: 5m, restart: true",
            "at: 6m, post: {body: {alerts: []}}, source: grafana",
            "at: 7m, resolve: {alertname: A}",
        )
    )

    assert timeline.end == START + timedelta(minutes=9, hours=2)
    assert [type(step) for step in timeline.steps] == [
        Fire,
        Repeat,
        Acknowledge,
        GatewayTurns,
        Restart,
        Restart,
        PostBody,
        Resolve,
        ClockStep,
    ]
    fire, _, _, turns, first, second, post, *_ = timeline.steps
    assert isinstance(fire, Fire)
    assert (fire.source, fire.receiver) == ("am", "sms")
    assert turns == GatewayTurns(
        at=START + timedelta(minutes=4), provider="one", mood=Mood.SLOW, seconds=5.0
    )
    assert isinstance(first, Restart)
    assert isinstance(second, Restart)
    assert (first.away, second.away) == (timedelta(seconds=20), timedelta(0))
    assert isinstance(post, PostBody)
    assert (post.body, post.source) == (b'{"alerts": []}', "grafana")


def test_what_flaps_ends_over(read: Read) -> None:
    """It fires and is over in turn, and is over at the end, however that falls."""
    timeline = read(events("at: 0s, flap: {alertname: A}, every: 20s, for: 50s"))

    assert [
        (type(step), (step.at - START).total_seconds()) for step in timeline.steps
    ] == [(Fire, 0), (Resolve, 20), (Fire, 40), (Resolve, 50)]


def test_a_body_may_lie_beside_the_timeline(read: Read, tmp_path: Path) -> None:
    """As it was captured, byte for byte."""
    (tmp_path / "body.json").write_bytes(b"\xff{")

    (step,) = read(events("at: 0s, post: {file: body.json}")).steps

    assert isinstance(step, PostBody)
    assert step.body == b"\xff{"


FIRE = "at: 1m, fire: {alertname: A}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            'start: "2026-11-25T22:00:00"\nevents: [{at: 0s, restart: true}]',
            "1:8: start: a time without its zone; write it as"
            ' "2026-11-25T22:00:00+01:00", or with Z for UTC',
        ),
        pytest.param(
            events("at: 5x, restart: true"),
            '3:10: events[0].at: not a time; write "5m" after the start, "02:10",'
            ' or "2026-11-26T02:10:00"',
        ),
        pytest.param(
            events("at: 2026-11-25T21:00:00, restart: true"),
            "3:10: events[0].at: it is before the start; move the start, or write"
            " the day too",
        ),
        pytest.param(
            events("at: 5m, fir: {alertname: A}"),
            '3:14: events[0].fir: unknown key "fir"; did you mean "fire"?',
        ),
        pytest.param(
            events("at: 5m, fire: {alertname: A}, restart: true"),
            "3:5: events[0]: an event cannot fire and restart at once; write fire,"
            " resolve, flap, repeat, post, gateway, ack, restart or clock, one in"
            " each event",
        ),
        pytest.param(
            events("at: 5m"),
            "3:5: events[0]: nothing happens in this event; write fire,"
            " resolve, flap, repeat, post, gateway, ack, restart or clock, one in"
            " each event",
        ),
        pytest.param(
            events("at: 5m, restart: true, by: anna"),
            "3:5: events[0]: by says nothing about restart; remove it, or write ack",
        ),
        pytest.param(
            events("at: 5m, flap: {alertname: A}, every: 5s"),
            "3:5: events[0]: flap needs to know how fast, and how long; add every:"
            " 30s and for: 1h, or the like",
        ),
        pytest.param(
            events("at: 0s, flap: {alertname: A}, every: 1ms, for: 1h"),
            "3:43: events[0].every: it changes more than 20000 times; let it flap"
            " slower",
        ),
        pytest.param(
            events("at: 5m, fire: {}"),
            "3:20: events[0].fire: an alert without labels; write its alertname",
        ),
        pytest.param(
            events('at: 5m, fire: {alertname: "A{1..99999}"}'),
            "3:20: events[0].fire: it stands for more than 20000 alerts; write at"
            " most 20000 in one event",
        ),
        pytest.param(
            events(FIRE, "at: 5m, resolve: {alertname: B}"),
            "4:5: events[1]: nothing that fires then has these labels; check the"
            " labels, and the times of the other events",
        ),
        pytest.param(
            events("at: 0s, resolve: {alertname: A}", FIRE),
            "3:5: events[0]: nothing that fires then has these labels; check the"
            " labels, and the times of the other events",
        ),
        pytest.param(
            events(FIRE, "at: 5m, resolve: {alertname: A}, source: grafana"),
            "4:5: events[1]: nothing that fires then has these labels; check the"
            " labels, and the times of the other events",
        ),
        pytest.param(
            events("at: 5m, gateway: dwon"),
            '3:23: events[0].gateway: "dwon" is nothing a gateway can be; did you'
            ' mean "down"?',
        ),
        pytest.param(
            events("at: 5m, gateway: slow soon"),
            '3:23: events[0].gateway: not a duration; write "slow 5s"',
        ),
        pytest.param(
            events("at: 5m, gateway: up, provider: two"),
            '3:37: events[0].provider: no provider "two" in the config; write one',
        ),
        pytest.param(
            events(FIRE + ", source: nagios"),
            '3:44: events[0].source: no source "nagios" in the config; write am or'
            " grafana",
        ),
        pytest.param(
            events("at: 5m, clock: 1h"),
            '3:21: events[0].clock: not a step of a clock; write it as "+1h" or "-5m"',
        ),
        pytest.param(
            events("at: 5m, post: {file: nothing.json}"),
            "3:27: events[0].post.file: no body: there is no such file; name a file"
            " beside the timeline",
        ),
        pytest.param(
            events("at: 5m, post: {}"),
            "3:20: events[0].post: a post needs one of file and body; write one of"
            " them",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_its_fix(
    read: Read, text: str, said: str
) -> None:
    """As the config's own errors are."""
    with pytest.raises(ConfigError) as refused:
        read(text)

    assert [str(problem) for problem in refused.value.problems] == [
        f"night.yaml:{said}"
    ]


def test_everything_wrong_is_said_at_once(read: Read) -> None:
    """And no echo of it: what a broken event would have fired is not missed."""
    with pytest.raises(ConfigError) as refused:
        read(
            events(
                "at: 5x, fire: {a: b}", "at: 1m, clock: 3", "at: 2m, resolve: {a: b}"
            )
        )

    assert [problem.path for problem in refused.value.problems] == [
        "events[0].at",
        "events[1].clock",
    ]


def test_no_file_is_one_problem(tmp_path: Path) -> None:
    """Named, with where to read on."""
    with pytest.raises(ConfigError, match=r"no timeline: there is no such file"):
        read_timeline(tmp_path / "none.yaml", sources=("am",), providers=("one",))


def test_events_behind_the_end_are_an_error(read: Read) -> None:
    """What never happens would prove a wrong thing."""
    night = events("at: 2h, fire: {alertname: Disk}")

    with pytest.raises(ConfigError, match="until: events come after it"):
        read(f"until: 1m\n{night}")
