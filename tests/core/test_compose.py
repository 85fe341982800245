"""What a person reads at 3 a.m. of one alert: which words, and in which order."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alertbridge.core.alert import OURSELVES, SourceName
from alertbridge.core.compose import Style, compose
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


def shaky(told: Fact, *, flaps: int = 0, stale: bool = False) -> Fact:
    """The same, of an episode that flaps, or whose source has fallen silent."""
    return replace(told, episode=replace(told.episode, flaps=flaps, stale=stale))


def body(letter: Letter, style: Style = STYLE) -> str:
    """Compose, and take the text."""
    return compose(letter, style, NOW).text.body


def one(told: Fact, style: Style = STYLE) -> str:
    """Compose the text of one alert."""
    if told.kind is Kind.RESOLVED:
        return body(Letter(resolved=(told,)), style)
    return body(Letter(firing=(told,)), style)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param(
            fact(),
            "CRITICAL Disk full db1 /var: Disk is 97% full. Since 03:12",
            id="critical",
        ),
        pytest.param(
            fact({**DISK, "severity": "warning"}),
            "FIRING warning Disk full db1 /var: Disk is 97% full. Since 03:12",
            id="own-word-of-the-label",
        ),
        pytest.param(
            fact({**DISK, "severity": "page"}),
            "CRITICAL Disk full db1 /var: Disk is 97% full. Since 03:12",
            id="another-word-for-critical",
        ),
        pytest.param(
            fact({**DISK, "severity": ""}),
            "FIRING Disk full db1 /var: Disk is 97% full. Since 03:12",
            id="no-severity",
        ),
        pytest.param(
            fact({**DISK, "severity": "none"}),
            "FIRING low Disk full db1 /var: Disk is 97% full. Since 03:12",
            id="none-is-no-word",
        ),
        pytest.param(
            fact(annotations={}),
            "CRITICAL Disk full db1 /var since 03:12",
            id="no-annotations",
        ),
        pytest.param(
            fact(annotations={"description": "97% of /var"}),
            "CRITICAL Disk full db1 /var: 97%. Since 03:12",
            id="description-instead",
        ),
        pytest.param(
            fact(annotations={"summary": "Is it lost?"}),
            "CRITICAL Disk full db1 /var: Is it lost? Since 03:12",
            id="own-punctuation",
        ),
        pytest.param(
            fact(starts_at=NOW - timedelta(days=1)),
            "CRITICAL Disk full db1 /var: Disk is 97% full. Since 21 Nov 03:15",
            id="yesterday",
        ),
        pytest.param(
            fact(starts_at=NOW - timedelta(days=400)),
            "CRITICAL Disk full db1 /var: Disk is 97% full. Since 18 Oct 2025",
            id="another-year",
        ),
        pytest.param(
            fact(created_at=NOW - timedelta(minutes=12)),
            "CRITICAL (late 12m) Disk full db1 /var: Disk is 97% full. Since 03:12",
            id="late",
        ),
        pytest.param(
            fact(kind=Kind.REMINDER, starts_at=NOW - timedelta(hours=3)),
            "STILL FIRING CRITICAL Disk full db1 /var: Disk is 97% full."
            " Since 00:15 (3h)",
            id="reminder",
        ),
        pytest.param(
            fact(kind=Kind.ESCALATED),
            "ESCALATED CRITICAL Disk full db1 /var: Disk is 97% full. Since 03:12",
            id="escalated",
        ),
        pytest.param(
            fact(kind=Kind.RESOLVED, ends_at=STARTED + timedelta(minutes=8)),
            "RESOLVED Disk full db1 /var after 8m (03:12-03:20)",
            id="resolved-stands-alone",
        ),
        pytest.param(
            fact(
                kind=Kind.RESOLVED,
                starts_at=datetime(2026, 11, 20, 22, 50, tzinfo=UTC),
                ends_at=NOW,
            ),
            "RESOLVED Disk full db1 /var after 1d3h (20 Nov 23:50-22 Nov 03:15)",
            id="resolved-over-days-shows-both",
        ),
        pytest.param(
            fact(
                kind=Kind.RESOLVED,
                starts_at=datetime(2025, 11, 20, 22, 50, tzinfo=UTC),
                ends_at=NOW - timedelta(days=1),
            ),
            "RESOLVED Disk full db1 /var after 365d3h (20 Nov 2025-21 Nov 03:15)",
            id="resolved-over-years",
        ),
        pytest.param(
            replace(fact(), worse=True, created_at=NOW - timedelta(minutes=3)),
            "CRITICAL (worse, late 3m) Disk full db1 /var: Disk is 97% full."
            " Since 03:12",
            id="worse-than-was-told",
        ),
        pytest.param(
            replace(
                fact(kind=Kind.RESOLVED, ends_at=STARTED + timedelta(minutes=8)),
                worse=True,
            ),
            "RESOLVED critical Disk full db1 /var after 8m (03:12-03:20)",
            id="resolved-says-which-of-two-severities",
        ),
        pytest.param(
            fact({"alertname": "Ack_14", "instance": "db1"}, {}),
            "FIRING Ack_14 db1 since 03:12",
            id="a-name-in-words-cannot-ask-for-an-answer",
        ),
        pytest.param(
            fact({"alertname": "Ack 14", "instance": "db1"}, {}),
            "FIRING Ack_14 db1 since 03:12",
            id="a-name-cannot-ask-for-an-answer",
        ),
        pytest.param(
            shaky(fact({**DISK, "severity": "warning"}), flaps=5),
            "FIRING (flapping x5) warning Disk full db1 /var: Disk is 97% full."
            " Since 03:12, no more texts until it settles",
            id="flapping",
        ),
        pytest.param(
            shaky(
                fact(kind=Kind.RESOLVED, ends_at=STARTED + timedelta(minutes=8)),
                flaps=9,
            ),
            "RESOLVED Disk full db1 /var after 8m (03:12-03:20), flapped x9",
            id="flapped",
        ),
        pytest.param(
            fact(
                {"alertname": "Page"},
                {"summary": "backup of db1 failed"},
                kind=Kind.RESOLVED,
                ends_at=STARTED + timedelta(minutes=8),
            ),
            "RESOLVED Page: backup of db1 failed after 8m (03:12-03:20)",
            id="a-page-that-is-over-says-which",
        ),
        pytest.param(
            replace(
                shaky(
                    fact(kind=Kind.RESOLVED, ends_at=STARTED + timedelta(minutes=8)),
                    flaps=9,
                ),
                created_at=NOW - timedelta(minutes=15),
                held_until=NOW,
            ),
            "RESOLVED Disk full db1 /var after 8m (03:12-03:20), flapped x9",
            id="what-was-to-settle-first-is-not-late",
        ),
        pytest.param(
            shaky(fact(kind=Kind.REMINDER), stale=True),
            "STILL FIRING (source silent) CRITICAL Disk full db1 /var:"
            " Disk is 97% full. Since 03:12 (3m)",
            id="source-silent",
        ),
        pytest.param(
            fact(
                {
                    "alertname": "DatasourceNoData",
                    "rulename": "High CPU usage",
                    "ref_id": "A",
                },
                {"summary": "High CPU usage on "},
            ),
            "FIRING High CPU usage (no data) since 03:12",
            id="grafana-no-data-leads-with-the-rule",
        ),
        pytest.param(
            fact(
                {"alertname": "DatasourceError", "rulename": "DiskFull", "host": "a"},
                {},
            ),
            "FIRING Disk full (data source error) a since 03:12",
            id="grafana-error-leads-with-the-rule",
        ),
        pytest.param(
            fact(source=OURSELVES, labels={"alertname": "NotificationDead"}),
            "FIRING alertbridge itself: Notification dead: Disk is 97% full."
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
    ("name", "summary", "expected"),
    [
        pytest.param(
            "High CPU usage",
            "High CPU usage on web1",
            "FIRING High CPU usage web1 since 03:12",
            id="name-and-place-in-summary",
        ),
        pytest.param(
            "High CPU usage",
            "High CPU usage above 90%",
            "FIRING High CPU usage web1: above 90%. Since 03:12",
            id="name-in-summary",
        ),
        pytest.param(
            "HighCPU",
            "HighCPU",
            "FIRING High CPU web1 since 03:12",
            id="summary-is-name",
        ),
        pytest.param(
            "HighCPU",
            "web1:9100 is at 97%",
            "FIRING High CPU web1: is at 97%. Since 03:12",
            id="place-with-port-in-summary",
        ),
        pytest.param(
            "HighCPU",
            "web1.example.org is at 97%",
            "FIRING High CPU web1: web1.example.org is at 97%. Since 03:12",
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


def test_links_in_annotations_cannot_be_tapped() -> None:
    """A stranger's link is not offered for a tap."""
    text = one(fact(annotations={"summary": "Your bank: http://evil.tld"}))

    assert "Your bank: evil,tld. Since" in text


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
    assert text.body.startswith("CRITICAL Disk full db1 /var: aaa")


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


