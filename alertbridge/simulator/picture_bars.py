"""When alerts fired, as bars: one row a name, the overlapping ones as one piece."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alertbridge.core.past import PastEpisode
from alertbridge.core.severity import Severity, SeverityRule

MOST_ROWS = 24
"""Rows of their own; the rest share one."""

Piece = tuple[Severity, datetime, datetime]


@dataclass(frozen=True, slots=True)
class Row:
    """All alerts of one name: how many, and when any of them fired."""

    name: str
    alerts: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """The rows, in the order in which they began."""

    rows: tuple[Row, ...]


def bars_of(episodes: Sequence[PastEpisode], rule: SeverityRule, end: datetime) -> Bars:
    """Make the rows; what still fires goes on until *end*."""
    by_name: dict[str, list[PastEpisode]] = {}
    for episode in sorted(episodes, key=lambda one: one.starts_at):
        name = episode.labels.get("alertname") or "(no name)"
        by_name.setdefault(name, []).append(episode)
    own = list(by_name.items())
    if len(own) > MOST_ROWS:
        rest = [one for _, members in own[MOST_ROWS - 1 :] for one in members]
        more = len(own) - MOST_ROWS + 1
        own = [*own[: MOST_ROWS - 1], (f"{more} other names", rest)]
    return Bars(
        tuple(
            Row(
                name,
                len({(one.source, one.fingerprint) for one in members}),
                _pieces(members, rule, end),
            )
            for name, members in own
        )
    )


def _pieces(
    episodes: Sequence[PastEpisode], rule: SeverityRule, end: datetime
) -> tuple[Piece, ...]:
    found: list[Piece] = []
    for severity in reversed(Severity):
        spans = sorted(
            (one.starts_at, one.ends_at or end)
            for one in episodes
            if rule.classify(one.labels) is severity
        )
        for begin, until in spans:
            if found and found[-1][0] is severity and found[-1][2] >= begin:
                was = found.pop()
                found.append((severity, was[1], max(was[2], until)))
            else:
                found.append((severity, begin, until))
    return tuple(found)
