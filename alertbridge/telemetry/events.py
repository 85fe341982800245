"""Every log event, as a table: the names and keys are API.

Change one only with a line in the changelog. `docs/operations.md` prints this table,
and tests compare: the page with the table, and the table with what the code logs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Level(StrEnum):
    """How loud an event is. Events that feed a metric are `info` or above."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Event:
    """A log event: what it says, its usual level, and the keys it carries."""

    level: Level
    meaning: str
    keys: tuple[str, ...] = ()


EVENTS: Mapping[str, Event] = MappingProxyType(
    {
        "webhook.answered": Event(
            Level.INFO,
            "A webhook was answered; a 2xx means that everything it causes is on disk.",
            ("source", "code", "seconds"),
        ),
        "webhook.unauthorized": Event(
            Level.WARNING,
            "A webhook had no valid credentials and was answered 401.",
            ("source", "reason"),
        ),
        "webhook.refused": Event(
            Level.WARNING,
            "A webhook was not taken, and sending it again cannot help; its body is "
            "kept in quarantine.",
            ("source", "reason"),
        ),
        "group.planned": Event(
            Level.INFO,
            "A post was recorded: what it was (news, repeat, copy), and how many "
            "episodes and notifications it made.",
            (
                "source",
                "post",
                "alerts",
                "opened",
                "ended",
                "notifications",
                "left_out",
            ),
        ),
        "alert.unreadable": Event(
            Level.WARNING,
            "Elements of a post could not be read; the others were paged all the same.",
            ("source", "amount"),
        ),
        "group.oversized": Event(
            Level.WARNING,
            "A body was over the limit; the alerts at its start were paged.",
            ("source",),
        ),
        "submission.claimed": Event(
            Level.INFO,
            "A request to a provider is about to leave; its attempt is on disk.",
            ("provider", "reference", "numbers", "segments", "attempt"),
        ),
        "submission.settled": Event(
            Level.INFO,
            "What became of a request: accepted is the provider's word, not a "
            "delivery. `waited` is from intake to acceptance, of the oldest fact.",
            (
                "provider",
                "reference",
                "outcome",
                "reason",
                "numbers",
                "notifications",
                "segments",
                "seconds",
                "waited",
            ),
        ),
        "drill.ended": Event(
            Level.INFO,
            "A test page of the schedule was looked at: delivered, or missed.",
            ("result", "reason"),
        ),
        "report.heard": Event(
            Level.INFO,
            "A delivery report, posted, asked for or pushed: delivered is the "
            "carrier's word, not an acknowledgement.",
            ("provider", "delivery", "code", "final"),
        ),
        "report.parked": Event(
            Level.INFO,
            "Delivery reports about messages that are not known: kept for an hour, in "
            "case they came before the answer to the send.",
            ("provider", "amount"),
        ),
        "report.refused": Event(
            Level.WARNING,
            "What was posted to a report address is no report of its gateway.",
            ("provider", "reason"),
        ),
        "report.not_answered": Event(
            Level.WARNING,
            "A provider was asked what became of a message, and did not say.",
            ("provider", "reference", "reason"),
        ),
        "message.delivered": Event(
            Level.INFO,
            "A phone has the SMS, as the carrier says; `seconds` since its acceptance.",
            ("provider", "reference", "seconds"),
        ),
        "message.missed": Event(
            Level.WARNING,
            "An accepted SMS did not arrive (undelivered) or did not say so in time "
            "(unconfirmed): `onward` notifications take another way, `dead` have none.",
            ("provider", "reference", "reason", "code", "onward", "dead"),
        ),
        "feed.failed": Event(
            Level.ERROR,
            "A bug: a provider's feed of reports ended; it is started again.",
            ("provider", "error"),
        ),
        "circuit.opened": Event(
            Level.WARNING,
            "Two requests in a row to a provider came to nothing, or its reports say "
            "that it does not do its work: others are preferred, and it is asked every "
            "15 s whether it answers again.",
            ("provider",),
        ),
        "circuit.closed": Event(
            Level.INFO,
            "A provider answers again: the next request may be its.",
            ("provider",),
        ),
        "balance.read": Event(
            Level.INFO,
            "An account said what it holds; `days_left` by the burn of seven days, "
            "null before a day has been seen and if nothing was spent.",
            ("provider", "amount", "currency", "days_left"),
        ),
        "balance.unknown": Event(
            Level.WARNING,
            "An account did not say what it holds; it is asked again in an hour.",
            ("provider", "reason"),
        ),
        "inquiry.concluded": Event(
            Level.INFO,
            "A request whose answer nobody saw was looked up in the provider's list: "
            "found (it is told), not_there (it is sent again), or look_again, with the "
            "reason if the list could not be read.",
            ("provider", "reference", "conclusion", "reason"),
        ),
        "fact.ended": Event(
            Level.INFO,
            "Notifications reached an end other than told, by the rule in `reason`.",
            ("state", "reason", "amount"),
        ),
        "episode.stale": Event(
            Level.WARNING,
            "Alerts that no post has named for `stale_after`: their source is silent "
            "about them. They may be over; nobody is told so.",
            ("amount",),
        ),
        "template.failed": Event(
            Level.ERROR,
            "A template of the config failed; the built-in text went out instead.",
            ("template", "error"),
        ),
        "episodes.acknowledged": Event(
            Level.INFO,
            "A human took alerts, by the link or the code of a text or by the "
            "episode's number; `amount` are those that nobody had.",
            ("by", "via", "amount"),
        ),
        "meta.raised": Event(
            Level.ERROR,
            "alertbridge pages about itself, to the meta receiver.",
            ("cause",),
        ),
        "meta.ended": Event(
            Level.INFO,
            "What alertbridge has paged about itself is over; who heard is told so.",
            ("cause",),
        ),
        "spend.crossed": Event(
            Level.WARNING,
            "A budget is spent to `percent` of it: 50, 80 or 100; at 100 only critical "
            "alerts are sent until its `period` (day, month) ends.",
            ("scope", "name", "period", "percent", "segments", "budget"),
        ),
        "config.reloaded": Event(
            Level.INFO,
            "The config was read, at start or reload; after a failure the old one "
            "runs on.",
            ("success", "version", "problems"),
        ),
        "config.warning": Event(
            Level.WARNING,
            "The config works, but says something it may not mean.",
            ("problem",),
        ),
        "config.needs_restart": Event(
            Level.WARNING,
            "A key changed that only a restart takes up; the old value is in use.",
            ("key",),
        ),
        "config.not_kept": Event(
            Level.WARNING,
            "The copy that a start with a broken config falls back to was not written.",
            ("reason",),
        ),
        "connections.ended": Event(
            Level.WARNING,
            "Clients held too many connections; the oldest idle ones were closed.",
            ("amount",),
        ),
        "store.failed": Event(
            Level.ERROR,
            "The store could not keep something; the sender was told to come back.",
            ("reason",),
        ),
        "store.incident": Event(
            Level.ERROR,
            "Something befell the store's file before this start; the admins are told.",
            ("cause", "summary"),
        ),
        "room.short": Event(
            Level.ERROR,
            "The store's disk is nearly full: webhooks are answered 503, what waits is "
            "still sent. `free` is in bytes.",
            ("free", "reason"),
        ),
        "room.enough": Event(
            Level.INFO, "There is room on the disk again; webhooks are kept.", ("free",)
        ),
        "heartbeat.sent": Event(
            Level.INFO,
            "The outbound heartbeat was tried; silence at its far end is the alarm.",
            ("success",),
        ),
        "heartbeat.withheld": Event(
            Level.WARNING,
            "The outbound heartbeat was not sent: the store, the dispatcher or every "
            "provider keeps pages from people.",
            ("reason",),
        ),
        "daemon.started": Event(
            Level.INFO, "The store is open and the port is served.", ("url",)
        ),
        "daemon.stopping": Event(
            Level.INFO, "Intake has stopped; what is in flight is being finished."
        ),
        "daemon.stopped": Event(
            Level.INFO, "Everything is finished; what waits is on disk."
        ),
        "dispatcher.late": Event(
            Level.WARNING,
            "A request to a provider outlived the time to stop: it is uncertain now.",
            ("seconds",),
        ),
        "clock.stepped": Event(
            Level.WARNING,
            "The wall clock was set; every pending time was moved along.",
            ("seconds",),
        ),
        "watchdog.starved": Event(
            Level.CRITICAL,
            "Intake or dispatcher is stuck: systemd is not told that we live, and "
            "will restart us.",
        ),
        "request.failed": Event(
            Level.ERROR,
            "A bug: a request ended in an exception nobody expected, answered 500.",
            ("path", "error"),
        ),
        "library.logged": Event(
            Level.INFO,
            "A library (aiohttp, asyncio) said something, at its own level; an error "
            "is named by its type and place.",
            ("logger", "message", "error"),
        ),
    }
)
"""Log events by name."""
