"""Elements of a post that could not be read, when nothing else of it is new.

A text that tells of the post says "+1 unreadable". A post whose readable alerts are
all known makes no text, and the unreadable one may be the only news in it: then it is
an alert of its own, told once for as long as posts of the group go on holding such.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from alertbridge.core.alert import (
    UNREADABLE_ALERTNAME,
    Alert,
    AlertGroup,
    Fingerprint,
    Status,
    fingerprint_of_stand_in,
)
from alertbridge.core.audience import Listener, listeners_of_receiver
from alertbridge.core.episode import KnownEpisode
from alertbridge.core.notification import State
from alertbridge.core.plan import Known, MoveEpisode, Plan
from alertbridge.core.planning import plan_past_routes
from alertbridge.core.rules import Rules


def fingerprint_of_unreadable(group: AlertGroup) -> Fingerprint:
    """Identify what stands for a group's unreadable elements.

    The same as the stand-in that a source makes when no alert of a post is readable:
    who has heard of that one needs no second page.
    """
    return fingerprint_of_stand_in(group.group_key)


def add_unreadable(
    made: Plan, group: AlertGroup, rules: Rules, known: Known, now: datetime
) -> Plan:
    """Add to a post's plan its unreadable elements, if nobody would hear of them."""
    fingerprint = fingerprint_of_unreadable(group)
    open_one = known.episodes.get(fingerprint)
    if open_one is not None and open_one.ends_at is not None:
        open_one = None
    if not group.unreadable:
        return made if open_one is None else _end(made, open_one, now)
    own = any(alert.fingerprint == fingerprint for alert in group.alerts)
    if own or open_one is not None:
        # The source has made a stand-in of its own, planned already; or it was told.
        return made
    told = any(fact.state is State.WAITING for fact in made.facts)
    listeners = () if told else listeners_of_receiver(rules.meta_receiver, rules)
    return _open(made, group, listeners, rules, known, now)


def _end(made: Plan, episode: KnownEpisode, now: datetime) -> Plan:
    """End it without a word: the alerts that can be read now speak for themselves."""
    return replace(made, moves=(*made.moves, MoveEpisode(id=episode.id, ends_at=now)))


def _open(
    made: Plan,
    group: AlertGroup,
    listeners: Sequence[Listener],
    rules: Rules,
    known: Known,
    now: datetime,
) -> Plan:
    """Add the stand-in's episode; without *listeners* the post's own texts tell it."""
    alert = Alert(
        status=Status.FIRING,
        fingerprint=fingerprint_of_unreadable(group),
        labels={"alertname": UNREADABLE_ALERTNAME, "source": group.source},
        annotations={"summary": _summary(group)},
        starts_at=now,
    )
    own = plan_past_routes(alert, made.keys, listeners, rules, known, now)
    return replace(
        made,
        opens=made.opens + own.opens,
        facts=made.facts + own.facts,
        # Nobody is left out of what the texts of the others tell.
        left_out=made.left_out + (own.left_out if not made.facts else ()),
    )


def _summary(group: AlertGroup) -> str:
    amount = len(group.unreadable)
    names = {alert.labels.get("alertname", "") for alert in group.alerts}
    name = names.pop() if len(names) == 1 else ""
    among = f" beside {name}" if name else ""
    noun = "alert" if amount == 1 else "alerts"
    return f"{amount} {noun}{among} from {group.source} could not be read"
