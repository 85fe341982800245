"""What a person reads at 3 a.m.: which words, in which order, at what length."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.alert import OURSELVES, SourceName
from alertbridge.core.compose import Style, compose
from alertbridge.core.compose_digest import say_many
from alertbridge.core.compose_notes import notes_of
from alertbridge.core.compose_single import say_one
from alertbridge.core.encoding import measure
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
from alertbridge.core.severity import SeverityRule
from alertbridge.core.template import compile_template
from alertbridge.core.wording import Wording

NOW = datetime(2026, 11, 22, 2, 15, tzinfo=UTC)
STARTED = datetime(2026, 11, 22, 2, 12, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")
PROMETHEUS = SourceName("prometheus")
STYLE = Style(timezone=STOCKHOLM, budget=2)
DISK = {
    "alertname": "DiskFull",
    "instance": "db1:9100",
    "mountpoint": "/var",
    "severity": "critical",
}
SUMMARY = {"summary": "Disk is 97% full."}


def fact(
    labels: Mapping[str, str] = DISK,
    annotations: Mapping[str, str] = SUMMARY,
    *,
    kind: Kind = Kind.FIRING,
    starts_at: datetime = STARTED,
    ends_at: datetime | None = None,
    created_at: datetime = NOW,
    number: int = 1,
    source: SourceName = PROMETHEUS,
    note: PostNote | None = None,
) -> Fact:
    """A fact of a disk that fills up, but for what is given."""
    return Fact(
        id=NotificationId(number),
        kind=kind,
        round=0,
        severity=SeverityRule().classify(labels),
        episode=EpisodeView(
            id=EpisodeId(number),
            source=source,
            labels=labels,
            annotations=annotations,
            starts_at=starts_at,
            ends_at=ends_at,
        ),
        receiver="sre",
        numbers=(),
        created_at=created_at,
        note=note,
    )


def body(letter: Letter, style: Style = STYLE) -> str:
    """Compose, and take the text."""
    return compose(letter, style, NOW).text.body


def one(told: Fact, style: Style = STYLE) -> str:
    """Compose the text of one alert."""
    if told.kind is Kind.RESOLVED:
        return body(Letter(resolved=(told,)), style)
    return body(Letter(firing=(told,)), style)


def labelled(**labels: str) -> Fact:
    """An alert that says nothing but its labels."""
    return fact({"alertname": "Bad", **labels}, {})


def fleet(size: int, name: str = "InstanceDown") -> tuple[Fact, ...]:
    """Many alerts of one name."""
    return tuple(
        fact({"alertname": name, "instance": f"web{i:03}"}, {}, number=i)
        for i in range(size)
    )


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param(
            fact(),
            "CRITICAL DiskFull db1 /var: Disk is 97% full. Since 03:12",
            id="critical",
        ),
        pytest.param(
            fact({**DISK, "severity": "warning"}),
            "FIRING warning DiskFull db1 /var: Disk is 97% full. Since 03:12",
            id="own-word-of-the-label",
        ),
        pytest.param(
            fact({**DISK, "severity": "page"}),
            "CRITICAL DiskFull db1 /var: Disk is 97% full. Since 03:12",
            id="another-word-for-critical",
        ),
        pytest.param(
            fact({**DISK, "severity": ""}),
            "FIRING DiskFull db1 /var: Disk is 97% full. Since 03:12",
            id="no-severity",
        ),
        pytest.param(
            fact({**DISK, "severity": "none"}),
            "FIRING low DiskFull db1 /var: Disk is 97% full. Since 03:12",
            id="none-is-no-word",
        ),
        pytest.param(
            fact(annotations={}),
            "CRITICAL DiskFull db1 /var since 03:12",
            id="no-annotations",
        ),
        pytest.param(
            fact(annotations={"description": "97% of /var"}),
            "CRITICAL DiskFull db1: 97% of /var. Since 03:12",
            id="description-instead",
        ),
        pytest.param(
            fact(annotations={"summary": "Is it full?"}),
            "CRITICAL DiskFull db1 /var: Is it full? Since 03:12",
            id="own-punctuation",
        ),
        pytest.param(
            fact(starts_at=NOW - timedelta(days=1)),
            "CRITICAL DiskFull db1 /var: Disk is 97% full. Since 21 Nov 03:15",
            id="yesterday",
        ),
        pytest.param(
            fact(starts_at=NOW - timedelta(days=400)),
            "CRITICAL DiskFull db1 /var: Disk is 97% full. Since 18 Oct 2025",
            id="another-year",
        ),
        pytest.param(
            fact(created_at=NOW - timedelta(minutes=12)),
            "CRITICAL DiskFull db1 /var: Disk is 97% full. Since 03:12, late 12m",
            id="late",
        ),
        pytest.param(
            fact(kind=Kind.REMINDER, starts_at=NOW - timedelta(hours=3)),
            "STILL FIRING CRITICAL DiskFull db1 /var: Disk is 97% full."
            " Since 00:15 (3h)",
            id="reminder",
        ),
        pytest.param(
            fact(kind=Kind.ESCALATED),
            "ESCALATED CRITICAL DiskFull db1 /var: Disk is 97% full. Since 03:12",
            id="escalated",
        ),
        pytest.param(
            fact(kind=Kind.RESOLVED, ends_at=STARTED + timedelta(minutes=8)),
            "RESOLVED DiskFull db1 /var, was firing 03:12-03:20 (8m)",
            id="resolved-stands-alone",
        ),
        pytest.param(
            fact(source=OURSELVES, labels={"alertname": "NotificationDead"}),
            "FIRING alertbridge itself: NotificationDead: Disk is 97% full."
            " Since 03:12",
            id="about-ourselves",
        ),
        pytest.param(
            fact({}, {}), "FIRING unnamed alert since 03:12", id="no-labels-at-all"
        ),
    ],
)
def test_one_alert(told: Fact, expected: str) -> None:
    """State, how bad, name, where, what, since when: in this order, nothing else."""
    assert one(told) == expected


@pytest.mark.parametrize(
    ("labels", "place"),
    [
        pytest.param({"instance": "db1:9100"}, "db1", id="exporter-port-goes"),
        pytest.param({"instance": "db1:5432"}, "db1:5432", id="own-port-stays"),
        pytest.param({"instance": "[::1]:9100"}, "[::1]", id="ipv6"),
        pytest.param(
            {"namespace": "shop", "pod": "api-1", "instance": "10.0.0.9:8080"},
            "shop/api-1",
            id="pod-rather-than-who-was-scraped",
        ),
        pytest.param(
            {"namespace": "shop", "pod": "api-1", "container": "web"},
            "shop/api-1 web",
            id="container-in-pod",
        ),
        pytest.param({"namespace": "shop", "name": "q"}, "shop q", id="namespace"),
        pytest.param(
            {"host": "db1", "instance": "db1.example.org:9100"}, "db1", id="said-once"
        ),
        pytest.param(
            {"node": "ip-10-0-3-17.eu-north-1.compute.internal"},
            "ip-10-0-3-17",
            id="dull-domain",
        ),
        pytest.param({"job": "node"}, "node", id="job-if-nothing-else"),
        pytest.param(
            {"job": "node", "tenant_id": "acme", "rack": "7"},
            "7 acme",
            id="unknown-labels-by-name",
        ),
        pytest.param(
            {"team": "ops", "severity": "x", "__meta__": "y", "grafana_folder": "z"},
            "",
            id="labels-that-say-no-place",
        ),
        pytest.param(
            {
                "instance": "db1",
                "device": "d",
                "mountpoint": "m",
                "name": "n",
                "env": "e",
            },
            "db1 d m n",
            id="four-at-most",
        ),
        pytest.param({"rulename": "High CPU"}, "High CPU", id="grafana-no-data"),
    ],
)
def test_place(labels: Mapping[str, str], place: str) -> None:
    """Where it is comes from the labels that send somebody to the right machine."""
    severity = " x" if "severity" in labels else ""
    expected = f"FIRING{severity} Bad {place}".rstrip() + " since 03:12"

    assert one(labelled(**labels)) == expected


@pytest.mark.parametrize(
    ("name", "summary", "expected"),
    [
        pytest.param(
            "High CPU usage",
            "High CPU usage on web1",
            "FIRING High CPU usage on web1. Since 03:12",
            id="name-and-place-in-summary",
        ),
        pytest.param(
            "High CPU usage",
            "High CPU usage above 90%",
            "FIRING High CPU usage above 90% (web1). Since 03:12",
            id="name-in-summary",
        ),
        pytest.param(
            "HighCPU",
            "HighCPU",
            "FIRING HighCPU web1 since 03:12",
            id="summary-is-name",
        ),
        pytest.param(
            "HighCPU",
            "web1:9100 is at 97%",
            "FIRING HighCPU: web1:9100 is at 97%. Since 03:12",
            id="place-with-port-in-summary",
        ),
        pytest.param(
            "HighCPU",
            "web1.example.org is at 97%",
            "FIRING HighCPU web1: web1.example.org is at 97%. Since 03:12",
            id="another-machine-in-summary",
        ),
    ],
)
def test_nothing_is_said_twice(name: str, summary: str, expected: str) -> None:
    """What the summary says of name and place is not said again."""
    labels = {"alertname": name, "instance": "web1:9100"}

    assert one(fact(labels, {"summary": summary})) == expected


def test_a_place_that_the_cut_would_remove_is_said() -> None:
    """A summary that names the machine at its far end does not hide it."""
    text = one(
        fact({"alertname": "A", "instance": "db1"}, {"summary": "x" * 400 + " db1"})
    )

    assert text.startswith("FIRING A db1: xxx")
    assert text.endswith("x... Since 03:12")


def test_links_in_annotations_lose_their_scheme() -> None:
    """A stranger's link is not offered for a tap."""
    text = one(fact(annotations={"summary": "Your bank: http://evil.tld"}))

    assert "Your bank: evil.tld. Since" in text


