"""Metrics: counted from events, bounded, and in the form that a scraper asks for."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from alertbridge.core.alert import SourceName
from alertbridge.core.balance import Balance
from alertbridge.core.notification import ProviderName
from alertbridge.core.spend_report import SpendRow
from alertbridge.ports import Depth
from alertbridge.telemetry import EVENTS, METRICS, Metrics
from alertbridge.telemetry.events import Level
from alertbridge.telemetry.feeds import FEEDS
from alertbridge.telemetry.metrics import MAX_SERIES

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)

Value = Callable[[str], float | None]


SETTLED = {
    "provider": "ip1",
    "outcome": "accepted",
    "reason": "accepted",
    "numbers": 3,
    "notifications": 7,
    "segments": 2,
    "seconds": 0.2,
    "waited": 1.5,
}


@pytest.mark.parametrize(
    ("event", "facts", "sample", "expected"),
    [
        pytest.param(
            "webhook.answered",
            {"source": "am", "code": 200, "seconds": 0.01},
            'webhook_requests_total{code="200",source="am"}',
            1,
            id="webhook",
        ),
        pytest.param(
            "webhook.answered",
            {"source": "am", "code": 200, "seconds": 0.01},
            'webhook_duration_seconds_sum{source="am"}',
            0.01,
            id="webhook-duration",
        ),
        pytest.param(
            "group.planned",
            {"source": "am", "post": "news", "alerts": 50, "notifications": 4},
            'posts_total{kind="news",source="am"}',
            1,
            id="post",
        ),
        pytest.param(
            "group.planned",
            {"source": "am", "post": "news", "alerts": 50, "notifications": 4},
            'alerts_received_total{source="am"}',
            50,
            id="alerts",
        ),
        pytest.param(
            "alert.unreadable",
            {"source": "am", "amount": 3},
            'alerts_unreadable_total{source="am"}',
            3,
            id="unreadable",
        ),
        pytest.param(
            "submission.settled",
            SETTLED,
            'segments_total{provider="ip1"}',
            6,
            id="segments-are-billed-per-number",
        ),
        pytest.param(
            "submission.settled",
            SETTLED,
            'notifications_total{provider="ip1"}',
            7,
            id="notifications",
        ),
        pytest.param(
            "submission.settled",
            SETTLED,
            'notifications_failed_total{provider="ip1",reason="accepted"}',
            None,
            id="accepted-is-no-failure",
        ),
        pytest.param(
            "submission.settled",
            SETTLED | {"outcome": "uncertain", "reason": "timeout"},
            'notifications_failed_total{provider="ip1",reason="timeout"}',
            7,
            id="uncertain-is-a-failure",
        ),
        pytest.param(
            "submission.settled",
            SETTLED | {"outcome": "deferred"},
            'messages_accepted_total{provider="ip1"}',
            None,
            id="deferred-is-not-accepted",
        ),
        pytest.param(
            "submission.settled",
            SETTLED,
            'notification_latency_seconds_sum{provider="ip1"}',
            1.5,
            id="latency",
        ),
        pytest.param(
            "fact.ended",
            {"state": "dead", "reason": "no_way_left", "amount": 2},
            'facts_ended_total{reason="no_way_left",state="dead"}',
            2,
            id="dead",
        ),
        pytest.param(
            "heartbeat.sent",
            {"success": False},
            'heartbeats_total{result="failed"}',
            1,
            id="heartbeat",
        ),
    ],
)
def test_events_are_counted(
    metrics: Metrics,
    value: Value,
    event: str,
    facts: dict[str, object],
    sample: str,
    expected: float | None,
) -> None:
    """One event moves the metrics of its row in the table, by the right amount."""
    metrics.count(None, "info", {"event": event, **facts})

    assert value(f"alertbridge_{sample}") == expected


@pytest.mark.parametrize("event", sorted(FEEDS))
@pytest.mark.parametrize(
    "odd", [None, "x", -1, float("nan"), [1], "\ud800", b"\xff"], ids=repr
)
def test_an_odd_event_fails_nothing(metrics: Metrics, event: str, odd: object) -> None:
    """A missing or odd key costs a count at the most, and the scrape still renders."""
    facts = dict.fromkeys(EVENTS[event].keys, odd)

    metrics.count(None, "info", {"event": event})
    metrics.count(None, "info", {"event": event, **facts})

    assert metrics.exposition()[0]


def test_strangers_cannot_grow_a_metric(metrics: Metrics, value: Value) -> None:
    """A name out of a URL makes at most a bounded number of series."""
    metrics.know(sources=["am"], providers=[])
    for number in range(MAX_SERIES + 100):
        metrics.count(
            None, "warning", {"event": "webhook.unauthorized", "source": f"s{number}"}
        )

    metrics.count(None, "warning", {"event": "webhook.unauthorized", "source": "am"})

    name = "alertbridge_webhook_unauthorized_total"
    assert metrics.exposition()[0].decode().count(name + "{") <= MAX_SERIES + 1
    assert value(name + '{source="am"}') == 1
    assert value(name + '{source="other"}') == 101


def test_a_label_is_short(metrics: Metrics, value: Value) -> None:
    """A megabyte of reason is not a megabyte of label."""
    metrics.count(None, "error", {"event": "store.failed", "reason": "x" * 1_000_000})

    sample = f'alertbridge_store_failures_total{{reason="{"x" * 64}"}}'
    assert value(sample) == 1


def test_a_reason_is_counted_by_its_class(metrics: Metrics, value: Value) -> None:
    """Details after a colon are for the log: as a label they would never end."""
    for place in ("line 1", "line 2"):
        event = {"event": "store.failed", "reason": f"claim: {place}"}
        metrics.count(None, "error", event)

    assert value('alertbridge_store_failures_total{reason="claim"}') == 2


def test_what_the_config_names_is_there_from_the_start(
    metrics: Metrics, value: Value
) -> None:
    """A rate can see the first increase only if the series was at 0 before."""
    metrics.know(sources=["am"], providers=["ip1"])

    assert value('alertbridge_posts_total{kind="copy",source="am"}') == 0
    sample = 'alertbridge_submissions_total{outcome="uncertain",provider="ip1"}'
    assert value(sample) == 0


def test_knowing_again_keeps_counts(metrics: Metrics, value: Value) -> None:
    """A reload does not reset a counter."""
    metrics.count(None, "warning", {"event": "group.oversized", "source": "am"})

    metrics.know(sources=["am"], providers=[])

    assert value('alertbridge_groups_oversized_total{source="am"}') == 1


def test_accounts_and_watchdogs_set_their_gauges(
    metrics: Metrics, value: Value
) -> None:
    """Those of the config in force; what nobody can say has no figure."""
    ip1, backup = ProviderName("ip1"), ProviderName("backup")
    metrics.observe_balances({ip1: (Balance(41.2, "SEK"), 3.5)})
    metrics.observe_balances({backup: (Balance(7, "EUR"), None)})
    metrics.observe_silences({SourceName("am"): timedelta(minutes=2)})
    body, _ = metrics.exposition()

    balance = 'alertbridge_provider_balance{currency="EUR",provider="backup"}'
    assert value(balance) == 7
    assert value('alertbridge_watchdog_silence_seconds{source="am"}') == 120
    assert b'provider="ip1"' not in body
    assert b"alertbridge_provider_balance_days_left{" not in body


def test_depth_sets_the_gauges(metrics: Metrics, value: Value) -> None:
    """Gauges say what the store says, and ages are of the time of the scrape."""
    metrics.observe_depth(
        Depth(
            waiting={"critical": 4},
            in_flight=2,
            uncertain=1,
            dead=3,
            oldest_due={"critical": NOW - timedelta(seconds=90)},
            held_until=NOW + timedelta(minutes=1),
        ),
        NOW,
    )

    assert {
        sample: value(f"alertbridge_{sample}")
        for sample in (
            'mailbox_notifications{severity="critical"}',
            'mailbox_notifications{severity="low"}',
            'mailbox_oldest_due_age_seconds{severity="critical"}',
            'mailbox_oldest_due_age_seconds{severity="high"}',
            "in_flight_submissions",
            "uncertain_submissions",
            "dead_notifications",
            "outbox_held",
        )
    } == {
        'mailbox_notifications{severity="critical"}': 4,
        'mailbox_notifications{severity="low"}': 0,
        'mailbox_oldest_due_age_seconds{severity="critical"}': 90,
        'mailbox_oldest_due_age_seconds{severity="high"}': 0,
        "in_flight_submissions": 2,
        "uncertain_submissions": 1,
        "dead_notifications": 3,
        "outbox_held": 1,
    }


def spend_row(name: str, segments: int, budget: int | None) -> SpendRow:
    """What somebody's day has cost."""
    return SpendRow(
        scope="recipient",
        name=name,
        period="day",
        began="2026-01-15",
        segments=segments,
        budget=budget,
        until=NOW,
    )


