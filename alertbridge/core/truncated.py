"""Alerts that the source did not show, when no text of the post would say so.

Alertmanager cuts a group off at `max_alerts`, logs all of it as notified, and never
posts the rest again: `truncatedAlerts` is the only word of it (rule 8: the
latest value per source, receiver and group key, never a sum). A text that tells of the
post says "+4 not shown by the source". A post whose visible alerts are copies, or
resolves that nobody waits for, makes no text, and what it hides may be the outage: then
it is an alert of its own, told when the count grows, and over when nothing is hidden.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from alertbridge.core.alert import (
    Alert,
    AlertGroup,
    Fingerprint,
    Labels,
    Status,
    labels_for_matching,
)
from alertbridge.core.audience import (
    Listener,
    held_until,
    listeners_of_receiver,
    listeners_of_routes,
)
from alertbridge.core.episode import DRIFT, KnownEpisode, KnownFact
from alertbridge.core.notification import Kind, State
from alertbridge.core.plan import Known, MoveEpisode, Plan
from alertbridge.core.plan_draft import PlanDraft
from alertbridge.core.recipient import RecipientName
from alertbridge.core.rules import Rules

ALERTNAME = "TruncatedAlerts"

AMOUNT = "truncated"
"""The annotation that holds how many were hidden when it was told."""

_TO_TELL = (State.WAITING, State.IN_FLIGHT)


def fingerprint_of_truncated(group: AlertGroup) -> Fingerprint:
    """Identify what stands for the alerts that one receiver's posts do not show.

    Receivers of one source share group keys, and each cuts at its own `max_alerts`.
    """
    return Fingerprint(f"truncated {group.receiver}\x1f{group.group_key}")


def add_truncated(
    made: Plan, group: AlertGroup, rules: Rules, known: Known, now: datetime
) -> Plan:
    """Add to a post's plan what its own texts would not tell of the hidden alerts."""
    told = known.episodes.get(fingerprint_of_truncated(group))
    if group.truncated <= 0:
        if told is None or told.ends_at is not None:
            return made
        # Without a word: what is shown again speaks for itself.
        end = MoveEpisode(id=told.id, ends_at=now)
        return replace(made, moves=(*made.moves, end))
    last = 0 if known.last_post is None else known.last_post.truncated
    grows = group.truncated > last
    candidates = [_as_listener(fact, rules, now) for fact in _bereft(made, told, known)]
    if grows:
        candidates += _listeners(group, rules, now)
    reached = _told_by_texts(made) | _who_knows(told, group.truncated, now, grows=grows)
    audience = {
        listener.recipient: listener
        for listener in candidates
        if listener.recipient not in reached
    }
    if not audience:
        return _count_up(made, told, group.truncated)
    return _open(made, group, audience, told, rules, now)


def _told_by_texts(made: Plan) -> set[RecipientName]:
    """Who will read "+4 not shown by the source" in a text of the post's own.

    A resolved text says so too, but may yet be dropped (its firing never left), and is
    no way to hear of an outage; the stand-in rides in the same SMS.
    """
    return {
        fact.recipient
        for fact in made.facts
        if fact.state is State.WAITING and fact.kind is not Kind.RESOLVED
    }


def _who_knows(
    told: KnownEpisode | None, amount: int, now: datetime, *, grows: bool
) -> set[RecipientName]:
    """Who was told of as many already, or is about to be.

    A count that grows is compared with what was told in the last five minutes only: a
    late copy that shows fewer must not make the next one news, and what was hidden
    longer ago may be other alerts than now.
    """
    if told is None:
        return set()
    is_open = told.ends_at is None
    waiting = set(_waiting_for(told))
    lasts = now - told.starts_at < DRIFT or (is_open and not grows)
    if not lasts or _amount(told) < amount:
        return waiting
    return waiting | {
        fact.recipient
        for fact in told.facts
        if fact.heard or (is_open and fact.state is State.IN_FLIGHT)
    }


def _waiting_for(told: KnownEpisode) -> list[RecipientName]:
    """Whose text of it is still to leave; it will say the latest count."""
    if told.ends_at is not None:
        return []
    return [fact.recipient for fact in told.facts if fact.state is State.WAITING]


def _count_up(made: Plan, told: KnownEpisode | None, amount: int) -> Plan:
    """Write down the count that a text which still waits will say."""
    if told is None or _amount(told) >= amount or not _waiting_for(told):
        return made
    annotations = {**(told.annotations or {}), AMOUNT: str(amount)}
    counted = MoveEpisode(id=told.id, annotations=annotations)
    return replace(made, moves=(*made.moves, counted))