@pytest.mark.parametrize(
    "odd", ["{sign}", "{{7*7}}", "${x}", "%n %s", "{0.__class__}"], ids=str
)
def test_alert_text_is_never_a_template(odd: str) -> None:
    """What looks like a placeholder is shown as it is."""
    assert odd in one(fact(annotations={"summary": odd}))


def test_line_breaks_in_data_make_no_lines() -> None:
    """No alert can write a line of its own into a text."""
    text = one(fact({"alertname": "A\n+9 more"}, {"summary": "x\r\n0 firing"}))

    assert "\n" not in text


def test_an_annotation_of_10_mb_is_cut() -> None:
    """Size is no reason not to page."""
    text = compose(
        Letter(firing=(fact(annotations={"summary": "a" * 10_000_000}),)), STYLE, NOW
    ).text

    assert text.segments == 2
    assert text.body.startswith("CRITICAL DiskFull db1 /var: aaa")


def test_a_cut_summary_fills_the_last_segment() -> None:
    """Only what must go goes."""
    text = compose(
        Letter(firing=(fact(annotations={"summary": "a" * 999}),)), STYLE, NOW
    ).text

    assert len(text.body) == 306


def test_a_name_in_another_script_is_spelled_out_before_it_is_lost() -> None:
    """With 70 characters in all, Latin letters say which alert it is."""
    labels = {"alertname": "Диск переполнен " * 4, "instance": "db1"}

    letter = Letter(firing=(fact(labels, note=PostNote("a", truncated=950)),), more=40)

    text = compose(letter, replace(STYLE, budget=1), NOW).text

    assert text.segments == 1
    assert "Disk perepolnen" in text.body
    assert text.coding is DataCoding.GSM


