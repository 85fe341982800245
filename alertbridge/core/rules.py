"""The rules of one config, as decisions need them: who, where, how fast."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from alertbridge.core.ack import AckRule
from alertbridge.core.alert import SourceName
from alertbridge.core.drill import Drill
from alertbridge.core.flapping import Flapping
from alertbridge.core.interval import TimeInterval
from alertbridge.core.notification import ProviderName, Way
from alertbridge.core.pace import Pace
from alertbridge.core.recipient import (
    Msisdn,
    Receiver,
    ReceiverName,
    Recipient,
    RecipientName,
)
from alertbridge.core.route import RouteTree
from alertbridge.core.severity import Severity, SeverityRule
from alertbridge.core.spend import SpendBudget
from alertbridge.core.template import Template
from alertbridge.core.watchdog import Watchdogs
from alertbridge.core.way import Countries, ways_of

MAX_OPEN = 10_000
"""Open alerts of one source that are told one by one: five texts of 2,000 each tell
them all, and nobody has read a longer list than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many segments one SMS may take."""

    critical: int = 2
    other: int = 1

    def of(self, severity: Severity) -> int:
        """The budget of a message whose worst fact has this severity."""
        return self.critical if severity is Severity.CRITICAL else self.other


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeToLive:
    """How long a fact is worth an SMS, from when we heard it; None: while it fires.

    What still fires after a gateway's bad hours is told late, in a digest that says how
    late, and costs one SMS. Only what is low by its own label may be too old for that.
    """

    critical: timedelta | None = None
    high: timedelta | None = None
    low: timedelta | None = timedelta(hours=1)

    def of(self, severity: Severity) -> timedelta | None:
        """The time to live of one severity."""
        match severity:
            case Severity.CRITICAL:
                return self.critical
            case Severity.HIGH:
                return self.high
            case Severity.LOW:
                return self.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything a decision may ask about; immutable, swapped whole at reload."""

    tree: RouteTree
    receivers: Mapping[ReceiverName, Receiver]
    recipients: Mapping[RecipientName, Recipient]
    providers: tuple[ProviderName, ...]
    countries: Countries = field(default_factory=dict)
    meta_receiver: ReceiverName
    intervals: Mapping[str, tuple[TimeInterval, ...]] = field(default_factory=dict)
    templates: Mapping[str, Template] = field(default_factory=dict)
    severity: SeverityRule = field(default_factory=SeverityRule)
    time_to_live: TimeToLive = field(default_factory=TimeToLive)
    budget: Budget = field(default_factory=Budget)
    pace: Pace = field(default_factory=Pace)
    provider_spend: Mapping[ProviderName, SpendBudget] = field(default_factory=dict)
    ack: AckRule = field(default_factory=AckRule)
    repeat_window: timedelta = timedelta(minutes=20)
    flapping: Flapping = field(default_factory=Flapping)
    stale_after: timedelta = timedelta(days=2)
    linked_hosts: frozenset[str] = frozenset()
    max_open: Mapping[SourceName, int] = field(default_factory=dict)
    watchdogs: Watchdogs = field(default_factory=dict)
    drill: Drill | None = None
    version: str = ""

    def ways_to(self, numbers: Iterable[Msisdn]) -> tuple[Way, ...]:
        """Every way to somebody with these *numbers*, in the order to try them."""
        return ways_of(numbers, self.providers, self.countries)

    def max_open_of(self, source: SourceName) -> int:
        """Beyond how many open alerts of *source* what comes new is only counted."""
        return self.max_open.get(source, MAX_OPEN)
