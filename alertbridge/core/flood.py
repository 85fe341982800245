"""A source with more open alerts than anybody can be told of one by one.

A label explosion makes an alert of every request. They are all recorded; beyond
`max_open` open ones of a source what comes new is only counted, and one alert of our
own stands for it: told at once to everybody who would have heard, and to the admins.
It is over when the source has clearly fewer; what still fires then is told when its
source posts it again. A critical is told by itself whatever the number.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from alertbridge.core.alert import Alert, AlertGroup, Fingerprint, SourceName, Status
from alertbridge.core.audience import Listener, listeners_of_receiver
from alertbridge.core.episode import KnownEpisode
from alertbridge.core.notification import Kind
from alertbridge.core.plan import Known, LeftOut, MoveEpisode, NewFact, Plan, Verdict
from alertbridge.core.plan_draft import PlanDraft
from alertbridge.core.recipient import RecipientName
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity

ALERTNAME = "AlertFlood"

FLOOD = Fingerprint("flood of alerts")
"""The stand-in of every source; fingerprints are a source's own."""

COUNTED = "counted"
"""The annotation that holds how many were only counted so far."""

OVER_BELOW = 0.9
"""Share of `max_open` below which it is over: at the limit itself each alert that comes
or goes would begin or end it."""


def limit_flood(
    made: Plan, group: AlertGroup, rules: Rules, known: Known, now: datetime
) -> Plan:
    """Tell as many of a plan's new alerts as the source's limit allows; count the rest.

    Asked of every post; a source below its limit costs a comparison.
    """
    most = rules.max_open_of(group.source)
    ended = sum(move.ends_at is not None for move in made.moves)
    opened = sum(opens.ends_at is None for opens in made.opens)
    before = max(0, known.open - ended)
    if before + opened <= most and known.flood is None:
        return made
    surplus = _surplus(made, known, most - before)
    draft = PlanDraft(rules, now, group.source)
    if surplus:
        untold = [fact for fact in made.facts if fact.fingerprint in surplus]
        made = replace(
            made,
            facts=tuple(f for f in made.facts if f.fingerprint not in surplus),
            left_out=(*made.left_out, *map(_only_counted, untold)),
        )
        new = {opens.alert.fingerprint for opens in made.opens} & surplus
        _count(draft, group.source, len(new), untold, known, most)
    elif known.flood is not None and before + opened < most * OVER_BELOW:
        draft.end(known.flood, now)
    return replace(
        made,
        opens=(*made.opens, *draft.opens),
        moves=(*made.moves, *draft.moves),
        facts=(*made.facts, *draft.facts),
        changes=(*made.changes, *draft.changes),
        left_out=(*made.left_out, *draft.left_out),
    )


def _surplus(made: Plan, known: Known, room: int) -> set[Fingerprint]:
    """Find the new alerts that find no room, in the order of the post.

    One that was only counted before is told with the rest once there is room for all.
    A critical takes its room, and is never among them.
    """
    new = [opens for opens in made.opens if opens.ends_at is None]
    room -= sum(opens.severity is Severity.CRITICAL for opens in new)
    others = [opens for opens in new if opens.severity is not Severity.CRITICAL]
    surplus = {opens.alert.fingerprint for opens in others[max(0, room) :]}
    if room < 0:
        opened = {opens.alert.fingerprint for opens in new}
        surplus |= {
            fact.fingerprint
            for fact in made.facts
            if fact.fingerprint not in opened and _was_only_counted(fact, known)
        }
    return surplus


def _was_only_counted(fact: NewFact, known: Known) -> bool:
    episode = known.episodes.get(fact.fingerprint)
    return (
        fact.kind is Kind.FIRING
        and fact.severity is not Severity.CRITICAL
        and episode is not None
        and not episode.facts
    )


def _only_counted(fact: NewFact) -> LeftOut:
    verdict = Verdict.ONLY_COUNTED
    return LeftOut(fact.fingerprint, fact.recipient, verdict, fact.where)


def _count(
    draft: PlanDraft,
    source: SourceName,
    new: int,
    untold: Sequence[NewFact],
    known: Known,
    most: int,
) -> None:
    """Open the stand-in, or count on in it and tell who has not heard of it."""
    told = known.flood
    counted = new if told is None else counted_in(told) + new
    alert = _stand_in(source, most, counted, draft)
    if told is None:
        audience = {listener.recipient: listener for listener in _listeners(untold)}
        for admin in listeners_of_receiver(draft.rules.meta_receiver, draft.rules):
            audience[admin.recipient] = admin
        draft.open(alert, draft.now, tuple(audience.values()))
        return
    draft.moves.append(
        MoveEpisode(id=told.id, annotations=alert.annotations, seen=True)
    )
    heard = {fact.recipient for fact in told.facts}
    newcomers = [one for one in _listeners(untold) if one.recipient not in heard]
    draft.tell_again(alert, told, newcomers, repeats=False)


def _stand_in(source: SourceName, most: int, counted: int, draft: PlanDraft) -> Alert:
    noun = "alert is" if counted == 1 else "alerts are"
    return Alert(
        status=Status.FIRING,
        fingerprint=FLOOD,
        # Critical, as all pages about ourselves: it stands for what is not told.
        labels={
            "alertname": ALERTNAME,
            "source": source,
            draft.rules.severity.label: "critical",
        },
        annotations={
            "summary": f"{source} has {most} open alerts;"
            f" {counted} more {noun} only counted",
            COUNTED: str(counted),
        },
        starts_at=draft.now,
    )


def counted_in(told: KnownEpisode) -> int:
    """How many a stand-in has counted so far."""
    said = (told.annotations or {}).get(COUNTED, "")
    return int(said) if said.isdecimal() else 0


def _listeners(untold: Iterable[NewFact]) -> list[Listener]:
    """Everybody who would have heard, each once, by the rule that would let him."""
    found: dict[RecipientName, Listener] = {}
    for fact in untold:
        listener = Listener(
            recipient=fact.recipient,
            numbers=fact.numbers,
            receiver=fact.receiver,
            route=fact.route,
            where=fact.where,
            held_until=fact.held_until,
            mutes=fact.mutes,
            actives=fact.actives,
        )
        known = found.get(fact.recipient)
        if known is None or listener.sooner_than(known):
            found[fact.recipient] = listener
    return list(found.values())
