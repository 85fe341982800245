"""What operators rely on agrees: tables, code, docs/operations.md, alert rules."""

import ast
import inspect
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from alertbridge.core import meta, trouble_kinds
from alertbridge.core.trouble import Cause
from alertbridge.telemetry import EVENTS, METRICS
from alertbridge.telemetry.events import Level
from alertbridge.telemetry.feeds import FEEDS
from alertbridge.telemetry.known_labels import KNOWN_LABELS

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "operations.md"
RULES = ROOT / "config" / "prometheus-rules.yaml"

LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})


def table(*rows: tuple[str, ...]) -> str:
    """A Markdown table; the first row is its head."""
    head, *body = rows
    lines = [head, tuple("---" for _ in head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(names: tuple[str, ...]) -> str:
    """Names as Markdown code."""
    return ", ".join(f"`{name}`" for name in names)


def rules() -> list[dict[str, object]]:
    """The alert rules, as written."""
    document = yaml.safe_load(RULES.read_text("utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def summary_of(rule: Mapping[str, object]) -> str:
    """What a rule says."""
    annotations = rule["annotations"]
    assert isinstance(annotations, dict)
    return str(annotations["summary"])


def tables() -> dict[str, str]:
    """The tables of docs/operations.md, as they should be."""
    return {
        "events": table(
            ("event", "level", "meaning", "keys"),
            *(
                (f"`{name}`", event.level, event.meaning, code(event.keys))
                for name, event in EVENTS.items()
            ),
        ),
        "metrics": table(
            ("metric", "type", "labels", "meaning"),
            *(
                (f"`{metric.name}`", metric.kind, code(metric.labels), metric.help)
                for metric in METRICS.values()
            ),
        ),
        "rules": table(
            ("alert", "says"),
            *(
                (
                    f"`{rule['alert']}`",
                    re.sub(r"{{ \$(?:labels\.)?(\w+).*?}}", r"*\1*", summary_of(rule)),
                )
                for rule in rules()
            ),
        ),
    }


def test_the_page_has_the_tables() -> None:
    """docs/operations.md says what the tables in the code say.

    `ALERTBRIDGE_UPDATE_DOCS=1` in the environment writes the page instead.
    """
    page = PAGE.read_text("utf-8")

    wanted = page
    for name, text in tables().items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = wanted.partition(begin)
        wanted = f"{before}{begin}{text}\n{end}{rest.partition(end)[2]}"

    if os.environ.get("ALERTBRIDGE_UPDATE_DOCS"):
        page = wanted
        PAGE.write_text(page, "utf-8")
    assert page == wanted


class Logged:
    """One call of the code that logs an event."""

    def __init__(self, path: Path, call: ast.Call, event: str, level: str) -> None:
        self.where = f"{path.relative_to(ROOT)}:{call.lineno}"
        self.event = event
        self.level = level
        self.keys = {keyword.arg for keyword in call.keywords if keyword.arg}
        self.whole = all(keyword.arg for keyword in call.keywords)


def logged() -> Iterator[Logged]:
    """Every call `log.<level>("an.event", …)` of the package."""
    for path in sorted((ROOT / "alertbridge").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr=level),
                    args=[ast.Constant(value=str(event)), *_],
                ) if level in LEVELS and re.fullmatch(r"[a-z_]+\.[a-z_.]+", event):
                    yield Logged(path, node, event, level)
                case _:
                    pass


def test_every_event_is_in_the_table() -> None:
    """Names and keys that the code logs are those that operators are told of."""
    unknown = [
        f"{one.where}: {one.event} {sorted(one.keys)}"
        for one in logged()
        if one.event not in EVENTS
        or one.keys - set(EVENTS[one.event].keys) - {"exc_info"}
    ]

    assert unknown == []


def test_every_event_has_the_keys_its_metrics_need() -> None:
    """A key that is missing in the code would be a metric that stays at 0."""
    missing = []
    for one in logged():
        feeds = FEEDS.get(one.event, ())
        needed = {
            key for feed in feeds for key in (*feed.labels.values(), *feed.amount)
        }
        if one.whole and needed - one.keys:
            missing.append(f"{one.where}: {one.event} {sorted(needed - one.keys)}")

    assert missing == []


def test_no_counted_event_is_logged_at_debug() -> None:
    """Debug is never counted: the level of the log must not change the metrics."""
    quiet = [
        one.where for one in logged() if one.event in FEEDS and one.level == "debug"
    ]

    assert quiet == []


def test_no_event_is_debug_and_counted() -> None:
    """The same, of the table."""
    assert [name for name in FEEDS if EVENTS[name].level is Level.DEBUG] == []


def test_rules_ask_for_metrics_that_exist() -> None:
    """An alert on a metric that nobody exposes never fires."""
    asked = set(re.findall(r"alertbridge_\w+", RULES.read_text("utf-8")))

    assert asked
    assert asked <= METRICS.keys()


def test_rules_ask_for_labels_that_exist() -> None:
    """Nor does one on a label that the metric does not have."""
    own = {"job", "instance"}
    for rule in rules():
        for metric, selector in re.findall(
            r"(alertbridge_\w+)\{([^}]*)\}", str(rule["expr"])
        ):
            labels = set(re.findall(r"(\w+)\s*[!=~]", selector))
            assert labels <= own | set(METRICS[metric].labels), rule["alert"]


def promtool(*arguments: str) -> None:
    """Run promtool and expect success, or skip where there is none."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    done = subprocess.run(
        [program, *arguments],
        cwd=ROOT / "tests" / "prometheus",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_are_valid() -> None:
    """Prometheus itself takes the rules."""
    promtool("check", "rules", str(RULES))


def test_rules_fire_when_they_should() -> None:
    """Each case in rules_test.yaml: what fires, and what must not."""
    promtool("test", "rules", "rules_test.yaml")


def test_every_critical_rule_is_tried() -> None:
    """Who wakes people has a case of its own."""
    cases = (ROOT / "tests" / "prometheus" / "rules_test.yaml").read_text("utf-8")
    critical = [rule for rule in rules() if "critical" in str(rule["labels"])]

    assert [
        r["alert"] for r in critical if f"alertname: {r['alert']}" not in cases
    ] == []


def test_every_page_about_ourselves_is_in_the_table() -> None:
    """And each is there from the start as a metric, so that a first one can be seen."""
    page = PAGE.read_text("utf-8")
    rows = page.partition("<!-- troubles -->\n")[2].partition("<!-- /troubles -->")[0]
    shown = set(re.findall(r"^\| `(\w+)`", rows, re.MULTILINE))

    made = {
        one.name for one in vars(trouble_kinds).values() if isinstance(one, Cause)
    } | set(re.findall(r'Cause\("(\w+)"', inspect.getsource(trouble_kinds)))
    made |= set(
        re.findall(r'^    +"([A-Z]\w+)",', inspect.getsource(meta), re.MULTILINE)
    )
    made |= set(re.findall(r'meta_plan\("(\w+)"', inspect.getsource(meta)))
    made |= {meta.SPEND_WARNING}
    counted = {cause for (cause,) in KNOWN_LABELS["alertbridge_meta_alerts_total"]}

    assert shown == made == counted
