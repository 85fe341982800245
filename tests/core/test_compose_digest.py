"""What a person reads of many alerts: counts that add up, and the worst by name."""

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
from alertbridge.core.mailbox import Letter
from alertbridge.core.notification import (
    EpisodeId,
    EpisodeView,
    Fact,
    Kind,
    NotificationId,
    PostNote,
)
from alertbridge.core.severity import Severity, SeverityRule
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


def fleet(size: int, name: str = "InstanceDown") -> tuple[Fact, ...]:
    """Many alerts of one name."""
    return tuple(
        fact({"alertname": name, "instance": f"web{i:03}"}, {}, number=i)
        for i in range(size)
    )


@pytest.mark.parametrize(
    ("was", "order"), [(Severity.LOW, ["Aaa", "Zzz"]), (Severity.CRITICAL, ["Zzz"])]
)
def test_what_was_worst_leads_what_is_over(was: Severity, order: list[str]) -> None:
    """Facts that something is over weigh alike; what is over does not."""
    end = fact({"alertname": "Aaa"}, {}, kind=Kind.RESOLVED, ends_at=NOW)
    last = fact({"alertname": "Zzz"}, {}, kind=Kind.RESOLVED, ends_at=NOW, number=2)
    last = replace(last, episode=replace(last.episode, severity=was))
    over = tuple(replace(each, severity=Severity.LOW) for each in (end, last))

    text = body(Letter(resolved=over))

    assert sorted(["Aaa", "Zzz"], key=text.index)[: len(order)] == order, text


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
        "15 firing (1 reminder) since 03:12, 1 resolved, 1 over\n"
        "CRITICAL Disk full x2 db1, db2 /var\n"
        "Instance down x12 web000-web011\n"
        "Load\n"
        "RESOLVED Slow 03:12-03:20 (8m)\n"
        "over: Gone 03:12-03:20 (8m)"
    )


def test_digest_of_two_has_room_for_summaries() -> None:
    """Few alerts are told in full; what the lines say is not counted again."""
    letter = Letter(
        firing=(fact(), fact({"alertname": "Load"}, {"summary": "Load 42"}))
    )

    assert body(letter) == (
        "2 firing since 03:12\nCRITICAL Disk full db1 /var: Disk is 97% full\nLoad: 42"
    )


@pytest.mark.parametrize(
    ("letter", "expected"),
    [
        pytest.param(
            Letter(firing=(fact(), fact({**DISK, "instance": "db2"}))),
            "CRITICAL Disk full x2 db1, db2 /var: Disk is 97% full. Since 03:12",
            id="summary-said-once",
        ),
        pytest.param(
            Letter(
                firing=(
                    fact(),
                    fact({**DISK, "instance": "db2"}, {"summary": "Disk is 91% full"}),
                )
            ),
            "CRITICAL Disk full x2: db1 /var Disk is 97% full; db2 /var Disk is 91%"
            " full. Since 03:12",
            id="summaries-of-their-own",
        ),
        pytest.param(
            Letter(
                resolved=tuple(
                    fact(
                        {**DISK, "instance": f"db{i}.example.org"},
                        kind=Kind.RESOLVED,
                        ends_at=NOW,
                    )
                    for i in range(4)
                )
            ),
            "RESOLVED Disk full x4 db0-db3 (example.org) /var 03:12-03:15",
            id="resolved",
        ),
        pytest.param(
            Letter(
                reminders=tuple(
                    fact({"alertname": "Load", "host": h}, {}, kind=Kind.REMINDER)
                    for h in "ab"
                )
            ),
            "STILL FIRING Load x2 a, b since 03:12",
            id="reminders",
        ),
        pytest.param(
            Letter(
                firing=tuple(replace(f, worse=True) for f in (fact(), fact(number=2)))
            ),
            "CRITICAL (worse) Disk full x2 db1 /var: Disk is 97% full. Since 03:12",
            id="worse",
        ),
    ],
)
def test_one_line_that_says_it_all_stands_alone(letter: Letter, expected: str) -> None:
    """No counts above it, and its own state in front."""
    assert body(letter) == expected


def test_flapping_alerts_that_share_a_line_say_that_no_more_texts_come() -> None:
    """Else the silence that follows reads as an end."""
    shaky = [
        replace(f, episode=replace(f.episode, flaps=3))
        for f in (fact({**DISK, "host": host}, number=n) for n, host in enumerate("ab"))
    ]

    text = body(Letter(firing=tuple(shaky)))

    assert text.startswith("CRITICAL (flapping x3) Disk full x2 a, b")
    assert text.endswith("ince 03:12, no more texts until it settles")


def test_a_page_about_lost_pages_says_which() -> None:
    """Four people, four pages: `Page not sent x4` would help none of them."""
    lost = [
        replace(
            fact({"alertname": "PageNotSent"}, {"summary": f"{who} not told of A"}),
            episode=replace(
                fact({"alertname": "PageNotSent"}, number=n).episode,
                source=OURSELVES,
                annotations={"summary": f"{who} not told of A"},
            ),
        )
        for n, who in enumerate(("anna", "bo", "carl", "dora"))
    ]

    text = body(Letter(firing=tuple(lost)))

    assert "x4: anna not told of A; bo not told of A; carl" in text


