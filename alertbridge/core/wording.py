"""The words of one alert: what it is called, how bad, what is wrong, and the times.

Read at night, on a small screen, by somebody who was asleep: the same fact is always
said in the same words, in the reader's own time and language.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from alertbridge.core.alert import OURSELVES, PAGE
from alertbridge.core.cleaning import clean
from alertbridge.core.imitation import STATE_WORDS, disarm, disarm_start
from alertbridge.core.language import WORDS, Language, Words
from alertbridge.core.notification import EpisodeView, Fact, Kind
from alertbridge.core.readable import readable
from alertbridge.core.said import repeats, without_start
from alertbridge.core.script import Script, in_script
from alertbridge.core.severity import Severity
from alertbridge.core.summary import first_sentence, tidy, without_places
from alertbridge.core.wording_place import Value, place, values

LATE_AFTER = timedelta(minutes=2)
"""A text that leaves later than this says so: what it tells may have changed."""

_MOST_READ = 2000
"""Characters of a label or annotation that are looked at: no text has room for more,
and an annotation may be 10 MB."""

_LONGEST_KEPT = 200
"""Characters of a value that is kept, once made fit for a text."""

_NO_RESULT = ("DatasourceNoData", "DatasourceError")
"""What Grafana calls every rule whose query gave nothing; the rule is in a label."""

RULE_NAME = "rulename"


@dataclass(frozen=True, slots=True)
class What:
    """What is wrong, in words. `extra` is told only where it fits whole.

    An annotation that only repeats the alert's name gives way to a longer one, which
    may not cost the reader a segment.
    """

    text: str
    extra: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Words for facts, at one moment, in one time zone and language.

    `severity_label` is the label whose own value is shown for what is not critical.
    """

    now: datetime
    timezone: tzinfo
    severity_label: str = "severity"
    language: Language = Language.ENGLISH
    script: Script = Script.AUTO
    linked_hosts: frozenset[str] = frozenset()

    @property
    def words(self) -> Words:
        """The fixed words."""
        return WORDS[self.language]

    def read(self, value: object) -> str:
        """Make a label's or annotation's value fit for a text, whoever wrote it."""
        if value is None:
            return ""
        text = value if isinstance(value, str) else str(value)
        if len(text) <= _LONGEST_KEPT:
            return _fit_for_a_text(text, self.linked_hosts, self.script)
        return _made_fit(text[:_MOST_READ], self.linked_hosts, self.script)

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
        day = self._day(local)
        return f"{day} {time}" if local.year == today.year else f"{day} {local.year}"

    def period(self, start: datetime, end: datetime) -> str:
        """Say from when to when: `03:12-03:20`, with both days if it goes over one."""
        first, last = self.local(start), self.local(end)
        time = f"{last.hour:02}:{last.minute:02}"
        if first.date() == last.date():
            return f"{self.clock(start)}-{time}"
        if last.date() == self.local(self.now).date():
            return f"{self.clock(start)}-{self._day(last)} {time}"
        return f"{self.clock(start)}-{self.clock(end)}"

    def _day(self, local: datetime) -> str:
        return f"{local.day} {self.words.months[local.month - 1]}"

    def late(self, facts: tuple[Fact, ...]) -> str:
        """Say how late the oldest of *facts* is told, or nothing if it is not."""
        delay = self.now - min((_due(fact) for fact in facts), default=self.now)
        return self.words.late.format(span(delay)) if delay > LATE_AFTER else ""

    def severity(self, fact: Fact) -> str:
        """Say how bad: CRITICAL, else the label's own word, else nothing.

        Without a label an alert is `high`, which tells the reader nothing. A word
        that we begin our own lines with is not shown as a stranger's severity.
        """
        if fact.severity is Severity.CRITICAL:
            return self.words.critical
        word = self.read(fact.episode.labels.get(self.severity_label))[:16].strip()
        if word and word.casefold() not in (*STATE_WORDS, "none"):
            return disarm_start(word)
        return self.words.low if fact.severity is Severity.LOW else ""

    def state(self, fact: Fact) -> str:
        """The word a text begins with; empty for what is critical and fires.

        CRITICAL alone says that it fires: of the first words a lock screen shows,
        none is spent on what the other states rule out.
        """
        match fact.kind:
            case Kind.FIRING:
                critical = fact.severity is Severity.CRITICAL
                return "" if critical else self.words.firing
            case Kind.REMINDER:
                return self.words.still_firing
            case Kind.ESCALATED:
                return self.words.escalated
            case Kind.RESOLVED:
                return self.words.resolved

    def name(self, episode: EpisodeView) -> str:
        """Name the alert, in words."""
        labels = episode.labels
        name = self.read(labels.get("alertname"))
        if name in _NO_RESULT and (rule := self.read(labels.get(RULE_NAME))):
            nothing = name == _NO_RESULT[0]
            reason = self.words.no_data if nothing else self.words.source_error
            return f"{_named(rule)} ({reason})"
        if name == PAGE and episode.ended:
            # What is over says no summary, and "Page" alone is any of them.
            said = tidy(self.read(episode.annotations.get("summary")))
            return f"{name}: {said}" if said else name
        name = _named(name) or self.words.unnamed
        return f"{self.words.ourselves} {name}" if episode.source == OURSELVES else name

    def where(self, episode: EpisodeView) -> list[Value]:
        """Find the values that say where."""
        no_result = episode.labels.get("alertname") in _NO_RESULT
        return values(
            episode.labels,
            severity_label=self.severity_label,
            read=self.read,
            leave_out=RULE_NAME if no_result else "",
        )

    def place(self, episode: EpisodeView, said: str = "", limit: int = 80) -> str:
        """Say where in *limit* characters, without what *said* says already."""
        return place(self.where(episode), said=said, limit=limit)

    def what(self, episode: EpisodeView) -> What:
        """Say what is wrong, beyond what name and place say; maybe nothing.

        The summary, else the description; the description too if the summary says
        nothing new.
        """
        name = self.name(episode)
        places = [raw for value in self.where(episode) for raw in value.raw]
        places += [value.shown for value in self.where(episode)]
        said = " ".join((name, *places, self.severity_of(episode)))
        extra = False
        for annotation in ("summary", "description", "message", "title"):
            whole = tidy(self.read(episode.annotations.get(annotation)))
            if not whole:
                continue
            text = first_sentence(whole) if extra else whole
            text = without_start(without_places(text, places), name)
            if text and not repeats(text, said):
                return What(disarm_start(text), extra)
            extra = True
        return What("")

    def severity_of(self, episode: EpisodeView) -> str:
        """The severity label's own value, for comparing."""
        return self.read(episode.labels.get(self.severity_label))

    def ended_severity(self, fact: Fact) -> str:
        """How bad what is over was, if the same alert still fires at another severity.

        `RESOLVED Disk full db1` alone would say that both are over.
        """
        if not fact.worse:
            return ""
        return disarm_start(self.severity_of(fact.episode)[:16].strip())

    def plain_what(self, episode: EpisodeView) -> str:
        """The summary, else the description, cleaned but whole: for own templates."""
        for annotation in ("summary", "description", "message", "title"):
            text = self.read(episode.annotations.get(annotation)).rstrip(" .:;,")
            if text:
                return disarm_start(text)
        return ""

    def flags(self, fact: Fact) -> list[str]:
        """What beside its state a reader must know first: worse, late, how often."""
        episode, words = fact.episode, self.words
        ended = fact.kind is Kind.RESOLVED
        flapping = words.flapping.format(episode.flaps)
        return [
            flag
            for flag in (
                words.worse if fact.worse and not ended else "",
                self.late((fact,)),
                flapping if episode.flaps and not ended else "",
                words.silent if episode.stale else "",
            )
            if flag
        ]


def _due(fact: Fact) -> datetime:
    """From when on a fact is late: what flapped was to settle first."""
    held = fact.held_until
    settles = fact.kind is Kind.RESOLVED and fact.episode.flaps > 0
    return max(fact.created_at, held) if settles and held else fact.created_at


def _made_fit(text: str, linked_hosts: frozenset[str], script: Script) -> str:
    return disarm(in_script(clean(text, linked_hosts), script))


# A storm repeats its names, clusters and severities two thousand times.
_fit_for_a_text = lru_cache(maxsize=4096)(_made_fit)


@lru_cache(maxsize=1024)
def _named(name: str) -> str:
    # Made readable, `Ack_14` is our words again.
    return disarm_start(disarm(readable(name)))


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
