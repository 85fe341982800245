"""Whatever a sender makes of an alert, a text leaves that fits and says which it is."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.alert import SourceName
from alertbridge.core.compose import Style, compose
from alertbridge.core.compose_digest import say_many
from alertbridge.core.compose_notes import notes_of
from alertbridge.core.compose_single import say_one
from alertbridge.core.encoding import measure
from alertbridge.core.mailbox import Letter
from alertbridge.core.notification import (
    EpisodeId,
    EpisodeView,
    Fact,
    Kind,
    NotificationId,
    PostNote,
)
from alertbridge.core.severity import SeverityRule
from alertbridge.core.wording import Wording

NOW = datetime(2026, 11, 22, 2, 15, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")
STYLE = Style(timezone=STOCKHOLM, budget=2)


def body(letter: Letter, style: Style = STYLE) -> str:
    """Compose, and take the text."""
    return compose(letter, style, NOW).text.body


WORDS = st.text(max_size=60) | st.sampled_from(
    [
        "",
        "db1",
        "a" * 3000,
        "🔥" * 90,
        "دیسک پر",
        "\x00\u202e",
        "x\ny",
        "ç" * 80,
        "[" * 99,
    ]
)
LABELS = st.dictionaries(
    st.sampled_from(["alertname", "instance", "pod", "namespace", "severity", "x"])
    | st.text(max_size=8),
    WORDS,
    max_size=6,
)
TIMES = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001  hypothesis adds the zone
    datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)
NOTES = st.none() | st.builds(
    PostNote,
    st.sampled_from("abc"),
    st.integers(0, 10**6),
    st.integers(0, 10**4),
    st.booleans(),
)


@st.composite
def facts(draw: st.DrawFn, kind: Kind, ended: bool) -> Fact:
    """Facts as odd as a sender can make them."""
    labels = draw(LABELS)
    annotations = st.dictionaries(st.sampled_from(["summary", "description"]), WORDS)
    return Fact(
        id=NotificationId(draw(st.integers(1, 10**9))),
        kind=kind,
        round=0,
        severity=SeverityRule().classify(labels),
        episode=EpisodeView(
            id=EpisodeId(1),
            source=SourceName("prometheus"),
            labels=labels,
            annotations=draw(annotations),
            starts_at=draw(TIMES),
            ends_at=draw(TIMES) if ended else None,
        ),
        receiver="sre",
        numbers=(),
        created_at=draw(TIMES),
        note=draw(NOTES),
    )


LETTERS = st.builds(
    Letter,
    firing=st.lists(facts(Kind.FIRING, ended=False), max_size=4).map(tuple),
    reminders=st.lists(facts(Kind.REMINDER, ended=False), max_size=2).map(tuple),
    escalated=st.lists(facts(Kind.ESCALATED, ended=False), max_size=2).map(tuple),
    resolved=st.lists(facts(Kind.RESOLVED, ended=True), max_size=3).map(tuple),
    over=st.lists(facts(Kind.FIRING, ended=True), max_size=2).map(tuple),
    more=st.integers(0, 5000),
)


@given(LETTERS, st.integers(1, 4))
def test_whatever_comes_a_text_leaves(letter: Letter, budget: int) -> None:
    """Never empty, never over budget, never an exception; always its own cost."""
    text = compose(letter, replace(STYLE, budget=budget), NOW).text

    assert text.body.strip()
    assert text.segments <= budget
    assert text == measure(text.body)


@given(LETTERS, st.integers(1, 4))
def test_the_last_resort_is_not_needed(letter: Letter, budget: int) -> None:
    """The built-in words themselves fail on no label, time or note."""
    wording = Wording(now=NOW, timezone=STOCKHOLM)

    texts = [say_one(told, wording, budget, notes_of(letter)) for told in letter.leads]
    texts.append(say_many(letter, wording, budget, notes_of(letter)))

    assert all(text.segments <= budget for text in texts)


@given(facts(Kind.FIRING, ended=False), st.integers(1, 3), st.integers(0, 99))
def test_identity_and_notes_are_never_cut(told: Fact, budget: int, more: int) -> None:
    """Of one alert, the name and what was left out stay at any budget."""
    named = replace(
        told.episode, labels={**told.episode.labels, "alertname": "DiskFull"}
    )
    letter = Letter(firing=(replace(told, episode=named, note=None),), more=more)

    text = body(letter, replace(STYLE, budget=budget))

    assert "DiskFull" in text
    assert not more or text.endswith(f"\n+{more} more next")
