"""Label sets that are there from the start: a first increase can be seen."""

from collections.abc import Mapping
from types import MappingProxyType

from alertbridge.telemetry.feeds import PREFIX

OUTCOMES = ("accepted", "deferred", "uncertain", "rejected")
DELIVERIES = ("pending", "delivered", "failed", "expired")
SEVERITIES = ("critical", "high", "low")

KNOWN_LABELS: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        PREFIX + "drills_total": (("delivered",), ("missed",)),
        PREFIX + "heartbeats_total": (("ok",), ("failed",)),
        PREFIX + "heartbeats_withheld_total": (
            ("store",),
            ("dispatcher",),
            ("providers",),
        ),
        PREFIX + "meta_alerts_total": tuple(
            (cause,)
            for cause in (
                *("BalanceLow", "ClockStepped", "ConfigBroken", "ConfigReloadFailed"),
                *("DiskFull", "StoreDamaged", "StoreFailed", "StoreWentBack"),
                *("DiskLow", "PageNotSent", "PageUnconfirmed", "ProviderDown"),
                "RemovedRecipientTold",
                *("SourceRefused", "SourceSilent", "SourceUnreadable"),
                *("SpendWarning", "TemplateFailed", "TestPageMissed"),
            )
        ),
        PREFIX + "mailbox_notifications": tuple((s,) for s in SEVERITIES),
        PREFIX + "mailbox_oldest_due_age_seconds": tuple((s,) for s in SEVERITIES),
        PREFIX + "spend_crossed_total": tuple(
            (scope, percent)
            for scope in ("recipient", "route", "provider")
            for percent in ("50", "80", "100")
        ),
        PREFIX + "facts_ended_total": (
            ("cancelled", "resolved_before_told"),
            ("cancelled", "operator"),
            ("expired", "time_to_live"),
            ("expired", "over_budget"),
            ("dead", "no_answer"),
            ("dead", "no_way_left"),
            ("dead", "uncertain_twice"),
            ("dead", "undelivered"),
            ("dead", "damaged"),
            ("dead", "poison"),
        ),
    }
)
"""Label sets that are there from the start, at 0: a first increase can be seen."""

KNOWN_BY_SOURCE: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        PREFIX + "webhook_requests_total": (("200",), ("400",), ("401",), ("503",)),
        PREFIX + "webhook_duration_seconds": ((),),
        PREFIX + "webhook_unauthorized_total": ((),),
        PREFIX + "posts_total": (("news",), ("repeat",), ("copy",)),
        PREFIX + "alerts_received_total": ((),),
        PREFIX + "alerts_unreadable_total": ((),),
        PREFIX + "groups_oversized_total": ((),),
        PREFIX + "notifications_recorded_total": ((),),
    }
)
"""The same for each configured source: the labels after `source`."""

KNOWN_BY_PROVIDER: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        PREFIX + "submissions_total": tuple((outcome,) for outcome in OUTCOMES),
        PREFIX + "submission_duration_seconds": ((),),
        PREFIX + "circuits_opened_total": ((),),
        PREFIX + "messages_accepted_total": ((),),
        PREFIX + "segments_total": ((),),
        PREFIX + "notifications_total": ((),),
        PREFIX + "notification_latency_seconds": ((),),
        PREFIX + "reports_total": tuple((delivery,) for delivery in DELIVERIES),
        PREFIX + "messages_delivered_total": ((),),
        PREFIX + "messages_missed_total": (("undelivered",), ("unconfirmed",)),
        PREFIX + "delivery_latency_seconds": ((),),
    }
)
"""The same for each configured provider: the labels after `provider`."""