def test_digest() -> None:
    """Counts first, then the worst first, places joined, what is over last."""
    over_at = STARTED + timedelta(minutes=8)
    letter = Letter(
        firing=(
            *fleet(12),
            fact(number=20),
            fact({**DISK, "instance": "db2"}, number=21),
        ),
        reminders=(fact({"alertname": "Load"}, {}, kind=Kind.REMINDER),),
        resolved=(
            fact({"alertname": "Slow"}, kind=Kind.RESOLVED, ends_at=over_at, number=30),
        ),
        over=(fact({"alertname": "Gone", "severity": "page"}, ends_at=over_at),),
    )

    assert body(letter) == (
        "15 firing (2 critical, 1 reminders), 1 resolved, 1 over\n"
        "CRITICAL DiskFull x2 db1 /var, db2 /var, since 03:12\n"
        "InstanceDown x12 web000, web001, web002, web003, web004 +7, since 03:12\n"
        "Load, since 03:12\n"
        "RESOLVED Slow 03:12-03:20\n"
        "over: Gone 03:12-03:20"
    )


def test_digest_of_two_has_room_for_summaries() -> None:
    """Few alerts are told in full."""
    letter = Letter(
        firing=(fact(), fact({"alertname": "Load"}, {"summary": "Load 42"}))
    )

    assert body(letter) == (
        "2 firing (1 critical)\n"
        "CRITICAL DiskFull db1 /var: Disk is 97% full, since 03:12\n"
        "Load 42, since 03:12"
    )


