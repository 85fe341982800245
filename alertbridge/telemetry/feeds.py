"""Every metric, as a table, and which event moves it: the names are API.

One fact, one call: a metric that counts is fed by a log event, so log and metrics
cannot disagree. Change a name or a label only with a line in the changelog;
`docs/operations.md` prints the table, and a test compares.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

PREFIX = "alertbridge_"


class MetricKind(StrEnum):
    """The Prometheus types in use."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric under its full name, as a scrape shows it."""

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """How an event moves a metric.

    `labels` maps a label to the event's key. `amount` names the keys whose product is
    added or observed; none: one. `only` restricts to events with these values.
    """

    metric: str
    labels: Mapping[str, str] = field(default_factory=dict)
    amount: tuple[str, ...] = ()
    only: Mapping[str, str] = field(default_factory=dict)


def _metric(name: str, kind: MetricKind, text: str, *labels: str) -> Metric:
    return Metric(PREFIX + name, kind, text, labels)


_C, _G, _H = MetricKind.COUNTER, MetricKind.GAUGE, MetricKind.HISTOGRAM

_METRICS = (
    _metric(
        "webhook_requests_total", _C, "Webhooks answered, by code.", "source", "code"
    ),
    _metric(
        "webhook_duration_seconds", _H, "From request to answer, in seconds.", "source"
    ),
    _metric("webhook_unauthorized_total", _C, "Webhooks answered 401.", "source"),
    _metric(
        "webhook_refused_total",
        _C,
        "Webhooks refused for good, by reason.",
        "source",
        "reason",
    ),
    _metric(
        "posts_total", _C, "Posts recorded: news, repeat or copy.", "source", "kind"
    ),
    _metric("alerts_received_total", _C, "Alerts in recorded posts.", "source"),
    _metric("alerts_unreadable_total", _C, "Alerts that could not be read.", "source"),
    _metric("groups_oversized_total", _C, "Bodies over the limit.", "source"),
    _metric(
        "notifications_recorded_total",
        _C,
        "Notifications put on disk: facts that a recipient must hear.",
        "source",
    ),
    _metric(
        "submissions_total",
        _C,
        "Requests to a provider, by what became of them.",
        "provider",
        "outcome",
    ),
    _metric(
        "submission_duration_seconds",
        _H,
        "From request to the provider's answer, in seconds.",
        "provider",
    ),
    _metric("messages_accepted_total", _C, "SMS that a provider accepted.", "provider"),
    _metric(
        "segments_total", _C, "Segments of accepted SMS: what is billed.", "provider"
    ),
    _metric(
        "notifications_total",
        _C,
        "Notifications tried: those in every request to a provider.",
        "provider",
    ),
    _metric(
        "notifications_failed_total",
        _C,
        "Notifications in requests that were not accepted, by reason.",
        "provider",
        "reason",
    ),
    _metric(
        "notification_latency_seconds",
        _H,
        "From intake to a provider's acceptance, in seconds.",
        "provider",
    ),
    _metric(
        "reports_total",
        _C,
        "Delivery reports, by what they say: pending, delivered, failed, expired.",
        "provider",
        "delivery",
    ),
    _metric(
        "reports_parked_total",
        _C,
        "Delivery reports about messages that were not known (yet).",
        "provider",
    ),
    _metric(
        "reports_refused_total",
        _C,
        "Posts to a report address that were no report of its gateway.",
        "provider",
    ),
    _metric(
        "messages_delivered_total",
        _C,
        "SMS that a phone has, as the carrier says.",
        "provider",
    ),
    _metric(
        "messages_missed_total",
        _C,
        "SMS that did not arrive (undelivered), or did not say so in time "
        "(unconfirmed).",
        "provider",
        "reason",
    ),
    _metric(
        "delivery_latency_seconds",
        _H,
        "From a provider's acceptance to the report of delivery, in seconds.",
        "provider",
    ),
    _metric(
        "drills_total",
        _C,
        "Test pages of the schedule, by whether they arrived in time.",
        "result",
    ),
    _metric(
        "circuits_opened_total",
        _C,
        "Times that a provider failed twice in a row, and others were preferred.",
        "provider",
    ),
    _metric(
        "inquiries_total",
        _C,
        "Look-ups of requests whose answer nobody saw, by what the list showed.",
        "provider",
        "conclusion",
    ),
    _metric(
        "facts_ended_total",
        _C,
        "Notifications cancelled, expired or dead, by reason.",
        "state",
        "reason",
    ),
    _metric(
        "episodes_stale_total",
        _C,
        "Alerts that no post has named for stale_after: they may be over.",
    ),
    _metric(
        "template_failures_total", _C, "Templates that failed to render.", "template"
    ),
    _metric("meta_alerts_total", _C, "Pages about alertbridge itself.", "cause"),
    _metric(
        "spend_crossed_total",
        _C,
        "Budgets that were spent to 50, 80 or 100 per cent.",
        "scope",
        "percent",
    ),
    _metric("store_failures_total", _C, "Writes the store refused.", "reason"),
    _metric("heartbeats_total", _C, "Outbound heartbeats: ok or failed.", "result"),
    _metric(
        "heartbeats_withheld_total",
        _C,
        "Outbound heartbeats not sent, because pages could not be.",
        "reason",
    ),
    _metric("log_lines_dropped_total", _C, "Log lines their stream did not take."),
    _metric("config_last_reload_successful", _G, "1 if the last (re)load worked."),
    _metric(
        "config_last_reload_success_timestamp_seconds",
        _G,
        "When a config was last taken, Unix time.",
    ),
    _metric("config_hash", _G, "Hash of the running config: differs after an edit."),
    _metric(
        "mailbox_notifications", _G, "Notifications waiting to be told.", "severity"
    ),
    _metric(
        "mailbox_oldest_due_age_seconds",
        _G,
        "How long the oldest due notification has waited; 0 if none is due.",
        "severity",
    ),
    _metric("in_flight_submissions", _G, "Requests to a provider under way."),
    _metric(
        "uncertain_submissions",
        _G,
        "Requests without a clear answer: they may have been sent.",
    ),
    _metric("dead_notifications", _G, "Notifications that no way was left to tell."),
    _metric(
        "spend_segments",
        _G,
        "Segments spent of a budget in its day or month: SMS that may have left.",
        "scope",
        "name",
        "period",
    ),
    _metric(
        "spend_budget_segments",
        _G,
        "Segments that the budget allows.",
        "scope",
        "name",
        "period",
    ),
    _metric(
        "provider_balance",
        _G,
        "What a provider's account held when it was last read, once an hour.",
        "provider",
        "currency",
    ),
    _metric(
        "provider_balance_days_left",
        _G,
        "For how many days that is enough, by the burn of the last seven.",
        "provider",
    ),
    _metric(
        "watchdog_silence_seconds",
        _G,
        "How long a source's watchdog was not heard, while we listened.",
        "source",
    ),
    _metric("store_free_bytes", _G, "Free on the store's disk, without the ballast."),
    _metric("store_ballast_bytes", _G, "Ballast beside the store; 0 once given up."),
    _metric("outbox_held", _G, "1 while an operator holds all sending."),
    _metric(
        "build_info",
        _G,
        "Always 1; the version is in the labels.",
        "version",
        "revision",
        "pythonversion",
    ),
)

