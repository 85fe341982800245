"""Turn a letter into the text a person reads at 3 a.m.

A page always goes out (G5): a template that fails gives way to the built-in text, and
that to nothing but the alert's name and state. The text depends on the facts, not on
who reads it: people who are told the same share one submission.
"""

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from alertbridge.core.cleaning import clean, clean_lines, to_gsm
from alertbridge.core.compose_context import context_of
from alertbridge.core.compose_digest import say_many
from alertbridge.core.compose_notes import notes_of
from alertbridge.core.compose_single import say_one
from alertbridge.core.encoding import fit, measure
from alertbridge.core.mailbox import Letter
from alertbridge.core.message import Text
from alertbridge.core.notification import Fact
from alertbridge.core.template import Template, TemplateFailed
from alertbridge.core.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a reader wants it: the clock, the segments at most, and own words.

    `severity_label` is the label whose value is shown for what is not critical.
    """

    timezone: tzinfo
    budget: int
    template: Template | None = None
    severity_label: str = "severity"
    closings: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Composed:
    """A text that can leave; `template_error` says why it is not the template's.

    `closing` is the one of the style's closings that the text ends with.
    """

    text: Text
    template_error: str | None = None
    closing: str = ""


def compose(letter: Letter, style: Style, now: datetime) -> Composed:
    """Compose the text of *letter*: never empty, never over budget, never raises."""
    budget = max(style.budget, 1)
    plain = _compose(letter, style, now, budget)
    for closing in filter(None, style.closings):
        text = measure(f"{plain.text.body}\n{closing}")
        if text.segments <= budget:
            return replace(plain, text=text, closing=closing)
    last = style.closings[-1]
    if last:
        shorter = _compose(letter, style, now, budget, last)
        if shorter.text.body.endswith(f"\n{last}"):
            return replace(shorter, closing=last)
    return plain


def _compose(
    letter: Letter, style: Style, now: datetime, budget: int, closing: str = ""
) -> Composed:
    wording = Wording(
        now=now, timezone=style.timezone, severity_label=style.severity_label
    )
    tail = f"\n{closing}" if closing else ""
    error = None
    if style.template is not None:
        try:
            body = clean_lines(style.template.render(context_of(letter, wording)))
            if body:
                return Composed(fit(body, budget, tail))
            error = f"template {style.template.name}: the text is empty"
        except TemplateFailed as exc:
            error = str(exc)
        except Exception as exc:  # noqa: BLE001  a page outlives any fault of its words
            error = f"template {style.template.name}: {type(exc).__name__}"
    try:
        text = _built_in(letter, wording, budget, closing)
    except Exception:  # noqa: BLE001  labels of no shape we foresaw still page somebody
        text = _last_resort(letter, budget, tail)
    return Composed(text, error)


def _built_in(letter: Letter, wording: Wording, budget: int, closing: str) -> Text:
    notes = "\n".join(filter(None, (notes_of(letter), closing)))
    if not letter.leads and not letter.over:
        return _last_resort(letter, budget, "")
    if len(letter.leads) == 1 and not letter.over:
        line = f"\n{notes}" if notes else ""
        return say_one(letter.leads[0], wording, budget, line)
    return say_many(letter, wording, budget, notes)


def _last_resort(letter: Letter, budget: int, tail: str) -> Text:
    """State and name of each alert, and nothing that could fail."""
    lines = [_name_and_state(fact) for fact in letter.leads[:10] or letter.facts[:10]]
    told = len(letter.leads + letter.over)
    if told > len(lines):
        lines.insert(0, f"{told} alerts")
    return fit("\n".join(lines) or "alertbridge: a page without content", budget, tail)


def _name_and_state(fact: Fact) -> str:
    try:
        name = to_gsm(clean(str(fact.episode.labels["alertname"])[:100]))
    except Exception:  # noqa: BLE001  the name of an alert must not cost its page
        name = ""
    return f"{fact.kind.upper()} {name or 'unnamed alert'}"
