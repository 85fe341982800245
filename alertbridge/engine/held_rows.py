"""What waits for somebody's quiet hours, shown as that: they are rules, and no rows.

The store knows what time intervals of routes hold; a person's own hours are asked when
a text is composed, and so they are asked when what waits is shown.
"""

from dataclasses import replace
from datetime import datetime

from alertbridge.core.meta import TEST_PAGE
from alertbridge.core.notification import Kind, Reason, State
from alertbridge.core.quiet import Spared
from alertbridge.core.quiet_mailbox import hours_of
from alertbridge.core.recipient import RecipientName
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity
from alertbridge.ports import EpisodeRow, HistoryRow, OutboxRow


def shown_in_outbox(row: OutboxRow, rules: Rules, now: datetime) -> OutboxRow:
    """Say until when quiet hours hold a row, unless a route does for longer.

    What would be too old by then lives as long again, as `quiet.ages_at` has it.
    """
    spared = _spared(row, rules, now)
    if spared is None or (row.held_until is not None and row.held_until > spared.until):
        return row
    expires_at = row.expires_at
    lasts = rules.time_to_live.of(Severity[row.severity.upper()])
    if expires_at is not None and lasts is not None and expires_at <= spared.until:
        expires_at = spared.until + lasts
    return replace(
        row,
        reason=Reason.QUIET_HOURS,
        held_until=spared.until,
        expires_at=expires_at,
    )


def shown_in_history(row: HistoryRow, rules: Rules, now: datetime) -> HistoryRow:
    """Name quiet hours, and the line that sets them, as what a row waits for."""
    spared = _spared(row, rules, now)
    if spared is None or row.reason == Reason.MUTED:
        return row
    return replace(row, reason=Reason.QUIET_HOURS, where=spared.where)


def shown_in_episode(row: EpisodeRow, rules: Rules, now: datetime) -> EpisodeRow:
    """The same for one episode."""
    rows = tuple(shown_in_history(one, rules, now) for one in row.rows)
    return replace(row, rows=rows)


def _spared(row: OutboxRow | HistoryRow, rules: Rules, now: datetime) -> Spared | None:
    if row.state != State.WAITING or row.alert == TEST_PAGE:
        return None
    hours = hours_of(RecipientName(row.recipient), rules)
    if row.kind != Kind.RESOLVED and hours.let_through(Severity[row.severity.upper()]):
        return None
    return hours.spare(now)
