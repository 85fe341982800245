"""Turn a letter into the text a person reads at 3 a.m.

A page always goes out (G5): a template that fails gives way to the built-in text, and
that to nothing but the alert's name and state. The text depends on the facts, not on
who reads it: people who are told the same share one submission.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from alertbridge.core.cleaning import clean, clean_lines
from alertbridge.core.compose_context import context_of
from alertbridge.core.compose_digest import say_many
from alertbridge.core.compose_notes import notes_of
from alertbridge.core.compose_single import say_one, spell
from alertbridge.core.encoding import fit, measure
from alertbridge.core.language import Language
from alertbridge.core.mailbox import Letter
from alertbridge.core.message import Text
from alertbridge.core.notification import Fact
from alertbridge.core.same_alert import one_row_each
from alertbridge.core.script import Script
from alertbridge.core.template import Template, TemplateFailed
from alertbridge.core.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a reader wants it: the clock, the segments at most, and own words.

    `severity_label` is the label whose value is shown for what is not critical. Links
    to `linked_hosts`, and to hosts below them, stay whole. `closings` are ways to close
    the text, the fullest first; the last is never cut, and is used if no other fits.
    """

    timezone: tzinfo
    budget: int
    template: Template | None = None
    severity_label: str = "severity"
    language: Language = Language.ENGLISH
    script: Script = Script.AUTO
    linked_hosts: frozenset[str] = frozenset()
    closings: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Composed:
    """A text that can leave; `template_error` says why it is not the template's.

    `closing` is the one of the style's closings that the text ends with.
    """

    text: Text
    template_error: str | None = None
    closing: str = ""


def compose(
    letter: Letter, style: Style, now: datetime, *, notice: str = ""
) -> Composed:
    """Compose the text of *letter*: never empty, never over budget, never raises.

    *notice* is what the text must say besides, whole, in whosever words it is.
    """
    budget = max(style.budget, 1)
    closings = style.closings or ("",)
    wording = Wording(
        now=now,
        timezone=style.timezone,
        severity_label=style.severity_label,
        language=style.language,
        script=style.script,
        linked_hosts=style.linked_hosts,
    )
    error = None
    if style.template is not None:
        try:
            rendered = style.template.render(context_of(letter, wording))
            body = clean_lines(rendered, style.linked_hosts)
            if body:
                return Composed(*_closed(body, budget, notice, closings))
            error = f"template {style.template.name}: the text is empty"
        except TemplateFailed as exc:
            error = str(exc)
        except Exception as exc:  # noqa: BLE001  a page outlives any fault of its words
            error = f"template {style.template.name}: {type(exc).__name__}"
    try:
        text, closing = _built_in(letter, wording, budget, notice, closings)
    except Exception:  # noqa: BLE001  labels of no shape we foresaw still page somebody
        text, closing = _last_resort(letter, wording, budget, notice, closings)
    return Composed(text, error, closing)


def _built_in(
    letter: Letter,
    wording: Wording,
    budget: int,
    notice: str,
    closings: tuple[str, ...],
) -> tuple[Text, str]:
    notes = ", ".join(filter(None, (notice, notes_of(letter, wording.words))))
    if not letter.leads and not letter.over:
        return _last_resort(letter, wording, budget, notice, closings)
    rows = one_row_each(letter, wording.severity_label)
    if len(rows.leads) == 1 and not rows.over:
        return say_one(rows.leads[0], wording, budget, notes, closings)
    return say_many(rows, wording, budget, notes, closings)


def _closed(
    body: str, budget: int, notice: str, closings: tuple[str, ...]
) -> tuple[Text, None, str]:
    """Close a template's text: the body is cut, never the notice nor the closing."""
    for closing in closings[:-1]:
        whole = measure(body + _tail(notice, closing))
        if whole.segments <= budget:
            return whole, None, closing
    return fit(body, budget, _tail(notice, closings[-1])), None, closings[-1]


def _tail(*lines: str) -> str:
    return "".join(f"\n{line}" for line in lines if line)


def _last_resort(
    letter: Letter,
    wording: Wording,
    budget: int,
    notice: str,
    closings: tuple[str, ...],
) -> tuple[Text, str]:
    """State and name of each alert, and nothing that could fail."""
    lines = [_name_and_state(fact) for fact in letter.leads[:10] or letter.facts[:10]]
    told = len(letter.leads + letter.over)
    if told > len(lines):
        lines.insert(0, wording.words.count_alerts.of(told))
    body = "\n".join(lines) or wording.words.nothing
    return fit(body, budget, _tail(notice, closings[-1])), closings[-1]


def _name_and_state(fact: Fact) -> str:
    try:
        name = spell(clean(str(fact.episode.labels["alertname"])[:100]))
    except Exception:  # noqa: BLE001  the name of an alert must not cost its page
        name = ""
    return f"{fact.kind.upper()} {name or 'unnamed alert'}"
