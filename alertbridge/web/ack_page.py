"""The page behind a text's link, as HTML: the full list, and one button.

Read at night on any phone: no script, nothing fetched, large letters, dark where the
phone is. Every word that a stranger may have written is escaped.
"""

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime, tzinfo
from html import escape

from alertbridge.core.ack import AckLine, AckText
from alertbridge.core.cleaning import clean
from alertbridge.core.notification import Kind
from alertbridge.core.severity import Severity
from alertbridge.core.wording import Wording, span

FIELD = ("take", "all")
"""What the button posts: a POST without it takes nothing."""

LONGEST_SUMMARY = 500
"""Characters of a summary; the rest is for the monitoring's own page."""

_STYLE = """
:root{color-scheme:light dark;--ground:#fff;--card:#f3f4f6;--ink:#111827;--dim:#4b5563;
--red:#b91c1c;--amber:#a16207;--green:#166534;--go:#1d4ed8;--on:#fff}
@media(prefers-color-scheme:dark){:root{--ground:#0b0f14;--card:#171d26;--ink:#e5e7eb;
--dim:#9ca3af;--red:#fca5a5;--amber:#fcd34d;--green:#86efac;--go:#60a5fa;--on:#0b0f14}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:40rem;padding:1rem;background:var(--ground);
color:var(--ink);font:1.0625rem/1.4 system-ui,-apple-system,sans-serif;
overflow-wrap:anywhere}
h1{margin:0;font-size:1.6rem;line-height:1.2}
p{margin:.25rem 0}
.dim{color:var(--dim);font-size:.9375rem}
form{margin:1rem 0}
button{width:100%;min-height:3.5rem;padding:.75rem;border:0;border-radius:.75rem;
background:#1d4ed8;background:var(--go);color:#fff;color:var(--on);font:inherit;font-size:1.25rem;font-weight:600}
button:focus-visible{outline:3px solid var(--ink);outline-offset:2px}
ul{margin:1rem 0;padding:0;list-style:none}
li{margin:.625rem 0;padding:.75rem;border-left:.375rem solid var(--dim);
border-radius:.5rem;background:var(--card)}
li.fires{border-color:var(--red)}
li.taken{border-color:var(--amber)}
li.over{border-color:var(--green)}
h2{margin:0;font-size:1.125rem;line-height:1.3}
.state{font-weight:600}
.fires .state{color:var(--red)}
.taken .state{color:var(--amber)}
.over .state{color:var(--green)}
.over h2{font-weight:400}
"""

_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; form-action 'self';"
    f" style-src 'sha256-{_HASH}'; base-uri 'none'; frame-ancestors 'none'",
    # The address is the secret: no other site sees it. Not `no-referrer`, with which
    # a browser hides from us, too, which page its form was on.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
"""What every answer of the page carries."""


def text_page(text: AckText, now: datetime, zone: tzinfo, severity_label: str) -> str:
    """Show what *text* told, as it stands; times in *zone*, which is named."""
    wording = Wording(now=now, timezone=zone, severity_label=severity_label)
    title, aside = _headline(text, wording)
    told = f"Text of {wording.clock(text.at)}. Times in {zone}."
    takes = sum(line.open for line in text.lines)
    lines = sorted(text.lines, key=_rank)
    body = (
        f"<h1>{escape(title)}</h1>\n",
        f"<p>{escape(aside)}</p>\n" if aside else "",
        f'<p class="dim">{escape(told)}</p>\n',
        _button(takes) if takes else "",
        f"<ul>\n{''.join(_item(line, wording) for line in lines)}</ul>\n",
    )
    return _document(title, body)


def notice_page(title: str, what: str) -> str:
    """Say one thing: that a link is unknown, or that it must be tried again."""
    return _document(title, (f"<h1>{escape(title)}</h1>\n<p>{escape(what)}</p>\n",))


def _document(title: str, body: Iterable[str]) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex, nofollow">\n'
        '<meta name="format-detection" content="telephone=no">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"{''.join(body)}</body>\n</html>\n"
    )