def test_spend_is_shown_of_those_who_have_a_budget(
    metrics: Metrics, value: Value
) -> None:
    """By name, as in the config; a number that is its own name is masked."""
    metrics.observe_spend(
        [
            spend_row("anna", 7, 10),
            spend_row("bo", 3, None),
            spend_row("+46701740650", 1, 5),
        ]
    )

    labels = '{{name="{}",period="day",scope="recipient"}}'
    assert value("alertbridge_spend_segments" + labels.format("anna")) == 7
    assert value("alertbridge_spend_budget_segments" + labels.format("anna")) == 10
    assert value("alertbridge_spend_segments" + labels.format("bo")) is None
    assert value("alertbridge_spend_segments" + labels.format("+467*****650")) == 1
    assert b"+46701740650" not in metrics.exposition()[0]


def test_of_very_many_budgets_the_fullest_are_shown(
    metrics: Metrics, value: Value
) -> None:
    """A series named "other" would show one of them as if it were all."""
    rows = [spend_row(f"p{n}", n, MAX_SERIES + 10) for n in range(MAX_SERIES + 10)]

    metrics.observe_spend(rows)

    text = metrics.exposition()[0].decode()
    assert 'name="other"' not in text
    assert 'name="p9"' not in text
    assert f'name="p{MAX_SERIES + 9}"' in text


