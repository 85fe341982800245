"""The alert that fires for ever: its silence is the news.

Prometheus' `Watchdog` shows that it, Alertmanager and the way to here work. It pages
nobody; that it is not heard any more does. Silence is counted in the time in which it
could be heard, so neither a daemon that was away nor a clock that was set makes any.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from alertbridge.core.alert import Alert, AlertGroup, Labels, SourceName, Status
from alertbridge.core.matcher import Matcher

Silences = Mapping[SourceName, timedelta]
"""How long each source's watchdog has not been heard, while somebody listened."""


@dataclass(frozen=True, slots=True)
class Watchdog:
    """What a source is expected to post, and at the latest how long after the last.

    `where` is the line of the config that says so.
    """

    matchers: tuple[Matcher, ...]
    within: timedelta
    where: str = ""

    def matches(self, labels: Labels) -> bool:
        """Whether an alert with these labels is the watchdog."""
        return all(matcher.matches(labels) for matcher in self.matchers)

    def barks_in(self, group: AlertGroup) -> bool:
        """Whether a post says that all is well."""
        return any(self.is_bark(alert) for alert in group.alerts)

    def is_bark(self, alert: Alert) -> bool:
        """Whether an alert is the watchdog, and fires; that it resolves means nothing.

        A Prometheus that restarts may resolve it for a moment; one that is gone for
        good is silent.
        """
        return alert.status is Status.FIRING and self.matches(alert.labels)


Watchdogs = Mapping[SourceName, Watchdog]


def after_listening(
    silences: Silences, expected: Watchdogs, listened: timedelta
) -> dict[SourceName, timedelta]:
    """Count the time that somebody *listened*; who is not expected is forgotten.

    A watchdog that is new has been silent since it is expected, not since ever.
    """
    return {
        name: silences.get(name, timedelta(0)) + listened
        if name in silences
        else timedelta(0)
        for name in expected
    }


def silent_ones(silences: Silences, expected: Watchdogs) -> tuple[SourceName, ...]:
    """The sources whose watchdog has been silent for too long."""
    return tuple(
        name
        for name, watchdog in expected.items()
        if silences.get(name, timedelta(0)) >= watchdog.within
    )