def _bereft(made: Plan, told: KnownEpisode | None, known: Known) -> Iterable[KnownFact]:
    """Find whose last page of this group the post takes away before it was told.

    That page would have told the count; now nothing would, though it does not grow.
    """
    ended = {move.id for move in made.moves if move.ends_at is not None}
    lost: dict[RecipientName, KnownFact] = {}
    kept: set[RecipientName] = set()
    for episode in (*known.episodes.values(), *known.others):
        if episode is told or episode.ends_at is not None:
            continue
        untold = [fact for fact in episode.facts if fact.state in _TO_TELL]
        if episode.id in ended:
            lost.update((fact.recipient, fact) for fact in untold)
        else:
            kept.update(fact.recipient for fact in untold)
    return [fact for recipient, fact in lost.items() if recipient not in kept]


def _listeners(group: AlertGroup, rules: Rules, now: datetime) -> tuple[Listener, ...]:
    """Everybody the first visible alert is routed to; without one, the root's."""
    if not group.alerts:
        return listeners_of_receiver(rules.tree.root.receiver, rules)
    labels = labels_for_matching(group.alerts[0], group)
    severity = rules.severity.classify(_stand_in(group, rules, now).labels)
    return listeners_of_routes(rules.tree.match(labels), severity, rules, now)


def _as_listener(fact: KnownFact, rules: Rules, now: datetime) -> Listener:
    """Whoever was to hear *fact*, by the rule that made him hear it."""
    route = rules.tree.find(fact.route)
    held = held_until(fact.mutes, fact.actives, rules, now)
    if route is not None and route.receiver == fact.receiver:
        held = None if route.lets_through(fact.severity) else held
    return Listener(
        recipient=fact.recipient,
        numbers=fact.numbers,
        receiver=fact.receiver,
        route=fact.route,
        where=fact.where,
        held_until=held,
        mutes=fact.mutes,
        actives=fact.actives,
    )


def _open(
    made: Plan,
    group: AlertGroup,
    audience: dict[RecipientName, Listener],
    told: KnownEpisode | None,
    rules: Rules,
    now: datetime,
) -> Plan:
    """Tell *audience*, and those who still wait to hear of an earlier count."""
    draft = PlanDraft(rules, now, group.source)
    if told is not None and told.ends_at is None:
        draft.close_unseen(told, now)
        for fact in told.facts:
            if fact.state in _TO_TELL and not fact.heard:
                audience.setdefault(fact.recipient, _as_listener(fact, rules, now))
    draft.open(_stand_in(group, rules, now), now, tuple(audience.values()))
    return replace(
        made,
        opens=(*made.opens, *draft.opens),
        moves=(*made.moves, *draft.moves),
        facts=(*made.facts, *draft.facts),
        changes=(*made.changes, *draft.changes),
    )


def _stand_in(group: AlertGroup, rules: Rules, now: datetime) -> Alert:
    """Make the alert that is told; how many there are is said by the post's note."""
    common = _common_labels([alert.labels for alert in group.alerts], rules)
    name = common.get("alertname", "")
    among = f" grouped with {name}" if name else ""
    return Alert(
        status=Status.FIRING,
        fingerprint=fingerprint_of_truncated(group),
        labels={**common, "alertname": ALERTNAME},
        annotations={
            "summary": f"alerts{among} were cut off by {group.source}",
            AMOUNT: str(group.truncated),
        },
        starts_at=now,
    )


def _common_labels(visible: Collection[Labels], rules: Rules) -> dict[str, str]:
    """Take what all *visible* alerts share: likely, not surely, true of the hidden.

    One alert shares everything with itself: of that one only name and severity are
    taken, or the text would name a machine that the hidden alerts are not about.
    """
    if not visible:
        return {}
    first, *others = visible
    common = {
        name: value
        for name, value in first.items()
        if all(labels.get(name) == value for labels in others)
    }
    if others:
        return common
    return {
        name: value
        for name, value in common.items()
        if name in ("alertname", rules.severity.label)
    }


def _amount(told: KnownEpisode) -> int:
    """How many were hidden when *told* was written down."""
    said = (told.annotations or {}).get(AMOUNT, "")
    return int(said) if said.isdecimal() else 0