def test_a_budget_that_is_gone_is_shown_no_more(metrics: Metrics, value: Value) -> None:
    """A reload takes it away: a frozen gauge would alarm for ever."""
    metrics.observe_spend([spend_row("anna", 10, 10)])
    metrics.observe_spend([])

    assert b'name="anna"' not in metrics.exposition()[0]


def test_a_hold_that_is_over_is_no_hold(metrics: Metrics, value: Value) -> None:
    """`held_until` in the past holds nothing."""
    metrics.observe_depth(
        Depth(
            waiting={}, in_flight=0, uncertain=0, dead=0, oldest_due={}, held_until=NOW
        ),
        NOW,
    )

    assert value("alertbridge_outbox_held") == 0


def test_a_failed_reload_keeps_hash_and_time(metrics: Metrics, value: Value) -> None:
    """What runs is still the config of the last success."""
    good = {"event": "config.reloaded", "success": True, "version": "00000000002a"}
    metrics.count(None, "info", good)
    stamp = value("alertbridge_config_last_reload_success_timestamp_seconds")

    metrics.count(None, "error", {"event": "config.reloaded", "success": False})

    assert stamp
    assert value("alertbridge_config_last_reload_successful") == 0
    assert value("alertbridge_config_hash") == 0x2A
    assert stamp == value("alertbridge_config_last_reload_success_timestamp_seconds")


def test_the_build_and_the_process_are_exposed(metrics: Metrics) -> None:
    """What Prometheus users look for beside our own metrics is there."""
    text = metrics.exposition()[0].decode()

    assert 'revision="abc1234",version="0.1.0"} 1.0' in text
    assert "\nprocess_resident_memory_bytes " in text
    assert "\npython_info{" in text
    assert "_created" not in text


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        pytest.param("", "text/plain; version=0.0.4", id="none"),
        pytest.param("*/*", "text/plain; version=0.0.4", id="any"),
        pytest.param(
            "application/openmetrics-text;version=1.0.0",
            "application/openmetrics-text; version=1.0.0",
            id="openmetrics",
        ),
    ],
)
def test_the_scrape_is_in_the_form_that_was_asked_for(
    metrics: Metrics, accept: str, content_type: str
) -> None:
    """Prometheus asks for OpenMetrics; a person with curl reads text."""
    body, answered = metrics.exposition(accept)

    assert answered.startswith(content_type)
    assert body.endswith(b"# EOF\n") == ("openmetrics" in content_type)


def test_two_daemons_in_one_process_do_not_share_counts(
    metrics: Metrics, value: Value
) -> None:
    """Each has a registry of its own."""
    other = Metrics(version="0.1.0")

    other.count(None, "warning", {"event": "group.oversized", "source": "am"})

    assert value('alertbridge_groups_oversized_total{source="am"}') is None
    assert b'oversized_total{source="am"} 1.0' in other.exposition()[0]


def test_every_feed_has_its_event_its_metric_and_its_keys() -> None:
    """The tables agree: no row counts what nobody says, or into what is not there."""
    for event, feeds in FEEDS.items():
        assert EVENTS[event].level is not Level.DEBUG, event
        for feed in feeds:
            keys = {*feed.labels.values(), *feed.amount, *feed.only}
            assert keys <= set(EVENTS[event].keys), (event, feed.metric)
            assert set(feed.labels) == set(METRICS[feed.metric].labels), feed.metric
