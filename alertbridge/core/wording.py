"""The words of one alert: what it is called, how bad, what is wrong, and the times.

Read at night, on a small screen, by somebody who was asleep: the same fact is always
said in the same words, in the reader's own time.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from alertbridge.core.alert import OURSELVES
from alertbridge.core.cleaning import clean
from alertbridge.core.notification import EpisodeView, Fact
from alertbridge.core.severity import Severity
from alertbridge.core.wording_place import place

LATE_AFTER = timedelta(minutes=2)
"""A text that leaves later than this says so: what it tells may have changed."""

CRITICAL = "CRITICAL"

_MOST_READ = 2000
"""Characters of a label or annotation that are looked at: no text has room for more,
and an annotation may be 10 MB."""

MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
"""Our own: `strftime` follows the locale of the host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Words for facts, at one moment, in one time zone.

    `severity_label` is the label whose own value is shown for what is not critical.
    """

    now: datetime
    timezone: tzinfo
    severity_label: str = "severity"

    def local(self, at: datetime) -> datetime:
        """Put *at* into the reader's time; a year-1 date stays in UTC."""
        try:
            return at.astimezone(self.timezone)
        except OverflowError:
            return at.astimezone(UTC)

    def clock(self, at: datetime) -> str:
        """Say when: `03:12`, with the day if it is not today's, and the year."""
        local, today = self.local(at), self.local(self.now)
        time = f"{local.hour:02}:{local.minute:02}"
        if local.date() == today.date():
            return time
        day = f"{local.day} {MONTHS[local.month - 1]}"
        return f"{day} {time}" if local.year == today.year else f"{day} {local.year}"

    def period(self, start: datetime, end: datetime) -> str:
        """Say from when to when: `03:12-03:20`."""
        last = self.local(end)
        if self.local(start).date() == last.date():
            return f"{self.clock(start)}-{last.hour:02}:{last.minute:02}"
        return f"{self.clock(start)}-{self.clock(end)}"

    def late(self, facts: tuple[Fact, ...]) -> str:
        """Say how late the oldest of *facts* is told, or nothing if it is not."""
        delay = self.now - min((f.created_at for f in facts), default=self.now)
        return f"late {span(delay)}" if delay > LATE_AFTER else ""

    def severity(self, fact: Fact) -> str:
        """Say how bad: CRITICAL, else the label's own word, else nothing.

        Without a label an alert is `high`, which tells the reader nothing.
        """
        if fact.severity is Severity.CRITICAL:
            return CRITICAL
        word = clean(_read(fact.episode.labels.get(self.severity_label)))[:16]
        if word and word.casefold() != "none":
            return word
        return "low" if fact.severity is Severity.LOW else ""

    def name(self, episode: EpisodeView) -> str:
        """Name the alert."""
        labels = episode.labels
        name = clean(_read(labels.get("alertname"))) or "unnamed alert"
        return f"alertbridge itself: {name}" if episode.source == OURSELVES else name

    def what(self, episode: EpisodeView) -> str:
        """Say what is wrong: the summary, else the description; maybe nothing."""
        for annotation in ("summary", "description", "message", "title"):
            text = clean(_read(episode.annotations.get(annotation))).rstrip(" .:;,")
            if text:
                return text
        return ""

    def place(self, episode: EpisodeView, said: str = "", limit: int = 80) -> str:
        """Say where in *limit* characters, without what *said* says already."""
        return place(
            episode.labels,
            severity_label=self.severity_label,
            said=said,
            limit=limit,
        )


def span(delta: timedelta) -> str:
    """Say how long, in its two largest units: `45s`, `8m`, `3h40m`, `2d4h`."""
    seconds = max(int(delta.total_seconds()), 0)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if not minutes:
        return f"{seconds}s"
    if not hours:
        return f"{minutes}m"
    if not days:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"


def _read(value: object) -> str:
    """Bound what is looked at; a source may have let through what is no string."""
    if value is None:
        return ""
    return value[:_MOST_READ] if isinstance(value, str) else str(value)[:_MOST_READ]