def test_times_are_the_readers_own() -> None:
    """The clock is that of the reader's time zone."""
    assert one(fact(), Style(timezone=UTC, budget=2)).endswith("Since 02:12")


def test_the_severity_label_may_have_another_name() -> None:
    """The label of the config is the one whose value is shown."""
    style = Style(timezone=UTC, budget=2, severity_label="prio")

    assert one(fact({"alertname": "A", "prio": "p3"}, {}), style) == (
        "FIRING p3 A since 02:12"
    )


def test_a_template_words_the_text() -> None:
    """Own words replace the built-in ones."""
    template = compile_template("short", "{{ alerts[0].name }} {{ alerts[0].place }}")

    composed = compose(Letter(firing=(fact(),)), replace(STYLE, template=template), NOW)

    assert composed.text.body == "Disk full db1 /var"
    assert composed.template_error is None


@pytest.mark.parametrize(
    ("source", "error"),
    [
        pytest.param(
            "{{ alerts[0].labels.nope }}", "there is no 'nope' here", id="missing"
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


@pytest.mark.parametrize("template", [None, "{{ alerts[0].name }}"], ids=str)
@pytest.mark.parametrize(
    ("size", "expected"),
    [
        pytest.param(1, "FIRING DiskFull", id="one"),
        pytest.param(
            30, "30 alerts\n" + "\n".join(["FIRING DiskFull"] * 10), id="many"
        ),
    ],
)
def test_data_of_no_shape_still_pages(
    size: int, expected: str, template: str | None
) -> None:
    """Where nothing fits, state and name are left; with or without own words."""
    broken = fact()
    object.__setattr__(broken.episode, "annotations", None)
    object.__setattr__(broken, "created_at", None)
    style = replace(
        STYLE, template=None if template is None else compile_template("t", template)
    )

    composed = compose(Letter(firing=(broken,) * size), style, NOW)

    assert composed.text.body == expected
    assert (composed.template_error is None) == (template is None)


def test_an_alert_without_a_readable_name_still_pages() -> None:
    """Not even the labels need be labels."""
    broken = fact()
    object.__setattr__(broken.episode, "labels", None)

    assert one(broken) == "FIRING unnamed alert"


def test_a_start_at_the_beginning_of_time_is_told() -> None:
    """A date that no local calendar has does not cost the page its words."""
    began = datetime.min.replace(tzinfo=UTC)
    style = Style(timezone=ZoneInfo("America/New_York"), budget=2)

    assert one(fact(starts_at=began), style).endswith("full. Since 1 Jan 1")


def test_an_empty_letter_is_no_empty_text() -> None:
    """A text is never empty, whatever led to it."""
    assert body(Letter())
