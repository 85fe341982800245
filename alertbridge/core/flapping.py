"""When an alert that comes and goes stops being news each time.

An alert that fires, ends and fires again every minute would send two texts each time,
and the last of them would be the one somebody believes. So an alert that has fired
often enough within a window *flaps*: it is told once, as flapping, and from then on it
fires and ends *within one episode*: nothing is told until it has kept still. If it is
over then, those who heard it are told so, once; if it fires, they know that already.

Times here are those at which we heard, never the sender's: a sender's clock may be a
day off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Flapping:
    """An alert that fires for the `times`-th time within `window` flaps.

    It has settled once it has not changed for `settles`.
    """

    times: int = 3
    window: timedelta = timedelta(minutes=30)
    settles: timedelta = timedelta(minutes=15)


NEVER = Flapping(times=0)
"""The rule under which nothing flaps: every change is news."""


def flaps_at_opening(opened: Sequence[datetime], rule: Flapping, now: datetime) -> int:
    """How often an alert that fires now has fired lately; 0: it does not flap.

    *opened* are when its earlier episodes were opened.
    """
    if rule.times < 2:
        return 0
    fired = 1 + sum(now - rule.window < at <= now for at in opened)
    return fired if fired >= rule.times else 0


def is_flapping(
    flaps: int, changed_seen: datetime | None, rule: Flapping, now: datetime
) -> bool:
    """Whether an episode flaps, and has changed too lately to have settled."""
    if flaps == 0 or rule.times < 2 or changed_seen is None:
        return False
    return now - changed_seen < rule.settles