def _headline(text: AckText, wording: Wording) -> tuple[str, str]:
    """What matters in a word, and what is to be said beside it."""
    takes = [line for line in text.lines if line.open]
    firing = [line for line in text.lines if not line.episode.ended]
    times = [at for line in firing if (at := line.acknowledged_at) is not None]
    if takes:
        worst = sum(line.severity is Severity.CRITICAL for line in takes)
        title = "1 alert fires" if len(takes) == 1 else f"{len(takes)} alerts fire"
        over = len(text.lines) - len(firing)
        rest = (
            f"{len(times)} acknowledged" if times else "",
            f"{over} over" if over else "",
        )
        critical = f", {worst} critical" if worst else ""
        return f"{title}{critical}", ", ".join(filter(None, rest))
    if not firing:
        return "All of it is over", ""
    still = "1 still fires." if len(firing) == 1 else f"{len(firing)} still fire."
    if not times:
        return "It fires again", f"{still} A later text tells of it."
    who = {_who(line.acknowledged_by) for line in firing if line.acknowledged_by}
    by = f"By {', '.join(sorted(who))}, {wording.clock(max(times))}."
    return "Acknowledged", f"{by} {still}"


def _button(takes: int) -> str:
    name, value = FIELD
    label = "Acknowledge" if takes == 1 else f"Acknowledge all {takes}"
    return (
        f'<form method="post"><button name="{name}" value="{value}">{label}</button>'
        '<p class="dim">Says that you are on it, and ends the reminders.</p></form>\n'
    )


def _rank(line: AckLine) -> tuple[bool, bool, Severity, datetime]:
    """First what nobody has, then what fires, then the rest; the worst first."""
    return (
        not line.open,
        line.episode.ended,
        line.severity,
        line.episode.starts_at,
    )


def _item(line: AckLine, wording: Wording) -> str:
    episode = line.episode
    name, what = wording.name(episode), wording.what(episode)[:LONGEST_SUMMARY]
    place = wording.place(episode, name)
    kind, state = _state(line, wording)
    rows = (
        f"<h2>{escape(f'{_how_bad(line, wording)} {name}'.lstrip())}</h2>",
        f"<p>{escape(place)}</p>" if place else "",
        f"<p>{escape(what)}</p>" if what else "",
        f'<p class="state">{escape(state)}</p>',
    )
    return f'<li class="{kind}">{"".join(rows)}</li>\n'


def _how_bad(line: AckLine, wording: Wording) -> str:
    """The word that the text has for it."""
    if line.severity is Severity.CRITICAL:
        return "CRITICAL"
    word = clean(line.episode.labels.get(wording.severity_label, "")[:16])
    if word and word.casefold() != "none":
        return word
    return "low" if line.severity is Severity.LOW else ""


def _state(line: AckLine, wording: Wording) -> tuple[str, str]:
    """How it stands now: the class that colours it, and the words."""
    episode = line.episode
    if episode.ends_at is not None:
        took = span(episode.ends_at - episode.starts_at)
        period = wording.period(episode.starts_at, episode.ends_at)
        by = f", {_who(line.acknowledged_by)} had it" if line.acknowledged_by else ""
        return "over", f"Over: fired {period} ({took}){by}"
    since = f"since {wording.clock(episode.starts_at)}"
    lasting = f"{since} ({span(wording.now - episode.starts_at)})"
    if episode.flaps:
        lasting += ", and comes and goes"
    if episode.stale:
        lasting += "; its source has been silent, it may be over"
    if line.acknowledged_at is not None:
        taken = f"{_who(line.acknowledged_by)}, {wording.clock(line.acknowledged_at)}"
        return "taken", f"Acknowledged by {taken}. Fires {lasting}"
    again = "Fires again" if line.kind is Kind.RESOLVED else "Fires"
    return "fires", f"{again} {lasting}"


def _who(name: str | None) -> str:
    """A name that may be shown to whoever has the link; never a phone number."""
    if name is None:
        return "nobody"
    return "somebody" if name.startswith("+") else name