METRICS: Mapping[str, Metric] = MappingProxyType({m.name: m for m in _METRICS})
"""Metrics by full name. `process_*` and `python_*` come beside them."""


def _feed(
    metric: str,
    *amount: str,
    labels: Mapping[str, str] | None = None,
    only: Mapping[str, str] | None = None,
) -> Feed:
    same = {label: label for label in METRICS[PREFIX + metric].labels}
    return Feed(
        metric=PREFIX + metric,
        labels=same | dict(labels or {}),
        amount=amount,
        only=only or {},
    )


_ACCEPTED = {"outcome": "accepted"}

FEEDS: Mapping[str, tuple[Feed, ...]] = MappingProxyType(
    {
        "webhook.answered": (
            _feed("webhook_requests_total"),
            _feed("webhook_duration_seconds", "seconds"),
        ),
        "webhook.unauthorized": (_feed("webhook_unauthorized_total"),),
        "webhook.refused": (_feed("webhook_refused_total"),),
        "group.planned": (
            _feed("posts_total", labels={"kind": "post"}),
            _feed("alerts_received_total", "alerts"),
            _feed("notifications_recorded_total", "notifications"),
        ),
        "alert.unreadable": (_feed("alerts_unreadable_total", "amount"),),
        "group.oversized": (_feed("groups_oversized_total"),),
        "submission.settled": (
            _feed("submissions_total"),
            _feed("submission_duration_seconds", "seconds"),
            _feed("notifications_total", "notifications"),
            _feed("messages_accepted_total", "numbers", only=_ACCEPTED),
            _feed("segments_total", "numbers", "segments", only=_ACCEPTED),
            _feed("notification_latency_seconds", "waited", only=_ACCEPTED),
            *(
                _feed(
                    "notifications_failed_total",
                    "notifications",
                    only={"outcome": outcome},
                )
                for outcome in ("deferred", "uncertain", "rejected")
            ),
        ),
        "drill.ended": (_feed("drills_total"),),
        "report.heard": (_feed("reports_total"),),
        "report.parked": (_feed("reports_parked_total", "amount"),),
        "report.refused": (_feed("reports_refused_total"),),
        "message.delivered": (
            _feed("messages_delivered_total"),
            _feed("delivery_latency_seconds", "seconds"),
        ),
        "message.missed": (_feed("messages_missed_total"),),
        "circuit.opened": (_feed("circuits_opened_total"),),
        "inquiry.concluded": (_feed("inquiries_total"),),
        "fact.ended": (_feed("facts_ended_total", "amount"),),
        "episode.stale": (_feed("episodes_stale_total", "amount"),),
        "template.failed": (_feed("template_failures_total"),),
        "meta.raised": (_feed("meta_alerts_total"),),
        "spend.crossed": (_feed("spend_crossed_total"),),
        "store.failed": (_feed("store_failures_total"),),
        "heartbeat.withheld": (_feed("heartbeats_withheld_total"),),
        "heartbeat.sent": (_feed("heartbeats_total", labels={"result": "success"}),),
    }
)
"""Which metrics an event counts. `config.reloaded` sets gauges beside these."""
