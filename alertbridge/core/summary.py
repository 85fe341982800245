"""What is wrong, as the alert's own annotations have it, without what is no news.

Rule packs add to their sentences what a web page has room for: the labels as a map, a
bare value, a link to the runbook, the machine that every text names anyway.
"""

import re
from collections.abc import Iterable, Sequence

from alertbridge.core.said import as_word

_LABELS = re.compile(r"[\s,;-]*\bLABELS?\s*[:=]\s*(?:map)?[\[{].*?(?:[\]}](?=\s|$)|$)")
_VALUE = re.compile(r"[\s,;-]*\bVALUE\s*[:=]\s*(?:[-+\w.%]*\w%?)?")
_TITLE = re.compile(r"^\[(?:alerting|no data|ok|firing[^\]]*)\]\s*", re.IGNORECASE)
_LINK = r"(?!https?:)[\w-]+(?:,[\w-]+)+(?::[0-9]+)?/[^\s)]*"
_RUNBOOK = re.compile(
    r"[\s,;.-]*\(?\b(?:(?:please\s+)?(?:see|check|consult)(?:\s+the)?(?:\s+runbook)?"
    r"|runbook(?:[ _]?url)?|playbook|dashboard|docs?|documentation"
    r"|more\s+info(?:rmation)?)"
    rf"(?:\s+(?:at|is|here))?\s*[:=]?\s*{_LINK}\)?",
    re.IGNORECASE,
)
_NOUN = (
    r"(?:the\s+)?(?:instance|host|hostname|node|server|machine|namespace|cluster|pod"
    r"|container|device|interface|service|deployment|daemonset|statefulset|job|volume"
    r"|persistentvolumeclaim|mountpoint|queue|topic|environment|env|region|target)"
)
_PREPOSITION = r"(?:on|at|in|for|of|from|claimed by|mounted on)"
_HANGS_ON = r"(?:to|and|or|nor|not|with|by|than|between|via|vs|as|into|onto|no)"
"""After these a place is no apposition: `from db1 to db2 is slow`."""

_VERB = r"(?:is|has|are|have|was)"


_SENTENCE_END = re.compile(r"(?<![.\s]\w\.)(?<=[.!?])\s+(?=[A-Z])")
"""Not after `e.g.`, nor within `2.0`."""


def tidy(text: str) -> str:
    """Take from a cleaned annotation what machines put there for machines."""
    for pattern in (_TITLE, _LABELS, _VALUE, _RUNBOOK):
        text = pattern.sub("", text)
    return text.strip(" .:;,-")


def without_places(text: str, places: Iterable[str]) -> str:
    """Take the phrases that only say where from *text*: `on db1`, `(instance db1)`.

    A place that holds the sentence together stays.
    """
    for value in sorted(set(places), key=lambda value: (-len(value), value)):
        if len(value) < 2 or value.casefold() not in text.casefold():
            continue
        word = rf"[\"']?{as_word(value).pattern}[\"']?"
        for pattern in (
            rf"\s*[(\[]\s*(?:{_NOUN}[:=]?\s+)?{word}\s*[)\]]",
            rf",?\s+{_PREPOSITION}\s+(?:{_NOUN}\s+)?{word}(?:\s+(?:namespace|cluster)\b)?",
            rf"^(?:{_NOUN}\s+)?{word}\s*[:-]\s+",
        ):
            text = re.sub(pattern, "", text, flags=re.IGNORECASE)
        text = re.sub(
            rf"^(?:{_NOUN}\s+)?{word}\s+(?={_VERB}\b)", "", text, flags=re.IGNORECASE
        )
        # Prometheus shop/prometheus-0 has failed: its subject is said without.
        text = re.sub(
            rf"\b(?!{_HANGS_ON}\b)(\w+)\s+{word}(?=\s+(?:\([^)]*\)\s+)?{_VERB}\b)",
            r"\1",
            text,
            flags=re.IGNORECASE,
        )
    return " ".join(text.split()).strip(" .:;,-")


def first_sentence(text: str) -> str:
    """Take the first sentence; what explains it has no room on a phone."""
    return _SENTENCE_END.split(text, maxsplit=1)[0].strip(" .:;,-")


_SHORTER: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern, re.IGNORECASE), shorter)
    for pattern, shorter in (
        (r"\b(?:the|an?|currently|please)\s+", ""),
        (r"\b(?:more|greater|higher) than\s+(?=[0-9])", ">"),
        (r"\b(?:less|lower|fewer) than\s+(?=[0-9])", "<"),
        (r"(?<=[0-9])\s*percent\b", "%"),
        (r"(?<=[0-9])\s+(?:seconds|secs?)\b", "s"),
        (r"(?<=[0-9])\s+(?:minutes?|mins?)\b", "m"),
        (r"(?<=[0-9])\s+hours?\b", "h"),
        (r"(?<=[0-9])\s+days?\b", "d"),
        (r"[\"']([\w./-]+)[\"']", r"\1"),
    )
)


def briefer(text: str) -> str:
    """Write *text* without articles and long units; it says the same."""
    for pattern, shorter in _SHORTER:
        text = pattern.sub(shorter, text)
    return text
