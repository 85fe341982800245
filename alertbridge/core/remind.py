"""Reminders: a source says that it *still* fires; to whom is that worth an SMS?

The source paces them (its repeat interval); a route's `repeat_interval` is the least
time between two reminders of one episode to one person, and an acknowledgement ends
them. A reminder is the fact (episode, reminder, n): n + 1 cannot exist while n waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alertbridge.core.episode import KnownFact
from alertbridge.core.notification import Kind, State
from alertbridge.core.plan import Verdict


@dataclass(frozen=True, slots=True)
class Remind:
    """Write the next round of a kind: a reminder, or news to who never heard of it."""

    round: int
    kind: Kind = Kind.REMINDER


def remind(
    facts: Sequence[KnownFact],
    *,
    acknowledged: bool,
    held: bool,
    repeat_interval: timedelta,
    repeat_window: timedelta,
    now: datetime,
) -> Remind | Verdict:
    """Say whether a repeat reminds the person whose *facts* of an episode these are.

    Args:
        facts: what the person was to hear of the episode; at least one.
        acknowledged: whether somebody took the episode.
        held: whether a time interval holds the person's route now.
        repeat_interval: the least time between reminders.
        repeat_window: how early a repeat may come and still be one: a source that
            repeats every 4 h posts a little before or after what we call 4 h, and
            every second reminder would be lost to that.
        now: the time.
    """
    if acknowledged:
        return Verdict.ACKNOWLEDGED
    if any(fact.state in (State.WAITING, State.IN_FLIGHT) for fact in facts):
        return Verdict.ALREADY_WAITING
    if held:
        return Verdict.MUTED
    told_at = max((f.told_at for f in facts if f.told_at is not None), default=None)
    slack = min(repeat_window, repeat_interval / 4)
    if told_at is not None and now - told_at < repeat_interval - slack:
        return Verdict.REMINDED_LATELY
    # Whoever was never told (his page died, or grew too old) is not reminded of it.
    kind = Kind.REMINDER if any(fact.heard for fact in facts) else Kind.FIRING
    rounds = (fact.round for fact in facts if fact.kind is kind)
    return Remind(max(rounds, default=0) + 1, kind)