def test_pages_that_scripts_raise_say_what_they_are() -> None:
    """All have one name; what they say is in the summary alone."""
    pages = [
        fact({"alertname": "Page"}, {"summary": said}, number=n)
        for n, said in enumerate(("tape is full", "backup failed", "raid", "ups"))
    ]

    text = body(Letter(firing=tuple(pages)))

    assert "Page x4: backup failed; raid; tape is full; ups. Since" in text


def test_what_is_over_is_never_worse() -> None:
    """It says how bad it was, as the same alert may fire still at a lesser severity."""
    over = [
        fact({**DISK, "mountpoint": path}, kind=Kind.RESOLVED, ends_at=NOW, number=n)
        for n, path in enumerate(("/a", "/b"))
    ]

    text = body(Letter(resolved=tuple(replace(f, worse=True) for f in over)))

    assert text.startswith("RESOLVED critical Disk full x2 ")
    assert "worse" not in text


def test_the_same_alert_at_two_severities_is_one_row() -> None:
    """Under the worse one, and counted once; two alerts are two rows."""
    warning = {**DISK, "severity": "warning"}
    other = fact({**warning, "instance": "db2"}, {})

    alone = body(Letter(firing=(fact(warning), fact())))
    with_another = body(Letter(firing=(fact(warning, {}), fact(DISK, {}), other)))

    assert alone == "CRITICAL Disk full db1 /var: Disk is 97% full. Since 03:12"
    assert with_another == (
        "2 firing since 03:12, /var\nCRITICAL Disk full db1\nwarning Disk full db2"
    )


def test_what_no_place_tells_apart_a_label_does() -> None:
    """Two jobs on one machine: the job, which is said of no other alert."""
    labels = {"alertname": "TargetDown", "instance": "db1", "team": "x"}
    jobs = Letter(firing=tuple(fact({**labels, "job": j}, {}) for j in ("b", "a")))
    racks = Letter(
        firing=tuple(fact({**labels, "job": r, "rack": r}, {}) for r in ("7", "6"))
    )
    alike = Letter(firing=tuple(fact({**labels, "team": t}, {}) for t in "xy"))

    assert body(jobs) == "FIRING Target down x2 db1 a, b since 03:12"
    assert body(racks) == "FIRING Target down x2 db1 6, 7 since 03:12"
    assert body(alike) == "FIRING Target down x2 db1 since 03:12"


def test_newly_worse_comes_first_among_equals() -> None:
    """And says so; what is more severe still comes before it."""
    warning = {"alertname": "Zzz", "severity": "warning"}
    letter = Letter(
        firing=(
            fact({"alertname": "Aaa", "severity": "warning"}, {}),
            replace(fact(warning, {}), worse=True),
            fact({"alertname": "Top", "severity": "critical"}, {}),
        )
    )

    assert body(letter).split("\n")[1:] == [
        "CRITICAL Top",
        "warning (worse) Zzz",
        "warning Aaa",
    ]


def test_what_flaps_or_is_silent_is_said_on_its_line() -> None:
    """As of one alert."""
    shaky = fact({"alertname": "Flaps"}, {})
    shaky = replace(shaky, episode=replace(shaky.episode, flaps=5, stale=True))

    assert "(flapping x5, source silent) Flaps" in body(Letter(firing=(fact(), shaky)))


def test_what_all_have_in_common_is_said_once() -> None:
    """Behind the counts, and on no line."""
    letter = Letter(
        firing=tuple(
            fact({"alertname": name, "instance": f"web{i}", "cluster": "prod"}, {})
            for i, name in enumerate(("Slow", "Load"))
        )
    )

    assert body(letter) == "2 firing since 03:12, prod\nLoad web1\nSlow web0"


def test_a_few_in_another_script_do_not_halve_the_room_of_many() -> None:
    """They keep it where all is told even so, and are spelled out where it is not."""
    persian = fact({"alertname": "دیسک پر", "instance": "db1"}, {})
    many = tuple(fact({"alertname": f"Alert{i:03}"}, {}) for i in range(30))

    assert "دیسک پر db1" in body(Letter(firing=(*fleet(3), persian)))
    assert "dysk pr" in body(Letter(firing=(*many, persian)), replace(STYLE, budget=3))


def test_digest_counts_what_it_does_not_name() -> None:
    """Alerts of many names are counted where they are not named."""
    letter = Letter(
        firing=tuple(fact({"alertname": f"Alert{i:03}"}, {}) for i in range(100))
    )

    first, *lines, last = body(letter).split("\n")

    assert first == "100 firing since 03:12"
    assert last == f"+{100 - len(lines)} more"
    assert len(lines) > 20


