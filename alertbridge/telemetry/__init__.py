"""What operators see: log lines and metrics, from the same events.

The code logs an event (`events`); one chain counts it (`feeds`, `metrics`), makes it
safe to print (`cleaning`), renders it (`logs`) and writes it without waiting
(`lines`).
"""

from alertbridge.telemetry.errors import type_and_place
from alertbridge.telemetry.events import EVENTS
from alertbridge.telemetry.feeds import METRICS
from alertbridge.telemetry.logs import Format, configure_logging, set_level
from alertbridge.telemetry.metrics import Metrics

__all__ = [
    "EVENTS",
    "METRICS",
    "Format",
    "Metrics",
    "configure_logging",
    "set_level",
    "type_and_place",
]