def test_digest_counts_what_it_does_not_name() -> None:
    """Alerts of many names are counted where they are not named."""
    letter = Letter(
        firing=tuple(labelled(alertname=f"Alert{i:03}") for i in range(100))
    )

    first, *lines, last = body(letter).split("\n")

    assert first == "100 firing since 03:12"
    assert last == f"+{100 - len(lines)} more"
    assert len(lines) > 10


def test_digest_of_500_is_one_readable_text() -> None:
    """A group of 500 costs one segment, and says how many."""
    text = compose(Letter(firing=fleet(500)), STYLE, NOW).text

    assert text.segments == 1
    assert text.body == (
        "500 firing\n"
        "InstanceDown x500 web000, web001, web002, web003, web004 +495, since 03:12"
    )


def test_digest_says_how_late_its_oldest_is() -> None:
    """A digest that waited says so."""
    late = fact(created_at=NOW - timedelta(minutes=12), number=2)

    assert body(Letter(firing=(fact(), late))).startswith(
        "2 firing (2 critical), late 12m\n"
    )


def test_notes_are_told_once_per_group() -> None:
    """What the source left out is summed over groups, never over facts or posts."""
    earlier = NOW - timedelta(minutes=1)
    letter = Letter(
        firing=(
            fact(note=PostNote("a", truncated=900), created_at=earlier, number=1),
            fact(note=PostNote("a", truncated=950), number=2),
            fact(note=PostNote("b", truncated=7, unreadable=1), number=3),
            fact(note=PostNote("c", oversized=True), number=4),
        ),
        more=40,
    )

    assert body(letter).endswith(
        "\n+957 not shown by the source, +1 unreadable, oversized group, +40 more next"
    )


def test_notes_of_one_alert_are_a_line_of_their_own() -> None:
    """A single alert of a truncated group says how many were not shown."""
    assert one(fact(note=PostNote("a", truncated=950))).endswith(
        "Since 03:12\n+950 not shown by the source"
    )


def test_facts_that_another_speaks_for_are_not_counted() -> None:
    """The firing that its own end overtook is told by the resolved text."""
    ended = fact(kind=Kind.RESOLVED, ends_at=NOW)
    letter = Letter(resolved=(ended,), also=(fact(number=2, ends_at=NOW),))

    assert body(letter) == "RESOLVED DiskFull db1 /var, was firing 03:12-03:15 (3m)"


def test_the_text_does_not_depend_on_ids_or_order() -> None:
    """Two people who are told the same share one submission."""
    facts = (*fleet(7), fact(number=9), *fleet(3, "Load"))
    other = tuple(replace(f, id=NotificationId(999 - f.id)) for f in reversed(facts))

    assert body(Letter(firing=facts)) == body(Letter(firing=other))


def test_times_are_the_readers_own() -> None:
    """The clock is that of the reader's time zone."""
    assert one(fact(), Style(timezone=UTC, budget=2)).endswith("Since 02:12")