def test_a_long_digest_uses_its_whole_budget() -> None:
    """Where no line fits any more, the next are at least named."""
    names = [chr(65 + i) + "long" * 6 for i in range(26)]
    letter = Letter(
        firing=tuple(
            fact({"alertname": name, "host": f"host-{i}" * 5}, {})
            for i, name in enumerate(names)
        )
    )

    text = compose(letter, STYLE, NOW).text
    _, *lines, last = text.body.split("\n")
    more = re.fullmatch(r"\+(\d+) more: (\w+).*\.\.\.", last)

    assert len(text.body) > 270
    assert more is not None
    assert (int(more[1]), more[2]) == (26 - len(lines), names[len(lines)])


def test_places_that_do_not_fit_are_counted() -> None:
    """As many as there is room for, and the counts stand above."""
    letter = Letter(
        firing=tuple(
            fact({"alertname": "Down", "instance": f"web{i * 7}"}, {})
            for i in range(99)
        )
    )

    text = body(letter, replace(STYLE, budget=1))
    found = re.fullmatch(r"99 firing since 03:12\nDown x99 (.*) \+(\d+)", text)

    assert found is not None
    assert len(found[1].split(", ")) + int(found[2]) == 99
    assert len(text) > 150


def test_digest_of_500_is_one_readable_text() -> None:
    """A group of 500 costs one segment, and says which."""
    text = compose(Letter(firing=fleet(500)), STYLE, NOW).text

    assert text.segments == 1
    assert text.body == "FIRING Instance down x500 web000-web499 since 03:12"


def test_digest_says_how_late_its_oldest_is() -> None:
    """A digest that waited says so, whether one line tells it or several."""
    late = fact({"alertname": "Load"}, created_at=NOW - timedelta(minutes=12), number=2)

    assert body(Letter(firing=(fact(), late))).startswith(
        "2 firing since 03:12, late 12m\n"
    )
    assert body(Letter(firing=(late, replace(late, created_at=NOW)))).startswith(
        "FIRING (late 12m) Load x2"
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
    letter = Letter(firing=(fact(note=PostNote("a", truncated=950)),))

    assert body(letter).endswith("Since 03:12\n+950 not shown by the source")


NOTES_OF_A_BAD_NIGHT = Letter(
    firing=(
        fact(
            {"alertname": "Very" * 20, "instance": "host" * 20, "severity": "sev2"},
            kind=Kind.REMINDER,
            starts_at=NOW - timedelta(days=40),
            created_at=NOW - timedelta(days=1),
            note=PostNote("a", truncated=123456, unreadable=1234, oversized=True),
        ),
    ),
    more=12345,
)


@pytest.mark.parametrize("size", [1, 60])
def test_in_one_segment_the_notes_are_still_whole(size: int) -> None:
    """What was left out is told though hardly anything else fits."""
    letter = replace(NOTES_OF_A_BAD_NIGHT, firing=NOTES_OF_A_BAD_NIGHT.firing * size)

    text = compose(letter, replace(STYLE, budget=1), NOW).text

    assert text.segments == 1
    assert text.body.endswith(
        "+123456 not shown by the source, +1234 unreadable, oversized group,"
        " +12345 more next"
    )
    state = "STILL FIRING (late 1d) sev2 Very" if size == 1 else "60 firing\nsev2 Very"
    assert text.body.startswith(state)


def test_notes_beyond_any_budget_are_cut() -> None:
    """The budget is kept before all."""
    wording = Wording(now=NOW, timezone=UTC)

    text, _ = say_many(Letter(firing=fleet(9)), wording, 1, "x" * 500)

    assert text.segments == 1


def test_facts_that_another_speaks_for_are_not_counted() -> None:
    """The firing that its own end overtook is told by the resolved text."""
    ended = fact(kind=Kind.RESOLVED, ends_at=NOW)
    letter = Letter(resolved=(ended,), also=(fact(number=2, ends_at=NOW),))

    assert body(letter) == "RESOLVED Disk full db1 /var after 3m (03:12-03:15)"


def test_the_text_does_not_depend_on_ids_or_order() -> None:
    """Two people who are told the same share one submission."""
    facts = (*fleet(7), fact(number=9), *fleet(3, "Load"))
    other = tuple(replace(f, id=NotificationId(999 - f.id)) for f in reversed(facts))

    assert body(Letter(firing=facts)) == body(Letter(firing=other))


def told_by(text: str) -> int:
    """Add up the lines of a digest: named alerts, and `+N more`."""
    total = 0
    for line in text.split("\n")[1:]:
        if more := re.fullmatch(r"\+(\d+) more(: .*)?", line):
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
    if "\n" not in text:
        # One line says it all.
        text = (
            f"{len(firing)} firing, {len(resolved)} resolved, {len(over)} over\n{text}"
        )

    assert counted_by(text) == [len(firing), len(resolved), len(over)]
    assert told_by(text) == len(firing) + len(resolved) + len(over)
