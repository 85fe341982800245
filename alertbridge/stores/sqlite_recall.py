"""What happened in a stretch of time, in SQL: for replaying it under other rules."""

from datetime import datetime
from sqlite3 import Connection

from alertbridge.core.alert import Fingerprint, GroupKey, SourceName
from alertbridge.core.notification import EpisodeId, ProviderName
from alertbridge.core.past import Past, PastEpisode, PastSms
from alertbridge.core.recipient import Msisdn, RecipientName
from alertbridge.stores.columns import load_map, moment, moment_or_none, stamp


def recall(db: Connection, since: datetime, until: datetime) -> Past:
    """Every episode that was open at some time in between, and what was sent."""
    receivers: dict[tuple[str, str], tuple[str, ...]] = {}
    for source, group_key, receiver in db.execute(
        "SELECT source, group_key, receiver FROM post ORDER BY id"
    ):
        key = (source, group_key)
        receivers[key] = (*receivers.get(key, ()), receiver)
    episodes = db.execute(
        "SELECT id, source, fingerprint, group_key, labels, annotations,"
        " generator_url, starts_at, ends_at, opened_seen, ended_seen, acked_at,"
        " acked_by FROM episode WHERE opened_seen < ?"
        " AND (ended_seen IS NULL OR ended_seen >= ?) ORDER BY id",
        (stamp(until), stamp(since)),
    )
    sms = db.execute(
        "SELECT t.at, t.recipient, m.number, s.provider, s.segments, s.body"
        " FROM sent t JOIN message m ON m.id = t.message"
        " JOIN submission s ON s.reference = m.submission"
        " WHERE t.at >= ? AND t.at < ? AND t.given_back = 0"
        " ORDER BY t.at, t.message, t.attempt",
        (stamp(since), stamp(until)),
    )
    return Past(
        episodes=tuple(
            PastEpisode(
                id=EpisodeId(row[0]),
                source=SourceName(row[1]),
                fingerprint=Fingerprint(row[2]),
                group_key=GroupKey(row[3]),
                receivers=receivers.get((row[1], row[3]), ("",)),
                labels=load_map(row[4]),
                annotations=load_map(row[5]),
                generator_url=row[6],
                starts_at=moment(row[7]),
                ends_at=moment_or_none(row[8]),
                opened_seen=moment(row[9]),
                ended_seen=moment_or_none(row[10]),
                acknowledged_at=moment_or_none(row[11]),
                acknowledged_by=row[12],
            )
            for row in episodes
        ),
        sms=tuple(
            PastSms(
                at=moment(row[0]),
                recipient=RecipientName(row[1]),
                number=Msisdn(row[2]),
                provider=ProviderName(row[3]),
                segments=row[4],
                text=row[5],
            )
            for row in sms
        ),
    )
