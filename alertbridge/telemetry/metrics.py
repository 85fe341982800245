"""Metrics, counted from log events.

One structlog processor reads the table `FEEDS`; nothing else in the program
increments a counter, so `engine/` knows no metrics. Gauges are set from what the
store says when a scrape comes.
"""

import platform
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from math import isfinite

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder
from structlog.typing import EventDict, WrappedLogger

from alertbridge.core.alert import SourceName
from alertbridge.core.balance import Balance
from alertbridge.core.notification import ProviderName
from alertbridge.core.recipient import mask
from alertbridge.core.spend_report import SpendRow
from alertbridge.ports import Depth
from alertbridge.telemetry.feeds import (
    FEEDS,
    METRICS,
    PREFIX,
    Feed,
    Metric,
    MetricKind,
)
from alertbridge.telemetry.known_labels import (
    KNOWN_BY_PROVIDER,
    KNOWN_BY_SOURCE,
    KNOWN_LABELS,
    SEVERITIES,
)

MAX_SERIES = 1000
"""Label sets a metric may have; what comes after is counted under `other`.

A source name comes out of a URL that anybody may call: a metric must not grow with it.
"""

MAX_LABEL = 64
"""Characters of a label value that are kept."""

BUCKETS: Mapping[str, tuple[float, ...]] = {
    # A sender gives up at 15 s or less; a commit takes milliseconds.
    PREFIX + "webhook_duration_seconds": (
        *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
        *(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15),
    ),
    # A provider answers within 12 s or not at all (ports.Provider.submit).
    PREFIX + "submission_duration_seconds": (*(0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 12),),
    # Seconds when all is well; minutes under a storm's pace; an hour is the default
    # time to live.
    PREFIX + "notification_latency_seconds": (
        *(0.1, 0.25, 0.5, 1, 2, 5, 10, 30),
        *(60, 120, 300, 600, 1800, 3600),
    ),
    # Seconds to a phone that is on; a page goes another way after three minutes.
    PREFIX + "delivery_latency_seconds": (
        *(1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 900, 3600),
    ),
}
"""Histogram buckets, upper bounds in seconds."""

# `reason: detail`: the log keeps all of it, a label only what comes before.
_CLASSES = frozenset({"cause", "reason"})

_COUNTED_LEVELS = frozenset({"info", "warning", "error", "exception", "critical"})

_Collector = Counter | Gauge | Histogram


