"""A post as a whole: its alerts, and what stands for those nobody could be told of.

Three kinds of alert of our own: one for what a source has too many of, one for what it
did not show of a group, one for what of a post could not be read. The last two are
told only to whom no text of the post would say it, and are looked up only if this post
or the one before it gives cause.
"""

from datetime import datetime

from alertbridge.core.alert import AlertGroup, Fingerprint
from alertbridge.core.flood import limit_flood
from alertbridge.core.plan import Keys, Known, Plan, keys_of
from alertbridge.core.planning import plan
from alertbridge.core.rules import Rules
from alertbridge.core.truncated import add_truncated, fingerprint_of_truncated
from alertbridge.core.unreadable import add_unreadable, fingerprint_of_unreadable


def keys_of_post(group: AlertGroup) -> Keys:
    """Ask the store for the stand-ins too, if this post or the last one needs one."""
    truncated = fingerprint_of_truncated(group)
    unreadable = fingerprint_of_unreadable(group)
    also: list[Fingerprint] = []
    if group.truncated > 0:
        also.append(truncated)
    if group.unreadable:
        also.append(unreadable)
    return keys_of(group, *also, after_truncated=truncated, after_unreadable=unreadable)


def plan_post(group: AlertGroup, rules: Rules, known: Known, now: datetime) -> Plan:
    """Plan a post's alerts, and then what its texts would leave untold."""
    made = plan(group, rules, known, now)
    # First: what is only counted makes no text that could tell of anything else.
    made = limit_flood(made, group, rules, known, now)
    made = add_truncated(made, group, rules, known, now)
    # Last: the text that tells of truncated alerts says "+1 unreadable" as well.
    return add_unreadable(made, group, rules, known, now)
