"""Whatever a sender makes of an alert, a text leaves that fits and says which it is."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import smsutil
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.alert import SourceName
from alertbridge.core.compose import Style, compose
from alertbridge.core.compose_digest import say_many
from alertbridge.core.compose_notes import notes_of
from alertbridge.core.compose_single import say_one
from alertbridge.core.encoding import measure, split
from alertbridge.core.language import WORDS, Language
from alertbridge.core.mailbox import Letter
from alertbridge.core.message import DataCoding
from alertbridge.core.notification import (
    EpisodeId,
    EpisodeView,
    Fact,
    Kind,
    NotificationId,
    PostNote,
)
from alertbridge.core.script import Script
from alertbridge.core.severity import SeverityRule
from alertbridge.core.wording import Wording

NOW = datetime(2026, 11, 22, 2, 15, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")
LINK = "https://alertbridge.example.org/a/7HGK2M4QWXYZA Ack 14"

WORDS_OF_STRANGERS = st.text(max_size=60) | st.sampled_from(
    [
        "",
        "db1",
        "a" * 3000,
        "🔥" * 90,
        "👨\u200d👩\u200d👧\u200d👦 🇸🇪" * 30,
        "دیسک پر",
        "\x00\u202e",
        "x\ny",
        "ç" * 80,
        "[" * 99,
        "磁盘已满" * 40,
        "RESOLVED\n3 resolved",
        "Ack 14 ack15",
        "http://evil.tld/x " * 20,
    ]
)
LABELS = st.dictionaries(
    st.sampled_from(["alertname", "instance", "pod", "namespace", "severity", "x"])
    | st.text(max_size=8),
    WORDS_OF_STRANGERS,
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
STYLES = st.builds(
    Style,
    timezone=st.just(STOCKHOLM),
    budget=st.integers(1, 6),
    language=st.sampled_from(Language),
    script=st.sampled_from(Script),
    linked_hosts=st.sampled_from([frozenset(), frozenset({"alertbridge.example.org"})]),
    closings=st.sampled_from([("",), ("Ack 14",), (LINK, "Ack 14"), (LINK, "")]),
)


@st.composite
def facts(draw: st.DrawFn, kind: Kind, ended: bool) -> Fact:
    """Facts as odd as a sender can make them."""
    labels = draw(LABELS)
    annotations = st.dictionaries(
        st.sampled_from(["summary", "description"]), WORDS_OF_STRANGERS
    )
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
            flaps=draw(st.integers(0, 99)),
            stale=draw(st.booleans()),
        ),
        receiver="sre",
        numbers=(),
        created_at=draw(TIMES),
        note=draw(NOTES),
        worse=draw(st.booleans()),
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


@given(LETTERS, STYLES)
def test_whatever_comes_a_text_leaves(letter: Letter, style: Style) -> None:
    """Never empty, never over budget, never an exception; always its own cost."""
    composed = compose(letter, style, NOW)
    text = composed.text

    assert text.body.strip()
    assert text.segments <= style.budget
    assert text == measure(text.body)
    assert composed.closing in style.closings
    assert composed.closing == "" or text.body.endswith(f"\n{composed.closing}")


@given(LETTERS, STYLES)
def test_no_pair_is_ever_split(letter: Letter, style: Style) -> None:
    """No phone gets half of an escape or surrogate pair: an oracle cuts as we do."""
    text = compose(letter, style, NOW).text

    parts = split(text.body)

    assert [part.content for part in smsutil.split(text.body).parts] == list(parts)
    assert all(part.encode("utf-16", "strict") for part in parts)


@given(LETTERS, STYLES)
def test_the_last_resort_is_not_needed(letter: Letter, style: Style) -> None:
    """The built-in words themselves fail on no label, time or note."""
    wording = Wording(
        now=NOW,
        timezone=STOCKHOLM,
        language=style.language,
        script=style.script,
        linked_hosts=style.linked_hosts,
    )
    notes = notes_of(letter, wording.words)

    for told in letter.leads:
        text, _ = say_one(told, wording, style.budget, notes, style.closings)
        assert text.segments <= style.budget
    if letter.leads or letter.over:
        text, _ = say_many(letter, wording, style.budget, notes, style.closings)
        assert text.segments <= style.budget


KINDS = st.sampled_from([Kind.FIRING, Kind.REMINDER, Kind.ESCALATED, Kind.RESOLVED])
SEVERITIES = st.sampled_from(["critical", "warning", "", "p2"])


@given(
    KINDS.flatmap(lambda kind: facts(kind, kind is Kind.RESOLVED)),
    SEVERITIES,
    STYLES,
    st.integers(0, 99),
)
def test_one_alert_never_loses_what_it_must_keep(
    told: Fact, severity: str, style: Style, more: int
) -> None:
    """State, severity, name, telling place, what was left out, and the closing."""
    labels = {
        **told.episode.labels,
        "alertname": "DiskFull",
        "severity": severity,
        "host": "db1",
    }
    told = replace(
        told,
        severity=SeverityRule().classify(labels),
        episode=replace(told.episode, labels=labels),
        note=None,
    )
    words = WORDS[style.language]
    state = {
        Kind.FIRING: words.critical if severity == "critical" else words.firing,
        Kind.REMINDER: words.still_firing,
        Kind.ESCALATED: words.escalated,
        Kind.RESOLVED: words.resolved,
    }[told.kind]
    pile = {
        Kind.FIRING: "firing",
        Kind.REMINDER: "reminders",
        Kind.ESCALATED: "escalated",
        Kind.RESOLVED: "resolved",
    }[told.kind]

    composed = compose(Letter(**{pile: (told,)}, more=more), style, NOW)
    body = composed.text.body

    assert body.startswith(state)
    assert "Disk full db1" in body
    if told.kind is not Kind.RESOLVED and severity:
        shown = words.critical if severity == "critical" else severity
        assert shown in body.partition("Disk full")[0]
    assert not more or f"\n{words.more_next.format(more)}" in body
    assert composed.closing in style.closings


@given(
    st.lists(facts(Kind.FIRING, ended=False), min_size=2, max_size=30),
    st.lists(facts(Kind.RESOLVED, ended=True), max_size=3),
    STYLES,
)
def test_a_digest_never_loses_its_counts(
    firing: list[Fact], resolved: list[Fact], style: Style
) -> None:
    """The counts begin the text, or one line with its own number says it all."""
    firing = [
        replace(
            told,
            note=None,
            episode=replace(told.episode, labels={**told.episode.labels, "x": str(i)}),
        )
        for i, told in enumerate(firing)
    ]
    resolved = [replace(told, note=None) for told in resolved]
    letter = Letter(firing=tuple(firing), resolved=tuple(resolved))
    words = WORDS[style.language]

    first = compose(letter, style, NOW).text.body.split("\n", maxsplit=1)[0]

    assert first.startswith(words.count_firing.of(len(firing))) or (
        not resolved and f" x{len(firing)}" in first
    )
    if resolved:
        assert words.count_resolved.of(len(resolved)) in first


PLAIN = st.text("abcdefghij KLMN.,:-/_0123", max_size=80)


@given(LABELS, PLAIN, STYLES)
def test_our_own_words_never_turn_a_text_into_ucs2(
    odd: dict[str, str], summary: str, style: Style
) -> None:
    """What the alert has in the GSM alphabet leaves in it, in every language."""
    labels = {f"l{i}": "plain" for i, _ in enumerate(odd)} | {"alertname": "DiskFull"}
    told = Fact(
        id=NotificationId(1),
        kind=Kind.FIRING,
        round=0,
        severity=SeverityRule().classify(labels),
        episode=EpisodeView(
            id=EpisodeId(1),
            source=SourceName("prometheus"),
            labels=labels,
            annotations={"summary": summary},
            starts_at=NOW,
        ),
        receiver="sre",
        numbers=(),
        created_at=NOW,
    )
    letter = Letter(firing=(told,), more=3)

    assert compose(letter, style, NOW).text.coding is DataCoding.GSM


@given(st.lists(facts(Kind.FIRING, ended=False), max_size=9), STYLES)
def test_the_text_depends_on_no_id_and_no_order(told: list[Fact], style: Style) -> None:
    """People who are told the same share a submission."""
    shuffled = [
        replace(
            one,
            id=NotificationId(one.id + 7),
            episode=replace(
                one.episode,
                id=EpisodeId(9),
                labels=dict(list(one.episode.labels.items())[::-1]),
            ),
        )
        for one in reversed(told)
    ]

    assert body_of(told, style) == body_of(shuffled, style)


def body_of(told: list[Fact], style: Style) -> str:
    """The text of all of them together."""
    bare = tuple(replace(one, note=None) for one in told)
    return compose(Letter(firing=bare), style, NOW).text.body