def test_the_severity_label_may_have_another_name() -> None:
    """The label of the config is the one whose value is shown."""
    style = Style(timezone=UTC, budget=2, severity_label="prio")

    assert one(fact({"alertname": "A", "prio": "p3"}, {}), style) == (
        "FIRING p3 A since 02:12"
    )


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
    return fact(
        draw(LABELS),
        draw(st.dictionaries(st.sampled_from(["summary", "description"]), WORDS)),
        kind=kind,
        starts_at=draw(TIMES),
        ends_at=draw(TIMES) if ended else None,
        created_at=draw(TIMES),
        number=draw(st.integers(1, 10**9)),
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


def told_by(text: str) -> int:
    """Add up the lines of a digest: named alerts, and `+N more`."""
    total = 0
    for line in text.split("\n")[1:]:
        if more := re.fullmatch(r"\+(\d+) more", line):
            total += int(more[1])
        elif not line.startswith("+"):
            size = re.search(r" x(\d+)\b", line)
            total += int(size[1]) if size else 1
    return total


def counted_by(text: str) -> list[int]:
    """Read the counts of a digest's first line."""
    first = text.split("\n", maxsplit=1)[0]
    return [
        int(found[1]) if (found := re.search(rf"(\d+) {word}", first)) else 0
        for word in ("firing", "resolved", "over")
    ]


def renamed(names: Sequence[str], kind: Kind, ended: bool) -> tuple[Fact, ...]:
    """One fact for each of *names*, of one kind."""
    return tuple(
        fact(
            {"alertname": name, "instance": f"host{i}"},
            {},
            kind=kind,
            ends_at=NOW if ended else None,
            number=i + 1,
        )
        for i, name in enumerate(names)
    )


NAMES = st.lists(
    st.integers(0, 60).map(lambda i: f"Alert{'Name' * (i % 9)}{chr(65 + i)}"),
    max_size=90,
)


@given(NAMES, NAMES, NAMES, st.integers(1, 3))
def test_the_counts_of_a_digest_add_up(
    firing: list[str], resolved: list[str], over: list[str], budget: int
) -> None:
    """Still firing and already over are all told: the first line is the lines' sum."""
    letter = Letter(
        firing=renamed(firing, Kind.FIRING, ended=False),
        resolved=renamed(resolved, Kind.RESOLVED, ended=True),
        over=renamed(over, Kind.FIRING, ended=True),
    )
    if len(letter.leads) + len(letter.over) < 2:
        return

    text = body(letter, replace(STYLE, budget=budget))

    assert counted_by(text) == [len(firing), len(resolved), len(over)]
    assert told_by(text) == len(firing) + len(resolved) + len(over)


def test_a_template_words_the_text() -> None:
    """Own words replace the built-in ones."""
    template = compile_template("short", "{{ alerts[0].name }} {{ alerts[0].place }}")

    composed = compose(Letter(firing=(fact(),)), replace(STYLE, template=template), NOW)

    assert composed.text.body == "DiskFull db1 /var"
    assert composed.template_error is None


@pytest.mark.parametrize(
    ("source", "error"),
    [
        pytest.param(
            "{{ alerts[0].labels.nope }}", "no attribute 'nope'", id="missing"
        ),
        pytest.param("{{ 1 / 0 }}", "division by zero", id="arithmetic"),
        pytest.param("{{ alerts[9].name }}", "line 1", id="no-such-alert"),
        pytest.param("{% if false %}x{% endif %}", "the text is empty", id="empty"),
    ],
)
def test_a_template_that_fails_costs_no_page(source: str, error: str) -> None:
    """The built-in text leaves, and the fault is named."""
    template = compile_template("mine", source)

    composed = compose(Letter(firing=(fact(),)), replace(STYLE, template=template), NOW)

    assert composed.text.body == one(fact())
    assert composed.template_error is not None
    assert error in composed.template_error


def test_a_templates_text_is_cleaned_and_cut() -> None:
    """Own words keep the budget, their lines, and no invisible character."""
    template = compile_template(
        "long", "a\u202eb\n{% for i in range(300) %}xy{% endfor %}"
    )

    text = compose(
        Letter(firing=(fact(),)), replace(STYLE, template=template), NOW
    ).text

    assert text.segments == 2
    assert text.body.startswith("ab\nxyxy")
    assert text.body.endswith("...")


def test_labels_of_no_shape_still_page() -> None:
    """Where nothing fits, state and name are left."""
    broken = fact()
    object.__setattr__(broken.episode, "annotations", None)

    assert one(broken) == "FIRING DiskFull"


def test_an_empty_letter_is_no_empty_text() -> None:
    """A text is never empty, whatever led to it."""
    assert body(Letter())
