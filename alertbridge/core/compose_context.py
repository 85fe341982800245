"""What an own template may use: the facts of a letter, as plain values.

Every text in it is cleaned and bounded, so that no template can put on a phone what
the built-in text would keep off it.
"""

from collections.abc import Sequence

from alertbridge.core.alert import is_hidden
from alertbridge.core.compose_notes import truncated_of
from alertbridge.core.mailbox import Letter
from alertbridge.core.notification import Fact
from alertbridge.core.wording import Wording

LONGEST_VALUE = 1000
"""Characters of one label or annotation; an SMS has room for a third of it."""


def context_of(letter: Letter, wording: Wording) -> dict[str, object]:
    """Build the variables of a template (`template.VARIABLES` names them all)."""
    firing = _alerts(
        letter.firing + letter.escalated + letter.reminders, "firing", wording
    )
    resolved = _alerts(letter.resolved, "resolved", wording)
    over = _alerts(letter.over, "over", wording)
    return {
        "status": "firing" if firing else "resolved",
        "alerts": firing + resolved + over,
        "firing": firing,
        "resolved": resolved,
        "over": over,
        "truncated": truncated_of(letter),
        "more": letter.more,
        "severity": letter.severity.word,
        "late": wording.late(letter.leads),
        "now": wording.local(wording.now),
    }


def _alerts(
    facts: Sequence[Fact], status: str, wording: Wording
) -> list[dict[str, object]]:
    alerts = [_alert(fact, status, wording) for fact in facts]
    return sorted(
        alerts, key=lambda a: (str(a["name"]), str(a["place"]), str(a["labels"]))
    )


def _alert(fact: Fact, status: str, wording: Wording) -> dict[str, object]:
    episode = fact.episode
    return {
        "status": status,
        "kind": str(fact.kind),
        "name": wording.name(episode),
        "severity": fact.severity.word,
        "place": wording.place(episode, wording.name(episode)),
        "summary": wording.plain_what(episode),
        "source": str(episode.source),
        "labels": {
            name: wording.read(str(value)[:LONGEST_VALUE])
            for name, value in sorted(episode.labels.items())
            if not is_hidden(name)
        },
        "annotations": {
            name: wording.read(str(value)[:LONGEST_VALUE])
            for name, value in sorted(episode.annotations.items())
            if not is_hidden(name)
        },
        "starts_at": wording.local(episode.starts_at),
        "ends_at": None if episode.ends_at is None else wording.local(episode.ends_at),
    }
