"""Own templates: what they can say, and what they cannot cost."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alertbridge.core.alert import SourceName
from alertbridge.core.compose_context import context_of
from alertbridge.core.mailbox import Letter
from alertbridge.core.notification import (
    EpisodeId,
    EpisodeView,
    Fact,
    Kind,
    NotificationId,
    PostNote,
)
from alertbridge.core.severity import Severity
from alertbridge.core.template import (
    LONGEST_OUTPUT,
    LONGEST_SOURCE,
    VARIABLES,
    TemplateError,
    TemplateFailed,
    compile_template,
)
from alertbridge.core.template_filters import FILTERS
from alertbridge.core.template_meter import MOST_STEPS, Meter
from alertbridge.core.wording import Wording

NOW = datetime(2026, 11, 22, 2, 20, tzinfo=UTC)
STARTED = NOW - timedelta(minutes=8)
DISK = Fact(
    id=NotificationId(1),
    kind=Kind.FIRING,
    round=0,
    severity=Severity.CRITICAL,
    episode=EpisodeView(
        id=EpisodeId(1),
        source=SourceName("prometheus"),
        labels={
            "alertname": "DiskFull",
            "instance": "db1:9100",
            "__hidden__": "x",
            "note": "{{ 7*7 }}\u202e",
        },
        annotations={"summary": "Disk is 97% full."},
        starts_at=STARTED,
    ),
    receiver="sre",
    numbers=(),
    created_at=NOW,
    note=PostNote("group", truncated=950),
)
LOAD = replace(
    DISK,
    kind=Kind.RESOLVED,
    severity=Severity.LOW,
    episode=replace(
        DISK.episode, labels={"alertname": "Load", "instance": "web1"}, ends_at=NOW
    ),
)
WORDING = Wording(now=NOW, timezone=ZoneInfo("Europe/Stockholm"))
CONTEXT = context_of(Letter(firing=(DISK,), resolved=(LOAD,), more=3), WORDING)


def rendered(source: str, context: Mapping[str, object] = CONTEXT) -> str:
    """Compile and render."""
    return compile_template("mine", source).render(context)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("{{ status|upper }} {{ firing|length }}", "FIRING 1", id="count"),
        pytest.param("{{ alerts|map(attribute='name')|join(', ')}}", "DiskFull, Load",
                     id="names"),
        pytest.param("{{ alerts|join('; ', 'place') }}", "db1; web1",
                     id="join-attribute"),
        pytest.param("{% for a in firing %}{{ a.summary }}{% endfor %}",
                     "Disk is 97% full", id="loop"),
        pytest.param("{{ firing[0].starts_at|local }}", "03:12", id="local-time"),
        pytest.param("{{ firing[0].starts_at|local('full') }}", "2026-11-22 03:12",
                     id="local-date-and-time"),
        pytest.param("{{ firing[0].starts_at|ago }}", "8m", id="ago"),
        pytest.param("{{ resolved[0].ends_at|local }}", "03:20", id="end"),
        pytest.param("{{ firing[0].ends_at }}", "", id="none-is-nothing"),
        pytest.param("{{ firing[0].labels.instance }}", "db1:9100", id="label"),
        pytest.param("{{ firing[0].labels.nope|default('-') }}", "-", id="default"),
        pytest.param("{{ truncated }}+{{ more }}", "950+3", id="numbers"),
        pytest.param("{{ 7 * 6 - 2 }}", "40", id="arithmetic"),
        pytest.param("{{ 97.53|round }} {{ 97.53|round(1) }}", "98 97.5", id="round"),
        pytest.param("{{ 'a' ~ 1 ~ 'b' + 'c' }}", "a1bc", id="concatenation"),
        pytest.param("{{ 'abcdef'|truncate(5) }}", "ab...", id="truncate"),
        pytest.param("{{ 'a.b'|replace('.', '/') }}", "a/b", id="replace"),
        pytest.param("{{ alerts|selectattr('status', 'in', ['over', 'firing'])|list"
                     "|length }}", "1", id="select"),
        pytest.param("{% for g in alerts|groupby('severity') %}{{ g.grouper }} "
                     "{% endfor %}", "critical low ", id="groupby"),
        pytest.param("{% for k, v in resolved[0].labels.items() %}{{ k }}={{ v }} "
                     "{% endfor %}", "alertname=Load instance=web1 ", id="items"),
        pytest.param("{% for i in range(2) %}{{ loop.index }}{{ loop.cycle('a', 'b') }}"
                     "{% endfor %}", "1a2b", id="loop-variable"),
        pytest.param("{% set n = firing|first %}{{ n.name }}", "DiskFull", id="set"),
        pytest.param("{{ (alerts|last).name }} {{ over|first }}", "Load ", id="last"),
        pytest.param("{{ 'payments-api-6c9f7d5b8c-x2x7q'|short(20) }}",
                     "payments-api...x2x7q", id="short"),
        pytest.param("{{ 'db1.example.org'|short(5) }}", "db1.e", id="very-short"),
        pytest.param("{{ 'naïve façade: 🔥'|gsm }}", "naive facade: :fire:",
                     id="gsm"),
        pytest.param("{{ 'web-03.eu-north-1.example.org:9100'|host }}", "web-03",
                     id="host"),
        pytest.param("{{ ['db1:5432', '10.20.30.41:9100', 'db1']|map('host')|join(' ')"
                     " }}", "db1:5432 10.20.30.41 db1", id="hosts"),
        pytest.param("{{ 'summary' in firing[0].annotations }}"
                     "{{ firing[0].annotations|length }}", "True1", id="lazy"),
        pytest.param("a\n{% if true %}\nb\n{% endif %}\nc", "a\nb\nc", id="lines"),
    ],
)  # fmt: skip
def test_templates_say(source: str, expected: str) -> None:
    """What a text needs can be said."""
    assert rendered(source) == expected


def test_the_context_is_what_is_promised() -> None:
    """The names a template may use are the names it is given."""
    assert set(CONTEXT) == VARIABLES


def test_alert_text_in_a_template_is_data() -> None:
    """A label that looks like a template is shown, cleaned, and not run."""
    assert rendered("{{ firing[0].labels.note }}") == "{{ 7*7 }}"


def test_hidden_labels_are_not_given() -> None:
    """Labels for matching only are no text."""
    assert "__hidden__" not in rendered("{{ firing[0].labels.keys()|join(' ') }}")


@pytest.mark.parametrize(
    ("source", "line", "problem"),
    [
        pytest.param("a\n{{ lables }}", 2, "unknown variable 'lables'", id="variable"),
        pytest.param("{{ firng }}", 1, "did you mean 'firing'?", id="did-you-mean"),
        pytest.param("{{ now|locale }}", 1, "did you mean 'local'?", id="filter"),
        pytest.param("{% if %}", 1, "Expected an expression", id="syntax"),
        pytest.param("a\nb\n{{ 'x' }", 3, "unexpected", id="unclosed"),
        pytest.param("  \n", 1, "empty", id="empty"),
        pytest.param("x" * (LONGEST_SOURCE + 1), 1, "longer than", id="long"),
        pytest.param("{{ 'a' * 10**9 }}", 1, "not", id="power"),
        pytest.param("{{ 'a' * 1000000000 }}", 1, "multiplied", id="repeated-text"),
        pytest.param("{% for i in range(1000000000) %}{% endfor %}", 1, "range()",
                     id="huge-range"),
        pytest.param("{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}", 1, "'macro'",
                     id="recursive-macro"),
        pytest.param("{% for i in [1] recursive %}{% endfor %}", 1, "recursive",
                     id="recursive-loop"),
        pytest.param("{% include 'x' %}", 1, "'include'", id="include"),
        pytest.param("{% import 'x' as y %}", 1, "'import'", id="import"),
        pytest.param("{% extends 'x' %}", 1, "'extends'", id="extends"),
        pytest.param("{{ ''.__class__.__mro__ }}", 1, "underscore", id="dunder"),
        pytest.param("{{ _meter }}", 1, "underscore", id="meter"),
        pytest.param("{{ '{:>999999}'.format(1) }}", 1, "'format'", id="str-format"),
        pytest.param("{{ 'a'.center(999999) }}", 1, "'center'", id="str-center"),
        pytest.param("{{ 'a'|center(999999) }}", 1, "'center'", id="filter-center"),
        pytest.param("{{ lipsum() }}", 1, "can be called", id="lipsum"),
        pytest.param("{{ 'x'.upper(*alerts) }}", 1, "plain arguments", id="star"),
        pytest.param("{% set x = [alerts, alerts] %}", 1, "plain values", id="nested"),
        pytest.param("{{ {'a': alerts} }}", 1, "'dict'", id="dict"),
        pytest.param("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", 1, "nested",
                     id="deep-parentheses"),
        pytest.param("{{ 1" + " + 1" * 3000 + " }}", 1, "nested", id="long-sum"),
        pytest.param("{% if 1 %}" * 400 + "{% endif %}" * 400, 1, "nested",
                     id="deep-blocks"),
        pytest.param("{{ " + "9" * 5000 + " }}", 1, "compiled", id="huge-number"),
    ],
)  # fmt: skip
def test_refused_when_loaded(source: str, line: int, problem: str) -> None:
    """What can be known beforehand is an error of the config, with its line."""
    with pytest.raises(TemplateError) as caught:
        compile_template("mine", source)

    assert caught.value.line == line
    assert problem in caught.value.problem
    assert str(caught.value).startswith(f"template mine, line {line}: ")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        pytest.param("a\n{{ firing[0].labels.nope }}", "line 2: there is no 'nope'",
                     id="missing-label"),
        pytest.param("{{ 1 / 0 }}", "division by zero", id="division"),
        pytest.param("{{ alerts }}", "not one value", id="whole-list"),
        pytest.param("{{ alerts[0] }}", "not one value", id="whole-alert"),
        pytest.param("{{ 'x'|upper * more }}", "two numbers only", id="repeated-text"),
        pytest.param("{{ '%999999d' % 1 }}", "two numbers only", id="percent-format"),
        pytest.param("{% set n = more * 100000 %}{% for i in range(n) %}{% endfor %}",
                     "range()", id="computed-range"),
        pytest.param("{% for i in range(9999) %}{% for j in range(9999) %}"
                     "{% for k in range(9999) %}{% endfor %}{% endfor %}{% endfor %}",
                     "steps", id="loops-in-loops"),
        pytest.param("{% for i in range(90000) %}{{ '' ~ 1 if more == 4 }}{% endfor %}",
                     "steps", id="long-body"),
        pytest.param("{% set x = 'aaaaaaaa' %}" + "{% set x = x + x %}" * 40,
                     "characters", id="doubling-by-plus"),
        pytest.param("{% set x = 'aaaaaaaa' %}" + "{% set x = x|replace('a', x) %}" * 9,
                     "characters", id="replace-grows"),
        pytest.param("{{ range(9000)|join('" + "x" * 200 + "') }}", "joins",
                     id="long-join"),
        pytest.param("{% set x = 9 %}" + "{% set x = x * x %}" * 40 + "{{ x }}",
                     "too large", id="squaring"),
        pytest.param("{{ 1.5|round(999999999, 'ceil') }}", "arguments", id="round"),
        pytest.param("{{ ''['__class__'] }}", "unsafe", id="dunder-by-item"),
        pytest.param("{{ alerts|map('center', 99999)|join }}", "center", id="by-name"),
    ],
)  # fmt: skip
def test_fails_when_rendered(source: str, problem: str) -> None:
    """What shows only at night fails quickly, with one line that says where."""
    template = compile_template("mine", source)

    with pytest.raises(TemplateFailed) as caught:
        template.render(CONTEXT)

    assert problem in str(caught.value)
    assert str(caught.value).startswith("template mine, line ")
    assert "\n" not in str(caught.value)


LARGEST = Letter(
    firing=tuple(
        replace(
            DISK,
            episode=replace(
                DISK.episode,
                labels={
                    "alertname": "DiskFull",
                    "instance": f"db{i}.example.org:9100",
                    **{f"label_{n}": f"some value {n}" for n in range(8)},
                },
                annotations={"summary": text * 40, "description": text * 40},
            ),
        )
        for i in range(2000)
        for text in [("Disk is full. ", "ディスク が いっぱい ")[i % 2]]
    )
)
"""As many alerts as one text tells of, with long texts, half of them odd letters."""

WORDS = "{% set t = '" + "a " * 1950 + "' %}"
NUMBERS = "{% set l = range(40000)|list %}"
HOSTILE = {
    "title": WORDS + "{% for i in range(30000) %}{% set x = t|title %}{% endfor %}",
    "title-by-name": "{% for i in range(99) %}{% set x = alerts|map(attribute='name')"
    "|map('title')|list %}{% endfor %}",
    "gsm": WORDS + "{% for i in range(30000) %}{% set x = t|gsm %}{% endfor %}",
    "split": WORDS + "{% for i in range(12000) %}{% set x = t.split() %}{% endfor %}",
    "numbers": "{% set t = '" + "9" * 3900 + "' %}{% for i in range(12000) %}"
    "{% set x = t|int(0, 36) %}{% endfor %}",
    "search": WORDS + "{% for i in range(12000) %}{% if 'ab' in t %}{% endif %}"
    "{% endfor %}",
    "empty-loops": "{% for i in range(99999) %}{% endfor %}" * 300,
    "loop-condition": "{% for i in range(90000) if " + "(1 if i < 0 else 2) + " * 60
    + "i < 0 %}{% endfor %}",
    "lists-compared": NUMBERS + "{% set m = range(40000)|list %}"
    "{% for i in range(9000) %}{% if l == m %}{% endif %}{% endfor %}",
    "list-searched": NUMBERS + "{% for i in range(9000) %}{% if 'x' in l %}{% endif %}"
    "{% endfor %}",
    "list-tested": NUMBERS + "{% for i in range(9000) %}{% if 'x' is in l %}{% endif %}"
    "{% endfor %}",
    "list-copied": NUMBERS + "{% for i in range(9000) %}{% set x = l[1:] %}"
    "{% endfor %}",
    "select-in": NUMBERS + "{{ alerts|selectattr('name', 'in', l)|list|length }}",
    "many-keys": "{{ alerts|sort(attribute='" + ",".join(["kind"] * 1500) + "')"
    "|length }}",
    "long-attribute": "{{ alerts|map(attribute='" + "labels." * 1500 + "x')|list }}",
    "refill": "{{ alerts|map('_each', -1000000)|list|length }}"
    "{% for i in range(90000) %}{{ '' if i }}{% endfor %}",
    "values": "{% for i in range(14000) %}{% if 'x' in alerts[0].labels.values() %}"
    "{% endif %}{% endfor %}",
    "read-all": "{% for a in alerts %}{% for k, v in a.labels.items() %}{% endfor %}"
    "{% set x = a.summary ~ a.place %}{% endfor %}",
    "read-annotations": "{{ alerts|sort(attribute='annotations.description')|length }}",
}  # fmt: skip
"""Templates that took from half a second to a minute before all of this was counted."""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_is_stopped(name: str) -> None:
    """On the largest letter, too: some 0.1 s, and no second on a busy machine."""
    template = compile_template("mine", HOSTILE[name])
    began = process_time()

    with pytest.raises(TemplateFailed, match=r"takes more than|reads too much"):
        template.render(context_of(LARGEST, WORDING))

    assert process_time() - began < 1


def test_the_bounds_leave_room_for_what_people_write() -> None:
    """Names by place of 2,000 alerts, sorted and grouped: no limit is near."""
    source = (
        "{% for g in alerts|groupby('name') %}{{ g.grouper }}: "
        "{{ g.list|sort(attribute='place')|map(attribute='place')|unique|list|length }}"
        "{% endfor %}"
    )

    assert rendered(source, context_of(LARGEST, WORDING)) == "DiskFull: 2000"


def test_a_template_is_given_values_only_as_it_reads_them() -> None:
    """What no template asks for is not cleaned: megabytes may be there."""
    huge = replace(
        DISK,
        episode=replace(DISK.episode, annotations={"dump": "ディ" * 5_000_000}),
    )
    began = process_time()

    text = rendered(
        "{{ alerts|length }}", context_of(Letter(firing=(huge,) * 2000), WORDING)
    )

    assert text == "2000"
    assert process_time() - began < 0.5


def test_alerts_come_in_one_order_whoever_reads() -> None:
    """Two people who are told the same get the same text."""
    facts = LARGEST.firing[:50]
    source = "{% for a in alerts %}{{ a.labels.instance }} {% endfor %}"

    texts = {
        rendered(source, context_of(Letter(firing=order), WORDING))
        for order in (facts, facts[::-1])
    }

    assert len(texts) == 1


def test_doubling_by_concatenation_is_bounded() -> None:
    """A text that doubles with each line does not grow beyond what is read."""
    source = "{% set x = 'aaaaaaaa' %}" + "{% set x = x ~ x %}" * 200 + "{{ x }}"

    assert len(rendered(source)) <= LONGEST_OUTPUT


def test_output_is_read_to_its_limit_only() -> None:
    """Nobody waits for what no text has room for."""
    text = rendered("{% for i in range(20000) %}{{ 'x' }}{% endfor %}")

    assert len(text) == LONGEST_OUTPUT


def test_the_largest_letter_can_be_looped_over() -> None:
    """The limit on steps leaves room for all alerts of one text, and a body."""
    context = context_of(Letter(firing=(DISK,) * 2000), WORDING)

    source = "{% for a in alerts %}{% if a.name == 'x' %}{{ a.place }}{% endif %}"

    assert rendered(source + "{% endfor %}{{ alerts|length }}", context) == "2000"


def test_each_render_has_its_own_meter() -> None:
    """What one render spends, the next has again."""
    template = compile_template("mine", "{% for i in range(30000) %}{% endfor %}ok")

    assert [template.render(CONTEXT) for _ in range(5)] == ["ok"] * 5
    assert Meter().left == MOST_STEPS


VALUES = st.sampled_from(
    [
        "alerts", "firing[0]", "firing[0].labels", "now", "more", "'text'", "7", "-1.5",
        "[1, 'a']", "range(9)", "none", "firing[0].starts_at", "'a'.split()", "()",
    ]
)  # fmt: skip
FILTERS_USED = st.sampled_from(sorted(FILTERS)).map(lambda name: f"|{name}")
OPERATORS = st.sampled_from([" + ", " - ", " * ", " / ", " % ", " ~ ", " == ", " in "])
EXPRESSIONS = st.lists(
    st.builds("{}{}{}{}".format, VALUES, FILTERS_USED, FILTERS_USED, OPERATORS),
    min_size=1,
    max_size=3,
).map(lambda terms: "".join(terms) + "1")


@given(EXPRESSIONS)
@example("alerts|map('_each')|list ~ 1")
@example("alerts|sort|first == 1")
def test_no_template_fails_in_another_way(expression: str) -> None:
    """Whatever is written, it is refused, or fails by name, or renders."""
    try:
        text = rendered("{% for a in alerts %}{{ " + expression + " }}{% endfor %}")
    except (TemplateError, TemplateFailed):
        return

    assert len(text) <= LONGEST_OUTPUT


def test_a_template_does_not_show_its_source() -> None:
    """A template in a log line is its name."""
    assert repr(compile_template("mine", "secret words")) == "Template('mine')"