class Metrics:
    """The daemon's metrics, in a registry of their own."""

    def __init__(self, *, version: str, revision: str = "") -> None:
        # Off for the process: a `_created` series beside each counter is read by
        # nobody and doubles the scrape.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._collectors = {
            m.name: _collector(m, self._registry) for m in METRICS.values()
        }
        self._series: dict[str, set[tuple[str, ...]]] = {
            name: set() for name in METRICS
        }
        self._found: dict[tuple[object, ...], _Collector] = {}
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        for name, label_sets in KNOWN_LABELS.items():
            self._initialise(name, label_sets)
        self._gauge("build_info", version, revision, platform.python_version()).set(1)

    def know(self, *, sources: Collection[str], providers: Collection[str]) -> None:
        """Put what the config names at 0, so that a first increase can be seen."""
        for table, names in (
            (KNOWN_BY_SOURCE, sources),
            (KNOWN_BY_PROVIDER, providers),
        ):
            for metric, label_sets in table.items():
                self._initialise(
                    metric, ((n, *rest) for n in names for rest in label_sets)
                )

    def count(
        self, _: WrappedLogger, method_name: str, event_dict: EventDict
    ) -> EventDict:
        """Count one event, as a structlog processor; the event passes unchanged.

        Never raises: an event with a missing or odd key must not fail the page it is
        about. It counts under an empty label, or not at all.
        """
        event = event_dict.get("event")
        if method_name in _COUNTED_LEVELS and isinstance(event, str):
            for feed in FEEDS.get(event, ()):
                self._apply(feed, event_dict)
            if event == "config.reloaded":
                self._reloaded(event_dict)
        return event_dict

    def count_dropped_line(self) -> None:
        """Count a log line that its stream did not take."""
        self._counter("log_lines_dropped_total").inc()

    def observe_depth(self, depth: Depth, now: datetime) -> None:
        """Set the gauges from what the store says waits, as of *now*."""
        for severity in SEVERITIES:
            self._gauge("mailbox_notifications", severity).set(
                depth.waiting.get(severity, 0)
            )
            due = depth.oldest_due.get(severity)
            age = 0.0 if due is None else max(0.0, (now - due).total_seconds())
            self._gauge("mailbox_oldest_due_age_seconds", severity).set(age)
        self._gauge("in_flight_submissions").set(depth.in_flight)
        self._gauge("uncertain_submissions").set(depth.uncertain)
        self._gauge("dead_notifications").set(depth.dead)
        held = depth.held_until is not None and depth.held_until > now
        self._gauge("outbox_held").set(1 if held else 0)

    def observe_spend(self, rows: Iterable[SpendRow]) -> None:
        """Set the gauges of the budgets in force; those of others are gone.

        Of very many, the fullest are shown.
        """
        for name in ("spend_segments", "spend_budget_segments"):
            self._collectors[PREFIX + name].clear()
            self._series[PREFIX + name].clear()
        shares = [(row.segments / row.budget, row) for row in rows if row.budget]
        shares.sort(key=lambda share: share[0], reverse=True)
        for _, row in shares[:MAX_SERIES]:
            named = mask(row.name) if row.name.startswith("+") else row.name
            labels = (row.scope, _label(named), row.period)
            self._gauge("spend_segments", *labels).set(row.segments)
            self._gauge("spend_budget_segments", *labels).set(row.budget or 0)

    def observe_silences(self, silences: Mapping[SourceName, timedelta]) -> None:
        """Set the gauges of the watchdogs in force; those of others are gone."""
        self._collectors[PREFIX + "watchdog_silence_seconds"].clear()
        self._series[PREFIX + "watchdog_silence_seconds"].clear()
        for source, silence in silences.items():
            gauge = self._gauge("watchdog_silence_seconds", _label(source))
            gauge.set(silence.total_seconds())

    def observe_balances(
        self, known: Mapping[ProviderName, tuple[Balance, float | None]]
    ) -> None:
        """Set the gauges of the accounts in force; those of others are gone."""
        for name in ("provider_balance", "provider_balance_days_left"):
            self._collectors[PREFIX + name].clear()
            self._series[PREFIX + name].clear()
        for provider, (balance, days) in known.items():
            labels = (_label(provider), _label(balance.currency))
            self._gauge("provider_balance", *labels).set(balance.amount)
            if days is not None:
                self._gauge("provider_balance_days_left", labels[0]).set(days)

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """Render a scrape for an `Accept` header: the body and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def _apply(self, feed: Feed, event_dict: EventDict) -> None:
        if any(event_dict.get(key) != value for key, value in feed.only.items()):
            return
        amount = _amount(feed, event_dict)
        if amount is None:
            return
        match self._fed(feed, event_dict):
            case Counter() as counter:
                counter.inc(amount)
            case Histogram() as histogram:
                histogram.observe(amount)
            case Gauge() as gauge:
                gauge.set(amount)

    def _fed(self, feed: Feed, event_dict: EventDict) -> _Collector:
        """Find the series an event moves; the same values lead to it at once.

        Every webhook comes by here three times, and cleaning labels is what costs.
        """
        names = METRICS[feed.metric].labels
        raw = (feed.metric, *(event_dict.get(feed.labels[name]) for name in names))
        try:
            known = self._found.get(raw)
        except TypeError:
            # A value that cannot be a key is an odd one: cleaned each time.
            known = None
        if known is not None:
            return known
        labels = (
            _label(value, is_class=name in _CLASSES)
            for name, value in zip(names, raw[1:], strict=True)
        )
        child = self._child(feed.metric, tuple(labels))
        if len(self._found) < MAX_SERIES and all(
            isinstance(value, str | int) for value in raw
        ):
            self._found[raw] = child
        return child

    def _reloaded(self, event_dict: EventDict) -> None:
        success = event_dict.get("success") is True
        self._gauge("config_last_reload_successful").set(1 if success else 0)
        if not success:
            return
        self._gauge(
            "config_last_reload_success_timestamp_seconds"
        ).set_to_current_time()
        try:
            # Twelve hex digits are 48 bits: a float holds them exactly.
            number = int(str(event_dict.get("version", ""))[:12], 16)
        except ValueError:
            number = 0
        self._gauge("config_hash").set(number)

    def _initialise(self, name: str, label_sets: Iterable[tuple[str, ...]]) -> None:
        for labels in label_sets:
            self._child(name, tuple(_label(value) for value in labels))

    def _child(self, name: str, labels: tuple[str, ...]) -> _Collector:
        collector = self._collectors[name]
        if not labels:
            return collector
        known = self._series[name]
        if labels not in known:
            if len(known) >= MAX_SERIES:
                labels = ("other",) * len(labels)
            known.add(labels)
        return collector.labels(*labels)

    def _counter(self, name: str, *labels: str) -> Counter:
        child = self._child(PREFIX + name, labels)
        assert isinstance(child, Counter)
        return child

    def _gauge(self, name: str, *labels: str) -> Gauge:
        child = self._child(PREFIX + name, labels)
        assert isinstance(child, Gauge)
        return child


def _collector(metric: Metric, registry: CollectorRegistry) -> _Collector:
    match metric.kind:
        case MetricKind.COUNTER:
            return Counter(metric.name, metric.help, metric.labels, registry=registry)
        case MetricKind.GAUGE:
            return Gauge(metric.name, metric.help, metric.labels, registry=registry)
        case MetricKind.HISTOGRAM:
            return Histogram(
                metric.name,
                metric.help,
                metric.labels,
                registry=registry,
                buckets=BUCKETS[metric.name],
            )


def _amount(feed: Feed, event_dict: EventDict) -> float | None:
    product = 1.0
    for key in feed.amount:
        value = event_dict.get(key)
        if not isinstance(value, int | float) or not isfinite(value) or value < 0:
            return None
        product *= value
    return product


def _label(value: object, *, is_class: bool = False) -> str:
    match value:
        case None:
            return ""
        case True:
            return "ok"
        case False:
            return "failed"
        case _:
            text = str(value)
            if is_class:
                text = text.partition(":")[0]
            text = text[:MAX_LABEL]
            return text.encode("utf-8", "replace").decode("utf-8")
