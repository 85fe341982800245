"""What became of everything that was posted: is every alert accounted for?

An alert is accounted for if an SMS that tells it rang, or a named rule says why none
did, or it still waits. The phones are the proof: what the store calls told must have
rung.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from alertbridge.core.alert import Fingerprint, Labels, SourceName
from alertbridge.core.past import PastEpisode
from alertbridge.ports import HistoryRow
from alertbridge.simulator.scripted import Sms

NOT_TOLD = "not_told"
"""The state of a row of history that is no notification."""


@dataclass(frozen=True, slots=True)
class Missing:
    """An alert that nobody can say the fate of."""

    alert: str
    recipient: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Counts of notifications: by their state, and of those not told by the reason."""

    alerts: int
    states: Mapping[str, int]
    reasons: Mapping[tuple[str, str], int]
    missing: tuple[Missing, ...]


def account_for(
    posted: Mapping[tuple[SourceName, Fingerprint], Labels],
    episodes: Sequence[PastEpisode],
    rows: Sequence[HistoryRow],
    phones: Sequence[Sms],
) -> Account:
    """Hold what fired against the store's episodes, and those against the phones."""
    return Account(
        alerts=len(posted),
        states=Counter(row.state for row in rows if row.notification is not None),
        reasons=Counter((row.state, row.reason) for row in rows if row.state != "told"),
        missing=(
            *_without_episode(posted, episodes),
            *_without_word(episodes, rows),
            *_without_ring(rows, phones),
        ),
    )


def _without_episode(
    posted: Mapping[tuple[SourceName, Fingerprint], Labels],
    episodes: Collection[PastEpisode],
) -> list[Missing]:
    known = {(episode.source, episode.fingerprint) for episode in episodes}
    return [
        Missing(labels.get("alertname", ""), "", "it was posted, and is not stored")
        for key, labels in posted.items()
        if key not in known
    ]


def _without_word(
    episodes: Sequence[PastEpisode], rows: Sequence[HistoryRow]
) -> list[Missing]:
    spoken = {row.episode for row in rows}
    return [
        Missing(episode.labels.get("alertname", ""), "", "nothing says who heard of it")
        for episode in episodes
        if episode.id not in spoken
    ]


def _without_ring(rows: Sequence[HistoryRow], phones: Sequence[Sms]) -> list[Missing]:
    rung = {fact.id for sms in phones for fact in sms.message.tells}
    return [
        Missing(row.alert, row.recipient, "it counts as told, and no phone rang")
        for row in rows
        if row.state == "told" and row.notification not in rung
    ]
