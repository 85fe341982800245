"""How many, by what they are: the first line of a text that tells several alerts."""

from alertbridge.core.mailbox import Letter
from alertbridge.core.severity import Severity
from alertbridge.core.wording import Wording


def counts_of(
    letter: Letter,
    wording: Wording,
    *,
    since: bool = False,
    shown: bool = False,
    brief: bool = False,
) -> str:
    """`12 firing (3 critical) since 03:12, 2 resolved`.

    *shown*: the lines below say how many are critical; *brief*: states alone.
    """
    words = wording.words
    facts = letter.firing + letter.escalated + letter.reminders
    critical = sum(fact.severity is Severity.CRITICAL for fact in facts)
    escalated, reminders = len(letter.escalated), len(letter.reminders)
    among = (
        words.count_critical.of(critical) if critical and not shown else "",
        words.count_escalated.of(escalated) if escalated and not brief else "",
        words.count_reminders.of(reminders) if reminders and not brief else "",
    )
    firing = words.count_firing.of(len(facts)) if facts else ""
    if aside := ", ".join(filter(None, among)):
        firing += f" ({aside})"
    if facts and since:
        start = min(fact.episode.starts_at for fact in facts)
        firing += f" {words.since} {wording.clock(start)}"
    resolved, over = len(letter.resolved), len(letter.over)
    counts = (
        firing,
        words.count_resolved.of(resolved) if resolved else "",
        words.count_over.of(over) if over else "",
    )
    return ", ".join(filter(None, counts))
